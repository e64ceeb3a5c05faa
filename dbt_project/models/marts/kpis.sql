-- grain: as_of x metric
with sales as (

    select
        count(*) filter (where orders.is_purchase) as order_count,
        sum(orders.gross_revenue) as gross_revenue,
        sum(orders.discount) as discount,
        sum(orders.refund) as refund,
        sum(orders.net_revenue) as net_revenue,
        sum(orders.margin) as margin,
        count(*) filter (where orders.customer_id is null) as orders_without_customer
    from {{ ref('orders') }} as orders
    cross join {{ ref('stg_run_context') }} as run_context
    where orders.ordered_on <= run_context.as_of

),

customers as (

    select
        count(*) as customer_count,
        count(*) filter (where is_buyer) as buyer_count,
        count(*) filter (where is_buyer and recency_days < 365) as active_buyer_count,
        count(*) filter (where repeat_purchase_days > 0) as repeat_buyer_count,
        count(*) filter (where has_email and consent_email and not is_suppressed) as email_reach,
        count(*) filter (where has_phone and consent_phone and not is_suppressed) as phone_reach
    from {{ ref('customer_features') }}

),

ledger as (

    select
        sum(rows_read) as rows_read,
        sum(rows_quarantined) as rows_quarantined,
        sum(rows_collapsed) as rows_collapsed
    from {{ ref('load_ledger') }}

),

set_aside as (

    select count(*) filter (where is_test) as test_order_count
    from {{ ref('int_orders_valued') }}

),

metrics as (

    {% set metrics = [
        ('customers', 'customers.customer_count', 'customers'),
        ('buyers', 'customers.buyer_count', 'customers'),
        ('active_buyers_12_months', 'customers.active_buyer_count', 'customers'),
        ('repeat_rate', 'cast(customers.repeat_buyer_count as double) / nullif(customers.buyer_count, 0)', 'fraction'),
        ('orders', 'sales.order_count', 'orders'),
        ('gross_revenue', 'sales.gross_revenue', 'money'),
        ('discount', 'sales.discount', 'money'),
        ('refund', 'sales.refund', 'money'),
        ('net_revenue', 'sales.net_revenue', 'money'),
        ('margin', 'sales.margin', 'money'),
        ('average_order_value', 'cast(sales.net_revenue as double) / nullif(sales.order_count, 0)', 'money'),
        (
            'refund_rate',
            'cast(sales.refund as double) / nullif(cast(sales.gross_revenue - sales.discount as double), 0)',
            'fraction'
        ),
        ('email_reach', 'customers.email_reach', 'customers'),
        ('phone_reach', 'customers.phone_reach', 'customers'),
        ('orders_without_customer', 'sales.orders_without_customer', 'orders'),
        ('test_orders', 'set_aside.test_order_count', 'orders'),
        ('rows_read', 'ledger.rows_read', 'rows'),
        ('rows_quarantined', 'ledger.rows_quarantined', 'rows'),
        ('rows_collapsed', 'ledger.rows_collapsed', 'rows'),
    ] -%}
    {% for metric, value, unit in metrics -%}
    select '{{ metric }}' as metric, cast({{ value }} as decimal(18, 4)) as value, '{{ unit }}' as unit
    from sales cross join customers cross join ledger cross join set_aside
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    run_context.as_of,
    metrics.metric,
    coalesce(metrics.value, 0) as value,
    case when metrics.unit = 'money' then run_context.base_currency else metrics.unit end as unit
from metrics
cross join {{ ref('stg_run_context') }} as run_context
