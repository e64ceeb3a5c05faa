-- grain: won deal that counts as an order, because no shop or till sends orders of its company or customer
with buyers as (

    select distinct links.customer_id
    from {{ ref('int_orders_valued') }} as orders
    inner join {{ ref('int_customer_links') }} as links
        on links.entity = 'orders'
        and orders.source_system = links.source_system
        and orders.buyer_source_id = links.source_id
    where not orders.is_test

),

buying_accounts as (

    select distinct named.account_id
    from {{ ref('int_companies_named') }} as named
    inner join buyers on named.customer_id = buyers.customer_id

)

select
    deals.source_system || ':deal-' || deals.source_id as order_id,
    deals.source_system,
    deals.customer_id,
    deals.account_id,
    deals.closed_at as ordered_at,
    cast(deals.closed_at as date) as ordered_on,
    deals.currency,
    deals.amount as net_revenue
from {{ ref('int_deals_assigned') }} as deals
cross join {{ ref('stg_run_context') }} as run_context
left join buyers on deals.customer_id = buyers.customer_id
left join buying_accounts on deals.account_id = buying_accounts.account_id
where
    deals.is_won
    and deals.amount > 0
    and cast(deals.closed_at as date) <= run_context.as_of
    and deals.customer_id is not null
    and buyers.customer_id is null
    and buying_accounts.account_id is null
