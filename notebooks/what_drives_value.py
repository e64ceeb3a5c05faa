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
# # What drives value
#
# Reads what the last run has published, so an open notebook never stands in the way of the night's run. Set
# `STAMMKUNDE_WORKSPACE`, or start it beside a folder `workspace`.
#
# `clv` is the margin that is expected of a buyer within the horizon of settings.yml. What goes along with value
# need not be its cause: only a comparison with a hold-out group (see *Design a campaign*) tells what a measure of
# ours brings.

# %%
import polars as pl

from pipelines.published import published

tables = published()
value = tables["customer_value"]
buyers = tables["customer_360"].filter("is_buyer")

# %% [markdown]
# ## By what is value reckoned, and how sure is it?
#
# Without an interval (`clv_low`, `clv_high`) only the rate of the past stands behind a value: no model was
# better.

# %%
models = (
    value.group_by("model")
    .agg(
        pl.len().alias("buyers"),
        pl.col("clv").sum(),
        pl.col("clv_low").sum(),
        pl.col("clv_high").sum(),
    )
    .sort("model")
    .collect()
)
models

# %% [markdown]
# ## Which forecasts were tried, and how did they do?
#
# Each forecast a stretch of your own history that it had not seen. The least deviance is the best.

# %%
court = (
    tables["value_court"]
    .filter(pl.col("poisson_deviance").is_not_null(), target="orders")
    .select("origin", "candidate", "buyers", "poisson_deviance", "bias", "spearman", "is_winner")
    .sort("origin", "poisson_deviance", "candidate")
    .collect()
)
court

# %% [markdown]
# Which of them could not be fitted, and why? The latest origin is today.

# %%
dropouts = (
    tables["value_court"]
    .filter(pl.col("note").is_not_null())
    .group_by("origin", "candidate", "note")
    .agg()
    .sort("origin", "candidate")
    .collect()
)
dropouts

# %% [markdown]
# ## How concentrated is it?

# %%
by_class = (
    value.group_by("value_class")
    .agg(pl.len().alias("buyers"), pl.col("clv").sum())
    .with_columns(
        share_of_buyers=pl.col("buyers") / pl.col("buyers").sum(),
        share_of_value=(pl.col("clv") / pl.col("clv").sum()).cast(pl.Float64),
    )
    .sort("value_class")
    .collect()
)
by_class

# %% [markdown]
# ## Does it grow with the number of categories?

# %%
by_breadth = (
    buyers.group_by("category_count")
    .agg(pl.len().alias("buyers"), pl.mean("clv", "order_count", "average_order_value", "refund_rate"))
    .sort("category_count", nulls_last=True)
    .collect()
)
by_breadth

# %% [markdown]
# ## Which first purchase leads to valuable customers?
#
# The category on which most was spent with the first order.

# %%
first_orders = tables["orders"].filter("is_purchase").sort("ordered_at", "order_id").unique("customer_id", keep="first")
first_categories = (
    tables["order_lines"]
    .join(first_orders.select("order_id", "customer_id"), on="order_id")
    .filter(pl.col("category").is_not_null())
    .group_by("customer_id", "category")
    .agg(pl.col("net_revenue").sum())
    .sort("customer_id", "net_revenue", "category", descending=[False, True, False])
    .unique("customer_id", keep="first")
)
by_first_category = (
    first_categories.join(buyers.select("customer_id", "clv", "order_count"), on="customer_id")
    .group_by("category")
    .agg(pl.len().alias("buyers"), pl.mean("clv", "order_count"))
    .sort("clv", "category", descending=True)
    .collect()
)
by_first_category

# %% [markdown]
# ## Is there room?
#
# Potential is measured by comparable customers. Of whom they say nothing, the verdict is `unknown`.

# %%
room = (
    tables["customer_potential"]
    .filter(category="*")
    .join(buyers.select("customer_id", "value_class"), on="customer_id")
    .group_by("value_class", "verdict")
    .agg(pl.len().alias("buyers"), pl.col("actual").sum(), pl.col("potential").sum())
    .sort("value_class", "verdict")
    .collect()
)
room
