-- grain: campaign of a source system
with newest as (

    {{ newest_version(source('raw', 'campaigns'), ['source_system', 'source_id'], ['sent_at']) }}

),

renamed as (

    select
        -- ids
        source_system,
        source_id,
        {{ slug('name') }} as campaign_key,

        -- what
        {{ clean_text('name') }} as name,
        coalesce(channel, 'email') as channel,
        {{ clean_text('subject') }} as subject,
        {{ clean_text('audience') }} as audience,
        recipient_count,
        cost,

        -- when
        sent_at,

        -- lineage
        file_id,
        file_line,
        file_horizon
    from newest

)

select * from renamed
