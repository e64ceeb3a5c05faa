"""A contact is worth more with customers who are still there and order much."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.contact_worth import ContactWorth, contact_worth
from models.customer_history import History, features_at

AS_OF = date(2026, 6, 30)
PEOPLE = 400


def history(people: int = PEOPLE) -> History:
    """All bought every few months at first; half of them still do, the others were silent for long."""
    ids = [f"C{number:03}" for number in range(people)]
    rows = []
    for number, name in enumerate(ids):
        gap = 60 + 7 * (number % 9)
        days = range(1_000 - number % 50, 0 if number % 2 == 0 else 650, -gap)
        rows += [(name, AS_OF - timedelta(days=day), 10.0 * (1 + number % 4), True) for day in days]
    orders = pl.DataFrame(rows, schema=["customer_id", "ordered_on", "margin", "is_purchase"], orient="row")
    touches = pl.DataFrame(
        schema={
            "customer_id": pl.String,
            "channel": pl.String,
            "touched_on": pl.Date,
            "direction": pl.String,
            "is_delivered": pl.Boolean,
            "is_engaged": pl.Boolean,
        }
    )
    customers = pl.DataFrame({"customer_id": ids}).with_columns(
        first_seen_on=pl.lit(AS_OF - timedelta(days=1_050)), is_company=False
    )
    return History(orders, touches, customers)


def worth_of(past: History) -> ContactWorth:
    today = features_at(past.customers.select("customer_id", day=pl.lit(AS_OF)).sort("customer_id"), past)
    return contact_worth(past, today, as_of=AS_OF)


def customers(**columns: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"is_company": [0.0, 0.0], "x": [3.0, 3.0], "t_x": [300.0] * 2, "age": [310.0] * 2, **columns})


def test_who_has_been_silent_for_long_is_thought_to_have_left() -> None:
    chance = worth_of(history()).chance(customers(age=[310.0, 1_000.0]))
    assert chance[0] > 0.8
    assert chance[1] < 0.4


def test_who_has_never_ordered_is_as_likely_to_as_others_before_him() -> None:
    past = history()
    leads = past.orders.filter(pl.col("ordered_on") > AS_OF - timedelta(days=300))
    chance = worth_of(History(leads, past.touches, past.customers)).chance(customers(age=[None, None]))
    assert chance == pytest.approx([0.5, 0.5], abs=0.01)


def test_a_single_order_is_not_taken_for_what_a_customer_always_orders() -> None:
    worth = worth_of(history())
    once, often = (
        worth.of(customers(purchase_count=[count] * 2, margin_per_purchase=[20.0, 200.0])) for count in (1.0, 9.0)
    )
    assert 1.0 < once[1] / once[0] < often[1] / often[0] < 10.0


def test_what_is_usual_with_companies_is_not_what_is_usual_with_persons() -> None:
    past = history()
    people = past.customers.with_columns(is_company=pl.int_range(pl.len()) % 4 == 3)
    worth = worth_of(History(past.orders, past.touches, people))
    assert worth.usual_margins == pytest.approx((20.0, 40.0))


def test_without_a_past_everybody_is_thought_to_be_there() -> None:
    worth = worth_of(history(20))
    assert np.array_equal(worth.chance(customers(age=[310.0, 1_000.0])), [1, 1])
