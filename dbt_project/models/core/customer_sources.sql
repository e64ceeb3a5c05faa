-- grain: source record; a buyer whom the same shop also holds as a contact is left out
select
    records.customer_id,
    records.source_system,
    records.entity,
    records.source_id,
    records.matched_by,
    records.match_probability
from {{ ref('int_records_linked') }} as records
left join (
    select distinct
        customer_id,
        source_system
    from {{ ref('int_records_linked') }}
    where entity = 'contacts'
) as contacts
    on records.entity = 'orders'
    and records.customer_id = contacts.customer_id
    and records.source_system = contacts.source_system
where contacts.customer_id is null
