{{ config(materialized='table') }}

-- grain: company record of a CRM, with the account that it stands for
with mentions as (select * from {{ ref('int_companies_mentioned') }}),

domain_owners as (select domain, min(name_key) as name_key from mentions where entity = 'accounts' group by domain),

peoples_domains as (

    select
        people.source_system,
        people.company_source_id,
        people.domain,
        owners.name_key as owner,
        count(*) as mention_count
    from mentions as people
    left join domain_owners as owners on people.domain = owners.domain
    where people.entity <> 'accounts' and people.company_source_id is not null and people.domain is not null
    group by people.source_system, people.company_source_id, people.domain, owners.name_key

),

-- A record without a domain has that of most of its people, unless another company's record says that it is its own.
records as (

    select
        companies.customer_id,
        companies.source_system,
        companies.source_id,
        companies.name_key,
        companies.city_key,
        coalesce(
            max(companies.domain),
            max_by(people.domain, {{ compared_in_turn(['people.mention_count', 'people.domain']) }})
        ) as domain
    from mentions as companies
    left join peoples_domains as people
        on companies.source_system = people.source_system
        and companies.source_id = people.company_source_id
        and coalesce(people.owner = companies.name_key, true)
    where companies.entity = 'accounts'
    group by companies.customer_id, companies.source_system, companies.source_id, companies.name_key, companies.city_key

),

-- Companies of one name, and those of them that are in one town or of which none is known.
compared as (

    select
        *,
        min(domain) over (partition by name_key, city_key) as town_domain,
        min(domain) over (partition by name_key) as first_domain,
        max(domain) over (partition by name_key) as last_domain,
        max(case when domain is not null then city_key end) over (partition by name_key) as domain_city,
        min(city_key) over (partition by name_key) as first_city,
        max(city_key) over (partition by name_key) as last_city
    from records

),

-- What the CRM leaves out, orders and contacts know.
named_elsewhere as (
    {{ commonest("(select * from mentions where entity <> 'accounts') as others", 'name_key', 'domain') }}
),

-- A company of the same name is the same one in the same place, or where nothing says that it is in another.
keyed as (

    select
        compared.*,
        case
            when compared.domain is not null then 'domain ' || compared.domain
            when compared.name_key is null then null
            when compared.town_domain is not null then 'domain ' || compared.town_domain
            when first_domain = last_domain and (city_key is null or domain_city is null) then 'domain ' || first_domain
            when first_domain is null and (first_city = last_city or first_city is null)
                then coalesce('domain ' || named_elsewhere.domain, 'name ' || compared.name_key)
            else 'name ' || compared.name_key || coalesce(' in ' || city_key, '')
        end as account_key
    from compared
    left join named_elsewhere on compared.name_key = named_elsewhere.name_key

)

-- Records that identity, or a person, has found to be one company are one account.
select
    source_system,
    source_id,
    domain,
    min(account_key) over (partition by customer_id) as account_key
from keyed
