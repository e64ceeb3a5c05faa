"""What counts as known before a contact, and what as having come of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from models.customer_history import History
from models.decision_points import as_decisions, decision_points
from models.effects import doubly_robust, mean_effects

AS_OF = date(2026, 6, 30)
DAY = 86_400
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


def timed(history: History, *, ordered: npt.NDArray[np.int64], touched: npt.NDArray[np.int64]) -> History:
    """The history with the second of the day of each order and of each contact."""
    orders, touches = (
        table.with_columns((pl.col(day).cast(pl.Datetime("us")) + pl.duration(seconds=pl.Series(seconds))).alias(at))
        for table, day, at, seconds in (
            (history.orders, "ordered_on", "ordered_at", ordered),
            (history.touches, "touched_on", "touched_at", touched),
        )
    )
    return replace(history, orders=orders, touches=touches)


def mailed_at_random(history: History, *, seed: int) -> History:
    """The same contacts on other days and at any time of the afternoon, orders at any time."""
    random = np.random.default_rng(seed)
    count = history.touches.height
    days = pl.Series(np.datetime64(AS_OF) - random.integers(0, 600, count)).cast(pl.Date)
    return timed(
        replace(history, touches=history.touches.with_columns(days.alias("touched_on"))),
        ordered=random.integers(1, DAY, history.orders.height),
        touched=random.integers(DAY // 2, DAY, count),
    )


def confirmed(history: History) -> pl.DataFrame:
    """A contact half a minute after each order."""
    at = pl.col("ordered_at").dt.offset_by("30s")
    answers = history.orders.select("customer_id", touched_at=at, touched_on=at.dt.date())
    return answers.with_columns(
        channel=pl.lit("post"), direction=pl.lit("outbound"), is_delivered=True, is_engaged=False
    )


def test_a_mail_that_confirms_an_order_at_once_is_not_credited_with_it() -> None:
    """Accident: shops confirm every order by mail within seconds, and mails seem to bring an order each."""
    history = mailed_at_random(thankful(days_after=9, seed=1), seed=1)
    answers = confirmed(history)
    touches = pl.concat([history.touches, answers.select(history.touches.columns)])
    points = decision_points(
        replace(history, touches=touches), as_of=AS_OF, horizon_days=28, period_days=28, others=3.0
    )
    of_the_day = points.filter(pl.col("arm") == "post", pl.col("days_since_purchase") == 0.0)
    assert of_the_day.height > 1_000
    (effect,) = mean_effects(doubly_robust(as_decisions(points)))
    assert effect.low < 0.0 < effect.high < MARGIN / 4.0


def test_who_is_thanked_later_in_the_week_had_no_letter_until_then() -> None:
    """Accident: of a shop that thanks by letter, who got none this week did not order, and letters seem to sell."""
    points = decision_points(thankful(days_after=2, seed=1), as_of=AS_OF, horizon_days=28, period_days=28)
    others = points.filter(arm="none")
    assert others["later_post"].max() >= 1.0
    assert others.join(points.filter(arm="post"), on=["customer_id", "day"], how="semi").is_empty()


def test_a_contact_that_answers_an_order_does_not_know_of_itself() -> None:
    """Accident: the contact of the day counts among those before it, and tells which customers were contacted."""
    history = mailed_at_random(thankful(days_after=9, seed=1), seed=1)
    once = replace(history, orders=history.orders.sort("ordered_at").unique("customer_id", keep="first"))
    told = replace(once, touches=confirmed(once).select(history.touches.columns))
    mails = decision_points(told, as_of=AS_OF, horizon_days=28, period_days=28).filter(arm="post")
    assert mails.height > 1_000
    assert mails["days_since_purchase"].max() == mails["post_count"].max() == 0.0


def test_contacts_that_do_nothing_show_nothing_when_times_are_known() -> None:
    """Accident: of who was contacted at noon the orders of the morning count as known, of others as what followed."""
    history = mailed_at_random(thankful(days_after=9, seed=2), seed=2)
    points = decision_points(history, as_of=AS_OF, horizon_days=28, period_days=28, others=3.0)
    (effect,) = mean_effects(doubly_robust(as_decisions(points)))
    assert effect.low < 0.0 < effect.high


def test_others_are_compared_within_their_week_and_before_their_own_contact() -> None:
    """Accident: an order in the evening of a week's last day takes an eve out of it: one day of what follows is not yet
    known, or the customer is contacted on the day after the eve that he is compared at."""
    history = mailed_at_random(thankful(days_after=9, seed=1), seed=1)
    touches = pl.concat([history.touches, confirmed(history).select(history.touches.columns)])
    told = replace(history, touches=touches)
    points = decision_points(told, as_of=AS_OF, horizon_days=28, period_days=28, most=200_000, others=3.0)
    assert points["day"].max() == AS_OF - timedelta(days=28)
    assert points.select("customer_id", "day").is_duplicated().sum() == 0


@pytest.mark.parametrize("effect", [0.0, 2.0])
def test_what_calls_bring_is_found_where_mails_confirm_every_order(effect: float) -> None:
    """Accident: of those called, whoever orders gets a mail in the same week and falls out for it."""
    history = mailed_at_random(thankful(days_after=9, seed=1), seed=1)
    calls = history.touches.with_columns(channel=pl.lit("phone"))
    brings = np.random.default_rng(1).random(calls.height) < effect / MARGIN
    brought = calls.filter(pl.Series(brings)).select(
        "customer_id",
        ordered_on=pl.col("touched_on").dt.offset_by("1d"),
        margin=pl.lit(MARGIN),
        is_purchase=pl.lit(value=True),
        ordered_at=pl.col("touched_at").dt.offset_by("1d"),
    )
    history = replace(history, orders=pl.concat([history.orders, brought.select(history.orders.columns)]))
    mails = confirmed(history).with_columns(channel=pl.lit("email"))
    told = replace(history, touches=pl.concat([calls, mails.select(calls.columns)]))
    points = decision_points(told, as_of=AS_OF, horizon_days=28, period_days=28, others=3.0)
    found = {each.arm: each for each in mean_effects(doubly_robust(as_decisions(points)))}
    assert found["phone"].low < effect < found["phone"].high
    assert found["phone"].high - found["phone"].low < 2.0


@pytest.mark.parametrize(("timezone", "hour"), [("UTC", 0), ("Europe/Berlin", 22), ("Europe/Berlin", 23)])
def test_orders_of_which_only_the_day_is_known_may_have_come_of_a_contact_of_that_day(timezone: str, hour: int) -> None:
    """Accident: exports without times make of every result on the very day an order that led to the contact."""
    history = thankful(days_after=0, seed=1)
    if hour:  # midnight of Berlin is 22 or 23 o'clock of UTC, by the season
        next_day = pl.col("ordered_on").dt.offset_by("1d").cast(pl.Datetime).dt.replace_time_zone(timezone)
        is_of_season = next_day.dt.convert_time_zone("UTC").dt.hour() == hour
        history = replace(history, orders=history.orders.filter(is_of_season))
    midnight = np.full(history.orders.height, hour * 3_600)
    evening = np.full(history.touches.height, DAY - 60)
    told = replace(timed(history, ordered=midnight, touched=evening), timezone=timezone)
    dated = decision_points(history, as_of=AS_OF, horizon_days=28, period_days=28)
    assert decision_points(told, as_of=AS_OF, horizon_days=28, period_days=28).equals(dated)


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
