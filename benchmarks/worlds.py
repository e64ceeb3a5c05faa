"""Invented companies with different truths: who leaves how soon, who buys how much, and where the total is going."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from models.purchase_history import purchase_days
from twin.arrays import Floats
from twin.parameters import Parameters
from twin.purchases import invent_purchases

END = date(2026, 6, 30)


@dataclass(frozen=True)
class World:
    """A twin's parameters, and the share of its orders that are placed at each point of its history (0 to 1)."""

    parameters: Parameters
    share_placed: Callable[[Floats], Floats]


def _evenly(time: Floats) -> Floats:
    return np.ones_like(time)


WORLDS = {
    "a shop (the demo)": World(Parameters(), _evenly),
    "companies that stay, few large orders, growing": World(
        Parameters(
            business_share=0.7,
            rate_shape=2.0,
            leave_alpha=0.3,
            leave_beta=6.0,
            business_spend_factor=8.0,
            lead_share=0.1,
            spend_p=2.0,
        ),
        lambda time: 0.5 + 0.5 * time,
    ),
    "quick buyers who soon leave, a quarter less by the end": World(
        Parameters(rate_shape=1.1, rate_scale_days=40.0, leave_alpha=1.0, leave_beta=5.0, spend_q=2.8),
        lambda time: 1.0 - 0.25 * time,
    ),
    "most buy once and never again, half as many by the end": World(
        Parameters(rate_shape=0.5, rate_scale_days=60.0, leave_alpha=2.0, leave_beta=2.5, spend_q=2.5),
        lambda time: 1.0 - 0.5 * time,
    ),
}


def purchases_in(world: World, customers: int, seed: int) -> pl.DataFrame:
    """Return the purchase days of a world's customers up to END."""
    _, lines = invent_purchases(customers, seed, END, world.parameters)
    orders = lines.group_by("order_id").agg(pl.col("ordered_on").first()).sort("order_id")
    first = lines["ordered_on"].min()
    time = orders.select((pl.col("ordered_on") - first).dt.total_days()).to_series().to_numpy()
    is_placed = np.random.default_rng(seed).random(orders.height) < world.share_placed(time / time.max())
    placed = lines.join(orders.filter(pl.Series(is_placed)), on="order_id", how="semi", maintain_order="left")
    return purchase_days(placed.lazy(), as_of=END)
