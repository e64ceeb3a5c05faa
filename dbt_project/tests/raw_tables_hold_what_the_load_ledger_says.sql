-- Rows and money that ingest kept are those that staging starts from.
{% set amounts = {'deals': 'amount', 'order_lines': 'amount', 'orders': 'total'} %}
{% set entities = [
    'accounts', 'activities', 'campaigns', 'contacts', 'deals',
    'email_events', 'order_lines', 'orders', 'products', 'tickets'
] %}

with raw as (

    {% for entity in entities -%}
    select
        '{{ entity }}' as entity,
        count(*) as row_count,
        coalesce(sum({{ amounts.get(entity, 'cast(0 as decimal(18, 4))') }}), 0) as amount
    from {{ source('raw', entity) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

ledger as (

    select
        entity,
        sum(rows_kept) as row_count,
        coalesce(sum(amount_kept), 0) as amount
    from {{ ref('stg_load_ledger') }}
    group by entity

)

select
    raw.entity,
    raw.row_count,
    ledger.row_count as row_count_in_ledger,
    raw.amount,
    ledger.amount as amount_in_ledger
from raw
left join ledger on raw.entity = ledger.entity
where raw.row_count <> coalesce(ledger.row_count, 0) or raw.amount <> coalesce(ledger.amount, 0)
