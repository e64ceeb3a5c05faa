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
# # Design a campaign
#
# Reads what the last run has published, so an open notebook never stands in the way of the night's run. Set
# `STAMMKUNDE_WORKSPACE`, or start it beside a folder `workspace`.
#
# From whom it is for, to what it may cost, and how we shall know whether it worked.

# %%
import polars as pl

from pipelines.published import published

tables = published()
customers = tables["customer_360"]

# %% [markdown]
# ## Whom may we reach, in which segment?
#
# Only a yes counts for e-mail, calls and text messages; unknown is no yes. Whoever is suppressed is left alone.

# %%
open_to_all = pl.col("is_suppressed") == False  # noqa: E712 - unknown is not open
reach = (
    customers.group_by("rfm_segment")
    .agg(
        pl.len().alias("customers"),
        *(
            (pl.col(f"consent_{channel}").fill_null(value=False) & open_to_all).sum().alias(channel)
            for channel in ("email", "phone", "sms")
        ),
    )
    .sort("customers", "rfm_segment", descending=True)
    .collect()
)
reach

# %% [markdown]
# ## What might interest them?
#
# The likeliest next category of each customer of one segment; take another one.

# %%
segment = "loyal"
interests = (
    customers.filter(pl.col("rfm_segment") == segment, open_to_all)
    .join(tables["next_categories"].filter(rank=1), on="customer_id")
    .group_by("category")
    .agg(pl.len().alias("customers"), pl.mean("probability", "lift"))
    .sort("customers", "category", descending=True)
    .collect()
)
interests

# %% [markdown]
# ## Which audience files are there?
#
# Each may be uploaded as it is. Platforms refuse lists that are too small.

# %%
place = tables.folder / "audiences"
audiences = pl.DataFrame(
    [(path.parent.name, path.stem, path.stat().st_size) for path in sorted(place.glob("*/*.csv"))],
    schema={"platform": pl.String, "audience": pl.String, "bytes": pl.Int64},
    orient="row",
)
audiences

# %% [markdown]
# ## What does the contact plan say?
#
# Each customer has one channel or none. `policy` follows the recommendation, `explore` learns, `holdout` is left
# alone, so that the difference between them is the campaign's effect and nothing else.

# %%
plan = (
    tables["contact_plan"]
    .group_by("plan_id", "arm", "channel")
    .agg(pl.len().alias("customers"), pl.col("expected_margin").sum(), pl.col("cost").sum())
    .sort("plan_id", "arm", "channel")
    .collect()
)
plan

# %% [markdown]
# ## What would more money, or more calls, bring?
#
# The plan as it is (`is_plan`), and solved anew within other limits.

# %%
what_if = tables["what_if"].sort("lever", "amount").collect()
what_if

# %% [markdown]
# ## And earlier ones: did they work?
#
# The interval says how sure. Where it holds zero, the data do not tell.

# %%
results = (
    tables["campaign_results"]
    .select("campaign_id", "channel", "outcome", "treated", "control", "effect", "effect_low", "effect_high", "method")
    .sort("campaign_id", "channel", "outcome")
    .collect()
)
results
