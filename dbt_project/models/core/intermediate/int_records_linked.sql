{{ config(materialized='table') }}

-- grain: source record, with the customer that it belongs to and its rank where golden records are made
with linked as (

    select
        links.customer_id,
        links.matched_by,
        links.match_probability,
        links.phone_normalised,
        links.company_normalised,
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

),

-- A complete name or address outranks any half one, so that a golden record does not mix two of them.
completed as (

    select
        *,
        case when first_name is not null and last_name is not null then 1000000000 else 0 end as name_completeness,
        case
            when street is not null and postcode is not null and city is not null then 1000000000
            else 0
        end as address_completeness
    from linked

)

select
    completed.*,
    {{ trusted_rank('name', 'name_completeness') }} as name_rank,
    {{ trusted_rank('address', 'address_completeness') }} as address_rank,
    {% for field in ['email', 'phone', 'language', 'company_name', 'job_title', 'birth_on', 'lifecycle_stage'] -%}
    {{ trusted_rank(field, 0) }} as {{ field }}_rank{{ ',' if not loop.last }}
    {% endfor -%}
from completed
left join {{ ref('stg_trust') }} as trust on completed.source_system = trust.source_system
