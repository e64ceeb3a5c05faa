-- grain: complaint closed 30 to 180 days before as_of, of a buyer who has neither bought nor reacted since
with closed as (

    select
        ticket_id,
        customer_id,
        coalesce(closed_at, created_at) as happened_at,
        as_of
    from {{ ref('int_tickets_waiting') }}
    where is_complaint and not is_open

),

signs as (

    select customer_id, ordered_at as happened_at
    from {{ ref('orders') }}
    where is_purchase

    union all

    select customer_id, touched_at as happened_at
    from {{ ref('touches') }}
    where is_engaged

),

last_signs as (

    select
        signs.customer_id,
        max(signs.happened_at) as last_sign_at
    from signs
    cross join {{ ref('stg_run_context') }} as run_context
    where signs.customer_id is not null and cast(signs.happened_at as date) <= run_context.as_of
    group by signs.customer_id

)

select
    closed.ticket_id,
    closed.customer_id,
    closed.happened_at,
    closed.as_of
from closed
inner join {{ ref('customer_features') }} as features
    on closed.customer_id = features.customer_id and features.order_count > 0
left join last_signs on closed.customer_id = last_signs.customer_id
where coalesce(last_signs.last_sign_at <= closed.happened_at, true)
    and cast(closed.happened_at as date) <= {{ dbt.dateadd('day', -30, 'closed.as_of') }}
    and cast(closed.happened_at as date) > {{ dbt.dateadd('day', -180, 'closed.as_of') }}
