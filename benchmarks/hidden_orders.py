"""Customers of the twin of half of whom a random part of the orders is hidden, beside what they truly spend."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from models.potential import ALL, customer_potential
from models.rfm import rfm_segments
from twin.parameters import Parameters
from twin.purchases import invent_purchases

AS_OF = date(2026, 6, 30)
# Nobody leaves, and everybody buys about once a month: what is missing can only have been hidden.
ALIKE = Parameters(rate_shape=12.0, rate_scale_days=360.0, leave_alpha=0.01, leave_beta=10.0)


def hidden_orders(customers: int, seed: int, parameters: Parameters | None = None) -> pl.DataFrame:
    """Return the potential table of buyers with `full` (true spend), `hides` and `segment_most`, the rival.

    The rival is the most that anybody of the same named segment spends.
    """
    invented, lines = invent_purchases(customers, seed, parameters=parameters)
    people = invented.people.frame.select("kind", customer_id="person_id")
    rng = np.random.default_rng(seed)
    share = np.where(rng.random(people.height) < 0.5, rng.random(people.height), 1.0)
    shares = people.select("customer_id").with_columns(share=pl.Series(share))
    orders = lines.select("order_id", "customer_id").unique().sort("order_id")
    seen = orders.join(shares, on="customer_id", how="left", maintain_order="left")
    seen = seen.filter(pl.Series(rng.random(orders.height)) < pl.col("share")).select("order_id")
    shown = lines.join(seen, on="order_id", how="semi")
    year = lines.filter(pl.col("ordered_on") > AS_OF - timedelta(days=365))
    whole = pl.concat([year, year.with_columns(category=pl.lit(ALL))]).group_by("customer_id", "category")
    return (
        customer_potential(shown.lazy(), people, as_of=AS_OF)
        .join(_named_segments(shown), on="customer_id")
        .join(whole.agg(full=pl.col("net_revenue").sum()), on=["customer_id", "category"], how="left")
        .join(shares, on="customer_id")
        .filter(pl.col("actual") > 0)
        .with_columns(pl.col("full").fill_null(0.0), hides=pl.col("share") < 1.0)
        .with_columns(segment_most=pl.col("actual").max().over("rfm_segment", "category"))
    )


def coverage(potentials: pl.DataFrame) -> float:
    """Return the share of rows whose interval holds the true spend, to the cent."""
    inside = pl.col("full").is_between(pl.col("potential_low") - 0.01, pl.col("potential_high") + 0.01)
    return float(potentials.select(inside.mean()).item())


def _named_segments(shown: pl.DataFrame) -> pl.DataFrame:
    features = shown.group_by("customer_id").agg(
        recency_days=(pl.lit(AS_OF) - pl.col("ordered_on").max()).dt.total_days(),
        purchase_day_count=pl.col("ordered_on").n_unique(),
        net_revenue=pl.col("net_revenue").sum(),
    )
    return rfm_segments(features, as_of=AS_OF).select("customer_id", "rfm_segment")
