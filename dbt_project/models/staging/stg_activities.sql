-- grain: activity of a source system
with newest as (

    {{ newest_version(source('raw', 'activities'), ['source_system', 'source_id'], ['updated_at', 'occurred_at']) }}

),

renamed as (

    select
        -- ids
        source_system,
        source_id,
        {{ clean_text('contact_source_id') }} as contact_source_id,
        {{ email_address('contact_email') }} as contact_email,
        {{ clean_text('company_source_id') }} as company_source_id,
        {{ slug('campaign_name') }} as campaign_key,

        -- what
        channel,
        coalesce(direction, 'outbound') as direction,
        {{ clean_text('subject') }} as subject,
        {{ clean_text('outcome') }} as outcome,
        is_reached,

        -- when
        occurred_at,
        updated_at,

        -- lineage
        file_id,
        file_line,
        file_horizon
    from newest

    where not coalesce(newest.is_deleted, false)

)

select * from renamed
