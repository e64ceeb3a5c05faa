"""What does a contact add for this very customer, and does it pay to treat customers differently at all?

The effect for a customer is the difference of the outcomes expected under two arms, corrected by what the doubly
robust scores (`models.effects`) say beyond it (the DR-learner of Kennedy 2023, doi:10.1214/23-EJS2157). To rank
customers within an arm, the correction is shrunk as far as its evidence demands (MacKay 1992, scikit-learn's
BayesianRidge). To choose between arms it is not: that would shrink how customers differ and leave how arms differ as it
is, however uncertain.

The gate: a recommendation is personal only if, on customers whom its models have not seen, its doubly robust value
beats giving everybody any single arm, with the lower 95 % bounds of all these comparisons above zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from models.effects import (
    Booleans,
    Decisions,
    Floats,
    Integers,
    MeanEffect,
    Scores,
    customer_folds,
    doubly_robust,
    fit_nuisances,
    held_out_difference,
    mean_and_error,
    mean_effects,
)
from models.outcomes import ArmOutcomes

_LEVEL = 0.95
_OUTER_FOLDS, _INNER_FOLDS = 5, 2


@dataclass(frozen=True)
class CustomerEffects:
    """Effects of each arm but the first against the first, (n, arms - 1), and their intervals."""

    effect: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class EffectModel:
    """Fitted effects per customer. Arms without any overlap have no effect known: NaN."""

    outcomes: ArmOutcomes
    corrections: tuple[_Correction | None, ...]

    def effects(self, features: Floats, *, level: float = _LEVEL) -> CustomerEffects:
        """Return the effects for customers of these features.

        The intervals are as wide as those of an unshrunk linear projection of the scores on the features (Semenova and
        Chernozhukov 2021, doi:10.1093/ectj/utaa027), since shrinking makes an estimate better and never proves it so.
        """
        predicted = self.outcomes.predict(features)
        effect = np.full((len(features), len(self.corrections)), np.nan)
        error = np.full_like(effect, np.nan)
        for place, correction in enumerate(self.corrections):
            if correction is not None:
                beyond, error[:, place] = correction.at(features)
                effect[:, place] = predicted[:, place + 1] - predicted[:, 0] + beyond
        reach = float(norm.ppf(0.5 + level / 2.0)) * error
        return CustomerEffects(effect, effect - reach, effect + reach)


@dataclass(frozen=True)
class _Correction:
    """A linear function of ranks in the features, and the covariance of its coefficients before any shrinking."""

    scaler: Any
    line: Any
    covariance: Floats

    def at(self, features: Floats) -> tuple[Floats, Floats]:
        scaled = self.scaler.transform(features)
        design = np.column_stack([np.ones(len(scaled)), scaled])
        error = np.sqrt(np.einsum("ij,jk,ik->i", design, self.covariance, design))
        return np.asarray(self.line.predict(scaled), dtype=np.float64), error


@dataclass(frozen=True)
class Ruling:
    """Whether recommendations may be personal; if not, `best_arm` is for all.

    `gain` is what personal ones add per customer against the best single arm on held-out customers, `gain_low` the
    smallest lower bound against any single arm; NaN where there is only one arm to choose.
    """

    is_personal: bool
    best_arm: int
    gain: float
    gain_low: float


def fit_effects(decisions: Decisions, scores: Scores, outcomes: ArmOutcomes, *, is_shrunk: bool) -> EffectModel:
    """Return the effects per customer, learned from decisions, their cross-fitted scores, and the outcomes to expect.

    Shrunken ones rank customers within an arm, the others choose between arms.
    """
    found = [_correction(decisions.features, scores, arm, is_shrunk=is_shrunk) for arm in range(1, len(decisions.arms))]
    return EffectModel(outcomes, tuple(found))


def judge(
    decisions: Decisions, *, costs: Floats | None = None, contrasts: list[MeanEffect] | None = None, seed: int = 0
) -> Ruling:
    """Return whether personal recommendations beat every single arm for all, on held-out customers.

    `costs` holds what each arm costs, in the outcome's unit. Arms without a contrast are not considered; `contrasts`
    are the mean effects, where they are known already.
    """
    spent = np.zeros(len(decisions.arms)) if costs is None else costs
    if contrasts is None:
        contrasts = mean_effects(doubly_robust(decisions, seed=seed, difference=0.0))
    arms = [0, *(number for number, found in enumerate(contrasts, start=1) if found.has_contrast)]
    if len(arms) == 1:
        return Ruling(is_personal=False, best_arm=0, gain=np.nan, gain_low=np.nan)
    held_out = [_held_out(decisions, inside, arms, spent, seed) for inside in _inside(decisions.customer, seed)]
    customer, personal, single = (np.concatenate(parts) for parts in zip(*held_out, strict=True))
    best = arms[int(np.argmax(single.mean(axis=0)))]
    gains = [mean_and_error(personal - single[:, place], customer) for place in range(len(arms))]
    low = min(gain - float(norm.ppf(_LEVEL)) * error for gain, error in gains)
    return Ruling(is_personal=low > 0.0, best_arm=best, gain=gains[arms.index(best)][0], gain_low=low)


def _inside(customer: Integers, seed: int) -> list[Booleans]:
    fold = customer_folds(customer, _OUTER_FOLDS, seed)
    return [np.asarray(fold == held_out) for held_out in range(_OUTER_FOLDS) if (fold == held_out).any()]


def _held_out(
    decisions: Decisions, inside: Booleans, arms: list[int], costs: Floats, seed: int
) -> tuple[Integers, Floats, Floats]:
    """Customers whom nothing was learned from, and the scores there of personal and of single arms, less costs."""
    train, test = decisions.at(~inside), decisions.at(inside)
    difference = held_out_difference(train, seed=seed)
    learned = doubly_robust(train, folds=_INNER_FOLDS, seed=seed, difference=difference)
    nuisances = fit_nuisances(train, difference=difference)
    effects = fit_effects(train, learned, nuisances.outcomes, is_shrunk=False).effects(test.features).effect
    scores = nuisances.score(test)
    open_arms = scores.has_overlap[:, arms]
    worth = np.column_stack([np.zeros(len(effects)), effects])[:, arms] - costs[arms]
    chosen = np.where(open_arms & np.isfinite(worth), worth, -np.inf).argmax(axis=1)
    values = scores.values[:, arms] - costs[arms]
    single = np.where(open_arms, values, values[:, [0]])
    known = open_arms[:, 0]
    return test.customer[known], single[np.arange(len(single)), chosen][known], single[known]


def _correction(features: Floats, scores: Scores, arm: int, *, is_shrunk: bool) -> _Correction | None:
    from sklearn.linear_model import BayesianRidge, LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer, StandardScaler

    both = scores.has_overlap[:, 0] & scores.has_overlap[:, arm]
    if both.sum() <= features.shape[1] + 1:
        return None
    ranks = make_pipeline(QuantileTransformer(n_quantiles=100, subsample=None), StandardScaler())
    scaled = ranks.fit_transform(features[both])
    contrast = (scores.values[:, arm] - scores.values[:, 0])[both]
    beyond = contrast - (scores.predicted[:, arm] - scores.predicted[:, 0])[both]
    line = (BayesianRidge() if is_shrunk else LinearRegression()).fit(scaled, beyond)
    return _Correction(ranks, line, _covariance(scaled, contrast, scores.customer[both]))


def _covariance(scaled: Floats, contrast: Floats, customer: Integers) -> Floats:
    """The covariance of least squares' coefficients, robust to unequal scatter; a customer's rows are one cluster."""
    design = np.column_stack([np.ones(len(scaled)), scaled])
    bread = np.linalg.pinv(design.T @ design)
    moments = design * (contrast - design @ (bread @ (design.T @ contrast)))[:, None]
    _, place = np.unique(customer, return_inverse=True)
    sums = np.column_stack([np.bincount(place, column) for column in moments.T])
    return np.asarray(bread @ (sums.T @ sums) @ bread)
