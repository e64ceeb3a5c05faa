-- grain: deal; its customer, its company, and its amount in the base currency
select
    deals.source_system,
    deals.source_id,
    deals.is_won,
    deals.created_at,
    deals.closed_at,
    deals.currency,
    {{ multiplied('deals.amount', 'rates.rate') }} as amount,
    -- the contact is the customer; without one, the company is
    coalesce(contacts.customer_id, companies.customer_id) as customer_id,
    coalesce(company_names.account_id, contact_names.account_id) as account_id
from {{ ref('stg_deals') }} as deals
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
left join {{ ref('int_exchange_rates_dated') }} as rates
    on deals.currency = rates.currency and deals.valued_on = rates.valued_on
