"""Outcomes are expected of each arm, and effects differ between customers only as far as held-out outcomes bear out."""

from __future__ import annotations

import numpy as np
import pytest

from models.outcomes import DIFFERENCES, ArmOutcomes, _squared_losses, choose_difference, curves


def campaign(*, slope: float, seed: int, people: int = 4_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two random arms; the second adds 1 + slope * x, x between -1 and 1."""
    random = np.random.default_rng(seed)
    features = random.uniform(-1.0, 1.0, (people, 3))
    arm = random.integers(0, 2, people)
    outcome = 3.0 * features[:, 1] ** 2 + arm * (1.0 + slope * features[:, 0]) + random.normal(0.0, 2.0, people)
    return features, arm, outcome


def test_effects_differ_only_where_held_out_outcomes_say_so() -> None:
    """Accident: noise of the outcome passes for differences between customers' effects, or true ones are lost."""
    for seed in range(3):
        assert choose_difference(*campaign(slope=0.0, seed=seed), arms=2, is_binary=False, seed=0) <= 0.03
        assert choose_difference(*campaign(slope=2.0, seed=seed), arms=2, is_binary=False, seed=0) >= 0.1


def test_the_choice_is_that_of_fitting_each_model_anew() -> None:
    """Accident: sums of squares shared between models are not those of their folds."""
    features, arm, outcome = campaign(slope=0.5, seed=4, people=600)
    context = np.random.default_rng(5).random((600, 2))
    fold = np.random.default_rng(0).permutation(600) % 3
    basis, common = curves().fit_transform(features), curves().fit_transform(context)
    losses = []
    for difference in DIFFERENCES:
        model, squares = ArmOutcomes(2, difference=difference, is_binary=False), 0.0
        for inside in (fold == held_out for held_out in range(3)):
            model.fit_basis(basis[~inside], arm[~inside], outcome[~inside], common[~inside])
            expected = model.predict_basis(basis[inside], common[inside])[np.arange(inside.sum()), arm[inside]]
            squares += float(((outcome[inside] - expected) ** 2).sum())
        losses.append(squares)
    assert _squared_losses(basis, common, arm, outcome, 2, fold) == pytest.approx(losses)


def test_curved_outcomes_and_effects_are_found() -> None:
    """Accident: a straight line through a U makes the outcome model useless against confounding."""
    features, arm, outcome = campaign(slope=2.0, seed=7)
    expected = ArmOutcomes(2, difference=0.3, is_binary=False).fit(features, arm, outcome).predict(features)
    truth = 3.0 * features[:, 1] ** 2
    assert np.corrcoef(expected[:, 0], truth)[0, 1] > 0.97
    assert np.corrcoef(expected[:, 1] - expected[:, 0], features[:, 0])[0, 1] > 0.95


def test_expected_shares_of_a_yes_or_no_outcome_stay_between_zero_and_one() -> None:
    """Accident: a straight line promises a visit rate of 110 %, or an outcome that never happened breaks the fit."""
    features, arm, outcome = campaign(slope=2.0, seed=8)
    model = ArmOutcomes(2, difference=0.3, is_binary=True)
    expected = model.fit(features, arm, (outcome > 3.0).astype(float)).predict(features)
    assert ((expected > 0.0) & (expected < 1.0)).all()
    assert np.abs(model.fit(features, arm, np.zeros(len(arm))).predict(features)).max() < 1e-9
