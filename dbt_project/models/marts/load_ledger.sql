-- grain: landed file x entity
select * from {{ ref('stg_load_ledger') }}
