{{ config(materialized='table') }}

-- grain: source record that names a company, with the account that it belongs to
with mentions as (

    select * from {{ ref('int_companies_mentioned') }}

),

crm as (

    select
        source_system,
        source_id,
        name_key,
        coalesce('domain ' || domain, 'name ' || name_key) as account_key
    from mentions
    where entity = 'accounts'

),

crm_names as (

    select
        name_key,
        min(account_key) as account_key
    from crm
    where name_key is not null
    group by name_key

),

domain_counts as (

    select
        name_key,
        domain,
        count(*) as mention_count
    from mentions
    where name_key is not null and domain is not null
    group by name_key, domain

),

named_domains as (

    select
        name_key,
        max_by(domain, {{ compared_in_turn(['mention_count', 'domain']) }}) as domain
    from domain_counts
    group by name_key

),

resolved as (

    -- what the CRM says of the record, then of the name; then the record's own domain, then the name's
    select
        mentions.*,
        coalesce(
            crm.account_key,
            crm_names.account_key,
            'domain ' || mentions.domain,
            'domain ' || named_domains.domain,
            'name ' || mentions.name_key
        ) as account_key
    from mentions
    left join crm
        on mentions.source_system = crm.source_system and mentions.company_source_id = crm.source_id
    left join crm_names on mentions.name_key = crm_names.name_key
    left join named_domains on mentions.name_key = named_domains.name_key

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
