-- grain: customer with an order or a touch up to as_of
with seen as (

    select
        links.customer_id,
        min(orders.ordered_at) as first_seen_at,
        max(orders.ordered_at) as last_seen_at,
        bool_or(orders.is_purchase) as is_buyer
    from {{ ref('int_orders_valued') }} as orders
    inner join {{ ref('int_customer_links') }} as links
        on links.entity = 'orders'
        and orders.source_system = links.source_system
        and orders.buyer_source_id = links.source_id
    cross join {{ ref('stg_run_context') }} as run_context
    where orders.ordered_on <= run_context.as_of and not orders.is_test
    group by links.customer_id

    union all

    select
        customer_id,
        min(ordered_at) as first_seen_at,
        max(ordered_at) as last_seen_at,
        true as is_buyer
    from {{ ref('int_deals_won') }}
    group by customer_id

    union all

    -- being written to is no sign of life; answering, or coming by, is one
    select
        touches.customer_id,
        min(touches.touched_at) as first_seen_at,
        max(case when touches.is_engaged or touches.direction = 'inbound' then touches.touched_at end) as last_seen_at,
        false as is_buyer
    from {{ ref('touches') }} as touches
    cross join {{ ref('stg_run_context') }} as run_context
    where touches.customer_id is not null and cast(touches.touched_at as date) <= run_context.as_of
    group by touches.customer_id

)

select
    customer_id,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at,
    bool_or(is_buyer) as is_buyer
from seen
group by customer_id
