"""Gamma-Gamma: what customers spend when they buy (Fader, Hardie, Lee 2005, JMR 42; Hardie's note 025).

One purchase of a customer is Gamma(p, nu), and nu ~ Gamma(q, v) varies between customers, independently of how often
they buy. The published name of v is gamma.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

Floats = npt.NDArray[np.float64]

NAME = "gamma_gamma"


@dataclass(frozen=True)
class GammaGamma:
    """Fitted parameters; v is in the currency of the data, log_likelihood that of the rows fitted."""

    p: float
    q: float
    v: float
    log_likelihood: float

    def to_json(self) -> str:
        """Return the parameters as a JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> GammaGamma:
        """Return the parameters that `to_json` wrote."""
        return cls(**json.loads(text))

    @property
    def mean(self) -> float:
        """Mean spend of one purchase over all customers; infinite where q <= 1."""
        return self.p * self.v / (self.q - 1.0) if self.q > 1.0 else float("inf")


def log_likelihood(model: GammaGamma, x: Floats, mean_spend: Floats) -> Floats:
    """Return each row's log likelihood (note 025, equation 1a); x >= 1 purchases of mean_spend > 0."""
    p, q, v = model.p, model.q, model.v
    shape = p * x
    return np.asarray(
        gammaln(shape + q)
        - gammaln(shape)
        - gammaln(q)
        + q * np.log(v)
        + (shape - 1.0) * np.log(mean_spend)
        + shape * np.log(x)
        - (shape + q) * np.log(x * mean_spend + v)
    )


def expected_spend(model: GammaGamma, x: Floats, mean_spend: Floats) -> Floats:
    """Return the expected spend of a future purchase, given x purchases of mean_spend (note 025, equation 5).

    With x = 0 it is the mean over all customers. Needs q > 1.
    """
    return model.p * (model.v + x * mean_spend) / (model.p * x + model.q - 1.0)
