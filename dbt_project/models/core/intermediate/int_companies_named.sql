{{ config(materialized='table') }}

-- grain: source record that names a company, with the account that it belongs to
with placed as (select * from {{ ref('int_companies_placed') }}),

-- Which of the CRM's accounts a name stands for. What a tenth of its mentions do not mean is a slip, unless the CRM says it.
named as (

    select
        name_key,
        crm_key as account_key,
        bool_or(entity = 'accounts') as is_its_own,
        count(*) as mention_count,
        sum(count(*)) over (partition by name_key) as name_count
    from placed
    where name_key is not null and crm_key is not null
    group by name_key, crm_key

),

names as (

    select
        name_key,
        count(*) as account_count,
        min(account_key) as account_key
    from named
    where is_its_own or mention_count * 10 >= name_count
    group by name_key

),

-- Of several companies of one name, the one that is in the same place.
places as (

    select
        name_key,
        city_key,
        max_by(crm_key, {{ compared_in_turn(['is_its_own', 'mention_count', 'crm_key']) }}) as account_key
    from (
        select
            name_key,
            city_key,
            crm_key,
            bool_or(entity = 'accounts') as is_its_own,
            count(*) as mention_count
        from placed
        where crm_key is not null
        group by name_key, city_key, crm_key
    ) as counted
    group by name_key, city_key

),

named_domains as ({{ commonest('placed', 'name_key', 'domain') }}),

resolved as (

    select
        placed.*,
        case
            when placed.crm_key is not null then placed.crm_key
            when names.account_count = 1 then names.account_key
            when names.account_count > 1 then coalesce(
                places.account_key,
                'domain ' || placed.domain,
                'name ' || placed.name_key || coalesce(' in ' || placed.city_key, '')
            )
            else coalesce('domain ' || placed.domain, 'domain ' || named_domains.domain, 'name ' || placed.name_key)
        end as account_key
    from placed
    left join names on placed.name_key = names.name_key
    left join places on placed.name_key = places.name_key and placed.city_key = places.city_key
    left join named_domains on placed.name_key = named_domains.name_key

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
