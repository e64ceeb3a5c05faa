"""Coefficients keep what is known, lose what is noise, and lose nothing that two features say alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import LogisticRegression

from models.sure_coefficients import freed_of_noise


def found(values: npt.NDArray[np.float64], effect: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    """What is left of the coefficients of 4,000 customers who buy by the given effects."""
    chance = 1.0 / (1.0 + np.exp(1.0 - values @ effect))
    bought = np.random.default_rng(seed).random(len(values)) < chance
    fit = LogisticRegression(C=1.0, max_iter=1_000).fit(values, bought)
    intercept, left = freed_of_noise(float(fit.intercept_[0]), fit.coef_[0], values)
    assert intercept == pytest.approx(-1.0, abs=0.15)
    return left


@pytest.fixture
def values() -> npt.NDArray[np.float64]:
    return np.random.default_rng(1).standard_normal((4_000, 6))


def test_what_is_known_stays_and_most_noise_goes(values: npt.NDArray[np.float64]) -> None:
    effect = np.array([0.5, 0.0, 0.0, 0.0, 0.0, -0.3])
    left = np.array([found(values, effect, seed) for seed in range(10)])
    assert left.mean(axis=0)[[0, 5]] == pytest.approx([0.5, -0.3], abs=0.04)
    assert (left[:, 1:5] == 0.0).mean() > 0.5


def test_features_that_say_the_same_do_not_cancel_each_other(values: npt.NDArray[np.float64]) -> None:
    """Accident: who gets the newsletter has agreed to it, neither is sure for itself, and both are lost."""
    values[:, 1] = values[:, 0]
    left = found(values, np.array([0.5, 0.0, 0.0, 0.0, 0.0, 0.0]), seed=1)
    assert left[0] == 0.0, "of equals the first one goes"
    assert left[1] == pytest.approx(0.5, abs=0.08)
