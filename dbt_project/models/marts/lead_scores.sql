-- grain: customer without an order
select
    customer_id,
    conversion_probability,
    basis,
    within_days,
    known_days,
    is_lead,
    reason
from {{ source('analytics', 'lead_scores') }}
