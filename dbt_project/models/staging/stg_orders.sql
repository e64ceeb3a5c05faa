{{ config(materialized='table') }}

-- grain: order (or credit note) of a source system; test orders and deleted ones included
with newest as (

    {{ newest_version(
        source('raw', 'orders'),
        ['source_system', 'order_number'],
        ['updated_at', 'cancelled_at', 'ordered_at']
    ) }}

),

renamed as (

    select
        -- ids
        source_system || ':' || order_number as order_id,
        source_system,
        coalesce(
            {{ clean_text('buyer_source_id') }},
            {{ email_address('email') }},
            {{ phone_number('phone') }},
            -- companies order by fax and letter, too
            case
                when {{ clean_text('first_name') }} is null and {{ clean_text('last_name') }} is null
                    then {{ clean_text('company_name') }} || coalesce(', ' || {{ clean_text('postcode') }}, '')
            end
        ) as buyer_source_id,

        -- who
        {{ clean_text('first_name') }} as first_name,
        {{ clean_text('last_name') }} as last_name,
        {{ clean_text('company_name') }} as company_name,

        -- where
        {{ email_address('email') }} as email,
        {{ phone_number('phone') }} as phone,
        {{ clean_text('street') }} as street,
        {{ clean_text('postcode') }} as postcode,
        {{ clean_text('city') }} as city,
        countries.country,

        -- state
        case when cancelled_at is not null then 'cancelled' else status end as status,
        coalesce({{ clean_text('sales_channel') }}, 'unknown') as sales_channel,
        coalesce(is_test, false) as is_test,
        coalesce(is_deleted, false) as is_deleted,
        accepts_marketing,

        -- how much, in the order's currency
        coalesce(currency, run_context.base_currency) as currency,
        total,
        subtotal,
        coalesce(discount, 0) as discount,
        shipping,
        tax,
        coalesce(refunded, 0) as refunded,
        is_tax_included,

        -- when
        ordered_at,
        updated_at,
        cancelled_at,
        {{ local_day('ordered_at', 'run_context.timezone') }} as valued_on,

        -- lineage
        file_id,
        file_line,
        file_horizon
    from newest
    cross join {{ ref('stg_run_context') }} as run_context
    left join {{ ref('country_names') }} as countries on countries.name = lower({{ trim_blanks('newest.country') }})

)

select * from renamed
