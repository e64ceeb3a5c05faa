"""How much of CDNOW's value could be captured at all: by learners that have seen what other customers did afterwards.

Nobody can know as much in earnest. They learn what followed from thousands of other customers of the same shop in the
same months, out of their histories and of all our forecasts; what they reach with the customers they have not seen
says how much of a figure is skill that is missing, and how much is chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from threadpoolctl import threadpool_limits

from models.forecast_scores import scores
from models.purchase_history import what_followed
from models.value_candidates import forecasts

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tenth:
    """Some customers of the shop: logarithms of what is known and foreseen of each, and what each spent later."""

    known: Floats
    spend: Floats


def tenth(days: pl.DataFrame, at: date, until: date) -> Tenth:
    """Return what our forecasts say at `at` of the customers of `purchase_days`, and what followed up to `until`."""
    made = forecasts(days, at, (until - at).days, seed=0)
    columns = [*made.history.drop("customer_id").get_columns(), pl.Series(made.spend)]
    columns += [pl.Series(expected) for expected in made.orders.values()]
    known = np.log1p(np.column_stack([column.to_numpy() for column in columns]))
    return Tenth(known, what_followed(days, made.history, at, until)["spend"].to_numpy())


def captures(sample: Tenth, others: list[Tenth]) -> Iterator[tuple[str, float, float]]:
    """Yield each learner, what it captures of the sample, having seen all others, and on average of one of the others,
    having seen the rest of them."""
    for name, learner in LEARNERS.items():
        of_sample = _capture(learner, others, sample)
        of_others = [_capture(learner, others[:one] + others[one + 1 :], others[one]) for one in range(len(others))]
        yield name, of_sample, float(np.mean(of_others))


def _capture(learner: Callable[[], Any], seen: list[Tenth], unseen: Tenth) -> float:
    spend = np.concatenate([each.spend for each in seen])
    with threadpool_limits(limits=1):
        fitted = learner().fit(np.vstack([each.known for each in seen]), spend / spend.mean())
    return scores(unseen.spend, fitted.predict(unseen.known))["capture"]


def _straight() -> Any:
    return make_pipeline(StandardScaler(), PoissonRegressor(alpha=1e-2, max_iter=3_000))


def _curved() -> Any:
    curves = PolynomialFeatures(2, include_bias=False)
    return make_pipeline(StandardScaler(), curves, StandardScaler(), PoissonRegressor(alpha=1e-2, max_iter=3_000))


def _trees() -> Any:
    return HistGradientBoostingRegressor(
        loss="poisson",
        learning_rate=0.03,
        max_iter=150,
        max_leaf_nodes=8,
        min_samples_leaf=50,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )


LEARNERS: dict[str, Callable[[], Any]] = {
    "a Poisson regression": _straight,
    "a Poisson regression with squares and products": _curved,
    "boosted trees": _trees,
}
