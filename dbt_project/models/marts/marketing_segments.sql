-- grain: customer; without a best_channel marketing may not contact it at all
select
    customer_id,
    kind,
    first_name,
    last_name,
    company_name,
    case when consent_email and not is_suppressed then email end as email,
    case when (consent_phone or consent_sms) and not is_suppressed then phone end as phone,
    postcode,
    city,
    country,
    language,
    rfm_segment,
    previous_rfm_segment,
    value_class,
    clv,
    best_channel,
    last_order_on,
    order_count,
    net_revenue,
    last_touched_at
from {{ ref('customer_360') }}
