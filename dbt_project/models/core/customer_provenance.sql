-- grain: customer x filled field; from which record the value in customers comes, and by which rule
{% for field, rank in golden_fields() -%}
select
    customer_id,
    '{{ 'phone' if field == 'phone_normalised' else field }}' as field,
    {{ field }}_record as record,
    case when {{ field }}_is_trusted then 'most trusted' else 'newest' end as rule
from {{ ref('int_golden_records') }}
where {{ field }} is not null
{{ 'union all' if not loop.last }}
{% endfor -%}
