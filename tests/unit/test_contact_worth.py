"""A contact is worth more with customers who are still there and order much."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from models.contact_worth import contact_worth
from models.customer_history import History

AS_OF = date(2026, 6, 30)
PEOPLE = 400


def history(people: int = PEOPLE) -> History:
    """Half bought lately a year ago and have bought since; the others were silent for long, and still are."""
    ids = [f"C{number:03}" for number in range(people)]
    rows = []
    for number, name in enumerate(ids):
        there = number % 2 == 0
        rows.append((name, AS_OF - timedelta(days=375 if there else 1_000), 10.0 * (1 + number % 4), True))
        if there:
            rows.append((name, AS_OF - timedelta(days=20), 10.0 * (1 + number % 4), True))
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


def customers(**columns: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"days_known": [1_050.0] * 2, **columns})


def test_who_has_been_silent_for_long_is_thought_to_have_left() -> None:
    worth = contact_worth(history(), as_of=AS_OF, usual_margin=20.0)
    chance = worth.chance(customers(purchase_count=[1.0, 1.0], days_since_purchase=[10.0, 635.0]))
    assert chance[0] > 0.8
    assert chance[1] < 0.2


def test_a_single_order_is_not_taken_for_what_a_customer_always_orders() -> None:
    worth = contact_worth(history(), as_of=AS_OF, usual_margin=20.0)
    once, often = (
        worth.of(
            customers(purchase_count=[count] * 2, margin_per_purchase=[20.0, 200.0], days_since_purchase=[10.0] * 2)
        )
        for count in (1.0, 9.0)
    )
    assert 1.0 < once[1] / once[0] < often[1] / often[0] < 10.0


def test_without_a_past_everybody_is_thought_to_be_there() -> None:
    worth = contact_worth(history(20), as_of=AS_OF, usual_margin=20.0)
    assert np.array_equal(worth.chance(customers(purchase_count=[1.0, 1.0], days_since_purchase=[1.0, 999.0])), [1, 1])
