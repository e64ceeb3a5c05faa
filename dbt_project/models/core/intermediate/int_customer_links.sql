{{ config(materialized='table') }}

-- grain: source record
select
    source_system,
    entity,
    source_id,
    customer_id,
    matched_by,
    match_probability,
    email_normalised,
    phone_normalised,
    company_normalised,
    first_customer_id,
    issued_in_run
from {{ source('analytics', 'customer_links') }}
