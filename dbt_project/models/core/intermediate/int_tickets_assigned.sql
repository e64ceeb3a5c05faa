-- grain: ticket, with its customer where that is known
select
    tickets.ticket_id,
    tickets.source_system,
    coalesce(contacts.customer_id, addresses.customer_id, companies.customer_id) as customer_id,
    tickets.created_at,
    tickets.closed_at,
    tickets.is_open,
    tickets.is_complaint
from {{ ref('stg_tickets') }} as tickets
left join {{ ref('int_customer_links') }} as contacts
    on contacts.entity = 'contacts'
    and tickets.source_system = contacts.source_system
    and tickets.contact_source_id = contacts.source_id
left join {{ ref('int_addresses_linked') }} as addresses on tickets.contact_email = addresses.email
left join {{ ref('int_customer_links') }} as companies
    on companies.entity = 'accounts'
    and tickets.source_system = companies.source_system
    and tickets.company_source_id = companies.source_id
