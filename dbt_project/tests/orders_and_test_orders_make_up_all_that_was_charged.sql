-- A join that lost or doubled an order, or an exchange rate that is missing, would show here.
with staged as (

    select
        count(*) as order_count,
        sum({{ multiplied('orders.total', 'rates.rate') }}) as total
    from {{ ref('stg_orders') }} as orders
    left join {{ ref('int_exchange_rates_dated') }} as rates
        on orders.currency = rates.currency and orders.valued_on = rates.valued_on
    where not orders.is_deleted

),

delivered as (

    select total from {{ ref('orders') }} where not is_deal
    union all
    select total from {{ ref('int_orders_valued') }} where is_test

),

sums as (

    select
        count(*) as order_count,
        count(total) as valued_count,
        coalesce(sum(total), 0) as total
    from delivered

)

select *
from staged
cross join sums
where staged.order_count <> sums.order_count
    or staged.order_count <> sums.valued_count
    or coalesce(staged.total, 0) <> sums.total
