"""How good a forecast of customers' orders or spend was: for each customer, for their order, and for the total."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy
from scipy.stats import spearmanr

Floats = npt.NDArray[np.float64]


def scores(seen: Floats, expected: Floats) -> dict[str, float]:
    """Return the scores of a forecast, one number per customer, against what was seen.

    rmse, poisson_deviance (mean) and mae: less is better, but mae rewards forecasting too little. bias: of the total,
    as a share of what was seen. spearman; capture: the share of all that was seen which the tenth of customers with
    the highest forecasts holds; gini of what was seen, ordered by the forecast: 0 for none, more is better.
    """
    is_flat = np.ptp(expected) == 0.0 or np.ptp(seen) == 0.0
    return {
        "rmse": float(np.sqrt(np.mean((seen - expected) ** 2))),
        "poisson_deviance": float(poisson_deviances(seen, expected).mean()),
        "bias": float(expected.sum() / seen.sum() - 1.0),
        "mae": float(np.abs(seen - expected).mean()),
        "spearman": 0.0 if is_flat else float(spearmanr(seen, expected).statistic),
        "capture": _capture(seen, expected),
        "gini": _gini(seen, expected),
    }


def poisson_deviances(seen: Floats, expected: Floats) -> Floats:
    """Return each customer's Poisson deviance."""
    expected = np.maximum(expected, 1e-9)
    return np.asarray(2.0 * (xlogy(seen, seen / expected) - seen + expected))


def _capture(seen: Floats, expected: Floats) -> float:
    best = np.argsort(-expected, kind="stable")[: max(1, round(len(expected) / 10))]
    return float(seen[best].sum() / seen.sum())


def _gini(seen: Floats, expected: Floats) -> float:
    """Twice the area between the share of customers, best first, and the share of what they brought."""
    cumulated = np.cumsum(seen[np.argsort(-expected, kind="stable")]) / seen.sum()
    return float(2.0 * (cumulated.mean() - 0.5))
