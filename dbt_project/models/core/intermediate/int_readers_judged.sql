-- grain: address of a source system of which any mailing was opened; how likely a proxy opens what it gets
{%- set kinds, moments = reader_kinds(), reading_moments() %}
{%- set columns = [] %}
{%- for side in kinds %}{% for kind in kinds[side] %}
    {%- do columns.append((side, side ~ '_' ~ loop.index, kind)) %}
{%- endfor %}{% endfor %}

with mailings as (

    select
        source_system,
        email,
        has_open or has_click as is_opened,
        has_click,
        case
            {% for name, seconds in moments -%}
            when seconds_to_open <= {{ seconds }} then '{{ name }}'
            {% endfor %}
        end as opened_within,
        -- an export of opens alone does not tell how much was left unopened
        bool_or(not has_open and not has_click) over (partition by source_system, campaign_key) as tells_unopened
    from {{ ref('int_mailings_received') }}
    where not is_returned and not has_machine_click

),

counted as (

    select
        source_system,
        email,
        count(*) filter (where is_opened and tells_unopened) as opened_count,
        count(*) filter (where not is_opened and tells_unopened) as unopened_count,
        count(*) filter (where has_click) as clicked_count,
        count(*) filter (where is_opened and not has_click) as unclicked_count,
        {% for name, _ in moments -%}
        count(*) filter (where opened_within = '{{ name }}') as {{ name }}_count{{ ',' if not loop.last }}
        {% endfor %}
    from mailings
    group by source_system, email
    having bool_or(is_opened)

),

weighed as (

    select
        source_system,
        email,
        {% for _, column, kind in columns -%}
        {{ reader_likelihood(kind) }} as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from counted

),

-- less the highest, so that no exponential vanishes
compared as (

    select
        *,
        greatest({{ columns | map(attribute=1) | join(', ') }}) as highest
    from weighed

),

summed as (

    select
        source_system,
        email,
        {% for side in kinds -%}
        {% for _, column, _ in columns if column.startswith(side) -%}
        exp({{ column }} - highest){{ ' + ' if not loop.last }}
        {%- endfor %} as {{ side }}{{ ',' if not loop.last }}
        {% endfor %}
    from compared

)

select
    source_system,
    email,
    round(proxy / (proxy + person), 4) as proxy_probability
from summed
