"""Did it work? The effect of every campaign and of every earlier contact plan on who ordered, and on margin.

Three ways, the surest that the data allow, and `method` says which:

- `holdout`: a plan as a whole against its hold-out group, which was drawn by lot (`models.experiments`). What customers
  did before takes out part of the chance, and the interval holds however often one looks.
- `randomised`: a plan's contacts through one channel, weighted by the chances that they were drawn with; the interval
  holds at every look, too.
- `doubly_robust`: a campaign without a hold-out group, among customers whom the channel had reached within the year
  before: who got it against who did not, alike in what is known of them (`models.effects`). What is not known may still
  differ.

Where none of them is possible, `cannot_be_told`, and the reason says why. That holds for campaigns of which only a
report is there, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.stats import norm

from models.campaign_groups import (
    HOLDOUT,
    NONE,
    Booleans,
    CampaignGroup,
    Contacts,
    Floats,
    Window,
    campaign_groups,
    carried_out_share,
    first_plans,
    known_before,
    outcomes,
    treated_share,
)
from models.contact_days import after_their_plans
from models.effects import FEWEST_IN_ARM, Decisions, Scores, comparability, doubly_robust, mean_effects
from models.experiments import at_every_look, compare, has_mismatch
from models.result_words import result_reason

RESULTS_SCHEMA = pl.Schema(
    {
        "campaign_id": pl.String,
        "channel": pl.String,
        "outcome": pl.String,
        "treated": pl.Float64,
        "control": pl.Float64,
        "effect": pl.Float64,
        "effect_low": pl.Float64,
        "effect_high": pl.Float64,
        "p_value": pl.Float64,
        "method": pl.String,
        "treated_count": pl.Int64,
        "control_count": pl.Int64,
        "sent_on": pl.Date,
        "days_seen": pl.Int64,
        "is_final": pl.Boolean,
        "reason": pl.String,
    }
)
OUTCOMES = ("ordered", "margin")
ALL_CHANNELS = "all"
PLAN_PREFIX = "plan:"
METHODS = ("holdout", "randomised", "doubly_robust", "cannot_be_told")

_MOST_PER_CAMPAIGN = 10_000
_MOST_DAYS = 7
_CARRIED_OUT = 0.5
_FOLDS = 2
_LEVEL = 0.95


@dataclass(frozen=True)
class _Finding:
    """What one comparison found. Without a `method`, `why` says what stood against it."""

    treated: float | None = None
    control: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    method: str = "cannot_be_told"
    why: str = ""


def campaign_results(
    contacts: Contacts,
    plans: Mapping[date, pl.DataFrame],
    *,
    as_of: date,
    horizon_days: int,
    reported: pl.DataFrame | None = None,
    language: str = "en",
) -> pl.DataFrame:
    """Return one row per campaign or plan, channel and outcome (`RESULTS_SCHEMA`), sorted by these.

    `plans` holds earlier contact plans by the day of their making: plan_id, customer_id, channel, arm and, to tell
    channels apart, chance_<channel> and chance_none. The outcomes are whether a customer ordered within `horizon_days`,
    and with which margin, as far as these days have passed; `treated` and `control` are means per customer, and the
    effect is their difference. `reported` are the campaigns of which a report tells, with or without their recipients:
    campaign_id, channel, sent_on (null: unknown). Nothing after `as_of` counts.
    """
    contacts = contacts.until(as_of)
    past = {day: plan for day, plan in plans.items() if day < as_of}
    before = min(past, default=as_of) + timedelta(1)
    planned = replace(contacts, touches=after_their_plans(contacts.touches, past))
    rows = [
        row
        for plan_id, day, plan in first_plans(past)
        for row in _plan_rows(
            PLAN_PREFIX + plan_id, plan, planned, Window(day + timedelta(1), horizon_days, as_of), before
        )
    ]
    for group in campaign_groups(contacts, most=_MOST_PER_CAMPAIGN):
        rows += _campaign_rows(group, contacts, Window(group.day, horizon_days, as_of))
    if reported is not None:
        rows += _reported_rows(_without_recipients(reported, contacts, as_of), horizon_days, as_of)
    schema = {name: dtype for name, dtype in RESULTS_SCHEMA.items() if name != "reason"} | {"why": pl.String}
    table = pl.DataFrame(rows, schema=schema, orient="row").with_columns(reason=result_reason(language))
    return table.select(RESULTS_SCHEMA.names()).sort("campaign_id", "channel", "outcome")


_Row = dict[str, object]


def _plan_rows(
    campaign_id: str, plan: pl.DataFrame, contacts: Contacts, window: Window, before: date
) -> Iterator[_Row]:
    """The plan as a whole against its hold-out group, and each of its channels by the chances of the draw.

    What is known of customers is what was known `before` the first of all plans: the hold-out group stays the same, so
    since then it differs by what plans did.
    """
    known = known_before(plan["customer_id"], contacts, before)
    after = outcomes(plan["customer_id"], contacts, window)
    is_treated = (plan["arm"] != HOLDOUT).to_numpy()
    sizes = int(is_treated.sum()), int((~is_treated).sum())
    why = _not_carried_out(plan, contacts, window)
    share = treated_share(plan)
    for outcome in OUTCOMES:
        found = _Finding(why=why) if why else _against_holdout(after[outcome], is_treated, known, share)
        yield _row((campaign_id, ALL_CHANNELS, outcome), found, sizes, window)
    channels = sorted(set(plan["channel"]) - {NONE})
    for outcome in OUTCOMES if channels else ():
        decided = None if why else _planned(plan, channels, known, after[outcome])
        scores = None if decided is None else doubly_robust(decided, folds=_FOLDS, difference=0.0)
        for arm, channel in enumerate(channels, start=1):
            own_why = why or _not_carried_out(plan.filter(channel=channel), contacts, window)
            own_why = own_why or ("chances" if scores is None else "")
            found = _Finding(why=own_why) if scores is None or own_why else _by_lots(scores, arm)
            sizes = plan.filter(channel=channel).height, plan.filter(channel=NONE).height
            yield _row((campaign_id, channel, outcome), found, sizes, window)


def _not_carried_out(plan: pl.DataFrame, contacts: Contacts, window: Window) -> str:
    if carried_out_share(plan, contacts, window) >= _CARRIED_OUT:
        return ""
    return "not_carried_out" if window.is_final else "early"


def _against_holdout(outcome: Floats, is_treated: Booleans, known: Floats, share: float) -> _Finding:
    treated, control = int(is_treated.sum()), int((~is_treated).sum())
    if min(treated, control) < FEWEST_IN_ARM:
        return _Finding(why="few")
    if has_mismatch(treated, control, treated_share=share):
        return _Finding(why="mismatch")
    found = compare(outcome, is_treated, known, planned=len(outcome), level=_LEVEL)
    if found is None:
        return _Finding(why="few")
    return _Finding(found.treated, found.control, found.effect, found.low, found.high, found.p_value, HOLDOUT)


def _planned(plan: pl.DataFrame, channels: list[str], known: Floats, outcome: Floats) -> Decisions | None:
    """The plan's assignments as decisions with known chances; None where it did not log them."""
    arms = [NONE, *channels]
    names = [f"chance_{arm}" for arm in arms]
    if not channels or not set(names) <= set(plan.columns):
        return None
    places = {arm: place for place, arm in enumerate(arms)}
    return Decisions(
        customer=np.arange(plan.height),
        features=known,
        arm=plan["channel"].replace_strict(places, return_dtype=pl.Int64).to_numpy(),
        outcome=outcome,
        arms=tuple(arms),
        propensities=plan.select(names).cast(pl.Float64).to_numpy(),
    )


def _campaign_rows(group: CampaignGroup, contacts: Contacts, window: Window) -> Iterator[_Row]:
    known = known_before(group.customer_id, contacts, window.start)
    after = outcomes(group.customer_id, contacts, window)
    why = _not_comparable(group)
    for outcome in OUTCOMES:
        found = _Finding(why=why) if why else _against_alike(group.is_treated, after[outcome], known)
        yield _row((group.campaign_id, group.channel, outcome), found, group.sizes, window)


def _not_comparable(group: CampaignGroup) -> str:
    if (group.last_day - group.day).days > _MOST_DAYS:
        return "many_days"
    return "no_others" if (~group.is_treated).sum() < FEWEST_IN_ARM else ""


def _without_recipients(reported: pl.DataFrame, contacts: Contacts, as_of: date) -> pl.DataFrame:
    """The reported campaigns that had been sent by `as_of`, and of which no recipient is a known customer."""
    known = contacts.sent.select("campaign_id").drop_nulls().unique()
    is_sent = pl.col("sent_on").is_null() | (pl.col("sent_on") <= as_of)
    left = reported.filter(is_sent).join(known, on="campaign_id", how="anti")
    return left.group_by("campaign_id", "channel").agg(pl.col("sent_on").min()).sort("campaign_id", "channel")


def _reported_rows(campaigns: pl.DataFrame, horizon_days: int, as_of: date) -> Iterator[_Row]:
    for campaign_id, channel, sent_on in campaigns.select("campaign_id", "channel", "sent_on").iter_rows():
        window = Window(sent_on or as_of, horizon_days, as_of)
        for outcome in OUTCOMES:
            row = _row((campaign_id, channel, outcome), _Finding(why="no_recipients"), (None, None), window)
            yield row if sent_on else row | {"sent_on": None, "days_seen": 0}


def _against_alike(is_treated: Booleans, outcome: Floats, known: Floats) -> _Finding:
    decisions = Decisions(
        customer=np.arange(len(outcome)),
        features=known,
        arm=is_treated.astype(np.int64),
        outcome=outcome,
        arms=(NONE, "campaign"),
    )
    return _between(doubly_robust(decisions, folds=_FOLDS, difference=0.0), 1, "doubly_robust")


def _by_lots(scores: Scores, arm: int) -> _Finding:
    """The effect of a plan's channel. Like that of the plan it is looked at every night, so its interval must hold."""
    found, once = mean_effects(scores, level=_LEVEL)[arm - 1], _between(scores, arm, "randomised")
    if not found.has_contrast:
        return once
    seen = len(scores.customer)
    low, high, p_value = at_every_look(found.effect, found.standard_error, seen=seen, planned=seen, level=_LEVEL)
    return replace(once, low=low, high=high, p_value=p_value)


def _between(scores: Scores, arm: int, method: str) -> _Finding:
    """The effect of an arm against none where both could happen, and the means of both there, weighed alike."""
    found = mean_effects(scores, level=_LEVEL)[arm - 1]
    if not found.has_contrast:
        return _Finding(why="few")
    weights = comparability(scores, arm)
    means = [float(np.average(scores.values[:, place], weights=weights)) for place in (arm, 0)]
    p_value = 1.0 if found.standard_error == 0.0 else 2.0 * float(norm.sf(abs(found.effect) / found.standard_error))
    return _Finding(means[0], means[1], found.effect, found.low, found.high, p_value, method)


def _row(key: tuple[str, str, str], found: _Finding, sizes: tuple[int | None, int | None], window: Window) -> _Row:
    """Rounded, so that the order in which floats were summed does not show."""
    numbers = {
        "treated": found.treated,
        "control": found.control,
        "effect": found.effect,
        "effect_low": found.low,
        "effect_high": found.high,
        "p_value": found.p_value,
    }
    return {
        **dict(zip(("campaign_id", "channel", "outcome"), key, strict=True)),
        **{name: None if value is None else round(value, 6) for name, value in numbers.items()},
        "method": found.method,
        **dict(zip(("treated_count", "control_count"), sizes, strict=True)),
        "sent_on": window.start,
        "days_seen": window.seen,
        "is_final": window.is_final,
        "why": found.why,
    }
