"""BG/NBD: how often customers buy and when they quietly leave (Fader, Hardie, Lee 2005, Marketing Science 24:2).

While active, a customer buys at a rate lambda ~ Gamma(r, alpha); after each repeat purchase the customer leaves for
good with probability p ~ Beta(a, b). All functions are pure NumPy over rows (frequency x, recency t_x, age T) in the
time unit of the parameters, and hold for any unit.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, expit, gammaln, hyp2f1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BgNbd:
    """Fitted parameters; alpha is in the time unit of the data, log_likelihood that of the rows fitted."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def to_json(self) -> str:
        """Return the parameters as a JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> BgNbd:
        """Return the parameters that `to_json` wrote."""
        return cls(**json.loads(text))


def log_likelihood(model: BgNbd, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """Return each row's log likelihood (equation 6 of the paper)."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    purchases = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    still_active = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    has_left = betaln(a + 1.0, b + np.maximum(x, 1.0) - 1.0) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return np.asarray(purchases + np.logaddexp(still_active, np.where(x > 0, has_left, -np.inf)))


def p_alive(model: BgNbd, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """Return the probability that each customer is still active; 1 for those without a repeat purchase."""
    silence = (model.r + x) * np.log((model.alpha + age) / (model.alpha + t_x))
    log_odds_left = silence + np.log(model.a / (model.b + np.maximum(x, 1.0) - 1.0))
    return np.where(x == 0, 1.0, expit(-log_odds_left))


def expected_if_alive(model: BgNbd, x: Floats, age: Floats, t: float) -> Floats:
    """Return the purchases to expect within the next `t` of customers who are still active.

    This is equation 10 without its denominator, which is 1 / p_alive. The hypergeometric term is taken through
    Euler's transformation, 2F1(A, B; C; z) = (1-z)^(C-A-B) 2F1(C-A, C-B; C; z): then its first two arguments do not
    grow with x, so that it neither overflows for frequent buyers nor loses digits. Where customers leave almost at
    once (a in the hundreds) the plain form is the safer one.
    """
    safe = _off_poles(model)
    r, a, b = safe.r, safe.a, safe.b
    z = t / (model.alpha + age + t)
    c = a + b + x - 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        term = (1.0 - z) ** (a - 1.0) * hyp2f1(a + b - 1.0 - r, a - 1.0, c, z)
    lost = ~np.isfinite(term)
    term[lost] = ((1.0 - z) ** (r + x) * hyp2f1(r + x, b + x, c, z))[lost]
    return np.asarray(c / (a - 1.0) * (1.0 - term))


def expected_purchases(model: BgNbd, x: Floats, t_x: Floats, age: Floats, t: float) -> Floats:
    """Return the purchases to expect of each customer within the next `t` (equation 10 of the paper)."""
    return p_alive(model, x, t_x, age) * expected_if_alive(model, x, age, t)


def _off_poles(model: BgNbd) -> BgNbd:
    """The model, moved by a hundred-thousandth where a = 1 or a + b = 1 would divide zero by zero."""
    step = 1e-5
    a = 1.0 + step if abs(model.a - 1.0) < step else model.a
    b = model.b + step if abs(a + model.b - 1.0) < step else model.b
    return replace(model, a=a, b=b)
