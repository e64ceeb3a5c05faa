-- grain: line of an order; the lines of an order sum exactly to its net_revenue
with totals as (

    select
        order_id,
        sum(amount) as amount,
        max(line_no) as last_line_no
    from {{ ref('stg_order_lines') }}
    group by order_id

),

orders as (

    select
        orders.order_id,
        orders.net_revenue,
        totals.amount,
        totals.last_line_no
    from {{ ref('int_orders_valued') }} as orders
    inner join totals on orders.order_id = totals.order_id
    where not orders.is_test

),

-- rounding leaves some cents over, which the last line takes
remainders as (

    select
        lines.order_id,
        max(orders.net_revenue) - sum({{ line_share() }}) as remainder
    from {{ ref('stg_order_lines') }} as lines
    inner join orders on lines.order_id = orders.order_id
    group by lines.order_id
    having max(orders.net_revenue) <> sum({{ line_share() }})

),

allocated as (

    select
        lines.*,
        cast(
            {{ line_share() }}
            + case when lines.line_no = orders.last_line_no then coalesce(remainders.remainder, 0) else 0 end
            as decimal(18, 4)
        ) as net_revenue
    from {{ ref('stg_order_lines') }} as lines
    inner join orders on lines.order_id = orders.order_id
    left join remainders on lines.order_id = remainders.order_id

)

select
    allocated.order_id,
    allocated.line_no,
    allocated.sku,
    coalesce(allocated.product, products.product) as product,
    coalesce(allocated.category, products.category) as category,
    allocated.quantity,
    allocated.net_revenue,
    {{ multiplied('allocated.net_revenue', 'coalesce(margins.margin_rate, other_margins.margin_rate)') }} as margin,
    allocated.vendor
from allocated
left join {{ ref('stg_products') }} as products
    on allocated.source_system = products.source_system and allocated.sku = products.sku
left join {{ ref('stg_margins') }} as margins
    on lower(coalesce(allocated.category, products.category)) = lower(margins.category)
left join {{ ref('stg_margins') }} as other_margins on other_margins.category = '*'
