"""What is learned of contacts from a history in which calls and many mailings favour the best customers, against the
twin's truth."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from benchmarks.twin_history import END, twin_history
from models.channel_effects import MANY, OTHERS, without_later_contacts
from models.contact_returns import contact_returns
from models.contact_worth import contact_worth
from models.customer_history import features_at
from models.decision_points import as_decisions, decision_points
from models.effects import comparability, doubly_robust, mean_effects
from models.outreach import outreach
from models.what_if import offers, what_if
from pipelines.outreach_settings import OutreachSettings
from twin.messages import WRITTEN
from twin.months import World, channels_of
from twin.parameters import MessageParameters, Parameters

SEEDS = range(20)
# Twenty companies hardly tell whether 95 % of the intervals hold: of 40 as few as 35 may by chance. So more follow.
FURTHER_SEEDS = range(100, 220)
CUSTOMERS = 5_000
LARGE = 100_000
BIASED = Parameters(selective_mailing_share=0.6)
WRITING = Parameters(crm_share=0.9, lead_crm_share=0.9, messages=MessageParameters())
Row = tuple[str, str, str]


@dataclass(frozen=True)
class Found:
    """One company's estimate of a channel beside the naive difference and the truth of the same decisions."""

    channel: str
    ours: float
    naive: float
    truth: float
    is_covered: bool


def bias_rows() -> Iterator[Row]:
    """Bias and coverage over companies drawn anew."""
    yield from _bias_rows(SEEDS, "")
    yield from _bias_rows(FURTHER_SEEDS, "further ")


def _bias_rows(seeds: range, which: str) -> Iterator[Row]:
    found = [one for seed in seeds for one in estimates(seed)]
    for channel in ("email", "phone"):
        yield from _channel_rows(
            [one for one in found if one.channel == channel], f"{which}seeds, {channel}", is_fifth=True
        )
    yield (
        f"twin of {CUSTOMERS:,}, {which}seeds, all {len(found)} intervals: 95 % intervals that cover",
        "90 to 99 %",
        f"{np.mean([one.is_covered for one in found]):.0%}",
    )


def message_rows() -> Iterator[Row]:
    """Bias and coverage over companies whose letters and text messages go to contacts of the CRM by lot."""
    found = [one for seed in SEEDS for one in estimates(seed, WRITING)]
    for channel in WRITTEN:
        own = [one for one in found if one.channel == channel]
        yield from _channel_rows(own, f"seeds, four rounds by lot, {channel}", is_fifth=False)


def _channel_rows(own: list[Found], which: str, *, is_fifth: bool) -> Iterator[Row]:
    bias, naive = (np.array([getattr(one, name) - one.truth for one in own]) for name in ("ours", "naive"))
    error = bias.std(ddof=1) / np.sqrt(len(own))
    name = f"twin of {CUSTOMERS:,}, {len(own)} {which}"
    asked = f"<= {abs(naive.mean()) / 5:.3f}, a fifth of it" if is_fifth else "0"
    yield f"{name}: true effect", "", f"{np.mean([one.truth for one in own]):.2f}"
    yield f"{name}: bias of the naive difference", "", f"{naive.mean():.2f}"
    yield f"{name}: bias of ours", asked, f"{bias.mean():+.3f} +- {error:.3f}"
    yield f"{name}: 95 % intervals that cover", "90 to 99 %", f"{np.mean([one.is_covered for one in own]):.0%}"


def speed_rows() -> Iterator[Row]:
    """Seconds of the whole step for a large company: effects, gate, recommendations, plan and what-if."""
    _, history = twin_history(LARGE, seed=1)
    policy = OutreachSettings().policy
    started = time.process_time()
    found = outreach(history, as_of=END, policy=policy)
    learned = time.process_time()
    offered = offers(found.next_best_channel, found.plan.contacts, found.channel_effects, policy.rules)
    what_if(offered, policy.rules, currency="EUR", language="en")
    yield f"outreach for {LARGE:,} customers, seconds of one core", "<= 60", f"{time.process_time() - started:.0f}"
    yield "of that, what-if", "", f"{time.process_time() - learned:.0f}"


def estimates(seed: int, parameters: Parameters = BIASED, customers: int = CUSTOMERS) -> Iterator[Found]:
    """What one company's history shows of each channel."""
    world, history = twin_history(customers, seed=seed, parameters=parameters)
    sampled = partial(decision_points, history, as_of=END, horizon_days=28, period_days=28, seed=seed)
    today = features_at(history.customers.select("customer_id", day=pl.lit(END)).sort("customer_id"), history)
    worth, points = contact_worth(history, today, as_of=END), sampled(others=OTHERS)
    returns = contact_returns(sampled(most=MANY), worth, channels_of(parameters))
    scores = doubly_robust(as_decisions(without_later_contacts(points, worth, returns)), seed=seed)
    nobody = points.filter(arm="none")["outcome"].to_numpy().mean()
    for place, effect in enumerate(mean_effects(scores), start=1):
        if effect.has_contrast:
            true = _true_effects(world, points, effect.arm)
            truth = float(np.average(true, weights=comparability(scores, place)))
            naive = float(points.filter(arm=effect.arm)["outcome"].to_numpy().mean() - nobody)
            yield Found(effect.arm, effect.effect, naive, truth, effect.low <= truth <= effect.high)


def _true_effects(world: World, points: pl.DataFrame, channel: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What a contact on the day of each decision truly adds: nothing where the person buys no more, or not yet."""
    company = world.company
    ids = {name: place for place, name in enumerate(company.people.frame["person_id"])}
    person = points["customer_id"].replace_strict(ids, return_dtype=pl.Int64).to_numpy()
    day = points["day"].cast(pl.Int32).to_numpy() - company.calendar.first
    is_alive = (company.traits.first_order[person] < day) & (company.own.gone_from[person] > day)
    return np.asarray(np.where(is_alive, world.margin_of_contact(channel)[person], 0.0))
