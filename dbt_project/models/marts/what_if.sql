-- grain: lever x amount; the plan as it is, and solved anew within other limits
select
    lever,
    amount,
    is_plan,
    contact_count,
    cost,
    added_margin,
    added_low,
    added_high,
    next_price,
    reason
from {{ source('analytics', 'what_if') }}
