-- grain: id that was issued once and stands for another customer now
select
    alias,
    customer_id,
    issued_in_run
from {{ source('analytics', 'customer_aliases') }}
