{{ config(materialized='table') }}

-- grain: order, test orders included; revenue is goods only, without VAT and shipping
with orders as (

    select
        *,
        total < 0 as is_credit_note,
        status = 'cancelled' as is_cancelled,
        -- a source that does not say it: where goods and shipping make up the total, the tax lies within them
        coalesce(is_tax_included, coalesce(tax, 0) <> 0 and subtotal + coalesce(shipping, 0) = total) as has_tax_inside
    from {{ ref('stg_orders') }}
    where is_deleted is not true

),

goods as (

    select
        *,
        case
            when subtotal is null then total - coalesce(shipping, 0) - coalesce(tax, 0)
            when has_tax_inside
                then subtotal - coalesce({{ prorated('tax', 'subtotal', 'subtotal + coalesce(shipping, 0)') }}, 0)
            else subtotal
        end as goods_net
    from orders

),

discounted as (

    select
        *,
        coalesce({{ prorated('discount', 'goods_net', 'subtotal') }}, discount) as discount_net
    from goods

),

refunded as (

    select
        *,
        case
            when is_credit_note and is_cancelled then 0
            when is_credit_note then -goods_net
            when is_cancelled then goods_net
            when refunded = 0 and status = 'refunded' then goods_net
            when refunded = 0 then 0
            when refunded >= total then goods_net
            else {{ prorated('refunded', 'goods_net', 'total') }}
        end as refund_net
    from discounted

),

converted as (

    select
        refunded.*,
        case
            when is_credit_note then 0 else {{ multiplied('goods_net + discount_net', 'rates.rate') }}
        end as gross_base,
        case when is_credit_note then 0 else {{ multiplied('discount_net', 'rates.rate') }} end as discount_base,
        {{ multiplied('refund_net', 'rates.rate') }} as refund_base,
        rates.rate
    from refunded
    left join {{ ref('int_exchange_rates_dated') }} as rates
        on refunded.currency = rates.currency and refunded.valued_on = rates.valued_on

)

select
    order_id,
    source_system,
    buyer_source_id,
    ordered_at,
    cast(ordered_at as date) as ordered_on,
    case when is_credit_note and status not in ('adjustment', 'cancelled') then 'refunded' else status end as status,
    sales_channel,
    currency,
    gross_base as gross_revenue,
    discount_base as discount,
    refund_base as refund,
    cast(gross_base - discount_base - refund_base as decimal(18, 4)) as net_revenue,
    {{ multiplied('total', 'rate') }} as total,
    {{ multiplied('shipping', 'rate') }} as shipping,
    {{ multiplied('tax', 'rate') }} as tax,
    {{ multiplied('refunded', 'rate') }} as refunded,
    not (is_credit_note or is_cancelled or status = 'adjustment') and gross_base > 0 as is_purchase,
    is_test
from converted
