"""With whom a contact is worth more, whatever it adds on average: with customers who are still there, and order much.

A contact that brings one order in fifty brings as many times more margin as the customer's orders are larger, and none
from somebody who has left. Who is still there is told by the company's own past: of those who were known a year ago and
had bought as often and been silent as long, how many have bought since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.customer_history import YEAR, History, features_at
from models.outcomes import curves

Floats = npt.NDArray[np.float64]

_FEWEST = 100


@dataclass(frozen=True)
class ContactWorth:
    """A model of who buys again within a year (None: everybody does), and the margin of an order of the average buyer,
    which counts beside a customer's own orders as one more."""

    returns: Any
    usual_margin: float

    def chance(self, features: pl.DataFrame) -> Floats:
        """Return the chance that each customer is still there, from purchases, silence and time known."""
        if self.returns is None or features.is_empty():
            return np.ones(features.height)
        return np.asarray(self.returns.predict_proba(_habits(features))[:, 1], dtype=np.float64)

    def of(self, features: pl.DataFrame) -> Floats:
        """Return that chance times the margin to expect of an order, for which `features` has margin_per_purchase."""
        own, count = (features[name].to_numpy() for name in ("margin_per_purchase", "purchase_count"))
        per_order = (count * np.maximum(own, 0.0) + self.usual_margin) / (count + 1.0)
        return np.asarray(per_order * self.chance(features))


def contact_worth(history: History, *, as_of: date, usual_margin: float) -> ContactWorth:
    """Return what the year up to `as_of` says of who comes back; everybody does where few were known before it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    day = as_of - timedelta(days=YEAR)
    known = history.customers.filter(pl.col("first_seen_on") <= day).sort("customer_id")
    if known.height < _FEWEST:
        return ContactWorth(None, usual_margin)
    then = features_at(known.select("customer_id", day=pl.lit(day)), history)
    since = history.orders.filter(pl.col("ordered_on") > day, pl.col("ordered_on") <= as_of, pl.col("is_purchase"))
    has_returned = then["customer_id"].is_in(since["customer_id"].unique().implode()).to_numpy()
    if len(np.unique(has_returned)) < 2:
        return ContactWorth(None, usual_margin)
    model = make_pipeline(curves(), LogisticRegression(solver="newton-cholesky"))
    return ContactWorth(model.fit(_habits(then), has_returned), usual_margin)


def _habits(features: pl.DataFrame) -> Floats:
    """Purchases, silence, time known, and the silence as a multiple of the usual time between purchases."""
    count, silence, known = (
        features[name].to_numpy() for name in ("purchase_count", "days_since_purchase", "days_known")
    )
    apart = np.maximum(known, 1.0) / np.maximum(count, 1.0)
    return np.column_stack([count, silence, known, silence / apart])
