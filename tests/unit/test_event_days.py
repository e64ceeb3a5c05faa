"""The day of a run is the newest day that can be believed: a mistyped date must not age every customer."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from pipelines.ingest.event_days import EventDay, newest_credible

START = date(2025, 1, 1)


def days(*offsets: int, events: int = 5) -> list[EventDay]:
    """So many events at noon of each day after the first of January 2025."""
    found = [START + timedelta(days=offset) for offset in offsets]
    return [EventDay(day, events, datetime.combine(day, time(12))) for day in found]


DAILY = range(200)


def newest(known: list[EventDay]) -> int:
    """The newest credible day, counted from the first."""
    found = newest_credible(known)
    assert found
    return (found.day - START).days


def test_no_day_gives_none() -> None:
    assert newest_credible([]) is None


@pytest.mark.parametrize("stray", [262, 565, 13_149, 400_000])
def test_a_mistyped_future_date_is_not_the_day_of_the_run(stray: int) -> None:
    """Accident: one order of the year 2062 makes every customer look as if he had left decades ago."""
    assert newest([*days(*DAILY), *days(stray, events=1)]) == 199


def test_several_mistyped_dates_are_left_out_together() -> None:
    assert newest([*days(*DAILY), *days(300, 1000, 20_000, events=1)]) == 199


@pytest.mark.parametrize(
    "known",
    [
        [*days(*DAILY), *days(250, events=1)],
        [*days(*DAILY), *days(300, 301, 302, events=5)],
        [*days(0, 300), *days(900, events=1)],
        [*days(*range(0, 4000, 100)), *days(4300, events=1)],
        days(0, 2000, events=1),
    ],
    ids=["a short pause", "a business that opens again", "few days", "long pauses are usual", "two orders"],
)
def test_a_late_day_that_may_be_true_is_believed(known: list[EventDay]) -> None:
    """Accident: what a quiet company sold last is taken for a slip of the pen."""
    assert newest_credible(known) == known[-1]


def test_a_date_mistyped_into_the_past_hides_no_later_one() -> None:
    """Accident: an order of 1970 makes a pause of decades usual, and one of 2062 believable."""
    assert newest([*days(-20_000, events=1), *days(*DAILY), *days(13_149, events=1)]) == 199


def test_in_a_large_shop_one_in_a_thousand_is_still_few() -> None:
    assert newest([*days(*DAILY, events=100), *days(600, events=20)]) == 199
    assert newest([*days(*DAILY, events=100), *days(600, events=21)]) == 600
