"""Intervals cover four in five of customers like those they were learnt from, and claim nothing of too few."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from models.churn import fit_churn
from models.court import Hearing
from models.value_candidates import Forecasts
from models.value_intervals import coverage, fit_intervals


def hearing(*, customers: int, mean_orders: float, seed: int, from_number: int = 0) -> Hearing:
    """Customers whose expected orders are right, and whose orders are Poisson, each worth Gamma(2) around 50."""
    random = np.random.default_rng(seed)
    expected = random.gamma(1.0, mean_orders, customers)
    orders = random.poisson(expected).astype(float)
    spend = np.where(orders > 0, random.gamma(np.maximum(2.0 * orders, 1.0), 25.0), 0.0)
    history = pl.DataFrame(
        {
            "customer_id": [f"c{number + from_number:05}" for number in range(customers)],
            "silence": random.uniform(0.0, 100.0, customers),
            "age": np.full(customers, 100.0),
        }
    )
    made = Forecasts(history, {"blend": expected}, {}, {}, np.full(customers, 50.0), "mean_spend", ())
    return Hearing(date(2025, 1, 1), 90, made, orders, spend)


@pytest.mark.parametrize("mean_orders", [0.7, 3.0, 12.0])
def test_four_in_five_are_within(mean_orders: float) -> None:
    """The court learns from half as many, in half as many strata, and so sees less of them covered."""
    learnt_from = [hearing(customers=4_000, mean_orders=mean_orders, seed=seed) for seed in (1, 2)]
    other = hearing(customers=4_000, mean_orders=mean_orders, seed=3, from_number=5_000)
    intervals = fit_intervals(learnt_from, other.forecasts, "blend")
    assert intervals is not None
    low, high = intervals.bounds(other.forecasts, "blend")
    value = other.forecasts.value("blend")
    assert ((low <= value) & (value <= high)).all()
    assert np.mean((other.spend >= low) & (other.spend <= high)) == pytest.approx(0.8, abs=0.03)
    assert coverage(learnt_from, "blend") == pytest.approx(0.8, abs=0.05)
    churn = fit_churn(learnt_from, other.forecasts, "blend")
    assert churn is not None
    risk = churn.risk(other.forecasts, "blend", other.span)
    assert risk.mean() == pytest.approx(np.mean(other.orders == 0), abs=0.01)


def test_whom_nothing_covers_gets_no_more_than_his_expectation() -> None:
    """An interval that holds 0 covers all who bring nothing, and no level can make that less."""
    rare = hearing(customers=3_000, mean_orders=0.05, seed=1)
    intervals = fit_intervals([rare], rare.forecasts, "blend")
    assert intervals is not None
    low, high = intervals.bounds(rare.forecasts, "blend")
    value, is_rare = rare.forecasts.value("blend"), rare.forecasts.orders["blend"] < 0.05
    assert (low == 0.0).all()
    np.testing.assert_allclose(high[is_rare], value[is_rare])


def test_few_customers_bear_no_interval() -> None:
    few = hearing(customers=200, mean_orders=2.0, seed=1)
    assert fit_intervals([few], few.forecasts, "blend") is None
    assert coverage([few], "blend") is None
