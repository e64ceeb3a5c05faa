-- grain: event after which service should get in touch with a customer, whether it has done so or not
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

-- where most orders are of one size, that size is the 95th percentile, too, and none of them is large
size_limits as (

    select
        percentile_cont(0.95) within group (order by net_revenue) as large_from,
        percentile_cont(0.5) within group (order by net_revenue) as usual
    from orders
    where is_purchase and is_of_last_year

)

select orders.customer_id, 'first_order' as reason, orders.order_id, null as ticket_id, null as touch_id,
    orders.ordered_at as happened_at, orders.as_of, 3 as days_to_act, 2 as priority
from orders
inner join {{ ref('customer_features') }} as features on orders.customer_id = features.customer_id
where orders.is_recent and orders.is_purchase and orders.ordered_on = features.first_order_on
    -- nobody wants thanks for what he has sent back
    and orders.net_revenue > 0

union all

select customer_id, 'refund' as reason, order_id, null as ticket_id, null as touch_id,
    ordered_at as happened_at, as_of, 2 as days_to_act, 1 as priority
from orders
where is_recent and refund > 0 and status <> 'cancelled'

union all

select orders.customer_id, 'large_order' as reason, orders.order_id, null as ticket_id, null as touch_id,
    orders.ordered_at as happened_at, orders.as_of, 5 as days_to_act, 2 as priority
from orders
cross join size_limits
where orders.is_recent and orders.is_purchase
    and orders.net_revenue >= size_limits.large_from and orders.net_revenue > size_limits.usual

union all

select customer_id, 'open_ticket' as reason, null as order_id, ticket_id, null as touch_id,
    created_at as happened_at, as_of, 1 as days_to_act, priority
from {{ ref('int_tickets_waiting') }}
where is_open
    -- a complaint waits until it is closed; another ticket that nobody closed for so long is forgotten, not waiting
    and (is_complaint or cast(created_at as date) > {{ dbt.dateadd('day', -30, 'as_of') }})

union all

-- a missed call, or a letter or message from the customer; a ticket has its own reason
select touches.customer_id, 'unanswered_contact' as reason, null as order_id, null as ticket_id, touches.touch_id,
    touches.touched_at as happened_at, run_context.as_of, 1 as days_to_act, 1 as priority
from {{ ref('touches') }} as touches
cross join {{ ref('stg_run_context') }} as run_context
where touches.customer_id is not null
    and touches.direction = 'inbound'
    and touches.ticket_id is null
    and (touches.channel not in ('phone', 'visit') or not touches.is_engaged)
    and cast(touches.touched_at as date) <= run_context.as_of
    and cast(touches.touched_at as date) > {{ dbt.dateadd('day', -30, 'run_context.as_of') }}

union all

select customer_id, 'silence_after_complaint' as reason, null as order_id, ticket_id, null as touch_id,
    happened_at, as_of, 30 as days_to_act, 2 as priority
from {{ ref('int_complaints_without_a_sign') }}
