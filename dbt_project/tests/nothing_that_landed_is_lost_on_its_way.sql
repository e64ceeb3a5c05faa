-- Every raw order and line is delivered, superseded by a newer export, a test, or deleted; and nothing is there twice.
with raw as (

    select 'orders' as entity, count(*) as row_count, coalesce(sum(total), 0) as amount from {{ source('raw', 'orders') }}
    union all
    select 'order_lines' as entity, count(*) as row_count, coalesce(sum(amount), 0) as amount
    from {{ source('raw', 'order_lines') }}

),

accounted as (

    select
        entity,
        sum(row_count) as row_count,
        coalesce(sum(amount), 0) as amount,
        sum(case when outcome = 'lost' then row_count else 0 end) as lost_count
    from {{ ref('ledger_balance') }}
    group by entity

)

select raw.*
from raw
left join accounted on raw.entity = accounted.entity
where raw.row_count <> coalesce(accounted.row_count, 0)
    or raw.amount <> coalesce(accounted.amount, 0)
    or coalesce(accounted.lost_count, 0) > 0
