"""What counts as known before a contact, and what as having come of it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from models.customer_history import History
from models.decision_points import as_decisions, decision_points
from models.effects import doubly_robust, mean_effects

AS_OF = date(2026, 6, 30)
PEOPLE, MARGIN = 1_500, 20.0


def thankful(*, days_after: int, seed: int) -> History:
    """A company that thanks every second time by letter, so many days after the order; letters change nothing."""
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(PEOPLE), 8)
    ordered = np.datetime64(AS_OF) - random.integers(0, 600, len(person))
    orders = pl.DataFrame(
        {
            "customer_id": person.astype(str),
            "ordered_on": ordered,
            "margin": np.full(len(person), MARGIN),
            "is_purchase": np.ones(len(person), dtype=bool),
        }
    ).with_columns(pl.col("ordered_on").cast(pl.Date))
    is_thanked = random.random(len(person)) < 0.5
    letters = orders.filter(pl.Series(is_thanked)).select(
        "customer_id",
        channel=pl.lit("post"),
        touched_on=pl.col("ordered_on") + timedelta(days=days_after),
        direction=pl.lit("outbound"),
        is_delivered=pl.lit(value=True),
        is_engaged=pl.lit(value=False),
    )
    customers = pl.DataFrame({"customer_id": [str(number) for number in range(PEOPLE)]}).with_columns(
        first_seen_on=AS_OF - timedelta(days=700), is_company=pl.lit(value=False)
    )
    return History(orders, letters, customers)


def test_a_letter_of_thanks_is_not_credited_with_the_order_that_it_thanks_for() -> None:
    """Accident: contacts that follow an order within the week are the best that a company can do."""
    points = decision_points(thankful(days_after=2, seed=1), as_of=AS_OF, horizon_days=28, period_days=28)
    letters = points.filter(arm="post")
    assert letters.height > 1_000
    assert letters["days_since_purchase"].max() <= 1.0
    (effect,) = mean_effects(doubly_robust(as_decisions(points)))
    assert effect.low < 0.0 < effect.high < MARGIN / 4.0


def test_as_many_others_are_drawn_for_each_contact_as_are_asked_for() -> None:
    """Accident: contacts are compared with so few others that those, too, make the effect uncertain."""
    history = thankful(days_after=4, seed=1)
    for others in (1.0, 3.0):
        points = decision_points(history, as_of=AS_OF, horizon_days=28, period_days=28, others=others)
        drawn = points.filter(arm="none").height / points.filter(arm="post").height
        assert abs(drawn - others) < 0.1 * others


def test_a_second_call_in_the_next_week_is_told_as_a_later_one() -> None:
    """Accident: it lies within seven days of the first, so what it brought is taken for what the first one brought."""
    week = AS_OF - timedelta(days=28 + 6 + 70)
    calls = pl.DataFrame(
        {"customer_id": ["1", "1"], "touched_on": [week + timedelta(days=5), week + timedelta(days=9)]}
    )
    known = thankful(days_after=4, seed=1)
    touches = calls.with_columns(
        channel=pl.lit("phone"), direction=pl.lit("outbound"), is_delivered=True, is_engaged=False
    )
    history = History(known.orders, touches.select(known.touches.columns), known.customers)
    points = decision_points(history, as_of=AS_OF, horizon_days=28, period_days=28)
    first, second = points.filter(arm="phone").sort("day").select("day", "later_phone").rows()
    assert first == (week + timedelta(days=4), 1.0)
    assert second == (week + timedelta(days=8), 0.0)
