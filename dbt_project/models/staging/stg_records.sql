{{ config(materialized='table') }}

-- grain: source record of a person or company; what identity looks at, and what golden records are made of
with contacts as (

    select
        source_system, 'contacts' as entity, source_id,
        email, phone, mobile, country, first_name, last_name, company_name,
        coalesce(created_at, updated_at) as first_seen_at,
        greatest(created_at, updated_at) as last_seen_at,
        company_source_id, job_title, street, postcode, city, region, language, birth_on,
        suppression_reason, lifecycle_stage, merged_into_source_id
    from {{ ref('stg_contacts') }}

),

buyers as (

    select
        source_system, 'orders' as entity, source_id,
        email, phone, null as mobile, country, first_name, last_name, company_name,
        first_seen_at,
        last_seen_at,
        null as company_source_id, null as job_title, street, postcode, city, null as region, null as language,
        cast(null as date) as birth_on,
        null as suppression_reason, null as lifecycle_stage, null as merged_into_source_id
    from {{ ref('stg_buyers') }}

),

companies as (

    select
        source_system, 'accounts' as entity, source_id,
        null as email, phone, null as mobile, country, null as first_name, null as last_name, name as company_name,
        coalesce(created_at, updated_at) as first_seen_at,
        greatest(created_at, updated_at) as last_seen_at,
        source_id as company_source_id, null as job_title, street, postcode, city, region, null as language,
        cast(null as date) as birth_on,
        null as suppression_reason, null as lifecycle_stage, null as merged_into_source_id
    from {{ ref('stg_accounts') }}

)

select * from contacts
union all
select * from buyers
union all
select * from companies
