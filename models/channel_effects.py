"""What a contact through each channel adds, learned from the company's own history, and what a plan may reckon with.

`channel_effects` says what the data show (`models.effects`). A plan needs a number even where they show little: it
reckons with the estimate drawn towards an assumption, each weighed by its precision (a normal prior). Assumed is that
a contact brings so many orders per reaction to be expected. That is doubted by what it would be if all reacted, or by
the cost of a contact where that is more. So noise neither silences a channel nor opens it, and evidence soon decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl
from threadpoolctl import threadpool_limits

from models.channels import CHANNELS
from models.contact_returns import Return, contact_returns
from models.contact_worth import ContactWorth, kinds_of
from models.customer_history import History
from models.decision_points import as_decisions, decision_points
from models.decision_rounds import CHANCES, NONE
from models.effect_reasons import verdict_sentence
from models.effects import (
    FEWEST_IN_ARM,
    Decisions,
    MeanEffect,
    doubly_robust,
    fit_outcomes,
    held_out_difference,
    mean_effects,
)
from models.personalisation import CustomerEffects, EffectModel, Ruling, fit_effects, judge

Floats = npt.NDArray[np.float64]

CHANNEL_EFFECTS_SCHEMA = pl.Schema(
    {
        "channel": pl.String,
        "effect": pl.Float64,
        "effect_low": pl.Float64,
        "effect_high": pl.Float64,
        "naive_difference": pl.Float64,
        "overlap_share": pl.Float64,
        "effective_size": pl.Float64,
        "contact_count": pl.Int64,
        "logged_share": pl.Float64,
        "planned_margin": pl.Float64,
        "planned_error": pl.Float64,
        "cost": pl.Float64,
        "is_best_for_all": pl.Boolean,
        "verdict": pl.String,
        "reason": pl.String,
    }
)
_UNKNOWN_RULING = Ruling(is_personal=False, best_arm=0, gain=np.nan, gain_low=np.nan)
_FEWEST_DECISIONS = 200
# Of fewer customers nobody could show that personal choice pays, so the gate is not even tried.
_FEWEST_TO_CHOOSE = 500
_BATCH = 20_000
# So many decisions without a contact for each one with it tell an effect nearly as well as all of them would.
OTHERS = 3.0
# What a contact brings is within so many orders, as a standard deviation, before anything is known of it.
_USUAL_RATE = 0.1
# Returns are learned from up to so many decisions: they are cheap, and the contacts of years are needed to show them.
MANY = 150_000


@dataclass(frozen=True)
class Evidence:
    """What the history shows: mean effects by channel, the gate's ruling, and effects per customer.

    Only where the ruling is for personal recommendations, `ranking` has effects that are shrunk, to rank customers
    within a channel, and `choosing` those that choose between channels. Channels that are not in `found` show nothing.
    """

    points: pl.DataFrame
    arms: tuple[str, ...] = (NONE,)
    found: Mapping[str, MeanEffect] = field(default_factory=dict)
    returns: Mapping[str, Return] = field(default_factory=dict)
    ruling: Ruling = _UNKNOWN_RULING
    ranking: EffectModel | None = None
    choosing: EffectModel | None = None

    @property
    def best_for_all(self) -> str:
        """The channel that is best where everybody gets the same; none where no contact is worth its cost."""
        return self.arms[self.ruling.best_arm]

    def effects(self, features: Floats, *, is_ranking: bool) -> dict[str, CustomerEffects]:
        """Return the effects of the channels with a contrast for customers of these features, in batches."""
        model = self.ranking if is_ranking else self.choosing
        if model is None:
            return {}
        parts = [model.effects(features[at : at + _BATCH]) for at in range(0, len(features), _BATCH)]
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ("effect", "low", "high")}
        return {
            name: CustomerEffects(*(joined[part][:, self.arms.index(name) - 1] for part in ("effect", "low", "high")))
            for name in self.found
        }


def learn_effects(
    history: History,
    *,
    as_of: date,
    horizon_days: int,
    period_days: int,
    costs: Mapping[str, float],
    worth: ContactWorth,
    seed: int = 0,
) -> Evidence:
    """Return what the history up to `as_of` shows of contacts' effects on the margin of the next `horizon_days`."""
    sampled = partial(
        decision_points, history, as_of=as_of, horizon_days=horizon_days, period_days=period_days, seed=seed
    )
    points = sampled(others=OTHERS)
    told = _with_enough_customers(points)
    channels = [channel for channel in CHANNELS if channel in set(told["arm"])]
    if not channels or NONE not in set(told["arm"]) or told.height < _FEWEST_DECISIONS:
        return Evidence(points)
    # Small matrices gain nothing from threads, which wait for each other on a busy machine and vary the last digits.
    with threadpool_limits(limits=1):
        returns = contact_returns(sampled(most=MANY), worth, channels)
        evidence = _learned(without_later_contacts(told, worth, returns), costs, seed)
    known = {channel: returns[channel] for channel in evidence.found}
    return replace(evidence, points=points, returns=known)


def without_later_contacts(points: pl.DataFrame, worth: ContactWorth, returns: Mapping[str, Return]) -> pl.DataFrame:
    """The points with an outcome from which is taken what the contacts that followed are expected to have brought.

    Who is called this week is not called the next, and who gets one mailing gets the next: without that, an effect
    would be less, or more, than what a contact adds. What is known of a channel only roughly counts for less.
    """
    kinds, own = kinds_of(points), worth.of(points)
    brought = np.zeros(points.height)
    for channel, found in returns.items():
        sure = _USUAL_RATE**2 / (_USUAL_RATE**2 + found.standard_error**2) if np.isfinite(found.standard_error) else 0.0
        brought += points[f"later_{channel}"].to_numpy() * np.array(found.by_kind)[kinds] * own * sure
    return points.with_columns(outcome=pl.col("outcome") - pl.Series(brought))


def _learned(points: pl.DataFrame, costs: Mapping[str, float], seed: int) -> Evidence:
    decisions = as_decisions(points)
    difference = held_out_difference(decisions, seed=seed)
    scores = doubly_robust(decisions, seed=seed, difference=difference)
    contrasts = mean_effects(scores)
    found = {effect.arm: effect for effect in contrasts if effect.has_contrast}
    if not found:
        return Evidence(points)
    spent = np.array([costs.get(arm, 0.0) for arm in decisions.arms])
    ruling = _ruling(decisions, contrasts, spent, seed)
    if not ruling.is_personal:
        return Evidence(points, decisions.arms, found, ruling=ruling)
    outcomes = fit_outcomes(decisions, difference=difference)
    ranking, choosing = (fit_effects(decisions, scores, outcomes, is_shrunk=is_shrunk) for is_shrunk in (True, False))
    return Evidence(points, decisions.arms, found, {}, ruling, ranking, choosing)


def effects_table(
    evidence: Evidence,
    assumed: Mapping[str, float],
    worth: Mapping[str, float],
    costs: Mapping[str, float],
    *,
    most: float,
    language: str,
) -> pl.DataFrame:
    """Return one row per channel (`CHANNEL_EFFECTS_SCHEMA`): what is shown, beside the naive difference, in words.

    `assumed` holds the margin that a contact is assumed to add on average, NaN where nothing is known at all, `worth`
    the mean worth of a contact; `most` is what it would add if everybody reacted.
    """
    rows = []
    for channel in CHANNELS:
        found, cost = evidence.found.get(channel), costs.get(channel, 0.0)
        margin, error = _planned(evidence.returns.get(channel), assumed[channel], worth[channel], max(most, cost))
        shown = (found.effect, found.low, found.high) if found else (None, None, None)
        rows.append(
            {
                "channel": channel,
                **dict(zip(("effect", "effect_low", "effect_high"), shown, strict=True)),
                **_seen(evidence.points, channel),
                "overlap_share": found.share if found else 0.0,
                "effective_size": found.effective_size if found else 0.0,
                "planned_margin": margin,
                "planned_error": error,
                "cost": cost,
                "is_best_for_all": channel == evidence.best_for_all,
                "verdict": _verdict(found, cost),
            }
        )
    frame = pl.DataFrame(rows, schema_overrides=dict.fromkeys(("effect", "effect_low", "effect_high"), pl.Float64))
    rounded = frame.with_columns(pl.col(pl.Float64).fill_nan(None).round(4))
    told = rounded.with_columns(reason=verdict_sentence(language))
    return told.select(pl.col(name).cast(dtype) for name, dtype in CHANNEL_EFFECTS_SCHEMA.items())


def _ruling(decisions: Decisions, contrasts: list[MeanEffect], costs: Floats, seed: int) -> Ruling:
    if len(np.unique(decisions.customer)) >= _FEWEST_TO_CHOOSE:
        return judge(decisions, costs=costs, contrasts=contrasts, seed=seed)
    worth = np.nan_to_num([0.0, *(found.effect for found in contrasts)], nan=-np.inf) - costs
    return Ruling(is_personal=False, best_arm=int(worth.argmax()), gain=np.nan, gain_low=np.nan)


def _with_enough_customers(points: pl.DataFrame) -> pl.DataFrame:
    """Without the arms of too few customers: they would show nothing, and only cost time."""
    return points.filter(pl.col("customer_id").n_unique().over("arm") >= FEWEST_IN_ARM)


def _planned(found: Return | None, assumed: float, worth: float, doubt: float) -> tuple[float | None, float | None]:
    """The margin that a plan reckons with on average, and its standard error; None where nothing is known at all."""
    if found is None or not np.isfinite(found.standard_error):
        return (assumed, doubt) if np.isfinite(assumed) else (None, None)
    effect, error = found.rate * worth, max(found.standard_error * worth, 1e-9)
    if not np.isfinite(assumed) or doubt == 0.0:
        return effect, error
    weights = np.array([1.0 / doubt**2, 1.0 / error**2])
    mean = float(weights @ [assumed, effect] / weights.sum())
    return mean, float(weights.sum() ** -0.5)


def _seen(points: pl.DataFrame, channel: str) -> dict[str, float | int | None]:
    contacted, others = points.filter(arm=channel), points.filter(arm=NONE)
    naive = None
    if contacted.height and others.height:
        naive = float(contacted["outcome"].sort().mean()) - float(others["outcome"].sort().mean())  # type: ignore[arg-type]
    logged = contacted.select(pl.col(CHANCES[0]).is_not_null().mean()).item()
    return {"naive_difference": naive, "contact_count": contacted.height, "logged_share": logged or 0.0}


def _verdict(found: MeanEffect | None, cost: float) -> str:
    if found is None:
        return "unknown"
    if found.high < 0.0:
        return "harms"
    if found.low <= 0.0:
        return "unproven"
    return "pays" if found.low > cost else "adds"
