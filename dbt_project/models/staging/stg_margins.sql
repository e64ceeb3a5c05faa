-- grain: category; '*' stands for all others
select
    category,
    cast(margin as decimal(6, 4)) as margin_rate
from {{ source('raw', 'margins') }}
