select
    orders.order_id,
    orders.net_revenue,
    sum(lines.net_revenue) as of_lines
from {{ ref('orders') }} as orders
inner join {{ ref('order_lines') }} as lines on orders.order_id = lines.order_id
group by orders.order_id, orders.net_revenue
having sum(lines.net_revenue) <> orders.net_revenue
