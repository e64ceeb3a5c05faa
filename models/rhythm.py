"""When a customer's next order is due by his own rhythm, and who has let it pass.

While active, a customer orders at random at a rate of his own. Of all customers the rates are Gamma(shape, scale);
seen through his own gaps, that of one customer is Gamma(shape + x, scale + time), and the wait for his next order
follows from it (Lomax). Two moments matter: his last order, when he was surely active, shows what waits are usual for
him; today shows how the wait for the next one, should it come within the horizon, spreads over the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from models.naive_rules import purchase_rate
from models.purchase_models import PurchaseModel

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# A rhythm takes at least two gaps.
FEWEST_REPEATS = 2
# Slipping is who has been silent for longer than in nine of ten of his waits; beyond 99 in 100 he is lost, not late.
_LATE, _LOST = 0.9, 0.99


@dataclass(frozen=True)
class Rhythm:
    """The rates of all customers: Gamma(shape, scale in days)."""

    shape: float
    scale: float

    def usual_gap(self, history: pl.DataFrame) -> Floats:
        """Return the days within which each customer orders again in one of two cases, while he is active."""
        return self._wait_since_last(history, 0.5)

    def is_slipping(self, history: pl.DataFrame) -> Bools:
        """Return who has been silent for longer than is usual for him, and not yet for so long that he is lost."""
        silence = history["silence"].to_numpy()
        has_rhythm = history["x"].to_numpy() >= FEWEST_REPEATS
        is_late = silence > self._wait_since_last(history, _LATE)
        return np.asarray(has_rhythm & is_late & (silence <= self._wait_since_last(history, _LOST)))

    def rate_when_last_seen(self, history: pl.DataFrame) -> Floats:
        """Return the orders per day that were to be expected of each customer at his last order."""
        x, t_x = history["x"].to_numpy(), history["t_x"].to_numpy()
        return np.asarray((self.shape + x) / (self.scale + t_x))

    def chance_within(self, history: pl.DataFrame, horizon: int, p_alive: Floats | None) -> Floats:
        """Return the probability that the next order comes within the horizon in days.

        Without `p_alive` everybody is taken to be active.
        """
        within = self._share_within(history, horizon)
        return within if p_alive is None else within * p_alive

    def days_to_next(self, history: pl.DataFrame, horizon: int, chance: Floats) -> Floats:
        """Return the days within which the next order comes in one of two cases; infinite where that is too much.

        `chance` is the probability that it comes within the horizon at all, by whatever it was found; when within the
        horizon it comes, says the rhythm. So where the chance is below one half there is no such day.
        """
        x, age = history["x"].to_numpy(), history["age"].to_numpy()
        share = 0.5 * self._share_within(history, horizon) / np.maximum(chance, 0.5)
        days = _wait(self.shape + x, self.scale + age, np.minimum(share, 1.0 - 1e-12))
        return np.where(chance >= 0.5, np.minimum(days, horizon), np.inf)

    def _share_within(self, history: pl.DataFrame, horizon: int) -> Floats:
        """Who is active orders within the horizon with this probability."""
        x, age = history["x"].to_numpy(), history["age"].to_numpy()
        return np.asarray(-np.expm1(-(self.shape + x) * np.log1p(horizon / (self.scale + age))))

    def _wait_since_last(self, history: pl.DataFrame, share: float) -> Floats:
        x, t_x = history["x"].to_numpy(), history["t_x"].to_numpy()
        return _wait(self.shape + x, self.scale + t_x, np.full_like(x, share))


def rhythm_of(history: pl.DataFrame, model: PurchaseModel | None) -> Rhythm | None:
    """Return the rates of these customers: those of the model, else as the plain rule takes them; None without any."""
    if model is not None:
        parameters = model.parameters
        return Rhythm(parameters.r, parameters.alpha)
    rate = purchase_rate(history)
    return Rhythm(1.0, 1.0 / rate) if rate else None


def _wait(shape: Floats, scale: Floats, share: Floats) -> Floats:
    """The wait that is not exceeded with the probability `share`."""
    with np.errstate(over="ignore"):
        return np.asarray(scale * np.expm1(-np.log1p(-share) / shape))
