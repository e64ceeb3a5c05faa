-- grain: company record of a source system
with newest as (

    {{ newest_version(source('raw', 'accounts'), ['source_system', 'source_id'], ['updated_at', 'created_at']) }}

),

renamed as (

    select
        -- ids
        source_system,
        source_id,

        -- who
        {{ clean_text('newest.name') }} as name,
        {{ web_domain('domain') }} as domain,
        {{ clean_text('industry') }} as industry,
        employee_count,
        annual_revenue,

        -- where
        {{ phone_number('phone') }} as phone,
        {{ clean_text('street') }} as street,
        {{ clean_text('postcode') }} as postcode,
        {{ clean_text('city') }} as city,
        {{ clean_text('region') }} as region,
        countries.country,

        -- state
        created_at,
        updated_at,

        -- lineage
        file_id,
        file_line,
        file_horizon
    from newest
    left join {{ ref('country_names') }} as countries on countries.name = lower({{ trim_blanks('newest.country') }})

    where not coalesce(newest.is_deleted, false)

)

select * from renamed
