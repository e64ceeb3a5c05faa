-- grain: buyer
select
    customer_id,
    as_of,
    frequency,
    recency_days,
    age_days,
    cast(monetary_value as decimal(18, 4)) as monetary_value,
    p_alive,
    expected_orders,
    cast(clv as decimal(18, 4)) as clv,
    cast(clv_low as decimal(18, 4)) as clv_low,
    cast(clv_high as decimal(18, 4)) as clv_high,
    model,
    value_class
from {{ source('analytics', 'customer_value') }}
