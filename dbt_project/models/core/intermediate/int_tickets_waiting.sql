-- grain: ticket of a known customer that is open at as_of, or a complaint that has been closed
with tickets as (

    select
        stg_tickets.*,
        run_context.as_of,
        -- what was closed later was open then
        stg_tickets.is_open or coalesce(cast(stg_tickets.closed_at as date) > run_context.as_of, false) as is_open_then
    from {{ ref('stg_tickets') }} as stg_tickets
    cross join {{ ref('stg_run_context') }} as run_context

)

select
    tickets.ticket_id,
    coalesce(contacts.customer_id, addresses.customer_id, companies.customer_id) as customer_id,
    tickets.created_at,
    tickets.closed_at,
    tickets.is_open_then as is_open,
    tickets.is_complaint,
    tickets.as_of,
    case when tickets.is_complaint then 1 else 2 end as priority
from tickets
left join {{ ref('int_customer_links') }} as contacts
    on contacts.entity = 'contacts'
    and tickets.source_system = contacts.source_system
    and tickets.contact_source_id = contacts.source_id
left join {{ ref('int_addresses_linked') }} as addresses on tickets.contact_email = addresses.email
left join {{ ref('int_customer_links') }} as companies
    on companies.entity = 'accounts'
    and tickets.source_system = companies.source_system
    and tickets.company_source_id = companies.source_id
where (tickets.is_open_then or tickets.is_complaint)
    and coalesce(contacts.customer_id, addresses.customer_id, companies.customer_id) is not null
    and cast(tickets.created_at as date) <= tickets.as_of
