-- grain: channel
select
    channel,
    effect,
    effect_low,
    effect_high,
    naive_difference,
    overlap_share,
    effective_size,
    contact_count,
    logged_share,
    planned_margin,
    planned_error,
    cost,
    is_best_for_all,
    verdict,
    reason
from {{ source('analytics', 'channel_effects') }}
