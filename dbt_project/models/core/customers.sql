-- grain: person or company that we hold as one
with accounts as (

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
    golden.phone_normalised as phone,
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
from {{ ref('int_golden_records') }} as golden
left join accounts on golden.customer_id = accounts.customer_id
left join {{ ref('int_customers_seen') }} as activity on golden.customer_id = activity.customer_id
left join {{ ref('int_permissions_decided') }} as permissions on golden.customer_id = permissions.customer_id
