{# Kinds of readers: how common each is, the share of mailings that it opens, when it opens them, and the share of opens
   that lead to a click. A proxy opens nearly everything and never clicks; the clicks are those of the person behind it.
   Set by hand from what is usual, and not learned: a company without proxies would else be found to have some. #}
{% macro reader_kinds() -%}
    {%- set usual = [0.005, 0.07, 0.17, 0.25, 0.28, 0.225] -%}
    {%- set proxies = [
        {'share': 0.2, 'opens': 0.9, 'moments': [0.05, 0.28, 0.45, 0.12, 0.07, 0.03], 'clicks': 0.04},
        {'share': 0.04, 'opens': 0.93, 'moments': usual, 'clicks': 0.04},
    ] -%}
    {%- set people = [
        {'share': 0.2, 'opens': 0.05, 'moments': usual, 'clicks': 0.1},
        {'share': 0.25, 'opens': 0.2, 'moments': usual, 'clicks': 0.12},
        {'share': 0.2, 'opens': 0.45, 'moments': usual, 'clicks': 0.12},
        {'share': 0.06, 'opens': 0.8, 'moments': usual, 'clicks': 0.15},
        {'share': 0.01, 'opens': 0.8, 'moments': usual, 'clicks': 0.03},
        {'share': 0.03, 'opens': 0.85, 'moments': [0.05, 0.4, 0.37, 0.1, 0.06, 0.02], 'clicks': 0.15},
        {'share': 0.06, 'opens': 0.4, 'moments': [0.001, 0.01, 0.03, 0.08, 0.28, 0.599], 'clicks': 0.12},
    ] -%}
    {{ return({'proxy': proxies, 'person': people}) }}
{%- endmacro %}


{# When a mailing is opened first, in the order in which reader_kinds() has the shares: name, and up to which second. #}
{% macro reading_moments() -%}
    {{ return([
        ('minute', 60),
        ('ten_minutes', 600),
        ('hour', 3600),
        ('three_hours', 10800),
        ('twelve_hours', 43200),
        ('later', 1000000000)
    ]) }}
{%- endmacro %}


{# The logarithm of a kind's share times the likelihood of what was counted at an address. #}
{% macro reader_likelihood(kind) -%}
    ln({{ kind.share }}) + opened_count * ln({{ kind.opens }}) + unopened_count * ln(1 - {{ kind.opens }})
    {%- for name, _ in reading_moments() %} + {{ name }}_count * ln({{ kind.moments[loop.index0] }}){% endfor %}
    + clicked_count * ln({{ kind.clicks }}) + unclicked_count * ln(1 - {{ kind.clicks }})
{%- endmacro %}
