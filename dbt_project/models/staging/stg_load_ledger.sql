-- grain: landed file x entity
select
    file,
    sha256,
    vendor,
    entity,
    rows_read,
    rows_kept,
    rows_quarantined,
    rows_collapsed,
    cast(amount_read as decimal(38, 4)) as amount_read,
    cast(amount_kept as decimal(38, 4)) as amount_kept,
    cast(amount_quarantined as decimal(38, 4)) as amount_quarantined,
    status,
    message,
    file_id
from {{ source('raw', 'load_ledger') }}
