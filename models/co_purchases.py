"""What customers bought, category by category, and what purchases in one category say about the next one.

Each customer is a row of log purchase days by category, scaled to length one, so that heavy buyers weigh no more than
others. Taking off the categories' means removes popularity, and the closed form of EASE (Steck 2019, "Embarrassingly
Shallow Autoencoders for Sparse Data") says how much purchases in one category speak for another. A logistic
regression on a later stretch of time turns that into a probability.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]
Rows = slice | npt.NDArray[np.int64]

LATELY_DAYS = 365
# Rarer categories have too few buyers to say anything about; the weights are a square of this size.
MOST_CATEGORIES = 400
_MOST_FITTED_PAIRS = 400_000
_PAIRS_AT_ONCE = 1_000_000
# As a multiple of the categories' mean variance: the few buyers of a rare category shall not speak too loud.
_RIDGE = 0.5


@dataclass(frozen=True)
class History:
    """Customers (sorted) x categories as of a day: purchase days, those of them that were lately, and recency."""

    customers: pl.Series
    days: csr_array
    lately: csr_array
    recency_days: Floats

    def chunks(self) -> Iterator[slice]:
        """The customers in so many parts that a matrix of one is no burden."""
        size = max(1, _PAIRS_AT_ONCE // max(1, self.days.shape[1]))
        return (slice(start, start + size) for start in range(0, len(self.customers), size))


@dataclass(frozen=True)
class Affinity:
    """What was learned, as plain numbers: K x K weights (bought x next), means and log odds of take-up by category."""

    weights: Floats
    mean: Floats
    take_up: Floats
    intercept: float
    coefficients: Floats

    def features(self, history: History, rows: Rows) -> Floats:
        """Return customers x categories x 5: how usual the category is, what other purchases say of it, earlier
        purchases in it, how much and how lately the customer bought anything."""
        days = history.days[rows]
        speaks = unit_rows(days) @ self.weights - self.mean @ self.weights
        earlier = np.log1p(days.toarray())
        much = np.log1p(np.asarray(days.sum(axis=1)).ravel())[:, None]
        old = np.log1p(history.recency_days[rows])[:, None]
        parts = (self.take_up[None, :], speaks, earlier, much, old)
        return np.stack([np.broadcast_to(part, speaks.shape) for part in parts], axis=2)

    def probability(self, features: Floats) -> Floats:
        """Return the chance of a purchase in the category within the stretch that was learned from."""
        return np.asarray(1.0 / (1.0 + np.exp(-(features @ self.coefficients + self.intercept))))

    def lift(self, features: Floats) -> Floats:
        """Return the chance as a multiple of that of a customer of whom nothing speaks for or against the category."""
        neutral = features.copy()
        neutral[..., 1:3] = 0.0
        return np.asarray(self.probability(features) / self.probability(neutral))


def history_of(known: pl.DataFrame, until: date, categories: tuple[str, ...]) -> History:
    """Return what was bought up to a day. `known` has customer_id, ordered_on and category, each day once."""
    bought = known.filter(pl.col("ordered_on") <= until, pl.col("category").is_in(categories))
    recency = (pl.lit(until) - pl.col("ordered_on").max()).dt.total_days()
    buyers = bought.group_by("customer_id").agg(recency_days=recency).sort("customer_id")
    lately = bought.filter(pl.col("ordered_on") > until - timedelta(days=LATELY_DAYS))
    customers = buyers["customer_id"]
    days, lately_days = (_matrix(rows, customers, categories) for rows in (bought, lately))
    return History(customers, days, lately_days, buyers["recency_days"].to_numpy().astype(np.float64))


def taken_up(known: pl.DataFrame, history: History, after: date, until: date, categories: tuple[str, ...]) -> csr_array:
    """Return in which categories not bought lately the history's customers bought after one day and up to another."""
    later = known.filter(pl.col("ordered_on") > after, pl.col("ordered_on") <= until)
    bought = _matrix(later, history.customers, categories) > 0
    return csr_array(bought > bought.multiply(history.lately > 0))


def fit(history: History, taken: csr_array) -> Affinity:
    """Return what a history and the purchases that followed it teach."""
    from sklearn.linear_model import LogisticRegression

    rows = unit_rows(history.days)
    candidates = rows.shape[0] - np.asarray((history.lately > 0).sum(axis=0)).ravel()
    share = (np.asarray(taken.sum(axis=0)).ravel() + 0.5) / (candidates + 1.0)
    weights, mean = _weights(rows)
    raw = Affinity(weights, mean, np.log(share / (1.0 - share)), 0.0, np.zeros(5))
    sample = np.arange(0, rows.shape[0], max(1, rows.shape[0] * len(mean) // _MOST_FITTED_PAIRS))
    is_candidate = history.lately[sample].toarray() == 0
    pairs, bought = raw.features(history, sample)[is_candidate], taken[sample].toarray()[is_candidate]
    regression = LogisticRegression(C=100.0, max_iter=1_000).fit(pairs, bought)
    return Affinity(weights, mean, raw.take_up, float(regression.intercept_[0]), regression.coef_[0])


def unit_rows(days: csr_array) -> csr_array:
    """Return log purchase days, each customer's row of length one."""
    logs = csr_array((np.log1p(days.data), days.indices, days.indptr), shape=days.shape)
    length = np.sqrt(np.asarray(logs.multiply(logs).sum(axis=1)).ravel())
    return csr_array(logs.multiply(1.0 / np.maximum(length, 1e-12)[:, None]))


def _weights(rows: csr_array) -> tuple[Floats, Floats]:
    mean = np.asarray(rows.mean(axis=0)).ravel()
    covariance = (rows.T @ rows).toarray() / rows.shape[0] - np.outer(mean, mean)
    inverse = np.linalg.inv(covariance + _RIDGE * np.trace(covariance) / len(mean) * np.eye(len(mean)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights, mean


def _matrix(bought: pl.DataFrame, customers: pl.Series, categories: tuple[str, ...]) -> csr_array:
    """Purchase days, customers x categories."""
    cells = (
        bought.join(pl.DataFrame({"customer_id": customers}).with_row_index("row"), on="customer_id")
        .join(pl.DataFrame({"category": categories}).with_row_index("column"), on="category")
        .group_by("row", "column")
        .agg(days=pl.len().cast(pl.Float64))
        .sort("row", "column")
    )
    place = (cells["row"].to_numpy().astype(np.int64), cells["column"].to_numpy().astype(np.int64))
    return csr_array((cells["days"].to_numpy(), place), shape=(len(customers), len(categories)))
