"""How many more days of purchase to expect of a customer, by the days that comparable customers are seen to buy on.

Beforehand any share of a customer's purchases is as likely to be ours as any other, so that of n purchases each number
k up to n is as likely to be seen: 1 / (n + 1). How many customers truly buy n times follows from how many are seen to
buy k times, half of them taken to buy nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]

LEVELS = {"low": 0.05, "middle": 0.5, "potential": 0.8, "high": 0.95}
FEWEST_COMPARABLE = 100
# So many customers of the wider class stand beside those of a class within it.
_LIKE_THE_WIDER = 100.0
# The share of customers who are taken to buy from us alone when others are measured by them.
_ALL_SHOWN = 0.5
# Steps of expectation maximisation; more of them fit the noise of small classes.
_STEPS = 3


def further_days(frame: pl.DataFrame, levels: Sequence[tuple[str, ...]]) -> list[pl.DataFrame]:
    """Return a table per level of classes: for each class of at least `FEWEST_COMPARABLE` customers and each number of
    `days`, how many more to expect (`LEVELS`, in days) and of how many `comparable` customers that was learned.

    `frame` has a row per customer with the classes and `days`; levels go from narrow to wide, each leaving out the last
    class of the one before. A class within another is taken to be like that one, as if `_LIKE_THE_WIDER` of its
    customers came from there: else what is said of a customer would turn with a handful of orders of others, or when he
    grows into the next class.
    """
    size = 1 + max(frame["days"].to_list(), default=0)
    tables: list[pl.DataFrame] = []
    wider: dict[tuple[Any, ...], Floats] = {}
    for level in reversed(levels):
        schema: dict[str, Any] = {name: frame.schema[name] for name in level}
        shares: dict[tuple[Any, ...], Floats] = {}
        parts = [pl.DataFrame(schema=dict.fromkeys(("days", *LEVELS), pl.Float64) | {"comparable": pl.Int64} | schema)]
        counts = frame.group_by(*level, "days").agg(customers=pl.len()).sort(*level, "days")
        for key, part in counts.group_by(*level, maintain_order=True):
            shown = np.zeros(size)
            shown[part["days"].to_numpy()] = part["customers"].to_numpy()
            shares[key] = _shares(shown, wider.get(key[:-1]))
            if shown.sum() >= FEWEST_COMPARABLE:
                classes = {name: pl.lit(value, schema[name]) for name, value in zip(level, key, strict=True)}
                found = _quantiles(shares[key] * shown.sum())
                parts.append(found.with_columns(comparable=pl.lit(int(shown.sum()), pl.Int64), **classes))
        tables.append(pl.concat(parts).cast({"days": pl.Int64}))
        wider = shares
    return tables[::-1]


def _shares(shown: Floats, wider: Floats | None) -> Floats:
    if wider is None:
        return np.asarray(shown / shown.sum())
    return np.asarray((shown + _LIKE_THE_WIDER * wider) / (shown.sum() + _LIKE_THE_WIDER))


def _quantiles(shown: Floats) -> pl.DataFrame:
    """Quantiles of n - k for each number k of days with us that customers of a class have, n being the true number.

    The ends of the interval are whole days. What lies between is read off a line through the middles of the steps.
    """
    days = np.arange(len(shown))
    weight = _true_counts(shown) / (days + 1.0)
    up_to = np.cumsum(weight)
    below, ahead = up_to - weight, weight[::-1].cumsum()[::-1]
    wanted = {name: below + level * ahead for name, level in LEVELS.items()}
    found = {
        name: np.minimum(np.searchsorted(up_to, wanted[name] - 1e-12), len(days) - 1) - days for name in ("low", "high")
    }
    middles = up_to - weight / 2.0
    for name in ("middle", "potential"):
        steps = (np.interp(wanted[name][k], np.append(up_to[k], middles[k + 1 :]), days[k:] - k) for k in days)
        found[name] = np.clip(np.fromiter(steps, float), found["low"], found["high"])
    return pl.DataFrame({"days": days, **{name: found[name] for name in LEVELS}}).cast(pl.Float64)


def _true_counts(shown: Floats) -> Floats:
    """How many customers truly buy n times, given how many are seen to buy k times with us."""
    size = len(shown)
    any_share = np.tril(np.ones((size, size))) / (np.arange(size)[:, None] + 1.0)
    kernel = _ALL_SHOWN * np.eye(size) + (1.0 - _ALL_SHOWN) * any_share
    truth = shown + 1e-9
    for _ in range(_STEPS):
        joint = truth[:, None] * kernel
        truth = (joint / joint.sum(axis=0) * shown).sum(axis=1) + 1e-12
    return truth
