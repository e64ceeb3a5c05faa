-- grain: order (or credit note); test orders are left out
with line_margins as (

    select
        order_id,
        sum(margin) as margin
    from {{ ref('order_lines') }}
    group by order_id

)

select
    orders.order_id,
    links.customer_id,
    customers.account_id,
    orders.ordered_at,
    orders.status,
    orders.sales_channel,
    orders.currency,
    orders.gross_revenue,
    orders.discount,
    orders.refund,
    orders.net_revenue,
    cast(
        coalesce(line_margins.margin, {{ multiplied('orders.net_revenue', 'other_margins.margin_rate') }})
        as decimal(18, 4)
    ) as margin,
    orders.total,
    orders.shipping,
    orders.tax,
    orders.refunded,
    orders.ordered_on,
    orders.is_purchase,
    orders.source_system
from {{ ref('int_orders_valued') }} as orders
left join {{ ref('int_customer_links') }} as links
    on links.entity = 'orders'
    and orders.source_system = links.source_system
    and orders.buyer_source_id = links.source_id
left join {{ ref('customers') }} as customers on links.customer_id = customers.customer_id
left join line_margins on orders.order_id = line_margins.order_id
left join {{ ref('stg_margins') }} as other_margins on other_margins.category = '*'
where not orders.is_test
