{{ config(materialized='table') }}

-- grain: source record of a customer, with the company that its name or its e-mail address points to
with mentions as (

    select
        records.customer_id,
        records.source_system,
        records.entity,
        records.source_id,
        records.company_source_id,
        records.company_normalised as name_key,
        {{ plain_letters('records.city') }} as city_key,
        coalesce(companies.domain, {{ web_domain('records.email') }}) as domain
    from {{ ref('int_records_linked') }} as records
    left join {{ ref('stg_accounts') }} as companies
        on records.entity = 'accounts'
        and records.source_system = companies.source_system
        and records.source_id = companies.source_id

),

-- No list of mail providers and platforms is complete. A domain of many people who name no company is a provider's too.
-- And where the CRM has a platform's page for many a company's website, that domain belongs to none of them.
nobodys_domains as (

    select domain
    from {{ ref('free_mail_domains') }}

    union

    select domain
    from mentions
    where domain is not null
    group by domain
    having count(distinct customer_id) >= 10
        and count(distinct case when name_key is not null then customer_id end) * 2 < count(distinct customer_id)
        and not bool_or(entity = 'accounts')

    union

    select domain
    from mentions
    where domain is not null and entity = 'accounts'
    group by domain
    having count(distinct {{ dbt.split_part('name_key', "' '", 1) }}) > 5

)

select
    mentions.customer_id,
    mentions.source_system,
    mentions.entity,
    mentions.source_id,
    mentions.company_source_id,
    mentions.name_key,
    mentions.city_key,
    case when nobodys_domains.domain is null then mentions.domain end as domain
from mentions
left join nobodys_domains on mentions.domain = nobodys_domains.domain
