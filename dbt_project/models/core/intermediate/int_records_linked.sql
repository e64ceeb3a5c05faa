{{ config(materialized='table') }}

-- grain: source record, with the customer that it belongs to
with linked as (

    select
        links.customer_id,
        links.matched_by,
        links.match_probability,
        links.phone_normalised,
        records.*,
        row_number() over (
            partition by links.customer_id
            order by records.last_seen_at nulls first, records.source_system, records.entity, records.source_id
        ) as recency
    from {{ ref('stg_records') }} as records
    inner join {{ ref('int_customer_links') }} as links
        on records.source_system = links.source_system
        and records.entity = links.entity
        and records.source_id = links.source_id

)

-- A complete name or address outranks any half one, so that a golden record does not mix two of them.
select
    *,
    case when first_name is not null and last_name is not null then 1000000000 else 0 end + recency as name_rank,
    case
        when street is not null and postcode is not null and city is not null then 1000000000
        else 0
    end + recency as address_rank
from linked
