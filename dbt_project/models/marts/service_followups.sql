-- grain: customer x reason; only what happened in the 30 days up to as_of
with orders as (

    select
        orders.*,
        run_context.as_of,
        orders.ordered_on > {{ dbt.dateadd('day', -30, 'run_context.as_of') }} as is_recent,
        orders.ordered_on > {{ dbt.dateadd('day', -365, 'run_context.as_of') }} as is_of_last_year
    from {{ ref('orders') }} as orders
    cross join {{ ref('stg_run_context') }} as run_context
    where orders.customer_id is not null and orders.ordered_on <= run_context.as_of

),

size_limits as (

    select percentile_cont(0.95) within group (order by net_revenue) as large_from
    from orders
    where is_purchase and is_of_last_year

),

reasons as (

    select orders.customer_id, 'first_order' as reason, orders.order_id, null as ticket_id,
        orders.ordered_at as happened_at, orders.as_of, 3 as days_to_act, 2 as priority
    from orders
    inner join {{ ref('customer_features') }} as features on orders.customer_id = features.customer_id
    where orders.is_recent and orders.is_purchase and orders.ordered_on = features.first_order_on

    union all

    select customer_id, 'refund' as reason, order_id, null as ticket_id,
        ordered_at as happened_at, as_of, 2 as days_to_act, 1 as priority
    from orders
    where is_recent and refund > 0 and status <> 'cancelled'

    union all

    select orders.customer_id, 'large_order' as reason, orders.order_id, null as ticket_id,
        orders.ordered_at as happened_at, orders.as_of, 5 as days_to_act, 2 as priority
    from orders
    cross join size_limits
    where orders.is_recent and orders.is_purchase and orders.net_revenue >= size_limits.large_from

    union all

    select customer_id, 'open_ticket' as reason, null as order_id, ticket_id,
        created_at as happened_at, as_of, 1 as days_to_act, priority
    from {{ ref('int_tickets_waiting') }}

),

newest as (

    select
        *,
        row_number() over (
            partition by customer_id, reason
            order by priority, happened_at desc, order_id, ticket_id
        ) as newest_first
    from reasons

)

select
    newest.customer_id,
    newest.reason,
    newest.order_id,
    newest.ticket_id,
    greatest(
        cast({{ dbt.dateadd('day', 'newest.days_to_act', 'cast(newest.happened_at as date)') }} as date), newest.as_of
    ) as due_on,
    newest.priority
from newest
inner join {{ ref('customers') }} as customers on newest.customer_id = customers.customer_id
where newest.newest_first = 1
    -- thanks and questions are advertising in law; an open ticket is not
    and (newest.reason = 'open_ticket' or not customers.is_suppressed)
