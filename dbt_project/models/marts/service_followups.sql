-- grain: customer x reason
select
    customer_id,
    reason,
    order_id,
    ticket_id,
    due_on,
    priority,
    touch_id
from {{ ref('int_followups_due') }}
