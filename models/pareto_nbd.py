"""Pareto/NBD: customers buy at a steady rate and leave at any moment (Schmittlein, Morrison, Colombo 1987).

The formulas are those of Fader and Hardie, "A note on deriving the Pareto/NBD model" (2005), with their numbers. While
active, a customer buys at a rate lambda ~ Gamma(r, alpha); he leaves at a rate mu ~ Gamma(s, beta). All functions are
pure NumPy over rows (frequency x, recency t_x, age T) in the time unit of the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln, hyp2f1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ParetoNbd:
    """Fitted parameters; alpha and beta are in the time unit of the data."""

    r: float
    alpha: float
    s: float
    beta: float
    log_likelihood: float


def log_likelihood(model: ParetoNbd, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """Return each row's log likelihood (equation 18)."""
    r, alpha, s, beta = model.r, model.alpha, model.s, model.beta
    constant = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return np.asarray(constant + np.logaddexp(_active(model, x, age), _left(model, x, t_x, age)))


def p_alive(model: ParetoNbd, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """Return the probability that each customer is still active (equation 36)."""
    return np.asarray(expit(_active(model, x, age) - _left(model, x, t_x, age)))


def expected_purchases(model: ParetoNbd, x: Floats, t_x: Floats, age: Floats, t: float) -> Floats:
    """Return the purchases to expect of each customer within the next `t` (equation 41)."""
    s = 1.0 + 1e-6 if abs(model.s - 1.0) < 1e-6 else model.s
    rate = (model.r + x) * (model.beta + age) / (model.alpha + age)
    lifetime = -np.expm1((s - 1.0) * np.log((model.beta + age) / (model.beta + age + t))) / (s - 1.0)
    return np.asarray(rate * lifetime * p_alive(replace(model, s=s), x, t_x, age))


def _active(model: ParetoNbd, x: Floats, age: Floats) -> Floats:
    """The log likelihood of the history with its silence being chance."""
    return np.asarray(-(model.r + x) * np.log(model.alpha + age) - model.s * np.log(model.beta + age))


def _left(model: ParetoNbd, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """The same with the customer having left at some moment between t_x and the age (equations 19 and 20)."""
    begin, end = _log_term(model, x, t_x), _log_term(model, x, age)
    with np.errstate(divide="ignore"):
        difference = begin + np.log1p(-np.exp(np.minimum(end - begin, 0.0)))
    return np.asarray(np.log(model.s / (model.r + model.s + x)) + difference)


def _log_term(model: ParetoNbd, x: Floats, at: Floats) -> Floats:
    """One of the two hypergeometric terms, through Euler's transformation so that large x neither overflow nor lose."""
    largest = max(model.alpha, model.beta)
    second = model.s + 1.0 if model.alpha >= model.beta else model.r + x
    total = model.r + model.s + x
    z = abs(model.alpha - model.beta) / (largest + at)
    # 2F1(A, B; A+1; z) = (1-z)^(1-B) 2F1(1, A+1-B; A+1; z)
    hypergeometric = hyp2f1(1.0, total + 1.0 - second, total + 1.0, z)
    return np.asarray((1.0 - second) * np.log1p(-z) + np.log(hypergeometric) - total * np.log(largest + at))
