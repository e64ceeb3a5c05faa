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
# # Get to know the segments
#
# Reads what the last run has published, so an open notebook never stands in the way of the night's run. Set
# `STAMMKUNDE_WORKSPACE`, or start it beside a folder `workspace`.

# %%
import polars as pl

from pipelines.published import published

tables = published()
customers = tables["customer_360"]

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
    .sort("net_revenue", "rfm_segment", descending=True, nulls_last=True)
    .collect()
)
by_segment

# %% [markdown]
# ## What is typical of each?
#
# Medians: one large buyer does not move them.

# %%
typical = (
    customers.filter("is_buyer")
    .group_by("rfm_segment")
    .agg(
        pl.len().alias("customers"),
        pl.median("order_count", "average_order_value", "category_count", "p_alive", "expected_orders"),
    )
    .sort("expected_orders", "rfm_segment", descending=True, nulls_last=True)
    .collect()
)
typical

# %% [markdown]
# ## How do they behave?
#
# Groups of customers who behave alike, where the data hold any: a second look beside the scores above.

# %%
by_behaviour = (
    customers.group_by("behaviour_segment", "rfm_segment")
    .len("customers")
    .sort("customers", "behaviour_segment", "rfm_segment", descending=True)
    .head(20)
    .collect()
)
by_behaviour

# %% [markdown]
# ## Where may we write to those who are worth most?
#
# Without a best channel, no channel is allowed.

# %%
reachable = (
    customers.filter(pl.col("value_class") == "A")
    .group_by("best_channel")
    .agg(pl.len().alias("customers"), pl.col("clv").sum().alias("expected_margin"))
    .sort("customers", "best_channel", descending=True)
    .collect()
)
reachable

# %% [markdown]
# ## Who has moved since the last run?
#
# Empty after the first run: there is nothing to compare with.

# %%
moves = (
    customers.filter(pl.col("previous_rfm_segment").is_not_null())
    .group_by("previous_rfm_segment", "rfm_segment")
    .len("customers")
    .sort("customers", "previous_rfm_segment", "rfm_segment", descending=True)
    .collect()
)
moves
