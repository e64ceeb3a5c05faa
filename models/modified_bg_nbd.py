"""MBG/NBD: BG/NBD whose customers may also leave right after their first purchase (Batislam, Denizel, Filiztekin 2007,
International Journal of Research in Marketing 24:3).

Given that a customer is still active after x repeat purchases, his chance to leave is Beta(a, b + x + 1): he has
survived one occasion more than under BG/NBD. So whatever BG/NBD says of active customers holds with b + 1 for b. All
functions are pure NumPy over rows (frequency x, recency t_x, age T) in the time unit of the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, expit, gammaln

from models import bg_nbd
from models.bg_nbd import BgNbd

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ModifiedBgNbd:
    """Fitted parameters; alpha is in the time unit of the data, log_likelihood that of the rows fitted."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    @property
    def of_active(self) -> BgNbd:
        """The BG/NBD that holds for customers who are still active."""
        return BgNbd(self.r, self.alpha, self.a, self.b + 1.0, self.log_likelihood)


def log_likelihood(model: ModifiedBgNbd, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """Return each row's log likelihood."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    purchases = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    still_active = betaln(a, b + x + 1.0) - (r + x) * np.log(alpha + age)
    has_left = betaln(a + 1.0, b + x) - (r + x) * np.log(alpha + t_x)
    return np.asarray(purchases + np.logaddexp(still_active, has_left))


def p_alive(model: ModifiedBgNbd, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """Return the probability that each customer is still active, below 1 without a repeat purchase too."""
    silence = (model.r + x) * np.log((model.alpha + age) / (model.alpha + t_x))
    return np.asarray(expit(-(silence + np.log(model.a / (model.b + x)))))


def expected_purchases(model: ModifiedBgNbd, x: Floats, t_x: Floats, age: Floats, t: float) -> Floats:
    """Return the purchases to expect of each customer within the next `t`."""
    return p_alive(model, x, t_x, age) * bg_nbd.expected_if_alive(model.of_active, x, age, t)
