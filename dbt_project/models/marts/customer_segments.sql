-- grain: customer
select
    customer_id,
    as_of,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_segment,
    behaviour_segment,
    previous_rfm_segment
from {{ source('analytics', 'customer_segments') }}
