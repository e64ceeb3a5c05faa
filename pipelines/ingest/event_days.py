"""The days on which something happened, and which of them is the newest that can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import duckdb

from pipelines.quoting import file_literal

TIMES_OF_EVENTS = {
    "orders": "ordered_at",
    "activities": "occurred_at",
    "email_events": "occurred_at",
    "campaigns": "sent_at",
}
"""By entity, when an order or a touch happened."""

LONGEST_PAUSE_DAYS = 60
"""Shops close for weeks; hardly one is silent for two months and then sells once."""

LONGEST_PAUSE_OF_FEW_DAYS = 366
"""Where fewer than DAYS_NEEDED days are known, nothing is known of the rhythm."""

DAYS_NEEDED = 30
PAUSES_COMPARED = 100
PAUSE_RATIO = 5
"""A business with long pauses may have a longer one, but not one five times as long as any of the last hundred."""

MOST_STRAYS = 3
LARGEST_SHARE_OF_STRAYS = 0.001
"""Mistyped dates are few; many events after a pause are a business that goes on."""


@dataclass(frozen=True)
class EventDay:
    """A day with events: how many there were, and the newest of them, in UTC."""

    day: date
    events: int
    newest_at: datetime


def event_days(connection: duckdb.DuckDBPyConnection, raw: Path) -> list[EventDay]:
    """The days of orders, activities, e-mail events and campaigns in `raw`, oldest first."""
    events = " UNION ALL ".join(
        f"SELECT {time} AS event_at FROM read_parquet({file_literal(raw / entity)} || '/*.parquet')"
        for entity, time in TIMES_OF_EVENTS.items()
    )
    # beyond the year 9999 Python has no dates, and nobody has orders
    rows = connection.execute(
        f"SELECT event_at::DATE AS day, count(*), max(event_at) FROM ({events}) AS events "
        "WHERE event_at BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31' GROUP BY day ORDER BY day"
    ).fetchall()
    return [EventDay(*row) for row in rows]


def newest_credible(days: Sequence[EventDay]) -> EventDay | None:
    """The newest day before any that are evidently mistyped; None where there is no day at all.

    `days` are in order. Days are mistyped where a pause before them is longer than two months (a year, where fewer than
    30 days are known) and five times as long as any of the hundred pauses before, and where there are at most three
    events after it, or one in a thousand.
    """
    later = total = sum(one.events for one in days)
    for number, (before, after) in enumerate(pairwise(days), start=1):
        later -= before.events
        if later <= max(MOST_STRAYS, total * LARGEST_SHARE_OF_STRAYS) and later * 2 < total:
            pause = (after.day - before.day).days
            if pause > _longest_pause(days[max(number - PAUSES_COMPARED - 1, 0) : number], number):
                return before
    return days[-1] if days else None


def _longest_pause(earlier: Sequence[EventDay], known: int) -> int:
    """How many days may pass without an event after these days."""
    pauses = [(later.day - one.day).days for one, later in pairwise(earlier)]
    least = LONGEST_PAUSE_DAYS if known >= DAYS_NEEDED else LONGEST_PAUSE_OF_FEW_DAYS
    return max([least, *(PAUSE_RATIO * pause for pause in pauses)])
