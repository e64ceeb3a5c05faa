"""The court: which forecast of customer value deserves trust, judged on held-out time of the company's own history.

Every candidate forecasts from the days up to an origin, and is held against what followed. There are two origins, so
that no single season decides. What the candidates learn, their calibration included, they learn before the origin.

The blend is the presumption, because an average of forecasts that err differently is hard to beat; a single candidate
replaces it only where it was better by more than chance. Whatever wins must beat the best naive rule by more than
chance, or that rule is used. Chance is measured by the differences from customer to customer: twice their standard
error, which one draw in forty exceeds on that side.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from models.forecast_scores import poisson_deviances, scores
from models.purchase_history import what_followed
from models.value_candidates import BLEND, NAIVE, Forecasts, forecasts, has_enough

Floats = npt.NDArray[np.float64]

SHORTEST_HOLDOUT = 28
MOST_BUYERS = 100_000
# How much of the longest held-out span each origin holds out; that is a third of the history, at most the horizon.
_SPANS = (1.0, 0.75)
_STANDARD_ERRORS = 2.0


class Hearing(NamedTuple):
    """One origin: what was forecast there, and what followed within `span` days."""

    origin: date
    span: int
    forecasts: Forecasts
    orders: Floats
    spend: Floats


@dataclass(frozen=True)
class Ruling:
    """The winner, why, and the scores of every candidate.

    `scores` has origin, candidate, target (orders or spend) and the scores of `forecast_scores`; `hearings` are the
    held-out periods themselves, the longest first, from which intervals are calibrated.
    """

    winner: str
    verdict: str
    scores: pl.DataFrame
    hearings: tuple[Hearing, ...]


def judge(days: pl.DataFrame, *, as_of: date, horizon: int, seed: int = 0) -> Ruling | None:
    """Return the court's ruling on `purchase_days`, or None where the history is too short to hold any out.

    Of many customers every k-th is heard, by customer_id.
    """
    hearings = tuple(_hearings(_sampled(days), as_of, horizon, seed))
    if not hearings:
        return None
    winner, verdict = _decide(hearings)
    return Ruling(winner, verdict, pl.concat([_scored(hearing) for hearing in hearings]), hearings)


def _hearings(days: pl.DataFrame, as_of: date, horizon: int, seed: int) -> list[Hearing]:
    if days.is_empty():
        return []
    first: date = days.get_column("ordered_on").dt.min()  # type: ignore[assignment]
    longest = min(horizon, (as_of - first).days // 3)
    found = []
    for share in _SPANS:
        span = int(longest * share)
        origin = as_of - timedelta(days=span)
        if span < SHORTEST_HOLDOUT:
            continue
        made = forecasts(days, origin, span, seed=seed)
        seen = what_followed(days, made.history, origin, as_of)
        if has_enough(made.history) and seen["orders"].sum() > 0:
            found.append(Hearing(origin, span, made, seen["orders"].to_numpy(), seen["spend"].to_numpy()))
    return found


def _sampled(days: pl.DataFrame) -> pl.DataFrame:
    customers = days.select("customer_id").unique().sort("customer_id")
    step = -(-customers.height // MOST_BUYERS)
    if step <= 1:
        return days
    return days.join(customers.gather_every(step), on="customer_id", how="semi", maintain_order="left")


def _decide(hearings: tuple[Hearing, ...]) -> tuple[str, str]:
    """The winner and one sentence on it."""
    in_all = [name for name in hearings[0].forecasts.orders if all(name in h.forecasts.orders for h in hearings)]
    loss = {name: _losses(hearings, name) for name in in_all}
    mean = {name: float(values.mean()) for name, values in loss.items()}
    rule = min((name for name in in_all if name in NAIVE), key=mean.__getitem__)
    models = [name for name in in_all if name not in NAIVE]
    if not models:
        return rule, f"No model could be fitted, so the rule {rule} is used."
    best = min(models, key=mean.__getitem__)
    chosen = best if BLEND not in models or _is_better(loss[best], loss[BLEND]) else BLEND
    comparison = f"(Poisson deviance {mean[chosen]:.3f} against {mean[rule]:.3f}; {len(hearings)} held-out periods)"
    if not _is_better(loss[chosen], loss[rule]):
        return rule, f"No model beats the rule {rule} by more than chance {comparison}."
    return chosen, f"{chosen} forecasts orders better than the rule {rule} does {comparison}."


def _losses(hearings: tuple[Hearing, ...], name: str) -> Floats:
    """Each customer's Poisson deviance, every hearing counting as much as the others."""
    parts = [poisson_deviances(hearing.orders, hearing.forecasts.orders[name]) for hearing in hearings]
    weights = [1.0 / float(hearing.orders.mean()) for hearing in hearings]
    return np.concatenate([part * weight for part, weight in zip(parts, weights, strict=True)])


def _is_better(loss: Floats, than: Floats) -> bool:
    gain = than - loss
    return bool(gain.mean() > _STANDARD_ERRORS * gain.std() / np.sqrt(len(gain)))


def _scored(hearing: Hearing) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    for name, orders in hearing.forecasts.orders.items():
        for target, seen, expected in (
            ("orders", hearing.orders, orders),
            ("spend", hearing.spend, orders * hearing.forecasts.spend),
        ):
            rows.append({"origin": hearing.origin, "candidate": name, "target": target, **scores(seen, expected)})
    return pl.DataFrame(rows)
