-- grain: ticket of a source system
with newest as (

    {{ newest_version(
        source('raw', 'tickets'), ['source_system', 'source_id'], ['updated_at', 'closed_at', 'created_at']
    ) }}

),

renamed as (

    select
        -- ids
        source_system || ':' || source_id as ticket_id,
        source_system,
        source_id,
        {{ clean_text('contact_source_id') }} as contact_source_id,
        {{ email_address('contact_email') }} as contact_email,
        {{ clean_text('company_source_id') }} as company_source_id,

        -- what
        {{ clean_text('subject') }} as subject,
        {{ clean_text('status') }} as status,
        coalesce(is_open, closed_at is null) as is_open,
        coalesce(is_complaint, false) as is_complaint,
        {{ clean_text('priority') }} as priority,

        -- when
        created_at,
        closed_at,
        updated_at,

        -- lineage
        file_id,
        file_line,
        file_horizon
    from newest

    where not coalesce(newest.is_deleted, false)

)

select * from renamed
