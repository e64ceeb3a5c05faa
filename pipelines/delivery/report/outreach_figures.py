"""What is shown of contacts, campaigns and forecasts, as small frames of aggregates: pure functions of tables."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.delivery.report.source import SMALLEST_GROUP, hide_few

PLAIN_RULES = ("past_rate", "last_period", "segment_mean")
_NOBODY = "none"
_MOST_CAMPAIGNS = 12
_MONTHS = 12


def reactions(channel_months: pl.LazyFrame) -> pl.DataFrame:
    """channel, contacts, delivered, engaged, share: of the last twelve months; most contacts first."""
    recent = pl.col("month") > pl.col("month").max().dt.offset_by(f"-{_MONTHS}mo")
    counts = {"contacts": "contact_count", "delivered": "delivered_count", "engaged": "engaged_count"}
    return (
        channel_months.filter(recent)
        .group_by("channel")
        .agg(pl.col(column).sum().cast(pl.Int64).alias(name) for name, column in counts.items())
        .filter(pl.col("delivered") >= SMALLEST_GROUP)
        .with_columns(share=pl.col("engaged") / pl.col("delivered"))
        .sort("contacts", "channel", descending=[True, False])
        .collect()
    )


def plan_totals(plan: pl.LazyFrame) -> dict[str, Any]:
    """customers, contacts, held_out, cost and margin (expected) of the plan."""
    is_contact = pl.col("channel") != _NOBODY
    return (
        plan.select(
            customers=pl.len(),
            contacts=is_contact.sum(),
            held_out=(pl.col("arm") == "holdout").sum(),
            cost=pl.col("cost").cast(pl.Float64).filter(is_contact).sum().round(2),
            margin=pl.col("expected_margin").cast(pl.Float64).filter(is_contact).sort().sum().round(2),
        )
        .collect()
        .row(0, named=True)
    )


def planned_contacts(plan: pl.LazyFrame) -> pl.DataFrame:
    """channel, policy, explore, customers, cost, margin: contacts by what they are made for; most first.

    The margin is null where that of no contact is known.
    """
    arms = {arm: (pl.col("arm") == arm).sum().cast(pl.Int64) for arm in ("policy", "explore")}
    margin = pl.col("expected_margin").cast(pl.Float64).sort().sum().round(2)
    grouped = (
        plan.filter(pl.col("channel") != _NOBODY)
        .group_by("channel")
        .agg(
            customers=pl.len().cast(pl.Int64),
            cost=pl.col("cost").cast(pl.Float64).sort().sum().round(2),
            margin=pl.when(pl.col("expected_margin").is_not_null().any()).then(margin),
            **arms,
        )
        .sort("customers", "channel", descending=[True, False])
        .collect()
    )
    return hide_few(grouped, "customers", "policy", "explore", "cost", "margin")


def verdict_on(effect_low: pl.Expr, effect_high: pl.Expr) -> pl.Expr:
    """worked, harmed or untold, by where the interval of an effect lies; untold where there is none."""
    return (
        pl.when(effect_low > 0.0)
        .then(pl.lit("worked"))
        .when(effect_high < 0.0)
        .then(pl.lit("harmed"))
        .otherwise(pl.lit("untold"))
    )


def campaigns(results: pl.LazyFrame) -> pl.DataFrame:
    """campaign_id, channel, the effect on margin with its interval, verdict; the newest first.

    The channels of a plan are left out beside the plan as a whole, and groups of fewer than five people.
    """
    is_part = pl.col("campaign_id").str.starts_with("plan:") & (pl.col("channel") != "all")
    return (
        results.filter((pl.col("outcome") == "margin") & ~is_part)
        .with_columns(verdict=verdict_on(pl.col("effect_low"), pl.col("effect_high")))
        .sort("sent_on", "campaign_id", "channel", descending=[True, False, False], nulls_last=True)
        .collect()
    )


def measured(campaigns: pl.DataFrame) -> pl.DataFrame:
    """The newest campaigns of which an effect is known, of groups of at least five people."""
    groups = (pl.col("treated_count") >= SMALLEST_GROUP) & (pl.col("control_count") >= SMALLEST_GROUP)
    return campaigns.filter(pl.col("effect").is_not_null() & groups).head(_MOST_CAMPAIGNS)


def forecasts(court: pl.LazyFrame) -> pl.DataFrame:
    """candidate, deviance, coverage, is_winner, values, gain: mean scores over the origins that all were heard at.

    `is_winner` is of orders, `values` says whether the forecast of value is this one's; `gain` is by how much the
    deviance of the forecast orders is less than that of the best plain rule, as a share of that; the best first.
    """
    court = court.filter(pl.col("poisson_deviance").is_not_null())
    heard = pl.col("origin").n_unique().over("candidate") == pl.col("origin").n_unique()
    orders = (
        court.filter(pl.col("target") == "orders")
        .filter(heard)
        .group_by("candidate")
        .agg(deviance=pl.col("poisson_deviance").sort().mean(), is_winner=pl.col("is_winner").any())
    )
    spend = court.filter(pl.col("target") == "spend").group_by("candidate")
    covered = spend.agg(pl.col("coverage").max(), values=pl.col("is_winner").any())
    plain = pl.col("deviance").filter(pl.col("candidate").is_in(PLAIN_RULES)).min()
    return (
        orders.join(covered, on="candidate", how="left")
        .with_columns(gain=1.0 - pl.col("deviance") / plain)
        .sort("deviance", "candidate")
        .collect()
    )
