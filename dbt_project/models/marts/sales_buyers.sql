-- grain: buyer, with what sales needs to know before it calls
select
    customers.customer_id,
    customers.kind,
    customers.first_name,
    customers.last_name,
    customers.company_name,
    customers.email,
    customers.phone,
    customers.street,
    customers.postcode,
    customers.city,
    customers.country,
    customers.account_id,
    customers.account_name,
    customers.value_class,
    customers.clv,
    customers.rfm_segment,
    customers.order_count,
    customers.net_revenue,
    customers.margin,
    customers.first_order_on,
    customers.last_order_on,
    customers.best_channel,
    row_number() over (
        order by customers.clv desc nulls last, customers.net_revenue desc, customers.customer_id
    ) as value_rank
from {{ ref('customer_360') }} as customers
where customers.is_buyer
