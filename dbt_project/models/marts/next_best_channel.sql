-- grain: customer x channel
select
    customer_id,
    channel,
    rank,
    is_allowed,
    basis,
    expected_effect,
    effect_low,
    effect_high,
    reason,
    effect_unit,
    expected_margin,
    obstacle
from {{ source('analytics', 'next_best_channel') }}
