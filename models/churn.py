"""The risk that no order comes within the horizon: as customers of whom as much was expected stayed away in court.

How much is expected of a customer can be measured in two ways: by the orders that the forecast expects, or by these
times the part of orders that BG/NBD or MBG/NBD takes to be chances of coming at all, -log(1 - chance) for each expected
order. Of two customers with as many expected orders the one who may have left, and would order much if not, stays away
more often; and the longer the horizon, the more of its orders come from the same few. Which measure is used says the
court: the one whose risks, learnt in one held-out period, were nearer to what happened in the other (Brier score).

Customers are put into strata by it, those who have been silent for most of their time apart from the others, and the
shares that stayed away are made to fall from stratum to stratum (isotonic regression, which keeps their mean).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from models.court import Hearing
from models.rhythm import Rhythm
from models.value_candidates import Forecasts
from models.value_intervals import FEWEST, in_strata, is_silent

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Whoever is active by these orders within a horizon as his rhythm says; by Pareto/NBD he may leave before.
_TELL_COMERS = ("bg_nbd", "mbg_nbd")
_FEWEST_OF_KIND = 100
_TINY = 1e-9


@dataclass(frozen=True)
class Silence:
    """Per stratum, by rising logarithm of what is expected: the share that stayed away."""

    log_expected: tuple[float, ...]
    silent: tuple[float, ...]

    def chance(self, expected: Floats) -> Floats:
        """Return each customer's; of whom less is expected than of the lowest stratum comes less often by as much."""
        at = np.log(np.maximum(expected, _TINY))
        less = np.exp(np.minimum(at - self.log_expected[0], 0.0))
        return np.asarray(1.0 - (1.0 - np.interp(at, self.log_expected, self.silent)) * less)


@dataclass(frozen=True)
class Churn:
    """What was learnt of customers who buy, and of those who have been silent for most of their time.

    `told_by` is the purchase model that tells comers from orders, None where orders alone measure better.
    """

    active: Silence
    silent: Silence
    told_by: str | None

    def risk(self, made: Forecasts, candidate: str, horizon: int) -> Floats:
        """Return the probability of each customer that no order comes within the horizon of the forecasts.

        At least 1 - expected orders, for there cannot come an order more often than orders come.
        """
        expected = _expected(made, candidate, horizon, self.told_by)
        chance = np.where(is_silent(made.history), self.silent.chance(expected), self.active.chance(expected))
        return np.asarray(np.maximum(chance, 1.0 - made.orders[candidate]))


def fit_churn(hearings: Sequence[Hearing], made: Forecasts, candidate: str) -> Churn | None:
    """Return what held-out customers teach of one candidate's forecasts; None where too few were heard."""
    if sum(len(hearing.orders) for hearing in hearings) < FEWEST:
        return None
    all_made = [made, *(hearing.forecasts for hearing in hearings)]
    models = [name for name in _TELL_COMERS if all(name in each.purchase_models for each in all_made)]
    measures = (None, *models[:1])
    return _learnt(hearings, candidate, min(measures, key=lambda told_by: _error(hearings, candidate, told_by)))


def _error(hearings: Sequence[Hearing], candidate: str, told_by: str | None) -> float:
    """The mean Brier score of risks in each period that were learnt in the other; with one period, in the same."""
    found = []
    for of in hearings:
        learnt = _learnt([each for each in hearings if each is not of] or [of], candidate, told_by)
        found.append(np.mean((learnt.risk(of.forecasts, candidate, of.span) - (of.orders == 0.0)) ** 2))
    return float(np.mean(found))


def _learnt(hearings: Sequence[Hearing], candidate: str, told_by: str | None) -> Churn:
    expected = np.concatenate([_expected(each.forecasts, candidate, each.span, told_by) for each in hearings])
    stayed_away = np.concatenate([each.orders == 0.0 for each in hearings])
    silent = np.concatenate([is_silent(each.forecasts.history) for each in hearings])
    kinds = [~silent, silent]
    if min(np.count_nonzero(kind) for kind in kinds) < _FEWEST_OF_KIND:
        kinds = [np.ones_like(silent)] * 2
    active, away = (_silence(expected[kind], stayed_away[kind]) for kind in kinds)
    return Churn(active, away, told_by)


def _silence(expected: Floats, stayed_away: Bools) -> Silence:
    strata = in_strata(expected)
    shares = [float(stayed_away[rows].mean()) for rows in strata]
    return Silence(
        log_expected=tuple(float(np.log(np.maximum(expected[rows], _TINY)).mean()) for rows in strata),
        silent=tuple(float(share) for share in isotonic_regression(shares, increasing=False).x),
    )


def _expected(made: Forecasts, candidate: str, horizon: int, told_by: str | None) -> Floats:
    """The orders that are expected, or the part of them that is a chance of coming at all."""
    orders = made.orders[candidate]
    if told_by is None:
        return orders
    model = made.purchase_models[told_by]
    rhythm = Rhythm(model.parameters.r, model.parameters.alpha)
    comes = rhythm.chance_within(made.history, horizon, model.p_alive(made.history))
    chances = -np.log1p(-np.minimum(comes, 1.0 - _TINY))
    return np.asarray(orders * chances / np.maximum(made.plain_orders[told_by], _TINY))
