-- grain: rule by which records are picked for comparison
select
    rule,
    largest,
    largest_kept,
    pair_count
from {{ source('analytics', 'blocks_compared') }}
