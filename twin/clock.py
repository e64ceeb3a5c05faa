"""Local time in Germany, for many moments at once.

Moments are whole seconds since 1970 in UTC. The rule of the European Union (last Sunday of March and of October,
01:00 UTC) is written out here, so that the files do not depend on a time zone database of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

import numpy as np
import polars as pl

from twin.arrays import SECONDS_PER_DAY, Floats, Ints

_EPOCH = date(1970, 1, 1)
_HOUR = 3_600


def day_number(day: date) -> int:
    """Days from 1970-01-01 to `day`."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The date that is `number` days after 1970-01-01."""
    return _EPOCH + timedelta(days=number)


@cache
def _changes() -> Ints:
    def last_sunday(year: int, month: int) -> int:
        last = date(year, month, 31)
        return day_number(last) - (last.weekday() + 1) % 7

    days = [last_sunday(year, month) for year in range(1996, 2100) for month in (3, 10)]
    return np.array(days, dtype=np.int64) * SECONDS_PER_DAY + _HOUR


def offset(moments: Ints) -> Ints:
    """Seconds by which local time is ahead of UTC at each moment: 3600 in winter, 7200 in summer."""
    return _HOUR + (np.searchsorted(_changes(), moments, side="right") % 2) * _HOUR


def to_utc(local: Ints) -> Ints:
    """The moments at which the clocks showed `local`; not meant for the hour that occurs twice or never."""
    return local - offset(local - _HOUR)


def midnight(day: date) -> int:
    """The moment at which `day` begins in Germany."""
    return int(to_utc(np.array([day_number(day) * SECONDS_PER_DAY], dtype=np.int64))[0])


def local_text(moments: Ints, form: Literal["minutes", "offset"]) -> pl.Series:
    """`2025-01-01 21:11` or `2025-01-01 21:11:18 +0100`, as the clocks showed it."""
    ahead = offset(moments)
    text = _written(moments + ahead, is_short=form == "minutes")
    if form != "offset":
        return text
    season = pl.Series(["+0100", "+0200"]).gather(pl.Series(ahead // _HOUR - 1))
    return pl.select(pl.concat_str(text, season, separator=" ")).to_series()


def utc_text(moments: Ints) -> pl.Series:
    """`2025-01-01 20:11:18`: the moments in UTC, without saying so."""
    return _written(moments, is_short=False)


def _written(seconds: Ints, is_short: bool) -> pl.Series:
    """Written by way of tables of all days and of all times of a day: much faster than formatting each moment."""
    days, rest = np.divmod(seconds, SECONDS_PER_DAY)
    first = int(days.min()) if len(days) else 0
    last = int(days.max()) if len(days) else 0
    dates = pl.Series(np.datetime_as_string(np.arange(first, last + 1).astype("datetime64[D]")))
    parts = [dates.gather(pl.Series(days - first)), _times(is_short).gather(pl.Series(rest))]
    return pl.select(pl.concat_str(parts, separator=" ")).to_series()


def utc_timestamps(moments: Ints) -> pl.Series:
    """The moments as timestamps in UTC without a zone, in microseconds."""
    return pl.Series(moments * 1_000_000, dtype=pl.Int64).cast(pl.Datetime("us"))


@cache
def _times(is_short: bool) -> pl.Series:
    hours, rest = np.divmod(np.arange(SECONDS_PER_DAY), _HOUR)
    minutes, seconds = np.divmod(rest, 60)
    parts = [hours, minutes] if is_short else [hours, minutes, seconds]
    padded = [pl.Series(part).cast(pl.String).str.zfill(2) for part in parts]
    return pl.select(pl.concat_str(padded, separator=":")).to_series()


@dataclass(frozen=True)
class Calendar:
    """The days of the history, counted from its first day; `first` and `last` are days since 1970."""

    first: int
    last: int

    @property
    def days(self) -> int:
        """Number of days, the last one included."""
        return self.last - self.first + 1

    @property
    def end(self) -> int:
        """The moment at which the last day is over."""
        return midnight(day_of(self.last + 1))

    def moments(self, days: Floats | Ints, seconds: Ints) -> Ints:
        """The moments at which the clocks showed so many seconds after midnight on these days of the history."""
        whole = np.floor(days).astype(np.int64)
        return to_utc((self.first + whole) * SECONDS_PER_DAY + seconds)
