-- grain: deal of a source system
with newest as (

    {{ newest_version(
        source('raw', 'deals'), ['source_system', 'source_id'], ['updated_at', 'closed_at', 'created_at']
    ) }}

),

renamed as (

    select
        -- ids
        source_system,
        source_id,
        {{ clean_text('contact_source_id') }} as contact_source_id,
        {{ clean_text('company_source_id') }} as company_source_id,

        -- what
        {{ clean_text('name') }} as name,
        {{ clean_text('stage') }} as stage,
        is_won,
        amount,
        coalesce(currency, run_context.base_currency) as currency,

        -- when
        closed_at,
        created_at,
        updated_at,
        -- one without any day is valued by the newest rate
        coalesce(
            {{ local_day('coalesce(closed_at, created_at)', 'run_context.timezone') }}, cast('9999-12-31' as date)
        ) as valued_on,

        -- lineage
        file_id,
        file_line,
        file_horizon
    from newest
    cross join {{ ref('stg_run_context') }} as run_context

    where not coalesce(newest.is_deleted, false)

)

select * from renamed
