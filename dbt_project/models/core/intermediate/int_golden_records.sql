{{ config(materialized='table') }}

-- grain: customer; of each field the most trusted, then the newest filled value, and the record that it is of
select
    customer_id,
    case
        when bool_or(entity = 'accounts') then 'company'
        when not bool_or(first_name is not null or last_name is not null) and bool_or(company_name is not null)
            then 'company'
        else 'person'
    end as kind,
    {% for field, rank in golden_fields() -%}
    {{ newest_value(field, rank) }} as {{ field }},
    max_by(source_system || ':' || entity || ':' || source_id, {{ rank }})
        filter (where {{ field }} is not null) as {{ field }}_record,
    coalesce(max({{ rank }}) filter (where {{ field }} is not null) >= 1000000000000, false) as {{ field }}_is_trusted,
    {% endfor -%}
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from {{ ref('int_records_linked') }}
group by customer_id
