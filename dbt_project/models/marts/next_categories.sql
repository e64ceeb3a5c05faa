-- grain: customer x rank
select
    customer_id,
    rank,
    category,
    probability,
    lift,
    within_days,
    reason
from {{ source('analytics', 'next_categories') }}
