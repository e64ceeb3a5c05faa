# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Question the data
#
# Reads what the last run has published, so an open notebook never stands in the way of the night's run. Set
# `STAMMKUNDE_WORKSPACE`, or start it beside a folder `workspace`.
#
# Before any figure is believed: what came in, what was left out, and how much is simply not known?

# %%
import polars as pl

from pipelines.published import published

tables = published()

# %% [markdown]
# ## Does every row and every cent add up?
#
# What was read is what was kept, put into quarantine, or collapsed into another row. `balance` must be zero.

# %%
ledger = tables["load_ledger"]
balance = (
    ledger.group_by("vendor", "entity")
    .agg(
        pl.col("file").n_unique().alias("files"),
        pl.col("rows_read", "rows_kept", "rows_quarantined", "rows_collapsed", "amount_read", "amount_kept").sum(),
    )
    .with_columns(
        balance=pl.col("rows_read") - pl.col("rows_kept") - pl.col("rows_quarantined") - pl.col("rows_collapsed")
    )
    .sort("vendor", "entity", nulls_last=True)
    .collect()
)
balance

# %% [markdown]
# ## What became of every order?

# %%
orders = tables["ledger_balance"].sort("entity", "currency", "outcome").collect()
orders

# %% [markdown]
# ## Which rows were left out, and why?

# %%
left_out = (
    tables["quarantine"]
    .group_by("file", "entity", "column_name", "fault")
    .len("rows")
    .sort("rows", "file", "entity", "column_name", "fault", descending=[True, False, False, False, False])
    .collect()
)
left_out

# %% [markdown]
# ## Which files were not taken as they are?

# %%
messages = (
    ledger.filter(pl.col("message") != "")
    .select("file", "entity", "status", "message")
    .sort("file", "entity")
    .collect()
)
messages

# %% [markdown]
# ## By what are customers known to be one?
#
# Below a probability of 1 a model has decided; `stammkunde explain` tells why.

# %%
matched = (
    tables["customer_sources"]
    .group_by("source_system", "matched_by")
    .agg(pl.len().alias("records"), pl.col("match_probability").min().alias("least_probability"))
    .sort("source_system", "matched_by")
    .collect()
)
matched

# %% [markdown]
# ## How much is not known of our customers?
#
# The share of customers of whom nothing stands in a column.

# %%
customers = tables["customers"]
unknown = (
    customers.select(pl.all().null_count() / pl.len())
    .unpivot(variable_name="column", value_name="share_unknown")
    .sort("share_unknown", "column", descending=[True, False])
    .collect()
)
unknown

# %% [markdown]
# ## What does a column mean?
#
# Of any table; `list(tables)` names them.

# %%
meanings = tables.meanings("customer_360")
meanings
