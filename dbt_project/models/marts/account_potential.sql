-- grain: company x category; the category * stands for all of them
select
    account_id,
    category,
    cast(actual as decimal(18, 4)) as actual,
    cast(potential as decimal(18, 4)) as potential,
    cast(potential_low as decimal(18, 4)) as potential_low,
    cast(potential_high as decimal(18, 4)) as potential_high,
    exhaustion,
    verdict,
    comparable_count,
    reason
from {{ source('analytics', 'account_potential') }}
