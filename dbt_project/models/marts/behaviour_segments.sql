-- grain: behaviour segment; what the next run measures customers by
select
    segment_id,
    customer_group,
    name,
    sentence,
    as_of,
    customer_count,
    net_revenue,
    learned_on,
    stability,
    names,
    box,
    centre
from {{ source('analytics', 'behaviour_segments') }}
