"""A gradient-boosted regression of the purchases to come, learnt on what followed earlier days of the same history.

It knows no theory of why customers buy or leave, only that more and more recent purchases are never worse; so it sees
what BG/NBD cannot, such as how many one-time buyers come back, and is blind where the history is short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from models.fitting import NoFitError

Floats = npt.NDArray[np.float64]

# Whether more of it means more purchases (1), fewer (-1) or either.
FEATURES = {
    "x": 1,
    "silence": -1,
    "age": 0,
    "mean_spend": 0,
    "total_spend": 1,
    "last_gap": 0,
    "last_spend": 0,
}
# Beyond this the trees do not change; every k-th row of each history is taken.
_MOST_ROWS = 150_000


class Example(NamedTuple):
    """What was known of customers (`purchase_history.histories`), what each one's purchases are worth (above 0), and
    how many purchases he was seen to make within how many days."""

    history: pl.DataFrame
    worth: Floats
    seen: Floats
    days: float


def fit_boosted_orders(examples: Sequence[Example], *, seed: int) -> Callable[[pl.DataFrame], Floats]:
    """Return a function from histories to purchases per day, one number per row.

    A customer counts by what his purchases are worth: one too many or too few of a wholesaler is a larger mistake.
    Raises NoFitError where nobody was seen to purchase.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    step = max(1, sum(each.history.height for each in examples) // _MOST_ROWS)
    rows = np.vstack([_features(each.history)[::step] for each in examples])
    rates = np.concatenate([(each.seen / each.days)[::step] for each in examples])
    weights = np.concatenate([(each.worth * each.days)[::step] for each in examples])
    mean = float(np.average(rates, weights=weights))
    if mean == 0.0:
        raise NoFitError("Boosted trees have nothing to learn from: nobody bought again.")
    trees: Any = HistGradientBoostingRegressor(
        loss="poisson",
        learning_rate=0.05,
        max_iter=100,
        max_leaf_nodes=8,
        min_samples_leaf=20,
        l2_regularization=1.0,
        early_stopping=False,
        monotonic_cst=list(FEATURES.values()),
        random_state=seed,
    )
    # Threads add gradients up in an order of their own, and the last digits, sometimes a split, would vary with it.
    with threadpool_limits(limits=1):
        trees.fit(rows, rates / mean, sample_weight=weights / weights.mean())
    return lambda history: np.asarray(trees.predict(_features(history)), dtype=np.float64) * mean


def _features(history: pl.DataFrame) -> Floats:
    return history.select(list(FEATURES)).cast(pl.Float64).to_numpy()
