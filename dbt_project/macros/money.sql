{# amount x part / whole, rounded to cents; null where the whole is zero. #}
{% macro prorated(amount, part, whole) -%}
    cast(
        round(
            cast({{ amount }} as double) * cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0), 2
        ) as decimal(18, 4)
    )
{%- endmacro %}


{# amount x factor as money; the wide type keeps large amounts from overflowing. #}
{% macro multiplied(amount, factor) -%}
    cast(cast({{ amount }} as decimal(28, 4)) * {{ factor }} as decimal(18, 4))
{%- endmacro %}


{# What a line has of its order's net revenue, before the remainder of rounding. #}
{% macro line_share() -%}
    coalesce({{ prorated('orders.net_revenue', 'lines.amount', 'orders.amount') }}, 0)
{%- endmacro %}
