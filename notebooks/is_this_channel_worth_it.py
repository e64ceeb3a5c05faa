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
# # Is this channel worth it
#
# Reads what the last run has published, so an open notebook never stands in the way of the night's run. Set
# `STAMMKUNDE_WORKSPACE`, or start it beside a folder `workspace`.
#
# Who was contacted was seldom chosen by lot, so those contacted differ from the others anyway. What a contact
# adds is therefore not the difference between the two, and often the data cannot tell it; `verdict` and `basis`
# say so.

# %%
import polars as pl

from pipelines.published import published

tables = published()

# %% [markdown]
# ## What does a contact add, beside what it costs?

# %%
effects = tables["channel_effects"].sort("channel").collect()
effects

# %% [markdown]
# ## On what do the recommendations rest?
#
# `uplift` is a measured effect, `engagement` who reacted so far, `default` that nothing is known.

# %%
basis = (
    tables["next_best_channel"]
    .group_by("channel", "basis", "is_allowed")
    .agg(pl.len().alias("customers"), pl.col("expected_effect").mean())
    .sort("channel", "basis", "is_allowed")
    .collect()
)
basis

# %% [markdown]
# ## How many react, month by month?
#
# Without opens and clicks that a machine made. A reaction is no sale.

# %%
by_month = (
    tables["touches"]
    .filter(pl.col("direction") == "outbound")
    .group_by("channel", pl.col("touched_at").dt.truncate("1mo").dt.date().alias("month"))
    .agg(
        pl.len().alias("contacts"),
        pl.col("is_delivered").mean().alias("delivered"),
        pl.col("is_engaged").mean().alias("reacted"),
        pl.col("is_machine").mean().alias("machine"),
    )
    .sort("channel", "month")
    .collect()
)
by_month

# %% [markdown]
# ## What did its campaigns bring?

# %%
by_channel = (
    tables["campaign_results"]
    .group_by("channel", "outcome", "method")
    .agg(
        pl.len().alias("campaigns"),
        (pl.col("effect_low") > 0).sum().alias("surely_positive"),
        (pl.col("effect_high") < 0).sum().alias("surely_negative"),
    )
    .sort("channel", "outcome", "method")
    .collect()
)
by_channel
