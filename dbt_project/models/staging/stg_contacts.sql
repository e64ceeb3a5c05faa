{{ config(materialized='table') }}

-- grain: contact record of a source system
with newest as (

    {{ newest_version(source('raw', 'contacts'), ['source_system', 'source_id'], ['updated_at', 'created_at']) }}

),

renamed as (

    select
        -- ids
        source_system,
        source_id,
        {{ clean_text('company_source_id') }} as company_source_id,
        {{ clean_text('merged_into_source_id') }} as merged_into_source_id,

        -- who
        {{ clean_text('first_name') }} as first_name,
        {{ clean_text('last_name') }} as last_name,
        {{ clean_text('company_name') }} as company_name,
        {{ clean_text('job_title') }} as job_title,
        birth_on,
        {{ language_code('newest.language', 'languages') }} as language,

        -- where
        {{ email_address('email') }} as email,
        {{ phone_number('phone') }} as phone,
        {{ phone_number('mobile') }} as mobile,
        {{ clean_text('street') }} as street,
        {{ clean_text('postcode') }} as postcode,
        {{ clean_text('city') }} as city,
        {{ clean_text('region') }} as region,
        countries.country,

        -- permission
        consent_email,
        consent_phone,
        consent_sms,
        consent_post,
        consent_at,
        suppression_reason,

        -- state
        {{ clean_text('lifecycle_stage') }} as lifecycle_stage,
        {{ clean_text('tags') }} as tags,
        created_at,
        updated_at,

        -- lineage
        file_id,
        file_line,
        file_horizon
    from newest
    left join {{ ref('country_names') }} as countries on countries.name = lower({{ trim_blanks('newest.country') }})
    left join {{ ref('language_names') }} as languages on languages.name = lower({{ trim_blanks('newest.language') }})

    -- a record that was merged away still leads from its old id to the one that lives on
    where not coalesce(newest.is_deleted, false) or newest.merged_into_source_id is not null

)

select * from renamed
