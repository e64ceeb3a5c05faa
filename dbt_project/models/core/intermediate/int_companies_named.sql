{{ config(materialized='table') }}

-- grain: source record that names a company, with the account that it belongs to
with mentions as (select * from {{ ref('int_companies_mentioned') }}),

pairs as (

    select
        name_key,
        domain,
        bool_or(entity = 'accounts') as is_in_crm,
        count(*) as mention_count
    from mentions
    where name_key is not null and domain is not null
    group by name_key, domain

),

-- A name's domain is the CRM's, else the one that most records with the name have.
named_domains as (

    select
        name_key,
        max_by(domain, {{ compared_in_turn(['is_in_crm', 'mention_count', 'domain']) }}) as domain
    from pairs
    group by name_key

),

-- What colleagues name stands for those at the same domain who name no company.
domain_names as (

    select
        domain,
        max_by(name_key, {{ compared_in_turn(['mention_count', 'name_key']) }}) as name_key
    from pairs
    group by domain

),

crm_domains as (select distinct domain from mentions where entity = 'accounts'),

crm_names as (

    select distinct
        mentions.name_key,
        coalesce('domain ' || named_domains.domain, 'name ' || mentions.name_key) as account_key
    from mentions
    left join named_domains on mentions.name_key = named_domains.name_key
    where mentions.entity = 'accounts'

),

crm_records as (

    select
        mentions.source_system,
        mentions.source_id,
        coalesce('domain ' || mentions.domain, crm_names.account_key) as account_key
    from mentions
    left join crm_names on mentions.name_key = crm_names.name_key
    where mentions.entity = 'accounts'

),

resolved as (

    -- the CRM's record, a domain and a name of the CRM; then the record's own domain, its name's, its name
    select
        mentions.*,
        coalesce(
            crm_records.account_key,
            'domain ' || crm_domains.domain,
            crm_names.account_key,
            'domain ' || mentions.domain,
            'domain ' || named_domains.domain,
            'name ' || mentions.name_key
        ) as account_key
    from mentions
    left join domain_names on mentions.domain = domain_names.domain
    left join named_domains on coalesce(mentions.name_key, domain_names.name_key) = named_domains.name_key
    left join crm_names on coalesce(mentions.name_key, domain_names.name_key) = crm_names.name_key
    left join crm_domains on mentions.domain = crm_domains.domain
    left join crm_records
        on mentions.source_system = crm_records.source_system and mentions.company_source_id = crm_records.source_id

)

select
    {{ surrogate_key('account_key') }} as account_id,
    customer_id,
    source_system,
    entity,
    source_id,
    domain
from resolved
where account_key is not null
