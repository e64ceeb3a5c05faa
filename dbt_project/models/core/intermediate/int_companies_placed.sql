{{ config(materialized='table') }}

-- grain: source record that names a company, with the CRM's account that its record or its domain leads to
with mentions as (select * from {{ ref('int_companies_mentioned') }}),

crm_domains as (

    select
        domain,
        min(account_key) as account_key
    from {{ ref('int_companies_in_crm') }}
    where domain is not null
    group by domain

),

-- What colleagues name stands for those at the same domain who name no company.
domain_names as ({{ commonest('mentions', 'domain', 'name_key') }})

select
    mentions.customer_id,
    mentions.source_system,
    mentions.entity,
    mentions.source_id,
    mentions.domain,
    mentions.city_key,
    coalesce(mentions.name_key, domain_names.name_key) as name_key,
    coalesce(crm_records.account_key, crm_domains.account_key) as crm_key
from mentions
left join domain_names on mentions.domain = domain_names.domain
left join crm_domains on mentions.domain = crm_domains.domain
left join {{ ref('int_companies_in_crm') }} as crm_records
    on mentions.source_system = crm_records.source_system and mentions.company_source_id = crm_records.source_id
