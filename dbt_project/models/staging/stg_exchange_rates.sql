-- grain: currency
select
    currency,
    cast(rate as decimal(18, 8)) as rate
from {{ source('raw', 'exchange_rates') }}
