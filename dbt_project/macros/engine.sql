{# What DuckDB and Spark write differently. Everything else in this project is plain SQL. #}

{% macro regexp_like(text, pattern) -%}
    {{ return(adapter.dispatch('regexp_like', 'stammkunde')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__regexp_like(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__regexp_like(text, pattern) -%}
    ({{ text }} rlike r'{{ pattern }}')
{%- endmacro %}


{% macro regexp_replace_all(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('regexp_replace_all', 'stammkunde')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro duckdb__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, r'{{ pattern }}', '{{ replacement }}')
{%- endmacro %}


{# The part of a text that the pattern's first group matches; an empty text where nothing does. #}
{% macro regexp_extract(text, pattern) -%}
    {{ return(adapter.dispatch('regexp_extract', 'stammkunde')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__regexp_extract(text, pattern) -%}
    regexp_extract({{ text }}, '{{ pattern }}', 1)
{%- endmacro %}

{% macro spark__regexp_extract(text, pattern) -%}
    regexp_extract({{ text }}, r'{{ pattern }}', 1)
{%- endmacro %}


{# Several columns as one value that compares column by column. #}
{% macro compared_in_turn(columns) -%}
    {{ return(adapter.dispatch('compared_in_turn', 'stammkunde')(columns)) }}
{%- endmacro %}

{% macro duckdb__compared_in_turn(columns) -%}
    row({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__compared_in_turn(columns) -%}
    struct({{ columns | join(', ') }})
{%- endmacro %}


{# The day of a UTC timestamp in a time zone. #}
{% macro local_day(moment, zone) -%}
    {{ return(adapter.dispatch('local_day', 'stammkunde')(moment, zone)) }}
{%- endmacro %}

{% macro duckdb__local_day(moment, zone) -%}
    cast(timezone({{ zone }}, timezone('UTC', {{ moment }})) as date)
{%- endmacro %}

{% macro spark__local_day(moment, zone) -%}
    cast(from_utc_timestamp({{ moment }}, {{ zone }}) as date)
{%- endmacro %}
