-- grain: currency x period; both days are included
select
    currency,
    valid_from,
    valid_until,
    cast(rate as decimal(20, 12)) as rate
from {{ source('raw', 'exchange_rates') }}
