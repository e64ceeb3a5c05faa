"""Which sources have not been exported for a while."""

from __future__ import annotations

from datetime import date

import polars as pl

LARGEST_AGE_DAYS = 62
"""Two months: who exports monthly is fresh, also where a month brought nothing; who forgot an export is not."""

STEADY = frozenset({"activities", "email_events", "orders", "tickets"})
"""Records that come in all the time. New contacts or products may well be rare."""


def stale_sources(newest: pl.DataFrame, as_of: date) -> list[tuple[str, date]]:
    """Return vendor and day of each source whose newest record is too old; `newest` has vendor and newest_on."""
    latest = newest.drop_nulls().group_by("vendor").agg(pl.col("newest_on").max()).sort("vendor")
    return [(vendor, day) for vendor, day in latest.iter_rows() if (as_of - day).days > LARGEST_AGE_DAYS]
