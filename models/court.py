"""The court: which forecast of customer value deserves trust, judged on held-out time of the company's own history.

Every candidate forecasts from the days up to an origin, and is held against what followed. There are two origins, one
held-out period after the other, so that no single season decides. What the candidates learn, their calibration
included, they learn before the origin.

The blend is the presumption, because an average of forecasts that err differently is hard to beat; a single candidate
replaces it only where it was better by more than chance. Whatever wins must beat the best naive rule by more than
chance, or that rule is used. Chance is measured by the differences from customer to customer: twice their standard
error, which one draw in forty exceeds on that side.

What customers spend is another question than how often they buy: few of them make the money, and who they are matters
most. So where a model wins, the forecast of value is that of the model which is best on the whole in root mean squared
error, Spearman's rank correlation and top-decile capture of the money. No test stands before it, for a handful of
customers decide on squared money, and no difference would be more than chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from models.forecast_scores import poisson_deviances, scores
from models.naive_rules import NAIVE
from models.purchase_history import as_known, what_followed
from models.value_candidates import BLEND, Forecasts, forecasts, has_enough

Floats = npt.NDArray[np.float64]

SHORTEST_HOLDOUT = 28
MOST_BUYERS = 100_000
SCORES_SCHEMA = pl.Schema(
    {
        "origin": pl.Date,
        "candidate": pl.String,
        "target": pl.String,
        "held_out_days": pl.Int64,
        "buyers": pl.Int64,
        "rmse": pl.Float64,
        "poisson_deviance": pl.Float64,
        "bias": pl.Float64,
        "mae": pl.Float64,
        "spearman": pl.Float64,
        "capture": pl.Float64,
        "gini": pl.Float64,
    }
)
# Each hearing holds out a third of the history, at most the horizon: the last one, and the one before it.
_HEARINGS = 2
_STANDARD_ERRORS = 2.0
# By what forecasts of value are judged, and whether more of it is better.
_VALUE_SCORES = {"rmse": -1.0, "spearman": 1.0, "capture": 1.0}


class Hearing(NamedTuple):
    """One origin: what was forecast there, and what followed within `span` days."""

    origin: date
    span: int
    forecasts: Forecasts
    orders: Floats
    spend: Floats


@dataclass(frozen=True)
class Ruling:
    """The winner, the naive rule it was held against, their mean Poisson deviances, and all that was heard.

    `winner` forecasts orders, `value_winner` what they bring. Where the rule won itself, both are the rule, and
    `best_model` is the model that did not beat it, or None where none could be fitted. `scores` has the columns of
    SCORES_SCHEMA for every candidate; `hearings` are the held-out periods, the latest first.
    """

    winner: str
    value_winner: str
    rule: str
    best_model: str | None
    deviances: dict[str, float]
    scores: pl.DataFrame
    hearings: tuple[Hearing, ...]

    @property
    def verdict(self) -> str:
        """One sentence for the log."""
        if self.best_model is None:
            return f"No model could be fitted, so the rule {self.rule} is used."
        model, rule = self.deviances[self.best_model], self.deviances[self.rule]
        comparison = f"(Poisson deviance {model:.3f} against {rule:.3f}; held-out periods: {len(self.hearings)})"
        if self.winner == self.rule:
            return f"No model beats the rule {self.rule} by more than chance {comparison}."
        value = "" if self.value_winner == self.winner else f" {self.value_winner} forecasts best what they bring."
        return f"{self.winner} forecasts orders better than the rule {self.rule} does {comparison}.{value}"


def judge(
    days: pl.DataFrame, *, as_of: date, horizon: int, seed: int = 0, credit_notes: pl.DataFrame | None = None
) -> Ruling | None:
    """Return the court's ruling on `purchase_days`, or None where the history is too short to hold any out.

    Of many customers every k-th is heard, by customer_id. Forecasts do not know the `credit_notes` that came after
    their origin; what followed is what is left of it today.
    """
    hearings = tuple(_hearings(_sampled(days), credit_notes, as_of, horizon, seed))
    if not hearings:
        return None
    return _decided(hearings)


def _hearings(
    days: pl.DataFrame, credit_notes: pl.DataFrame | None, as_of: date, horizon: int, seed: int
) -> list[Hearing]:
    if days.is_empty():
        return []
    first: date = days.get_column("ordered_on").dt.min()  # type: ignore[assignment]
    span = min(horizon, (as_of - first).days // 3)
    left = as_known(days, credit_notes, at=as_of)
    found: list[Hearing] = []
    for number in range(_HEARINGS if span >= SHORTEST_HOLDOUT else 0):
        until = as_of - timedelta(days=number * span)
        origin = until - timedelta(days=span)
        made = forecasts(days, origin, span, seed=seed, credit_notes=credit_notes)
        seen = what_followed(left, made.history, origin, until)
        if has_enough(made.history) and seen["spend"].sum() > 0.0:
            found.append(Hearing(origin, span, made, seen["orders"].to_numpy(), seen["spend"].to_numpy()))
    return found


def _sampled(days: pl.DataFrame) -> pl.DataFrame:
    customers = days.select("customer_id").unique().sort("customer_id")
    step = -(-customers.height // MOST_BUYERS)
    if step <= 1:
        return days
    return days.join(customers.gather_every(step), on="customer_id", how="semi", maintain_order="left")


def _decided(hearings: tuple[Hearing, ...]) -> Ruling:
    in_all = [name for name in hearings[0].forecasts.orders if all(name in h.forecasts.orders for h in hearings)]
    loss = {name: _losses(hearings, name) for name in in_all}
    mean = {name: float(values.mean()) for name, values in loss.items()}
    rule = min((name for name in in_all if name in NAIVE), key=mean.__getitem__)
    best = min((name for name in in_all if name not in NAIVE), key=mean.__getitem__, default=None)
    if best and BLEND in loss and not _is_better(loss[best], loss[BLEND]):
        best = BLEND
    models = [name for name in in_all if name not in NAIVE]
    does_win = best is not None and _is_better(loss[best], loss[rule])
    return Ruling(
        winner=best if best and does_win else rule,
        value_winner=_best_of_value(hearings, models) if does_win else rule,
        rule=rule,
        best_model=best,
        deviances=mean,
        scores=pl.concat([_scored(hearing) for hearing in hearings]),
        hearings=hearings,
    )


def _losses(hearings: tuple[Hearing, ...], name: str) -> Floats:
    """Each customer's Poisson deviance, every hearing counting as much as the others."""
    parts = [poisson_deviances(hearing.orders, hearing.forecasts.orders[name]) for hearing in hearings]
    weights = [1.0 / float(hearing.orders.mean()) for hearing in hearings]
    return np.concatenate([part * weight for part, weight in zip(parts, weights, strict=True)])


def _best_of_value(hearings: tuple[Hearing, ...], models: list[str]) -> str:
    """The model with the least error and the best order of customers, all scores as shares of the models' mean."""
    found = [[scores(h.spend, h.forecasts.value(name)) for name in models] for h in hearings]
    table = np.array([[[each[score] for score in _VALUE_SCORES] for each in hearing] for hearing in found])
    usual = np.maximum(np.abs(table.mean(axis=1, keepdims=True)), 1e-12)
    worth = ((table / usual) * list(_VALUE_SCORES.values())).sum(axis=(0, 2))
    return models[int(np.argmax(worth))]


def _is_better(loss: Floats, than: Floats) -> bool:
    gain = than - loss
    return bool(gain.mean() > _STANDARD_ERRORS * gain.std() / np.sqrt(len(gain)))


def _scored(hearing: Hearing) -> pl.DataFrame:
    made, rows = hearing.forecasts, []
    for name, orders in made.orders.items():
        for target, seen, expected in (
            ("orders", hearing.orders, orders),
            ("spend", hearing.spend, made.value(name)),
        ):
            about = {"origin": hearing.origin, "candidate": name, "target": target, "held_out_days": hearing.span}
            rows.append({**about, "buyers": made.history.height, **scores(seen, expected)})
    return pl.DataFrame(rows, schema=SCORES_SCHEMA)
