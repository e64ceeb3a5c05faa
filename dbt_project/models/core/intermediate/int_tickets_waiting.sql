-- grain: ticket of a known customer that is open at as_of, or a complaint that has been closed
with tickets as (

    select
        assigned.*,
        run_context.as_of,
        -- what was closed later was open then
        assigned.is_open or coalesce(cast(assigned.closed_at as date) > run_context.as_of, false) as is_open_then
    from {{ ref('int_tickets_assigned') }} as assigned
    cross join {{ ref('stg_run_context') }} as run_context

)

select
    ticket_id,
    customer_id,
    created_at,
    closed_at,
    is_open_then as is_open,
    is_complaint,
    as_of,
    case when is_complaint then 1 else 2 end as priority
from tickets
where (is_open_then or is_complaint)
    and customer_id is not null
    and cast(created_at as date) <= as_of
