"""How well a ranking of customers by expected effect finds those whom a contact moves: the Qini coefficient.

Radcliffe 2007, "Using control groups to target on predicted lift"; the curve and its normalisation by the perfect
ranking follow scikit-uplift's `qini_auc_score`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


def qini_coefficient(outcome: Floats, is_treated: Booleans, expected_effect: Floats) -> float:
    """Return the area between the Qini curve and that of a random order, as a share of a perfect ranking's.

    0 means no better than chance, below it worse. The outcome is 0 or 1, the treatment random.
    """
    treated = is_treated.astype(float)
    perfect = outcome * (2.0 * treated - 1.0)
    chance = _gain(outcome, treated)[-1] * len(outcome) / 2.0
    return float((_area(outcome, treated, expected_effect) - chance) / (_area(outcome, treated, perfect) - chance))


def _area(outcome: Floats, treated: Floats, score: Floats) -> float:
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    gain = _gain(outcome[order], treated[order])[last_of_tie]
    return float(np.trapezoid(np.append(0.0, gain), np.append(0, last_of_tie + 1)))


def _gain(outcome: Floats, treated: Floats) -> Floats:
    """Successes among the treated beyond those that as many untreated had, after each customer."""
    ours, theirs = np.cumsum(treated), np.cumsum(1.0 - treated)
    ratio = np.divide(ours, theirs, out=np.zeros_like(ours), where=theirs > 0)
    return np.asarray(np.cumsum(outcome * treated) - np.cumsum(outcome * (1.0 - treated)) * ratio)
