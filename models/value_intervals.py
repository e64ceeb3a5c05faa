"""Between which bounds 80 % of customers end up, learnt from held-out time (split conformal, by strata).

Customers are put into strata by the orders that were expected of them, those who have been silent for most of their
time apart from the others. In each stratum the shares of the expected spend that held-out customers came to are
sorted, and the bounds read off:

- Where at least four in five brought nothing, the interval reaches from 0 to the expected value itself. It covers more
  than 80 %, and cannot do otherwise: 0 alone does.
- Where nothing is more frequent than half of what may stay outside, it reaches from 0 to the quantile of the level.
- Elsewhere as much stays outside below as above.

The interval is closed, and a customer on its bound counts as covered. So that all buyers together are covered to 80 %,
the level of the last two kinds makes up for the first among today's customers, but never falls below 70 %. Between
strata the bounds are interpolated, and every interval is widened so that the expected value lies within.

How far the total was missed in those periods belongs to what is uncertain, and so to the bounds. `coverage` is measured
on other customers in another period than those the bounds are learnt from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from models.court import Hearing
from models.value_candidates import Forecasts

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]

LEVEL = 0.80
# Below this many held-out customers nothing is said.
FEWEST = 300
_LOWEST_LEVEL = 0.70
_STRATUM = 100
_MOST_STRATA = 24
_SILENT_SHARE = 0.5
_TINY = 1e-9


@dataclass(frozen=True)
class Strata:
    """Per stratum, by rising `log_orders`: the share without spend, and the bounds.

    `low` and `high` are shares of the expected value.
    """

    log_orders: tuple[float, ...]
    unpaid: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def bounds(self, log_orders: Floats) -> tuple[Floats, Floats]:
        """Return the bounds, as shares of the expected value."""
        bears = np.array(self.unpaid) < LEVEL
        if not bears.any():
            return np.zeros_like(log_orders), np.ones_like(log_orders)
        strata, low, high = (np.array(part)[bears] for part in (self.log_orders, self.low, self.high))
        is_likely = self.chance_of_nothing(log_orders) < LEVEL
        return (
            np.where(is_likely, np.interp(log_orders, strata, low), 0.0),
            np.where(is_likely, np.interp(log_orders, strata, high), 1.0),
        )

    def chance_of_nothing(self, log_orders: Floats) -> Floats:
        """Return customers' shares without spend; who is expected to do less than the lowest stratum does less."""
        less = np.exp(np.minimum(log_orders - self.log_orders[0], 0.0))
        return 1.0 - (1.0 - np.interp(log_orders, self.log_orders, self.unpaid)) * less


@dataclass(frozen=True)
class ValueIntervals:
    """What was learnt of customers who buy, and of those who have been silent for most of their time."""

    active: Strata
    silent: Strata

    def bounds(self, made: Forecasts, candidate: str) -> tuple[Floats, Floats]:
        """Return the bounds of what each customer will spend within the horizon of the forecasts."""
        log_orders, value = _logarithm(made.orders[candidate]), made.value(candidate)
        silent = is_silent(made.history)
        (low, high), (low_silent, high_silent) = (part.bounds(log_orders) for part in (self.active, self.silent))
        return value * np.where(silent, low_silent, low), value * np.where(silent, high_silent, high)

    def level_for(self, made: Forecasts, candidate: str) -> float:
        """Return the level of those whom 0 alone does not cover, so that with the others 80 % of all are covered."""
        at = _logarithm(made.orders[candidate])
        unpaid = np.where(is_silent(made.history), *(part.chance_of_nothing(at) for part in (self.silent, self.active)))
        bears = unpaid < LEVEL
        if not bears.any():
            return LEVEL
        return float(np.clip((LEVEL * len(at) - unpaid[~bears].sum()) / bears.sum(), _LOWEST_LEVEL, LEVEL))


class _Heard(NamedTuple):
    """What was expected of held-out customers, and what they did."""

    orders: Floats
    value: Floats
    is_silent: Bools
    spend: Floats

    def of(self, rows: Rows | Bools) -> _Heard:
        return _Heard(self.orders[rows], self.value[rows], self.is_silent[rows], self.spend[rows])


def fit_intervals(hearings: Sequence[Hearing], made: Forecasts, candidate: str) -> ValueIntervals | None:
    """Return the intervals of one candidate's forecasts `made` today, or None where too few customers were heard."""
    return _fitted([_heard(hearing, candidate) for hearing in hearings], made, candidate)


def coverage(hearings: Sequence[Hearing], candidate: str) -> float | None:
    """Return the share of held-out customers within their intervals; None where too few were heard.

    Bounds are learnt from every second customer of each hearing and held against the others in the other hearing; with
    one hearing, against the others in the same.
    """
    everybody = pl.concat([hearing.forecasts.history.select("customer_id") for hearing in hearings]).unique()
    second = everybody.sort("customer_id").gather_every(2, offset=1)["customer_id"].implode()
    is_within = []
    for of in hearings:
        for half in (False, True):
            learnt_from = [hearing for hearing in hearings if hearing is not of] or [of]
            heard = [_heard(hearing, candidate).of(_half(hearing, second) != half) for hearing in learnt_from]
            fitted = _fitted(heard, of.forecasts, candidate)
            if fitted is not None:
                low, high = fitted.bounds(of.forecasts, candidate)
                is_covered = (of.spend >= low) & (of.spend <= high)
                is_within.append(is_covered[_half(of, second) == half])
    return float(np.mean(np.concatenate(is_within))) if is_within else None


def _fitted(parts: Sequence[_Heard], made: Forecasts, candidate: str) -> ValueIntervals | None:
    if sum(len(part.orders) for part in parts) < FEWEST:
        return None
    heard = _Heard(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    groups = [heard.of(rows) for rows in (~heard.is_silent, heard.is_silent)]
    if min(len(group.orders) for group in groups) < _STRATUM:
        groups = [heard, heard]
    parted = [_parted(group) for group in groups]
    plain = ValueIntervals(*(_learnt(strata, LEVEL) for strata in parted))
    level = plain.level_for(made, candidate)
    return ValueIntervals(*(_learnt(strata, level) for strata in parted))


def _parted(heard: _Heard) -> list[_Heard]:
    """The customers in strata of like size, by rising expected orders."""
    return [heard.of(rows) for rows in in_strata(heard.orders)]


def _learnt(strata: Sequence[_Heard], level: float) -> Strata:
    bounds = [_bounds(stratum, level) for stratum in strata]
    return Strata(
        log_orders=tuple(float(_logarithm(stratum.orders).mean()) for stratum in strata),
        unpaid=tuple(_unpaid(stratum) for stratum in strata),
        low=tuple(low for low, _ in bounds),
        high=tuple(high for _, high in bounds),
    )


def _bounds(stratum: _Heard, level: float) -> tuple[float, float]:
    unpaid, outside = _unpaid(stratum), 1.0 - level
    if unpaid >= LEVEL:
        return 0.0, 1.0
    ratio = np.maximum(stratum.spend, 0.0) / np.maximum(stratum.value, _TINY)
    if unpaid > outside / 2.0:
        return 0.0, max(float(np.quantile(ratio, level)), 1.0)
    low, high = np.quantile(ratio, (outside / 2.0, 1.0 - outside / 2.0))
    return min(float(low), 1.0), max(float(high), 1.0)


def _unpaid(stratum: _Heard) -> float:
    return float(np.mean(stratum.spend <= 0.0))


def _heard(hearing: Hearing, candidate: str) -> _Heard:
    made = hearing.forecasts
    return _Heard(made.orders[candidate], made.value(candidate), is_silent(made.history), hearing.spend)


def _half(hearing: Hearing, second: pl.Series) -> Bools:
    return hearing.forecasts.history.select(pl.col("customer_id").is_in(second)).to_series().to_numpy()


def in_strata(expected: Floats) -> list[Rows]:
    """Return the rows of each stratum, of like size, by rising expectation."""
    strata = min(_MOST_STRATA, max(1, len(expected) // _STRATUM))
    return np.array_split(np.argsort(expected, kind="stable"), strata)


def is_silent(history: pl.DataFrame) -> Bools:
    """Return who has been silent for most of his time."""
    return history.select(pl.col("silence") > _SILENT_SHARE * pl.col("age")).to_series().to_numpy()


def _logarithm(orders: Floats) -> Floats:
    return np.log(np.maximum(orders, _TINY))
