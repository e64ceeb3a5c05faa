"""What did a contact add? Doubly robust estimates of the effect of several treatments against none.

Each row is a decision: a customer on a day, what was known of him then, the arm that followed (a channel, or none) and
the outcome within the horizon. Every row gets a score per arm, the outcome to expect under that arm:

    score = predicted outcome under the arm + (the arm followed) x (outcome - predicted outcome) / propensity

Its mean is right if either the predicted outcomes or the propensities are (augmented inverse propensity weighting,
Robins, Rotnitzky and Zhao 1994). Predictions for a customer come from models that never saw him (cross-fitting,
Chernozhukov et al. 2018, doi:10.1111/ectj.12097), and standard errors count a customer's decisions as one.

In the mean effect of an arm those decisions count most that could as well have been the one as the other (overlap
weights, Li, Morgan and Zaslavsky 2018, doi:10.1080/01621459.2016.1260466). They tell most of an effect: one order of a
customer who is hardly ever called no longer counts like those of fifty.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from models.outcomes import ArmOutcomes, choose_difference, curves

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

# Fewer customers in an arm than this, or so few by their weights, show no contrast that could be told from chance.
FEWEST_IN_ARM = 30
# A propensity below this share of the arm's frequency has hardly anybody comparable behind it.
_LEAST_OVERLAP = 0.1


@dataclass(frozen=True)
class Decisions:
    """What was known, done and seen. `arm` holds places in `arms`, whose first is no contact.

    Arrays have one entry per decision; `features` (n, d) must be finite. `context` (n, k) is what differs between days
    and not between customers: it bears on the outcome and on the arm, not on the effect. `propensities` (n, arms) are
    zero for an arm that the customer could not get, where they were logged; rows of NaN, or None, are estimated.
    """

    customer: Integers
    features: Floats
    arm: Integers
    outcome: Floats
    arms: tuple[str, ...]
    propensities: Floats | None = None
    context: Floats | None = None

    def __post_init__(self) -> None:
        if not np.isfinite(self.features).all() or not np.isfinite(self.outcome).all():
            raise ValueError("Features and outcomes must be finite numbers; impute what is missing before.")
        if self.arm.size and not 0 <= self.arm.min() <= self.arm.max() < len(self.arms):
            raise ValueError(f"Arms must be 0 to {len(self.arms) - 1}; found {self.arm.min()} to {self.arm.max()}.")
        if self.propensities is not None and (self.propensities[np.arange(len(self.arm)), self.arm] <= 0.0).any():
            raise ValueError("An arm that followed has a logged propensity of zero, so the log cannot be right.")

    @property
    def is_logged(self) -> Booleans:
        """Of which decisions the propensities are known."""
        if self.propensities is None:
            return np.zeros(len(self.arm), dtype=np.bool_)
        return np.asarray(np.isfinite(self.propensities).all(axis=1))

    @property
    def known(self) -> Floats:
        """Features and context side by side."""
        return self.features if self.context is None else np.hstack([self.features, self.context])

    @property
    def is_binary(self) -> bool:
        """Whether the outcome is yes or no."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    def at(self, rows: Booleans | Integers) -> Decisions:
        """Return the decisions of some rows."""
        logged = None if self.propensities is None else self.propensities[rows]
        return replace(
            self,
            customer=self.customer[rows],
            features=self.features[rows],
            arm=self.arm[rows],
            outcome=self.outcome[rows],
            propensities=logged,
            context=None if self.context is None else self.context[rows],
        )


@dataclass(frozen=True)
class Nuisances:
    """Fitted models of the outcome under each arm and, where propensities are not logged, of the arm."""

    outcomes: ArmOutcomes
    arm: Any | None

    def score(self, decisions: Decisions) -> Scores:
        """Return the scores of decisions; of customers whom these models have not seen, or they flatter."""
        predicted = self.outcomes.predict(decisions.features, decisions.context)
        propensities = np.zeros_like(predicted)
        if self.arm is not None:
            propensities[:, self.arm.classes_] = self.arm.predict_proba(decisions.known)
        if decisions.propensities is not None:
            propensities = np.where(decisions.is_logged[:, None], decisions.propensities, propensities)
        return _scores(decisions, predicted, propensities)


@dataclass(frozen=True)
class Scores:
    """The doubly robust score of each decision under each arm, the outcome predicted there, and where it has overlap.

    All of shape (n, arms). Scores without overlap are zero and mean nothing. `missed` (n) is by how much the outcome
    differed from the one predicted under the arm that followed.
    """

    customer: Integers
    values: Floats
    predicted: Floats
    propensities: Floats
    has_overlap: Booleans
    followed: Booleans
    missed: Floats
    arms: tuple[str, ...]


@dataclass(frozen=True)
class MeanEffect:
    """What one arm adds to the outcome against no contact, on average over the decisions in which both could happen,
    each as `comparability` weighs it.

    `share` says how many of all decisions those are, `effective_size` how many equally weighted ones the arm's weighted
    ones are worth (Kish). Without a contrast, the other numbers are NaN.
    """

    arm: str
    effect: float
    standard_error: float
    low: float
    high: float
    share: float
    effective_size: float

    @property
    def has_contrast(self) -> bool:
        """Whether the data show this arm and no contact on comparable customers at all."""
        return bool(np.isfinite(self.effect))


def doubly_robust(decisions: Decisions, *, folds: int = 5, seed: int = 0, difference: float | None = None) -> Scores:
    """Return cross-fitted scores, one row per decision. All decisions of a customer lie in one fold.

    `difference` is how freely effects may differ (see `models.outcomes`); without it, held-out rows choose.
    """
    if difference is None:
        difference = held_out_difference(decisions, seed=seed)
    fold = customer_folds(decisions.customer, folds, seed)
    parts, rows = [], []
    for held_out in range(folds):
        inside = fold == held_out
        if inside.any():
            parts.append(fit_nuisances(decisions.at(~inside), difference=difference).score(decisions.at(inside)))
            rows.append(np.flatnonzero(inside))
    return _in_order(parts, np.argsort(np.concatenate(rows)))


def held_out_difference(decisions: Decisions, *, seed: int = 0) -> float:
    """Return how freely effects may differ between customers, as held-out outcomes tell."""
    return choose_difference(
        decisions.features,
        decisions.arm,
        decisions.outcome,
        decisions.context,
        arms=len(decisions.arms),
        is_binary=decisions.is_binary,
        seed=seed,
    )


def fit_outcomes(decisions: Decisions, *, difference: float) -> ArmOutcomes:
    """Return the model of the outcome under each arm, fitted on these decisions."""
    outcomes = ArmOutcomes(len(decisions.arms), difference=difference, is_binary=decisions.is_binary)
    return outcomes.fit(decisions.features, decisions.arm, decisions.outcome, decisions.context)


def fit_nuisances(decisions: Decisions, *, difference: float) -> Nuisances:
    """Return the models that scores need, fitted on these decisions."""
    outcomes = fit_outcomes(decisions, difference=difference)
    unknown = ~decisions.is_logged
    if not unknown.any():
        return Nuisances(outcomes, None)
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    is_one = len(np.unique(decisions.arm[unknown])) == 1
    arm = make_pipeline(curves(), DummyClassifier() if is_one else LogisticRegression(solver="newton-cholesky"))
    return Nuisances(outcomes, arm.fit(decisions.known[unknown], decisions.arm[unknown]))


def customer_folds(customer: Integers, folds: int, seed: int) -> Integers:
    """Return the fold of each row, the same for all rows of a customer, of nearly equal numbers of customers."""
    names, place = np.unique(customer, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % folds)[place].astype(np.int64)


def mean_effects(scores: Scores, *, level: float = 0.95) -> list[MeanEffect]:
    """Return the effect of every arm but the first against the first, with intervals of that level."""
    return [_mean_effect(scores, arm, level) for arm in range(1, len(scores.arms))]


def comparability(scores: Scores, arm: int) -> Floats:
    """Return how much each decision tells of an arm against none: 0 where either could not happen, and most where both
    were as likely."""
    both = scores.has_overlap[:, 0] & scores.has_overlap[:, arm]
    inverse = np.divide(1.0, scores.propensities[:, [0, arm]], out=np.ones((len(both), 2)), where=both[:, None])
    return np.asarray(both / inverse.sum(axis=1))


def mean_and_error(values: Floats, customer: Integers, weights: Floats | None = None) -> tuple[float, float]:
    """Return the mean and its standard error, a customer's rows counting as one cluster."""
    own = np.ones(len(values)) if weights is None else weights
    mean = float(np.average(values, weights=own))
    _, place = np.unique(customer, return_inverse=True)
    sums = np.bincount(place, own * (values - mean))
    clusters = len(sums)
    return mean, float(np.sqrt((sums**2).sum() * clusters / max(clusters - 1, 1)) / own.sum())


def _mean_effect(scores: Scores, arm: int, level: float) -> MeanEffect:
    comparable = comparability(scores, arm)
    both = comparable > 0.0
    followed = both & scores.followed[:, arm]
    weights = comparable[followed] / scores.propensities[followed, arm]
    size = float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0
    share = float(both.mean()) if len(both) else 0.0
    seen = [len(np.unique(scores.customer[both & scores.followed[:, number]])) for number in (0, arm)]
    if min(*seen, size) < FEWEST_IN_ARM:
        return MeanEffect(scores.arms[arm], *(np.nan,) * 4, share=share, effective_size=size)
    contrast = scores.values[:, arm] - scores.values[:, 0]
    effect, own = mean_and_error(contrast[both], scores.customer[both], comparable[both])
    error = float(np.sqrt((own**2 + _variance_as_of_all(scores, arm, both, comparable[both])) / 2.0))
    reach = float(norm.ppf(0.5 + level / 2.0)) * error
    return MeanEffect(scores.arms[arm], effect, error, effect - reach, effect + reach, share, size)


def _variance_as_of_all(scores: Scores, arm: int, both: Booleans, weights: Floats) -> float:
    """The variance of the mean effect if outcomes scattered under the two arms as they do under all.

    An arm's own scatter owes much to a few large orders: where it had none, by chance, its effect comes out too low and
    its error too small. What all alike customers show is steadier, but takes it that contacts leave the scatter as it
    is. So the error of an effect is taken from the mean of the two variances.
    """
    predicted = (scores.predicted[:, arm] - scores.predicted[:, 0])[both]
    inverse = (1.0 / scores.propensities[both][:, [0, arm]]).sum(axis=1)
    scatter = (weights**2 * scores.missed[both] ** 2 * inverse).sum() / weights.sum() ** 2
    return float(scatter) + mean_and_error(predicted, scores.customer[both], weights)[1] ** 2


def _scores(decisions: Decisions, predicted: Floats, propensities: Floats) -> Scores:
    followed = np.eye(len(decisions.arms), dtype=np.bool_)[decisions.arm]
    has_overlap = _overlap(propensities, followed, decisions.is_logged)
    weights = np.where(followed & has_overlap, 1.0 / np.where(has_overlap, propensities, 1.0), 0.0)
    values = predicted + weights * (decisions.outcome[:, None] - predicted)
    return Scores(
        customer=decisions.customer,
        values=np.where(has_overlap, values, 0.0),
        predicted=predicted,
        propensities=propensities,
        has_overlap=has_overlap,
        followed=followed,
        missed=decisions.outcome - predicted[np.arange(len(predicted)), decisions.arm],
        arms=decisions.arms,
    )


def _overlap(propensities: Floats, followed: Booleans, is_logged: Booleans) -> Booleans:
    """Where a propensity is far below the arm's share, estimated ones are doubted, and logged ones make a single order
    count like thousands: neither is learned from."""
    has_overlap = np.zeros(followed.shape, dtype=np.bool_)
    for rows in (is_logged, ~is_logged):
        if rows.any():
            has_overlap[rows] = propensities[rows] > _LEAST_OVERLAP * followed[rows].mean(axis=0)
    return has_overlap


def _in_order(parts: list[Scores], order: Integers) -> Scores:
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])[order]
        for name in ("customer", "values", "predicted", "propensities", "has_overlap", "followed", "missed")
    }
    return Scores(arms=parts[0].arms, **joined)
