-- grain: ticket of a known customer that is open at as_of, or a complaint that has been closed
select
    tickets.ticket_id,
    coalesce(contacts.customer_id, addresses.customer_id, companies.customer_id) as customer_id,
    tickets.created_at,
    tickets.closed_at,
    tickets.is_open,
    tickets.is_complaint,
    run_context.as_of,
    case when tickets.is_complaint then 1 else 2 end as priority
from {{ ref('stg_tickets') }} as tickets
cross join {{ ref('stg_run_context') }} as run_context
left join {{ ref('int_customer_links') }} as contacts
    on contacts.entity = 'contacts'
    and tickets.source_system = contacts.source_system
    and tickets.contact_source_id = contacts.source_id
left join {{ ref('int_addresses_linked') }} as addresses on tickets.contact_email = addresses.email
left join {{ ref('int_customer_links') }} as companies
    on companies.entity = 'accounts'
    and tickets.source_system = companies.source_system
    and tickets.company_source_id = companies.source_id
where (tickets.is_open or tickets.is_complaint)
    and coalesce(contacts.customer_id, addresses.customer_id, companies.customer_id) is not null
    and cast(tickets.created_at as date) <= run_context.as_of
