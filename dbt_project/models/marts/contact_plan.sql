-- grain: customer in the plan
select
    plan_id,
    customer_id,
    channel,
    arm,
    propensity,
    expected_margin,
    cost,
    reason,
    priority,
    chance_none,
    chance_email,
    chance_sms,
    chance_phone,
    chance_post
from {{ source('analytics', 'contact_plan') }}
