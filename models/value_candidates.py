"""The forecasts that compete in the court: three purchase models, boosted trees, their blend, and naive rules.

Each is a forecast of the purchases of every buyer within a horizon, made from the days up to `at` alone: fits,
training examples and calibration all lie before. What a purchase is worth is one question for all of them.

The total and its division among customers are two questions. The purchase models miss the total (BG/NBD is known to
forecast too little over a long horizon), and trees that learnt on a young company expect it to stay young. So one
total is taken, that of the first purchase model which fits, corrected by how far the same model missed when it was
fitted on earlier days of the history; every model's forecast is scaled to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import spearmanr

from models import gamma_gamma
from models.boosted_orders import Example, fit_boosted_orders
from models.fitting import NoFitError, fit_gamma_gamma
from models.gamma_gamma import GammaGamma
from models.naive_rules import naive_orders
from models.purchase_history import as_known, histories, what_followed
from models.purchase_models import PURCHASE_MODELS, PurchaseModel, fit_purchase_model

Floats = npt.NDArray[np.float64]

TREES = "boosted_trees"
BLEND = "blend"

FEWEST_BUYERS = 100
FEWEST_REPEAT_BUYERS = 50
# Gamma-Gamma takes spend and frequency for independent. Beyond this rank correlation that is untenable.
STRONGEST_CORRELATION = 0.5
# Where the trees learn, and where it is measured how far the total was missed: so long before `at`, as shares of the
# longest span that leaves half of the history before it.
_LOOKS_BACK = (1.0, 0.875, 2.0 / 3.0)
_LOOKS_FOR_TOTAL = (1.0, 0.75, 0.5)
# The correction of the total is drawn to 1 by the weight of so many purchases.
_PURCHASES_OF_DOUBT = 25.0
# A period that fell short or ran over by more than this says more about itself than about the next one.
_MOST_CORRECTION = 2.0
# Where the trees learn, nobody counts for less than a little, nor for more than so many times the one in the middle;
# nor does he where a mean is drawn to that of all, or one gigantic order would show in what everybody is worth.
_LEAST_WORTH = 0.01
_MOST_WORTH = 40.0
_YEAR = 365


@dataclass(frozen=True)
class Forecasts:
    """What each candidate expects of each row of `history` within the horizon, and what one purchase is worth.

    `orders` holds the calibrated forecasts by candidate, `plain_orders` those of the purchase models as fitted, which
    are in `purchase_models`; `spend` is the expected worth of a purchase, by `spend_name`; `notes` says why, by who
    dropped out.
    """

    history: pl.DataFrame
    orders: dict[str, Floats]
    plain_orders: dict[str, Floats]
    purchase_models: dict[str, PurchaseModel]
    spend: Floats
    spend_name: str
    notes: dict[str, str]

    def value(self, name: str) -> Floats:
        """Return what one candidate expects each row to spend within the horizon."""
        return self.orders[name] * self.spend


def forecasts(
    days: pl.DataFrame, at: date, horizon: int, *, seed: int, credit_notes: pl.DataFrame | None = None
) -> Forecasts:
    """Return every candidate's forecast of the `horizon` days after `at`, from the `purchase_days` up to it.

    What was given back by `credit_notes` (see `purchase_history.less_credit_notes`) is known from their day on.
    """
    known = days.filter(pl.col("ordered_on") <= at)
    history = histories(as_known(known, credit_notes, at=at), at)
    looks = _looks_back(known, at, horizon)
    notes: dict[str, str] = {}
    orders = naive_orders(known, history, at, horizon, looks[0])
    plain: dict[str, Floats] = {}
    fitted: dict[str, PurchaseModel] = {}
    if has_enough(history):
        fitted, plain = _purchase_models(history, horizon, notes)
        total = _total(known, at, horizon, plain)
        orders |= _scaled(plain, total)
        try:
            befores = [histories(as_known(known, credit_notes, at=look), look) for look in looks]
            orders |= _scaled({TREES: _trees(known, befores, at, looks, seed)(history) * horizon}, total)
        except NoFitError as no_fit:
            notes[TREES] = str(no_fit)
        orders |= _blended(orders)
    spend, spend_name = expected_spend(history, notes)
    return Forecasts(history, orders, plain, fitted, spend, spend_name, notes)


def has_enough(history: pl.DataFrame) -> bool:
    """Return whether the buyers are enough for a model."""
    return history.height >= FEWEST_BUYERS and (history["x"] > 0).sum() >= FEWEST_REPEAT_BUYERS


def expected_spend(history: pl.DataFrame, notes: dict[str, str]) -> tuple[Floats, str]:
    """Return what a purchase of each row is worth, and by which rule: Gamma-Gamma, else a mean drawn to that of all.

    Gamma-Gamma is fitted to repeat purchases, as published; but the first purchase too says what this customer spends,
    so all of them count where his next one is expected.
    """
    days, mean = history["x"].to_numpy() + 1.0, history["mean_spend"].to_numpy()
    try:
        model = _gamma_gamma(history)
        return gamma_gamma.expected_spend(model, days, mean), gamma_gamma.NAME
    except NoFitError as no_fit:
        notes[gamma_gamma.NAME] = str(no_fit)
    usual = np.minimum(mean, _MOST_WORTH * np.median(mean[mean > 0.0])) if (mean > 0.0).any() else mean
    overall = float((usual * days).sum()) / max(float(days.sum()), 1.0)
    return (history["total_spend"].to_numpy() + overall) / (days + 1.0), "mean_spend"


def _gamma_gamma(history: pl.DataFrame) -> GammaGamma:
    again = history.filter(pl.col("x") > 0, pl.col("repeat_spend") > 0.0)
    if not has_enough(history) or again.height < FEWEST_REPEAT_BUYERS:
        raise NoFitError("Buyers are too few for Gamma-Gamma.")
    x, mean = again["x"].to_numpy(), again["repeat_spend"].to_numpy()
    correlation = float(spearmanr(x, mean).statistic) if np.ptp(x) and np.ptp(mean) else 0.0
    if abs(correlation) > STRONGEST_CORRELATION:
        raise NoFitError(f"Spend depends on frequency (rank correlation {correlation:.2f}), so Gamma-Gamma fails.")
    return fit_gamma_gamma(x, mean)


def _looks_back(known: pl.DataFrame, at: date, horizon: int, shares: Sequence[float] = _LOOKS_BACK) -> list[date]:
    first = _first_day(known)
    longest = min(float(horizon), (at - first).days / 2.0)
    return [at - timedelta(days=max(1, int(longest * share))) for share in shares]


def _purchase_models(
    history: pl.DataFrame, horizon: int, notes: dict[str, str]
) -> tuple[dict[str, PurchaseModel], dict[str, Floats]]:
    """Those that fit, with their forecasts; the others leave a note."""
    fitted, expected = {}, {}
    for name in PURCHASE_MODELS:
        try:
            model = fit_purchase_model(name, history)
            expected[name] = model.expected_purchases(history, horizon)
        except NoFitError as no_fit:
            notes[name] = str(no_fit)
        else:
            fitted[name] = model
    return fitted, expected


def _total(known: pl.DataFrame, at: date, horizon: int, plain: dict[str, Floats]) -> float | None:
    """The calibrated total of the first purchase model that fits now and fitted then; None without any.

    Then: the same season of last year where the horizon is shorter than a year and the history long enough, else
    several earlier days, since a single one says as much about itself as about the model.
    """
    is_seasonal = horizon < _YEAR and (at - _first_day(known)).days >= _YEAR + max(horizon, _YEAR // 2)
    thens = [at - timedelta(days=_YEAR)] if is_seasonal else _looks_back(known, at, horizon, _LOOKS_FOR_TOTAL)
    for name in plain:
        missed = [_missed(name, known, then, min(horizon, (at - then).days)) for then in thens]
        logarithms = [np.log(times) for times in missed if times is not None]
        if logarithms:
            usual = float(np.exp(np.mean(logarithms)))
            return float(plain[name].sum()) * min(max(usual, 1.0 / _MOST_CORRECTION), _MOST_CORRECTION)
    return None


def _missed(name: str, known: pl.DataFrame, then: date, span: int) -> float | None:
    """How many times what the model expected has followed; None where it does not fit the days up to then."""
    history = histories(known, then)
    if not has_enough(history):
        return None
    try:
        expected = float(fit_purchase_model(name, history).expected_purchases(history, span).sum())
    except NoFitError:
        return None
    seen = float(what_followed(known, history, then, then + timedelta(days=span))["orders"].sum())
    return (seen + _PURCHASES_OF_DOUBT) / (expected + _PURCHASES_OF_DOUBT)


def _scaled(orders: dict[str, Floats], total: float | None) -> dict[str, Floats]:
    """Each forecast with the given total, where there is one."""
    if total is None:
        return orders
    return {name: expected * (total / max(float(expected.sum()), 1e-9)) for name, expected in orders.items()}


def _trees(
    known: pl.DataFrame, befores: list[pl.DataFrame], at: date, looks: list[date], seed: int
) -> Callable[[pl.DataFrame], Floats]:
    """Trees that have learnt what followed each look, from the histories as they were known then."""
    examples = []
    for look, before in zip(looks, befores, strict=True):
        seen = what_followed(known, before, look, at)["orders"].to_numpy()
        examples.append(Example(before, _worth(before), seen, float((at - look).days)))
    return fit_boosted_orders(examples, seed=seed)


def _worth(history: pl.DataFrame) -> Floats:
    worth = np.maximum(expected_spend(history, {})[0], _LEAST_WORTH)
    return np.asarray(np.minimum(worth, _MOST_WORTH * np.median(worth)))


def _blended(orders: dict[str, Floats]) -> dict[str, Floats]:
    """Half the trees, half the mean of the purchase models: they err in different ways. Either alone where it is."""
    models = [orders[name] for name in PURCHASE_MODELS if name in orders]
    halves = ([np.mean(models, axis=0)] if models else []) + ([orders[TREES]] if TREES in orders else [])
    return {BLEND: np.mean(halves, axis=0)} if halves else {}


def _first_day(known: pl.DataFrame) -> date:
    first: date = known.get_column("ordered_on").dt.min()  # type: ignore[assignment]
    return first
