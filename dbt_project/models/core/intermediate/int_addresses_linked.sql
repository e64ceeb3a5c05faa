{{ config(materialized='table') }}

-- grain: e-mail address, with the customer that it belongs to
with addresses as (

    select
        records.email,
        links.customer_id,
        links.match_probability
    from {{ ref('stg_records') }} as records
    inner join {{ ref('int_customer_links') }} as links
        on records.source_system = links.source_system
        and records.entity = links.entity
        and records.source_id = links.source_id
    where records.email is not null

    union all

    select
        email_normalised as email,
        customer_id,
        match_probability
    from {{ ref('int_customer_links') }}
    where email_normalised is not null

)

-- Where two customers share an address, the surer one has it.
select
    email,
    max_by(
        customer_id, {{ compared_in_turn(['coalesce(match_probability, 0)', 'customer_id']) }}
    ) as customer_id
from addresses
group by email
