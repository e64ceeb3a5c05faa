-- grain: buyer of a shop, as its orders tell
{% set recency = compared_in_turn(['ordered_at', 'order_id']) %}

select
    -- ids
    source_system,
    buyer_source_id as source_id,

    -- who
    {{ newest_value('first_name', recency) }} as first_name,
    {{ newest_value('last_name', recency) }} as last_name,
    {{ newest_value('company_name', recency) }} as company_name,

    -- where
    {{ newest_value('email', recency) }} as email,
    {{ newest_value('phone', recency) }} as phone,
    {{ newest_value('street', recency) }} as street,
    {{ newest_value('postcode', recency) }} as postcode,
    {{ newest_value('city', recency) }} as city,
    {{ newest_value('country', recency) }} as country,

    -- when
    min(ordered_at) as first_seen_at,
    max(ordered_at) as last_seen_at
from {{ ref('stg_orders') }}
where buyer_source_id is not null and not is_test and is_deleted is not true
group by source_system, buyer_source_id
