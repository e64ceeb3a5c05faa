-- grain: entity, currency and what became of it; what landed is the sum of what became of it, to the row and the cent
with landed as (

    select
        source_system, order_number, file_id, file_line,
        coalesce(orders.currency, run_context.base_currency) as currency,
        orders.total
    from {{ source('raw', 'orders') }} as orders
    cross join {{ ref('stg_run_context') }} as run_context

),

delivered as (

    select distinct order_id from {{ ref('orders') }} where not is_deal

),

orders as (

    select
        landed.currency,
        landed.total as amount,
        case
            when newest.order_id is null then 'superseded'
            when newest.is_deleted then 'deleted'
            when newest.is_test then 'test'
            when delivered.order_id is not null then 'delivered'
            else 'lost'
        end as outcome
    from landed
    left join {{ ref('stg_orders') }} as newest
        on landed.source_system = newest.source_system
        and landed.file_id = newest.file_id
        and landed.file_line = newest.file_line
        and landed.source_system || ':' || landed.order_number = newest.order_id
    left join delivered on newest.order_id = delivered.order_id

),

delivered_lines as (

    select distinct order_id, line_no from {{ ref('order_lines') }}

),

lines as (

    select
        cast(null as varchar) as currency,
        lines.amount,
        case
            when newest.order_id is null then 'superseded'
            when orders.order_id is null then 'without order'
            when orders.is_deleted then 'deleted'
            when orders.is_test then 'test'
            when delivered_lines.order_id is not null then 'delivered'
            else 'lost'
        end as outcome
    from {{ source('raw', 'order_lines') }} as lines
    left join {{ ref('stg_order_lines') }} as newest
        on lines.source_system || ':' || lines.order_number = newest.order_id
        and lines.line_no = newest.line_no
        and lines.file_id = newest.file_id
        and lines.file_line = newest.file_line
    left join {{ ref('stg_orders') }} as orders on newest.order_id = orders.order_id
    left join delivered_lines
        on newest.order_id = delivered_lines.order_id and newest.line_no = delivered_lines.line_no

)

select 'orders' as entity, currency, outcome, count(*) as row_count, cast(sum(amount) as decimal(38, 4)) as amount
from orders
group by currency, outcome
union all
select 'order_lines' as entity, currency, outcome, count(*) as row_count, cast(sum(amount) as decimal(38, 4)) as amount
from lines
group by currency, outcome
