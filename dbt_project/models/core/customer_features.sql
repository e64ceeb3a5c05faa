-- grain: customer; what was known at as_of
with orders as (

    select orders.*
    from {{ ref('orders') }} as orders
    cross join {{ ref('stg_run_context') }} as run_context
    where orders.customer_id is not null and orders.ordered_on <= run_context.as_of

),

purchase_days as (

    select
        customer_id,
        ordered_on,
        sum(net_revenue) as net_revenue
    from orders
    where is_purchase
    group by customer_id, ordered_on

),

buyers as (

    select
        customer_id,
        count(*) as purchase_day_count,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on,
        sum(net_revenue) - min_by(net_revenue, ordered_on) as repeat_revenue
    from purchase_days
    group by customer_id

),

revenues as (

    select
        customer_id,
        count(*) filter (where is_purchase) as order_count,
        sum(net_revenue) as net_revenue,
        sum(margin) as margin,
        sum(refund) as refund,
        sum(gross_revenue - discount) as sold,
        sum(discount) filter (where is_purchase) as discount,
        sum(gross_revenue) filter (where is_purchase) as list_value,
        avg(case when sales_channel = 'web' then 1.0 when sales_channel <> 'unknown' then 0.0 end)
            filter (where is_purchase) as web_share
    from orders
    group by customer_id

),

categories as (

    select
        orders.customer_id,
        count(distinct lines.category) as category_count
    from orders
    inner join {{ ref('order_lines') }} as lines on orders.order_id = lines.order_id
    where orders.is_purchase
    group by orders.customer_id

)

select
    customers.customer_id,
    customers.kind,
    coalesce(revenues.order_count, 0) as order_count,
    coalesce(buyers.purchase_day_count, 0) as purchase_day_count,
    buyers.first_order_on,
    buyers.last_order_on,
    coalesce(buyers.purchase_day_count - 1, 0) as repeat_purchase_days,
    {{ dbt.datediff('buyers.last_order_on', 'run_context.as_of', 'day') }} as recency_days,
    {{ dbt.datediff('buyers.first_order_on', 'run_context.as_of', 'day') }} as age_days,
    coalesce(cast(buyers.repeat_revenue as double) / nullif(buyers.purchase_day_count - 1, 0), 0) as monetary_value,
    cast(coalesce(revenues.net_revenue, 0) as decimal(18, 4)) as net_revenue,
    cast(coalesce(revenues.margin, 0) as decimal(18, 4)) as margin,
    cast(revenues.refund as double) / nullif(cast(revenues.sold as double), 0) as refund_rate,
    cast(revenues.net_revenue as double) / nullif(revenues.order_count, 0) as average_order_value,
    coalesce(categories.category_count, 0) as category_count,
    cast(revenues.discount as double) / nullif(cast(revenues.list_value as double), 0) as discount_rate,
    cast(revenues.web_share as double) as web_share,
    customers.kind = 'company' or customers.account_id is not null as is_business,
    customers.consent_email,
    customers.consent_phone,
    customers.consent_sms,
    customers.consent_post,
    customers.is_suppressed,
    customers.email is not null as has_email,
    customers.phone is not null as has_phone,
    customers.street is not null and customers.city is not null as has_address,
    customers.is_buyer
from {{ ref('customers') }} as customers
cross join {{ ref('stg_run_context') }} as run_context
left join buyers on customers.customer_id = buyers.customer_id
left join revenues on customers.customer_id = revenues.customer_id
left join categories on customers.customer_id = categories.customer_id
