-- grain: order (or credit note); test orders are left out. A company that sends no orders counts by its won deals.
with line_margins as (

    select
        order_id,
        sum(margin) as margin
    from {{ ref('order_lines') }}
    group by order_id

),

placed as (

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
        orders.source_system,
        false as is_deal
    from {{ ref('int_orders_valued') }} as orders
    left join {{ ref('int_customer_links') }} as links
        on links.entity = 'orders'
        and orders.source_system = links.source_system
        and orders.buyer_source_id = links.source_id
    left join {{ ref('customers') }} as customers on links.customer_id = customers.customer_id
    left join line_margins on orders.order_id = line_margins.order_id
    left join {{ ref('stg_margins') }} as other_margins on other_margins.category = '*'
    where not orders.is_test

),

agreed as (

    select
        deals.order_id,
        deals.customer_id,
        deals.account_id,
        deals.ordered_at,
        'paid' as status,
        'deal' as sales_channel,
        deals.currency,
        deals.net_revenue as gross_revenue,
        cast(0 as decimal(18, 4)) as discount,
        cast(0 as decimal(18, 4)) as refund,
        deals.net_revenue,
        cast({{ multiplied('deals.net_revenue', 'other_margins.margin_rate') }} as decimal(18, 4)) as margin,
        deals.net_revenue as total,
        cast(null as decimal(18, 4)) as shipping,
        cast(null as decimal(18, 4)) as tax,
        cast(0 as decimal(18, 4)) as refunded,
        deals.ordered_on,
        true as is_purchase,
        deals.source_system,
        true as is_deal
    from {{ ref('int_deals_won') }} as deals
    left join {{ ref('stg_margins') }} as other_margins on other_margins.category = '*'

)

select * from placed
union all
select * from agreed
