"""Ten plans in a row whose mails do nothing: how often is an effect seen that is not there?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from benchmarks.closed_loop import known_history
from models.channel_effects import OTHERS
from models.decision_points import as_decisions, decision_points
from models.decision_rounds import CHANCES
from models.effects import doubly_robust, mean_effects
from twin.months import World, begin, play
from twin.parameters import Parameters

SEEDS = range(300, 380)
CUSTOMERS = 5_000
MONTHS = 10
HELD_OUT, EXPLORING = 0.1, 0.1
IDLE = Parameters(email_effect_mean=1e-9, phone_effect_mean=1e-9)
Row = tuple[str, str, str]


def lot_rows() -> Iterator[Row]:
    """What the decisions of the plans alone say of a mail, over companies drawn anew."""
    found = np.array([idle_effect(seed) for seed in SEEDS])
    ratios = found[:, 0] / found[:, 1]
    name = f"{len(found)} companies of {CUSTOMERS:,}, {MONTHS} plans whose mails do nothing"
    yield f"{name}: effect found, EUR", "0", f"{found[:, 0].mean():+.3f} +- {_error(found[:, 0]):.3f}"
    yield f"{name}: effects by their stated errors, standard deviation", "1", f"{ratios.std(ddof=1):.2f}"
    yield f"{name}: 95 % intervals that cover", "90 to 99 %", f"{(np.abs(ratios) < 1.96).mean():.0%}"


def idle_effect(seed: int) -> tuple[float, float]:
    """The effect of a mail as one company's plans show it, and its standard error."""
    world, plans = _played(seed)
    points = decision_points(
        known_history(world, plans), as_of=world.today, horizon_days=28, period_days=28, seed=seed, others=OTHERS
    ).filter(pl.col(CHANCES[0]).is_not_null())
    (email,) = mean_effects(doubly_robust(as_decisions(points), seed=seed))
    return email.effect, email.standard_error


def _played(seed: int) -> tuple[World, dict[date, pl.DataFrame]]:
    """Months in which all who may get a mail do, but for the hold-out group and some who are drawn anew."""
    world, plans = begin(CUSTOMERS, seed=seed, parameters=IDLE), {}
    names = world.company.people.frame["person_id"]
    is_held_out = np.random.default_rng([seed, 7]).random(len(names)) < HELD_OUT
    random = np.random.default_rng([seed, 8])
    for _ in range(MONTHS):
        is_open = world.can_be_reached("email")
        is_mailed = is_open & ~is_held_out & (random.random(len(names)) >= EXPLORING)
        mailed = np.where(is_open, (1 - HELD_OUT) * (1 - EXPLORING), 0.0)
        chances = dict.fromkeys(CHANCES, np.zeros(len(names)))
        chances |= {"chance_none": 1.0 - mailed, "chance_email": mailed}
        plan = {"customer_id": names, "channel": np.where(is_mailed, "email", "none"), **chances}
        plans[world.today] = pl.DataFrame(plan).with_columns(plan_id=pl.lit(f"{world.today}"))
        world = play(world, {"email": np.flatnonzero(is_mailed).astype(np.int64)})
    return world, plans


def _error(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))
