-- grain: month x channel
select
    month,
    channel,
    contact_count,
    delivered_count,
    engaged_count,
    cost,
    following_order_count,
    following_margin,
    measured_count,
    added_margin,
    added_margin_low,
    added_margin_high,
    return_on_cost,
    cumulative_contact_count,
    cumulative_cost,
    cumulative_following_order_count,
    cumulative_following_margin,
    cumulative_added_margin
from {{ source('analytics', 'channel_months') }}
