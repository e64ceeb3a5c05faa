{{ config(materialized='table') }}

-- grain: line of an order
-- All lines of an order come from the newest file that has the order: a line that was taken off must not return.
with source as (

    select * from {{ source('raw', 'order_lines') }}

),

repeated as (

    select
        source_system,
        order_number
    from source
    group by source_system, order_number
    having min(file_id) <> max(file_id)

),

files as (

    select distinct
        source.source_system,
        source.order_number,
        source.file_id,
        source.file_horizon
    from source
    inner join repeated
        on source.source_system = repeated.source_system and source.order_number = repeated.order_number

),

newest_files as (

    select
        *,
        row_number() over (
            partition by source_system, order_number order by file_horizon desc nulls last, file_id desc
        ) as file_rank
    from files

),

renamed as (

    select
        -- ids
        source.source_system || ':' || source.order_number as order_id,
        source.line_no,
        source.source_system,

        -- what
        {{ clean_text('source.sku') }} as sku,
        {{ clean_text('source.product') }} as product,
        {{ clean_text('source.category') }} as category,
        {{ clean_text('source.vendor') }} as vendor,

        -- how much, in the order's currency
        source.quantity,
        source.unit_price,
        coalesce(source.discount, 0) as discount,
        source.amount,

        -- lineage
        source.file_id,
        source.file_line,
        source.file_horizon
    from source
    left join newest_files
        on source.source_system = newest_files.source_system
        and source.order_number = newest_files.order_number
        and newest_files.file_rank = 1
    where newest_files.file_id is null or newest_files.file_id = source.file_id

)

select * from renamed
