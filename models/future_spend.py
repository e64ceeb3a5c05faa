"""How far a customer's spend over a horizon may lie from its expectation, under BG/NBD and Gamma-Gamma.

Given the history, a customer has left with probability 1 - p_alive and spends nothing more. Otherwise n purchases
happen with the probabilities of `bg_nbd.count_probability`, and the sum of n purchases is (v + x m) times a
beta prime variable with shapes (p n, q + p x). So the distribution of the future spend is known exactly:

    F(s) = 1 - p_alive + p_alive * (P(0) + sum over n of P(n) * I[w / (1 + w)](p n, q + p x)),   w = s / (v + x m)

with I the regularised incomplete beta function. The bracket depends on x and the age alone, so it is tabulated once
per pair of these, and every customer's quantiles are read off between the table's points.

The interval covers chance and what we do not know of this customer. It takes the fitted parameters for true, and
customers for unchanged: it knows nothing of a new competitor, a price rise, or a change of margin.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from models.bg_nbd import BgNbd, count_probability, distinct
from models.gamma_gamma import GammaGamma

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Counts = list[tuple[Rows, int, Floats]]

# The share of the count distribution that the sum over n may leave out.
_TAIL = 1e-4
# The table's points: so many standard deviations of a log-normal with the same mean and variance.
_POINTS = np.linspace(-5.0, 4.0, 46)
_MOST_PURCHASES = 5_000
_ROWS_AT_ONCE = 20_000


def spend_quantiles(
    purchases: BgNbd,
    spend: GammaGamma,
    x: Floats,
    age: Floats,
    alive: Floats,
    mean_spend: Floats,
    *,
    t: float,
    levels: tuple[float, ...],
) -> list[Floats]:
    """Return the quantiles of each customer's spend within the next `t`, one array per level.

    x, age, alive (p_alive) and mean_spend have one value per customer. Accurate to about one per cent.
    """
    distinct_x, distinct_age, which = distinct(x, age)
    points, shares = _tables(purchases, spend, distinct_x, distinct_age, t)
    scale = spend.v + x * mean_spend
    quantiles = [np.zeros_like(scale) for _ in levels]
    for start in range(0, len(x), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        for quantile, level in zip(quantiles, levels, strict=True):
            if_alive = 1.0 - (1.0 - level) / np.maximum(alive[rows], 1e-300)
            quantile[rows] = scale[rows] * _read(points[which[rows]], shares[which[rows]], if_alive)
    return quantiles


def _tables(purchases: BgNbd, spend: GammaGamma, x: Floats, age: Floats, t: float) -> tuple[Floats, Floats]:
    """Per pair of (x, age) the points w, beginning with 0, and the share of active customers at or below them."""
    points = np.zeros((len(x), len(_POINTS) + 1))
    shares = np.zeros_like(points)
    for start in range(0, len(x), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        counts = list(_counts(purchases, x[rows], age[rows], t))
        points[rows, 1:] = _points(spend, x[rows], counts)
        shares[rows] = _shares(spend, x[rows], counts, points[rows])
    return points, shares


def _counts(purchases: BgNbd, x: Floats, age: Floats, t: float) -> Iterator[tuple[Rows, int, Floats]]:
    """For n = 0, 1, ...: the rows whose distribution is not yet complete, n, and their P(n)."""
    rows = np.arange(len(x))
    missing = np.ones_like(x)
    for n in range(_MOST_PURCHASES):
        probability = count_probability(purchases, x[rows], age[rows], t, n)
        missing[rows] -= probability
        yield rows, n, probability
        rows = rows[missing[rows] > _TAIL]
        if not len(rows):
            return


def _points(spend: GammaGamma, x: Floats, counts: Counts) -> Floats:
    """Where to tabulate: around the log-normal that has the mean and variance of w, given at least one purchase."""
    some, first, second = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    for rows, n, probability in counts[1:]:
        some[rows] += probability
        first[rows] += probability * n
        second[rows] += probability * n * n
    first, second = first / some, second / some
    q = spend.q + spend.p * x
    mean = spend.p * first / (q - 1.0)
    # The variance exists for q > 2 only; below that the table is merely wider than need be.
    square = spend.p * (spend.p * second + first) / ((q - 1.0) * np.maximum(q - 2.0, 0.1))
    log_variance = np.log(np.maximum(square / mean**2, 1.0 + 1e-6))
    return np.asarray(np.exp((np.log(mean) - log_variance / 2)[:, None] + np.sqrt(log_variance)[:, None] * _POINTS))


def _shares(spend: GammaGamma, x: Floats, counts: Counts, points: Floats) -> Floats:
    """The share of active customers whose w is at or below each point."""
    shares = np.zeros_like(points)
    part = points / (1.0 + points)
    q = (spend.q + spend.p * x)[:, None]
    for rows, n, probability in counts:
        at_most = betainc(spend.p * n, q[rows], part[rows]) if n else 1.0
        shares[rows] += probability[:, None] * at_most
    return shares


def _read(points: Floats, shares: Floats, level: Floats) -> Floats:
    """The point at which each row's shares reach its level, on straight lines between the points."""
    after = np.clip((shares < level[:, None]).sum(axis=1), 0, points.shape[1] - 1)
    row, before = np.arange(len(level)), np.maximum(after - 1, 0)
    width = shares[row, after] - shares[row, before]
    part = np.clip((level - shares[row, before]) / np.where(width > 0.0, width, 1.0), 0.0, 1.0)
    return np.asarray(points[row, before] + part * (points[row, after] - points[row, before]))
