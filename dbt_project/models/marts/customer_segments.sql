-- grain: customer
select
    customer_id,
    as_of,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_segment,
    behaviour_segment,
    previous_rfm_segment,
    previous_behaviour_segment,
    previous_as_of,
    reason
from {{ source('analytics', 'customer_segments') }}
