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

),

won as (

    -- the contact is the customer; without one, the company is
    select
        deals.source_system || ':deal-' || deals.source_id as order_id,
        deals.source_system,
        deals.closed_at,
        deals.valued_on,
        deals.amount,
        deals.currency,
        coalesce(contacts.customer_id, companies.customer_id) as customer_id,
        coalesce(company_names.account_id, contact_names.account_id) as account_id
    from {{ ref('stg_deals') }} as deals
    cross join {{ ref('stg_run_context') }} as run_context
    left join {{ ref('int_customer_links') }} as contacts
        on contacts.entity = 'contacts'
        and deals.source_system = contacts.source_system
        and deals.contact_source_id = contacts.source_id
    left join {{ ref('int_customer_links') }} as companies
        on companies.entity = 'accounts'
        and deals.source_system = companies.source_system
        and deals.company_source_id = companies.source_id
    left join {{ ref('int_companies_named') }} as company_names
        on company_names.entity = 'accounts'
        and deals.source_system = company_names.source_system
        and deals.company_source_id = company_names.source_id
    left join {{ ref('int_companies_named') }} as contact_names
        on contact_names.entity = 'contacts'
        and deals.source_system = contact_names.source_system
        and deals.contact_source_id = contact_names.source_id
    where deals.is_won and deals.amount > 0 and cast(deals.closed_at as date) <= run_context.as_of

)

select
    won.order_id,
    won.source_system,
    won.customer_id,
    won.account_id,
    won.closed_at as ordered_at,
    cast(won.closed_at as date) as ordered_on,
    won.currency,
    {{ multiplied('won.amount', 'rates.rate') }} as net_revenue
from won
left join {{ ref('int_exchange_rates_dated') }} as rates
    on won.currency = rates.currency and won.valued_on = rates.valued_on
left join buyers on won.customer_id = buyers.customer_id
left join buying_accounts on won.account_id = buying_accounts.account_id
where won.customer_id is not null and buyers.customer_id is null and buying_accounts.account_id is null
