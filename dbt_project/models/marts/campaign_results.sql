-- grain: campaign or plan x channel x outcome
select
    campaign_id,
    channel,
    outcome,
    treated,
    control,
    effect,
    effect_low,
    effect_high,
    p_value,
    method,
    treated_count,
    control_count,
    sent_on,
    days_seen,
    is_final,
    reason
from {{ source('analytics', 'campaign_results') }}
