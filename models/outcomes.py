"""The outcome to expect under each arm, given what is known of a customer.

One model for all arms: smooth curves of every feature, a level per arm, and curves per arm that are shrunk much harder
than the common ones. For effects differ less between customers than outcomes do: on little evidence every customer
gets the same effect (for yes-or-no outcomes, the same odds ratio), on much evidence his own. What differs between days
and not between customers (`context`) has curves of its own, common to all arms, so it changes no effect.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# By what the curves per arm are scaled before the common penalty; 0 makes effects the same for all.
DIFFERENCES = (0.0, 0.03, 0.1, 0.3, 1.0)
_KNOTS = 4
_RIDGE = 1.0
_CHOICE_FOLDS = 3


class ArmOutcomes:
    """Predicts the outcome of each customer under each arm. `difference` is one of `DIFFERENCES`."""

    def __init__(self, arms: int, *, difference: float, is_binary: bool) -> None:
        self.arms = arms
        self.difference = difference
        self.is_binary = is_binary

    def fit(self, features: Floats, arm: Integers, outcome: Floats, context: Floats | None = None) -> Self:
        """Learn curves from what followed each arm; a binary outcome is a logit, any other is linear."""
        self.curves_ = curves().fit(features)
        self.context_ = None if context is None else curves().fit(context)
        common = None if self.context_ is None else self.context_.transform(context)
        return self.fit_basis(self.curves_.transform(features), arm, outcome, common)

    def predict(self, features: Floats, context: Floats | None = None) -> Floats:
        """Return the expected outcomes, (n, arms); without a context, those of an average day."""
        common = None if self.context_ is None or context is None else self.context_.transform(context)
        return self.predict_basis(self.curves_.transform(features), common)

    def fit_basis(self, basis: Floats, arm: Integers, outcome: Floats, common: Floats | None = None) -> Self:
        """Learn from curves that have been made already."""
        from sklearn.linear_model import LogisticRegression, Ridge

        self.width_ = 0 if common is None else common.shape[1]
        design = self.design(basis, arm, common)
        if self.is_binary and 0.0 < outcome.mean() < 1.0:
            self.model_ = LogisticRegression(C=1.0 / _RIDGE, solver="newton-cholesky").fit(design, outcome == 1.0)
        else:
            self.model_ = Ridge(alpha=_RIDGE, solver="cholesky").fit(design, outcome)
        return self

    def predict_basis(self, basis: Floats, common: Floats | None = None) -> Floats:
        """Return the expected outcomes from curves that have been made already."""
        everywhere = [np.full(len(basis), arm) for arm in range(self.arms)]
        return np.column_stack([self._expected(self.design(basis, arm, common)) for arm in everywhere])

    def _expected(self, design: Floats) -> Floats:
        if hasattr(self.model_, "predict_proba"):
            return np.asarray(self.model_.predict_proba(design)[:, 1], dtype=np.float64)
        return np.asarray(self.model_.predict(design), dtype=np.float64)

    def design(self, basis: Floats, arm: Integers, common: Floats | None) -> Floats:
        """Return common curves, a level per arm (nearly unpenalised), and each arm's shrunken departure from them."""
        level = np.eye(self.arms)[arm] - 1.0 / self.arms
        of_day = np.zeros((len(basis), self.width_)) if common is None else common
        blocks = [basis, of_day, 10.0 * level]
        if self.difference:
            blocks += [self.difference * level[:, [number]] * basis for number in range(self.arms)]
        return np.hstack(blocks)


def choose_difference(
    features: Floats,
    arm: Integers,
    outcome: Floats,
    context: Floats | None = None,
    *,
    arms: int,
    is_binary: bool,
    seed: int,
) -> float:
    """Return the difference of `DIFFERENCES` whose predictions lose least on held-out rows (log or squared loss)."""
    fold = np.random.default_rng(seed).permutation(len(arm)) % _CHOICE_FOLDS
    basis = curves().fit_transform(features)
    common = np.zeros((len(arm), 0)) if context is None else curves().fit_transform(context)
    losses = np.zeros(len(DIFFERENCES))
    if not is_binary:
        losses = _squared_losses(basis, common, arm, outcome, arms, fold)
    for place, difference in enumerate(DIFFERENCES if is_binary else ()):
        model = ArmOutcomes(arms, difference=difference, is_binary=is_binary)
        for held_out in range(_CHOICE_FOLDS):
            inside = fold == held_out
            model.fit_basis(basis[~inside], arm[~inside], outcome[~inside], common[~inside])
            expected = model.predict_basis(basis[inside], common[inside])
            losses[place] += _loss(outcome[inside], expected[np.arange(len(expected)), arm[inside]], is_binary)
    return DIFFERENCES[int(np.argmin(losses))]


def _squared_losses(basis: Floats, common: Floats, arm: Integers, outcome: Floats, arms: int, fold: Integers) -> Floats:
    """The held-out losses of `ArmOutcomes` for each of `DIFFERENCES`: these only scale columns, so the sums of squares
    and products of one design do for all of them."""
    whole = ArmOutcomes(arms, difference=1.0, is_binary=False)
    whole.width_ = common.shape[1]
    design = np.column_stack([whole.design(basis, arm, common), np.ones(len(arm)), outcome])
    sums = np.stack([design[fold == held_out].T @ design[fold == held_out] for held_out in range(_CHOICE_FOLDS)])
    shared = basis.shape[1] + common.shape[1] + arms
    losses = np.zeros(len(DIFFERENCES))
    for own in sums:
        rest = sums.sum(axis=0) - own
        count = rest[-2, -2]
        means = rest[:-2, -2] / count
        gram = rest[:-2, :-2] - count * np.outer(means, means)
        target = rest[:-2, -1] - rest[-2, -1] * means
        for place, difference in enumerate(DIFFERENCES):
            scale = np.where(np.arange(len(gram)) < shared, 1.0, difference)
            scaled = scale[:, None] * gram * scale + _RIDGE * np.eye(len(gram))
            weights = scale * np.linalg.solve(scaled, scale * target)
            error = np.append(-weights, [weights @ means - rest[-2, -1] / count, 1.0])
            losses[place] += float(error @ own @ error)
    return losses


def curves() -> Any:
    """Return an unfitted transformer: ranks within each feature, and cubic splines of those, centred and scaled.

    A feature of two values needs no curve and stays one column.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer, SplineTransformer, StandardScaler

    ranks = QuantileTransformer(n_quantiles=100, subsample=None)
    smooth = make_pipeline(ranks, SplineTransformer(n_knots=_KNOTS, include_bias=False))
    return make_pipeline(
        ColumnTransformer([("smooth", smooth, _many_valued)], remainder="passthrough"), StandardScaler()
    )


def _many_valued(features: Floats) -> list[int]:
    return [column for column in range(features.shape[1]) if len(np.unique(features[:, column])) > 2]


def _loss(outcome: Floats, expected: Floats, is_binary: bool) -> float:
    if not is_binary:
        return float(((outcome - expected) ** 2).sum())
    chance = np.clip(expected, 1e-6, 1.0 - 1e-6)
    return float(-(outcome * np.log(chance) + (1.0 - outcome) * np.log1p(-chance)).sum())
