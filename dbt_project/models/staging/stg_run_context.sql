-- grain: the run (one row)
select
    as_of,
    base_currency,
    country,
    timezone,
    language
from {{ source('raw', 'run_context') }}
