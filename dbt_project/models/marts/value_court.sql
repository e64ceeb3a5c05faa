-- grain: origin x candidate x target
select
    origin,
    candidate,
    target,
    held_out_days,
    buyers,
    rmse,
    poisson_deviance,
    bias,
    mae,
    spearman,
    capture,
    gini,
    coverage,
    is_winner,
    note
from {{ source('analytics', 'value_court') }}
