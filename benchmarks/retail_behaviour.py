"""Behaviour segments of Online Retail beside k-means, over resamples of the customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture

from models.behaviour import feature_values, measured
from models.divisions import explained, labels_by_count, stable_groups

AS_OF = date(2011, 12, 9)
BOOTSTRAPS = 20
_NUMBERS = range(2, 9)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Labelling = Callable[[Floats, Floats, int], Ints]
"""Learns from some customers (features), and says in which group each of others is; the number is a seed."""


def retail_customers(folder: Path) -> pl.DataFrame:
    """Return the columns of customer_features that behaviour segments look at, one row per buyer."""
    lines = pl.read_parquet(folder / "online_retail.parquet").drop_nulls("CustomerID")
    orders = (
        lines.group_by("CustomerID", "InvoiceNo")
        .agg((pl.col("Quantity") * pl.col("UnitPrice")).sum().alias("amount"), pl.col("InvoiceDate").first().dt.date())
        .rename({"InvoiceDate": "day"})
    )
    is_credit = pl.col("InvoiceNo").str.starts_with("C")
    bought = orders.filter(~is_credit & (pl.col("amount") > 0)).group_by("CustomerID")
    returned = orders.filter(is_credit).group_by("CustomerID").agg(returned=-pl.col("amount").sum())
    customers = bought.agg(
        recency_days=(pl.lit(AS_OF) - pl.col("day").max()).dt.total_days(),
        purchase_day_count=pl.col("day").n_unique(),
        average_order_value=pl.col("amount").mean(),
        sold=pl.col("amount").sum(),
    )
    refund = (pl.col("returned").fill_null(0.0) / pl.col("sold")).alias("refund_rate")
    unknown = dict.fromkeys(("category_count", "discount_rate", "web_share"), 0.0)
    joined = customers.join(returned, on="CustomerID", how="left").sort("CustomerID")
    return joined.with_columns(refund, **{name: pl.lit(value) for name, value in unknown.items()})


def ours(learn: Floats, assign: Floats, seed: int) -> Ints:
    """The product's own way, the choice of the number of groups included."""
    groups = stable_groups(learn, seed=seed)
    stages = labels_by_count(list(groups.divisions), measured(assign).places)
    return stages[-1] if stages else np.zeros(len(assign), dtype=np.int64)


def k_means(number: int | None) -> Labelling:
    """K-means with so many groups, or with as many as the silhouette finds best."""

    def label(learn: Floats, assign: Floats, seed: int) -> Ints:
        points, others = _both(learn, assign)
        models = [
            KMeans(count, n_init=10, random_state=seed).fit(points)
            for count in (_NUMBERS if number is None else [number])
        ]
        best = max(models, key=lambda model: _silhouette(points, model.labels_)) if len(models) > 1 else models[0]
        return np.asarray(best.predict(others), dtype=np.int64)

    return label


def gaussian_mixture(learn: Floats, assign: Floats, seed: int) -> Ints:
    """A mixture of normal distributions, their number by BIC."""
    points, others = _both(learn, assign)
    models = [GaussianMixture(count, n_init=3, random_state=seed, reg_covar=1e-3).fit(points) for count in _NUMBERS]
    return np.asarray(min(models, key=lambda model: model.bic(points)).predict(others), dtype=np.int64)


def agreement(values: Floats, label: Labelling, seed: int) -> tuple[int, float, float, float]:
    """Return the groups found among all customers, the share of variation that they explain, and the mean and lowest
    adjusted Rand index between them and the groups that resamples would put the same customers into."""
    everybody = label(values, values, 0)
    rng = np.random.default_rng(seed)
    scores = []
    for number in range(1, BOOTSTRAPS + 1):
        drawn = rng.integers(0, len(values), len(values))
        scores.append(adjusted_rand_score(everybody, label(values[drawn], values, number)))
    told = explained(measured(values).points, np.unique(everybody, return_inverse=True)[1].astype(np.int64))
    return len(np.unique(everybody)), told, float(np.mean(scores)), float(min(scores))


def retail_values(folder: Path) -> Floats:
    """Return the features of Online Retail's buyers."""
    return feature_values(retail_customers(folder))


def _both(learn: Floats, assign: Floats) -> tuple[Floats, Floats]:
    """Both sets of customers as the learning ones are standardised."""
    together = measured(np.vstack([learn, assign]), np.r_[np.ones(len(learn)), np.zeros(len(assign))]).points
    return together[: len(learn)], together[len(learn) :]


def _silhouette(points: Floats, labels: Ints) -> float:
    return float(silhouette_score(points, labels, sample_size=1_500, random_state=0))
