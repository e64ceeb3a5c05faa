{# One version per key: the newest by its own dates, then by the newer export, then by a total order, so that neither
   the order of arrival nor the order of rows matters. Only keys that occur more than once are sorted: they are few,
   and a window over whole rows is dear. #}
{% macro newest_version(relation, key, newest_by=[]) -%}
    with repeated as (

        select {{ key | join(', ') }}
        from {{ relation }}
        group by {{ key | join(', ') }}
        having count(*) > 1

    ),

    ranked as (

        select
            versions.*,
            row_number() over (
                partition by {% for column in key %}versions.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                order by
                    {% for column in newest_by -%}
                    versions.{{ column }} desc nulls last,
                    {% endfor -%}
                    versions.file_horizon desc nulls last,
                    versions.file_id desc,
                    versions.file_line desc
            ) as version_rank
        from {{ relation }} as versions
        inner join repeated on {{ same_key('versions', 'repeated', key) }}

    )

    select
        single.*,
        1 as version_rank
    from {{ relation }} as single
    left join repeated on {{ same_key('single', 'repeated', key) }}
    where repeated.{{ key[0] }} is null

    union all

    select * from ranked where version_rank = 1
{%- endmacro %}


{% macro same_key(left, right, key) -%}
    {% for column in key %}{{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
{%- endmacro %}


{# The filled value of the row that ranks highest; `rank` is unique within the group. #}
{% macro newest_value(column, rank) -%}
    max_by({{ column }}, {{ rank }}) filter (where {{ column }} is not null)
{%- endmacro %}


{# A rank among the records of a customer: trust in the source first, then completeness, then the newest. #}
{% macro trusted_rank(field, completeness) -%}
    coalesce(trust.{{ field }}, 0) * 1000000000000 + {{ completeness }} + recency
{%- endmacro %}


{# The fields of a golden record, each with the rank that decides between records. #}
{% macro golden_fields() -%}
    {{ return([
        ('first_name', 'name_rank'),
        ('last_name', 'name_rank'),
        ('email', 'email_rank'),
        ('phone_normalised', 'phone_rank'),
        ('street', 'address_rank'),
        ('postcode', 'address_rank'),
        ('city', 'address_rank'),
        ('country', 'address_rank'),
        ('language', 'language_rank'),
        ('company_name', 'company_name_rank'),
        ('job_title', 'job_title_rank'),
        ('birth_on', 'birth_on_rank'),
        ('lifecycle_stage', 'lifecycle_stage_rank')
    ]) }}
{%- endmacro %}


{# A query for the value that most rows of a key have; of those as common, the last in the alphabet. #}
{% macro commonest(rows, key, value) -%}
    select
        {{ key }},
        max_by({{ value }}, {{ compared_in_turn(['row_count', value]) }}) as {{ value }}
    from (
        select
            {{ key }},
            {{ value }},
            count(*) as row_count
        from {{ rows }}
        where {{ key }} is not null and {{ value }} is not null
        group by {{ key }}, {{ value }}
    ) as counted
    group by {{ key }}
{%- endmacro %}
