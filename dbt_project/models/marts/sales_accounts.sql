-- grain: company with at least one order or one open deal
with open_deals as (

    select
        deals.account_id,
        count(*) as open_deal_count,
        sum(deals.amount) as open_deal_amount
    from {{ ref('int_deals_assigned') }} as deals
    cross join {{ ref('stg_run_context') }} as run_context
    where
        deals.account_id is not null
        and deals.is_won is null
        and coalesce(cast(deals.created_at as date) <= run_context.as_of, true)
    group by deals.account_id

),

buyers as (

    -- the segment of the buyer who brought most stands for the company
    select
        account_id,
        cast(sum(clv) as decimal(18, 4)) as clv,
        max_by(rfm_segment, {{ compared_in_turn(['net_revenue', 'customer_id']) }}) as rfm_segment
    from {{ ref('sales_buyers') }}
    where account_id is not null
    group by account_id

)

select
    accounts.account_id,
    accounts.name,
    accounts.domain,
    accounts.industry,
    accounts.city,
    accounts.country,
    accounts.customer_count,
    accounts.order_count,
    accounts.net_revenue,
    accounts.last_order_on,
    buyers.clv,
    buyers.rfm_segment,
    coalesce(open_deals.open_deal_count, 0) as open_deal_count,
    cast(coalesce(open_deals.open_deal_amount, 0) as decimal(18, 4)) as open_deal_amount
from {{ ref('accounts') }} as accounts
left join buyers on accounts.account_id = buyers.account_id
left join open_deals on accounts.account_id = open_deals.account_id
where accounts.order_count > 0 or open_deals.open_deal_count > 0
