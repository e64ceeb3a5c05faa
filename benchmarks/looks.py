"""Campaigns that do nothing (A/A), looked at every day."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from models.experiments import compare

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Look = tuple[Floats, Booleans, Floats]


def arriving(seed: int, *, customers: int, days: int) -> Iterator[Look]:
    """Each day more customers' outcomes are known; they are skewed, with many zeros, as spending is."""
    random = np.random.default_rng([seed, 0])
    before = random.gamma(0.5, 40.0, customers)
    outcome = np.where(random.random(customers) < 0.2, before + random.gamma(1.0, 50.0, customers), 0.0)
    is_treated = random.random(customers) < 0.5
    for day in range(1, days + 1):
        seen = slice(0, customers * day // days)
        yield outcome[seen], is_treated[seen], before[seen]


def maturing(seed: int, *, customers: int, days: int) -> Iterator[Look]:
    """All customers are there from the start, and spend more with each day."""
    random = np.random.default_rng([seed, 1])
    rate = random.gamma(0.5, 2.0 / days, customers)
    is_treated, outcome = random.random(customers) < 0.5, np.zeros(customers)
    before = random.poisson(rate * days) * 30.0
    for _ in range(days):
        outcome = outcome + random.poisson(rate) * random.gamma(2.0, 15.0, customers)
        yield outcome, is_treated, before


def false_alarms(campaigns: int, *, kind: str, customers: int = 2_000, days: int = 28) -> tuple[int, int]:
    """How many campaigns raise an alarm on any day: by our intervals, and by a t-test looked at daily."""
    looks = {"arriving": arriving, "maturing": maturing}[kind]
    ours = naive = 0
    for seed in range(campaigns):
        alarms = [_alarms(*look, planned=customers) for look in looks(seed, customers=customers, days=days)]
        ours += any(alarm for alarm, _ in alarms)
        naive += any(alarm for _, alarm in alarms)
    return ours, naive


def _alarms(outcome: Floats, is_treated: Booleans, before: Floats, *, planned: int) -> tuple[bool, bool]:
    found = compare(outcome, is_treated, before, planned=planned)
    if found is None:
        return False, False
    groups = outcome[is_treated], outcome[~is_treated]
    error = float(np.sqrt(sum(group.var(ddof=1) / len(group) for group in groups)))
    naive = error > 0.0 and abs(groups[0].mean() - groups[1].mean()) > 1.96 * error
    return not found.low <= 0.0 <= found.high, bool(naive)
