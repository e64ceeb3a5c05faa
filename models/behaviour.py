"""How customers behave: the features that tell them apart, each with the round numbers at which they may be divided.

A division at a round number - 60 days, two purchases, an order of 200 - is one that people can say and remember, and
hardly moves when a few customers come or go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_AMOUNTS = tuple(float(f"{step}e{power}") for power in range(-1, 7) for step in (1, 2, 5))
_SHARES = (0.05, 0.1, 0.25, 0.5)


@dataclass(frozen=True)
class Feature:
    """A column of customer_features: where it may be divided, and how much it weighs beside the others.

    Counts and amounts are compared as logarithms, in standard deviations. A share counts as it is, so that something
    that hardly anybody does does not weigh as much as what tells all customers apart.
    """

    column: str
    kind: Literal["days", "count", "amount", "share"]
    cuts: tuple[float, ...]
    weight: float = 1.0

    def transformed(self, values: Floats) -> Floats:
        """Return the values as they are compared with each other."""
        if self.kind == "share":
            return values
        return np.log(np.maximum(values, 1.0)) if self.kind == "count" else np.log1p(values)

    def places(self, values: Floats) -> Ints:
        """Return how many of the cuts each value reaches."""
        return np.searchsorted(self.cuts, values, side="right").astype(np.int64)


FEATURES = (
    Feature("recency_days", "days", (7, 14, 30, 60, 90, 180, 365, 730)),
    Feature("purchase_day_count", "count", (2, 3, 5, 10, 20, 50)),
    Feature("average_order_value", "amount", _AMOUNTS),
    # whoever buys often buys in many categories, too: half the weight, so that the two do not count twice
    Feature("category_count", "count", (2, 3, 5, 10, 20), weight=0.5),
    Feature("discount_rate", "share", _SHARES, weight=2.0),
    Feature("refund_rate", "share", _SHARES, weight=2.0),
    Feature("web_share", "share", (0.5,), weight=2.0),
)
COLUMNS = tuple(feature.column for feature in FEATURES)


@dataclass(frozen=True)
class Measured:
    """Customers x features: what is compared (standardised) and the place of each value among its feature's cuts."""

    points: Floats
    places: Ints


def feature_values(customers: pl.DataFrame) -> Floats:
    """Return customers x `FEATURES`; what is unknown or below nothing is 0, and a share is never above 1."""
    return customers.select(value_of(feature) for feature in FEATURES).to_numpy()


def value_of(feature: Feature) -> pl.Expr:
    """Return the feature of each row as it is divided and compared."""
    most = 1.0 if feature.kind == "share" else None
    return pl.col(feature.column).cast(pl.Float64).fill_null(0.0).clip(0.0, most)


def measured(values: Floats, weights: Floats | None = None) -> Measured:
    """Return the values as they are compared, and their places among the cuts.

    `weights` says how often each customer counts; without it, once.
    """
    counts = np.ones(len(values)) if weights is None else weights
    points = np.empty_like(values)
    places = np.empty(values.shape, dtype=np.int64)
    for column, feature in enumerate(FEATURES):
        points[:, column] = _standardised(feature, feature.transformed(values[:, column]), counts)
        places[:, column] = feature.places(values[:, column])
    return Measured(points, places)


def _standardised(feature: Feature, transformed: Floats, counts: Floats) -> Floats:
    total = counts.sum()
    centred = transformed - (counts @ transformed) / total
    if feature.kind == "share":
        return np.asarray(centred * feature.weight)
    deviation = float(np.sqrt((counts @ centred**2) / total))
    return np.asarray(centred * (feature.weight / deviation)) if deviation > 0.0 else np.zeros_like(centred)
