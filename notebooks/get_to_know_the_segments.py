# %% [markdown]
# # Get to know the segments
#
# Reads the published tables only, so an open notebook never stands in the way of the night's run. Set
# `STAMMKUNDE_WORKSPACE`, or start it beside a folder `workspace`.

# %%
import os
from pathlib import Path

import polars as pl

tables = Path(os.environ.get("STAMMKUNDE_WORKSPACE", "workspace")) / "exports" / "latest" / "tables"
customers = pl.scan_parquet(tables / "customer_360.parquet")

# %% [markdown]
# ## How many are in each segment, and what do they bring?

# %%
by_segment = (
    customers.group_by("rfm_segment")
    .agg(
        pl.len().alias("customers"),
        pl.col("net_revenue").sum(),
        pl.col("clv").sum().alias("expected_margin"),
    )
    .sort("net_revenue", descending=True, nulls_last=True)
    .collect()
)
by_segment

# %% [markdown]
# ## Where may we write to those who are worth most?

# %%
reachable = (
    customers.filter(pl.col("value_class") == "A")
    .group_by("best_channel")
    .agg(pl.len().alias("customers"), pl.col("clv").sum().alias("expected_margin"))
    .sort("customers", descending=True)
    .collect()
)
reachable

# %% [markdown]
# ## Who has moved since the last run?

# %%
moves = (
    customers.filter(pl.col("previous_rfm_segment").is_not_null())
    .group_by("previous_rfm_segment", "rfm_segment")
    .len("customers")
    .sort("customers", descending=True)
    .collect()
)
moves
