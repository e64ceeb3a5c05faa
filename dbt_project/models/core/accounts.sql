-- grain: company
with records as (

    select
        named.account_id,
        named.domain,
        records.company_name,
        records.street,
        records.postcode,
        records.city,
        records.country,
        companies.industry,
        companies.employee_count,
        companies.annual_revenue,
        records.entity = 'accounts' as is_in_crm,
        -- what the CRM says outranks what contacts and orders say
        row_number() over (
            partition by named.account_id
            order by
                records.entity = 'accounts',
                records.last_seen_at nulls first,
                records.source_system,
                records.entity,
                records.source_id
        ) as trust
    from {{ ref('int_companies_named') }} as named
    inner join {{ ref('int_records_linked') }} as records
        on named.source_system = records.source_system
        and named.entity = records.entity
        and named.source_id = records.source_id
    left join {{ ref('stg_accounts') }} as companies
        on named.entity = 'accounts'
        and named.source_system = companies.source_system
        and named.source_id = companies.source_id

),

described as (

    select
        account_id,
        {{ newest_value('company_name', 'trust') }} as company_name,
        {{ newest_value('domain', 'trust') }} as domain,
        {{ newest_value('industry', 'trust') }} as industry,
        {{ newest_value('employee_count', 'trust') }} as employee_count,
        {{ newest_value('annual_revenue', 'trust') }} as annual_revenue,
        {{ newest_value('city', 'trust') }} as city,
        {{ newest_value('country', 'trust') }} as country,
        bool_or(is_in_crm) as is_in_crm
    from records
    group by account_id

),

customer_counts as (

    select
        account_id,
        count(*) as customer_count
    from {{ ref('customers') }}
    where account_id is not null
    group by account_id

),

revenues as (

    select
        orders.account_id,
        count(*) filter (where orders.is_purchase) as order_count,
        sum(orders.net_revenue) as net_revenue,
        max(case when orders.is_purchase then orders.ordered_on end) as last_order_on
    from {{ ref('orders') }} as orders
    cross join {{ ref('stg_run_context') }} as run_context
    where orders.account_id is not null and orders.ordered_on <= run_context.as_of
    group by orders.account_id

)

select
    described.account_id,
    coalesce(described.company_name, described.domain) as name,
    described.domain,
    described.industry,
    described.city,
    described.country,
    coalesce(customer_counts.customer_count, 0) as customer_count,
    coalesce(revenues.order_count, 0) as order_count,
    cast(coalesce(revenues.net_revenue, 0) as decimal(18, 4)) as net_revenue,
    revenues.last_order_on,
    described.employee_count,
    described.annual_revenue,
    described.is_in_crm
from described
left join customer_counts on described.account_id = customer_counts.account_id
left join revenues on described.account_id = revenues.account_id
