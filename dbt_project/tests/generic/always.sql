{# The condition holds in every row; a row where it is null does not hold it. #}
{% test always(model, condition) %}

select *
from {{ model }}
where not coalesce({{ condition }}, false)

{% endtest %}
