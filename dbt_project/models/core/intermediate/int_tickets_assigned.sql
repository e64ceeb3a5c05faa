-- grain: ticket, with its customer where that is known
select
    tickets.ticket_id,
    tickets.source_system,
    {{ customer_of_record() }} as customer_id,
    tickets.created_at,
    tickets.closed_at,
    tickets.is_open,
    tickets.is_complaint
from {{ ref('stg_tickets') }} as tickets
{{ joined_customer('tickets') }}
