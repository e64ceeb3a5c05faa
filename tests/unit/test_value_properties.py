"""Whatever a history looks like, values are finite, hold together, and claim nothing that the history cannot tell."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.lifetime_value import Valuation, customer_value
from models.purchase_history import purchase_days

AS_OF = date(2025, 6, 30)
NO_MARGINS = pl.DataFrame(schema={"customer_id": pl.String, "margin_rate": pl.Float64})
Orders = list[tuple[str, int, float]]


def shop(*, customers: int, days: int, seed: int = 5) -> Orders:
    """Orders of (customer, days ago, net revenue): customers come evenly, and half of them leave after each order."""
    random, orders = np.random.default_rng(seed), []
    for number in range(customers):
        ago = int(random.integers(0, days + 1))
        while ago >= 0:
            orders.append((f"c{number:04}", ago, round(float(random.gamma(2.0, 20.0)), 2)))
            ago = -1 if random.random() < 0.5 else ago - 1 - int(random.exponential(60.0))
    return orders


def valued(orders: Orders, horizon: int = 365) -> Valuation:
    frame = pl.LazyFrame(
        [(customer, AS_OF - timedelta(days=ago), revenue) for customer, ago, revenue in orders],
        schema={"customer_id": pl.String, "ordered_on": pl.Date, "net_revenue": pl.Float64},
        orient="row",
    )
    return customer_value(purchase_days(frame, as_of=AS_OF), NO_MARGINS, as_of=AS_OF, horizon_days=horizon)


HISTORIES = {
    "a shop": shop(customers=420, days=700),
    "one day": [(f"c{number:04}", 0, 20.0 + number % 7) for number in range(400)],
    "began last month": shop(customers=500, days=30),
    "all bought once": [(f"c{number:04}", number % 600, 30.0) for number in range(600)],
    "orders for nothing and taken back": [
        *shop(customers=400, days=700),
        *[(f"c{n:04}", n, -500.0) for n in range(200)],
    ],
    "a gigantic order": [*shop(customers=420, days=700), ("giant", 300, 5e8)],
    "a single customer": [("only", ago, 10.0) for ago in range(0, 400, 20)],
}


@pytest.mark.parametrize(
    ("history", "horizon"), [*((history, 3_650) for history in HISTORIES), ("a shop", 1), ("one day", 1)]
)
def test_every_history_bears_values_that_hold_together(history: str, horizon: int) -> None:
    table = valued(HISTORIES[history], horizon).table
    assert table.height == len({customer for customer, _, _ in HISTORIES[history]})
    for column in ("expected_orders", "expected_spend", "expected_revenue", "clv"):
        assert table[column].is_finite().all(), column
        assert (table[column] >= 0.0).all(), column
    for column in ("p_alive", "churn_risk"):
        assert table[column].drop_nulls().is_between(0.0, 1.0).all(), column
    told = table.drop_nulls("clv_low")
    assert told.filter(~pl.col("clv").is_between(pl.col("clv_low") - 1e-9, pl.col("clv_high") + 1e-9)).is_empty()
    next_one = table["next_order_on"].drop_nulls()
    assert next_one.is_between(AS_OF, AS_OF + timedelta(days=horizon), closed="right").all()
    assert table["reason"].null_count() == 0


@pytest.mark.parametrize("history", ["one day", "began last month", "all bought once", "a single customer"])
def test_what_no_court_could_try_is_not_claimed(history: str) -> None:
    """Accident: a company that began last month reads intervals and risks that nothing stands behind."""
    found = valued(HISTORIES[history])
    assert found.ruling is None
    assert found.table.select("clv_low", "clv_high", "churn_risk").null_count().row(0) == (found.table.height,) * 3
    assert (
        found.table["reason"].str.contains("A plain rule").all() or found.table["reason"].str.contains("Nobody").all()
    )


def test_the_order_of_rows_and_of_names_is_no_news() -> None:
    orders = HISTORIES["a shop"]
    mixed = [orders[place] for place in np.random.default_rng(1).permutation(len(orders))]
    assert_frame_equal(valued(orders).table, valued(mixed).table, check_exact=True)


def test_orders_of_one_day_are_one_purchase_however_they_are_split() -> None:
    """Accident: a shop that exports one row per parcel has customers who buy twice as often."""
    orders = HISTORIES["a shop"]
    halves = [(customer, ago, revenue / 2.0) for customer, ago, revenue in orders for _ in range(2)]
    whole, split = valued(orders).table, valued(halves).table
    assert whole["frequency"].equals(split["frequency"])
    np.testing.assert_allclose(whole["expected_orders"], split["expected_orders"], rtol=1e-6)


def test_a_company_held_twice_is_worth_twice_as_much() -> None:
    """Every customer a second time: the same forecasts of each, within the rounding of strata and fits."""
    orders = HISTORIES["a shop"]
    once, twice = (valued(rows).table for rows in (orders, [*orders, *[("d" + c[1:], a, r) for c, a, r in orders]]))
    assert twice["clv"].sum() == pytest.approx(2.0 * once["clv"].sum(), rel=0.1)
    twins = twice.with_columns(pl.col("customer_id").str.slice(1)).partition_by("customer_id")
    assert all(pair["clv"][0] == pytest.approx(pair["clv"][1], rel=1e-9) for pair in twins)


def test_a_gigantic_order_does_not_move_what_others_are_worth_much() -> None:
    """Accident: one order of 500 million made everybody 2,000 times as valuable, where Gamma-Gamma did not fit."""
    plain, with_giant = valued(HISTORIES["a shop"]).table, valued(HISTORIES["a gigantic order"]).table
    others = with_giant.filter(pl.col("customer_id") != "giant")
    assert others["expected_orders"].sum() == pytest.approx(plain["expected_orders"].sum(), rel=0.15)
    assert with_giant.sort("clv")["customer_id"][-1] == "giant"
    assert others["clv"].sum() == pytest.approx(plain["clv"].sum(), rel=0.5)


def test_a_horizon_that_could_not_be_tried_is_told() -> None:
    """Accident: a year of history bears orders of 365 days that were tried over a third of it."""
    short = valued(shop(customers=500, days=370))
    assert short.ruling is not None
    tried = short.ruling.hearings[0].span
    assert short.table["reason"].str.contains(f"That could be tried over {tried} days only.", literal=True).all()
    assert not valued(HISTORIES["a shop"], 90).table["reason"].str.contains("could be tried").any()
