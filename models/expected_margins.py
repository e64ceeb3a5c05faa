"""What a plan reckons with for each customer and channel: what a channel adds on average, spread over customers.

On average it is what the company's own past shows, drawn towards an assumption (`models.channel_effects`). A contact
counts for more with who is still there, orders much, reacts, and is of a kind that it brings more orders from.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from models.channel_effects import Evidence
from models.channels import CHANNELS
from models.contact_worth import ContactWorth, kinds_of
from models.customer_history import FEATURES

# By at most so much a contact with one customer is assumed to bring more than with the average one.
_MOST_SPREAD = 20.0


def usual_margin(features: pl.DataFrame) -> float:
    """Return what an order brings the average buyer."""
    bought = features.filter(pl.col("purchase_count") > 0)["margin_per_purchase"].sort()
    return max(float(np.mean(bought.to_numpy())), 0.0) if bought.len() else 0.0


def assumed_margins(
    ranked: pl.DataFrame,
    features: pl.DataFrame,
    worth: ContactWorth,
    evidence: Evidence,
    *,
    usual: float,
    orders_per_reaction: float,
) -> pl.DataFrame:
    """Return customer_id, channel, is_allowed, worth (as its kind responds), assumed_margin (what is assumed of all,
    spread by the worth of each) and weight (the same, as its kind responds).

    Where nothing is known of reactions through the channel, assumed_margin is null, and weight is the worth alone.
    """
    own, kinds = worth.of(features), kinds_of(features)
    level = usual / max(float(np.sort(own).mean()), 1e-9) if len(own) else 1.0
    rates = ranked.select("customer_id", "channel", "is_allowed", rate=pl.col("expected_effect"))
    parts = []
    for channel in CHANNELS:
        found = evidence.returns.get(channel)
        kind = found.spread(kinds) if found else np.ones(len(own))
        per_order = features.select(
            "customer_id", channel=pl.lit(channel), own=pl.Series(own), worth=pl.Series(own * kind)
        )
        parts.append(rates.join(per_order, on=["customer_id", "channel"]))
    assumed = pl.col("rate") * orders_per_reaction * level
    return (
        pl.concat(parts)
        .select(
            "customer_id",
            "channel",
            "is_allowed",
            "worth",
            assumed_margin=assumed * pl.col("own"),
            weight=assumed.fill_null(1.0) * pl.col("worth"),
        )
        .sort("customer_id", "channel")
    )


def channel_means(assumed: pl.DataFrame, column: str) -> dict[str, float]:
    """Return the mean over the customers whom the channel may reach, else over all; NaN where nothing is known."""
    means = {}
    for channel in CHANNELS:
        rows = assumed.filter(channel=channel).drop_nulls(column)
        allowed = rows.filter("is_allowed")
        values = (allowed if allowed.height else rows)[column].sort().to_numpy()
        means[channel] = float(values.mean()) if len(values) else float("nan")
    return means


def expected_margins(
    assumed: pl.DataFrame, features: pl.DataFrame, evidence: Evidence, effects: pl.DataFrame
) -> pl.DataFrame:
    """Return what a plan reckons with: customer_id, channel, expected_margin, margin_error.

    Where the gate does not let customers be told apart by measured effects, the planned margin is spread in proportion
    to what is assumed: a contact with a customer who reacts and orders much counts for more.
    """
    planned = effects.select("channel", "planned_margin", "planned_error")
    usual = pl.col("channel").replace_strict(channel_means(assumed, "weight"), return_dtype=pl.Float64)
    spread = (pl.col("weight") / usual).fill_nan(1.0).fill_null(1.0).clip(0.0, _MOST_SPREAD)
    rows = assumed.join(planned, on="channel", how="left").with_columns(
        spread=pl.col("planned_margin") * spread, margin_error=(pl.col("planned_error") * spread).round(4)
    )
    own = evidence.effects(features.select(FEATURES).to_numpy(), is_ranking=True) if evidence.ruling.is_personal else {}
    margins = dict(effects.select("channel", "planned_margin").iter_rows())
    measured = [
        features.select(
            "customer_id",
            channel=pl.lit(channel),
            measured=pl.Series(found.effect - evidence.found[channel].effect + margins[channel]),
        )
        for channel, found in own.items()
    ]
    schema = {"customer_id": pl.String, "channel": pl.String, "measured": pl.Float64}
    joined = rows.join(pl.concat([pl.DataFrame(schema=schema), *measured]), on=["customer_id", "channel"], how="left")
    return joined.select(
        "customer_id", "channel", "margin_error", expected_margin=pl.coalesce("measured", "spread").round(4)
    )
