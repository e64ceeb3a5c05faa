-- grain: ticket of a known customer that is open at as_of, or a complaint that has been closed
select
    tickets.ticket_id,
    tickets.customer_id,
    tickets.created_at,
    tickets.closed_at,
    tickets.is_open,
    tickets.is_complaint,
    run_context.as_of,
    case when tickets.is_complaint then 1 else 2 end as priority
from {{ ref('int_tickets_assigned') }} as tickets
cross join {{ ref('stg_run_context') }} as run_context
where (tickets.is_open or tickets.is_complaint)
    and tickets.customer_id is not null
    and cast(tickets.created_at as date) <= run_context.as_of
