-- grain: channel, and the budget
select
    plan_id,
    limit_name,
    capacity,
    used,
    open_count,
    price,
    cost,
    frequency_cap,
    is_default,
    reason
from {{ source('analytics', 'plan_limits') }}
