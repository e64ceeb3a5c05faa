-- grain: person or company that we hold as one; of each field the newest filled value
with golden as (

    select
        customer_id,
        case
            when bool_or(entity = 'accounts') then 'company'
            when not bool_or(first_name is not null or last_name is not null) and bool_or(company_name is not null)
                then 'company'
            else 'person'
        end as kind,
        {{ newest_value('first_name', 'name_rank') }} as first_name,
        {{ newest_value('last_name', 'name_rank') }} as last_name,
        {{ newest_value('email', 'recency') }} as email,
        {{ newest_value('phone_normalised', 'recency') }} as phone,
        {{ newest_value('street', 'address_rank') }} as street,
        {{ newest_value('postcode', 'address_rank') }} as postcode,
        {{ newest_value('city', 'address_rank') }} as city,
        {{ newest_value('country', 'address_rank') }} as country,
        {{ newest_value('language', 'recency') }} as language,
        {{ newest_value('company_name', 'recency') }} as company_name,
        {{ newest_value('job_title', 'recency') }} as job_title,
        {{ newest_value('birth_on', 'recency') }} as birth_on,
        {{ newest_value('lifecycle_stage', 'recency') }} as lifecycle_stage,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from {{ ref('int_records_linked') }}
    group by customer_id

),

accounts as (

    select
        records.customer_id,
        {{ newest_value('companies.account_id', 'records.recency') }} as account_id
    from {{ ref('int_records_linked') }} as records
    inner join {{ ref('int_companies_named') }} as companies
        on records.source_system = companies.source_system
        and records.entity = companies.entity
        and records.source_id = companies.source_id
    group by records.customer_id

)

select
    golden.customer_id,
    golden.kind,
    golden.first_name,
    golden.last_name,
    golden.email,
    golden.phone,
    golden.street,
    golden.postcode,
    golden.city,
    golden.country,
    golden.language,
    accounts.account_id,
    least(golden.first_seen_at, activity.first_seen_at) as first_seen_at,
    greatest(golden.last_seen_at, activity.last_seen_at) as last_seen_at,
    coalesce(activity.is_buyer, false) as is_buyer,
    permissions.consent_email,
    permissions.consent_phone,
    permissions.consent_sms,
    permissions.consent_post,
    coalesce(permissions.is_suppressed, false) as is_suppressed,
    golden.company_name,
    golden.job_title,
    golden.birth_on,
    golden.lifecycle_stage
from golden
left join accounts on golden.customer_id = accounts.customer_id
left join {{ ref('int_customers_seen') }} as activity on golden.customer_id = activity.customer_id
left join {{ ref('int_permissions_decided') }} as permissions on golden.customer_id = permissions.customer_id
