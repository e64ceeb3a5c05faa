{{ config(materialized='table') }}

-- grain: currency x day of an order or a deal. There are few of these, so the join over periods is cheap here, and what
-- has a day finds its rate by a plain key.
with days as (

    select currency, valued_on from {{ ref('stg_orders') }}
    union
    select currency, valued_on from {{ ref('stg_deals') }}

)

select
    days.currency,
    days.valued_on,
    rates.rate
from days
inner join {{ ref('stg_exchange_rates') }} as rates
    on days.currency = rates.currency and days.valued_on between rates.valid_from and rates.valid_until
