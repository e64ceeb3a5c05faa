-- grain: article of a source system
with newest as (

    {{ newest_version(source('raw', 'products'), ['source_system', 'sku'], ['updated_at']) }}

),

renamed as (

    select
        -- ids
        source_system,
        sku,

        -- what
        {{ clean_text('product') }} as product,
        {{ clean_text('category') }} as category,
        price,
        cost,

        -- when
        updated_at,

        -- lineage
        file_id,
        file_line,
        file_horizon
    from newest

)

select * from renamed
