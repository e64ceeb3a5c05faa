"""Coefficients of a logistic regression, freed of those that cannot be told from noise.

Whichever coefficient is smaller than its own error is left out, the least sure one first, and what it said goes to
those that say the same. That is backward elimination by Mallows's rule, under which a coefficient earns its place
where its square is more than its variance. The likelihood is taken to be normal around its maximum, so nothing is
fitted anew.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def freed_of_noise(intercept: float, found: Floats, values: Floats) -> tuple[float, Floats]:
    """Return intercept and coefficients, of which those are nothing that are no more than noise.

    They were found for standardised values (rows x features), with a penalty of half the sum of their squares.
    """
    estimate = np.array([intercept, *found])
    rows = np.column_stack([np.ones(len(values)), values])
    covariance = _covariance(rows, 1.0 / (1.0 + np.exp(-(rows @ estimate))))
    kept = list(range(1, len(estimate)))
    while kept:
        # rounded, so that of equal features the first one goes, whatever the last digits are
        sureness = np.round(estimate[kept] ** 2 / np.diag(covariance)[kept], 6)
        if sureness.min() > 1.0:
            break
        estimate, covariance = _without(kept.pop(int(sureness.argmin())), estimate, covariance)
    return float(estimate[0]), np.asarray(estimate[1:], dtype=np.float64)


def _covariance(rows: Floats, chance: Floats) -> Floats:
    """How sure intercept and coefficients are, by the curvature of the penalised likelihood at its maximum."""
    penalty = np.diag([0.0, *np.ones(rows.shape[1] - 1)])
    return np.asarray(np.linalg.inv(rows.T @ (rows * (chance * (1.0 - chance))[:, None]) + penalty))


def _without(number: int, estimate: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """What the others are where one coefficient is nothing."""
    share = covariance[:, number] / covariance[number, number]
    rest = covariance - np.outer(share, covariance[number])
    left = estimate - share * estimate[number]
    left[number] = 0.0
    return np.asarray(left), np.asarray(rest)
