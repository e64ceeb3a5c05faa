-- grain: group of records x rule whose links gave way
select
    source_system,
    entity,
    source_id,
    cut_by,
    record_count,
    customer_count,
    largest_part
from {{ source('analytics', 'groups_parted') }}
