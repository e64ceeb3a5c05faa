"""The three purchase models behind one face: fitted to histories, they say what to expect and who is still active.

Both depend on frequency, recency and age alone, in whole days, so that each is computed once per distinct row and
given to all customers who share it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from models import bg_nbd, modified_bg_nbd, pareto_nbd
from models.bg_nbd import BgNbd
from models.fitting import NoFitError, fit_bg_nbd, fit_modified_bg_nbd, fit_pareto_nbd
from models.modified_bg_nbd import ModifiedBgNbd
from models.pareto_nbd import ParetoNbd

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

_FITS: dict[str, Callable[[Floats, Floats, Floats], BgNbd | ModifiedBgNbd | ParetoNbd]] = {
    "bg_nbd": fit_bg_nbd,
    "mbg_nbd": fit_modified_bg_nbd,
    "pareto_nbd": fit_pareto_nbd,
}
PURCHASE_MODELS = tuple(_FITS)

_ROUNDING = 1e-9


@dataclass(frozen=True)
class PurchaseModel:
    """One of PURCHASE_MODELS with its parameters, in days."""

    name: str
    parameters: BgNbd | ModifiedBgNbd | ParetoNbd

    def expected_purchases(self, history: pl.DataFrame, horizon: float) -> Floats:
        """Return what to expect of each row of a history within the horizon in days.

        Raises NoFitError where that is anything but finite numbers from 0 on.
        """
        if isinstance(self.parameters, ParetoNbd):
            (x, t_x, age), which = distinct(history, "x", "t_x", "age")
            expected = pareto_nbd.expected_purchases(self.parameters, x, t_x, age, horizon)[which]
        else:
            (x, age), which = distinct(history, "x", "age")
            of_active = self.parameters if isinstance(self.parameters, BgNbd) else self.parameters.of_active
            expected = bg_nbd.expected_if_alive(of_active, x, age, horizon)[which] * self.p_alive(history)
        if not np.isfinite(expected).all() or expected.min(initial=0.0) < -_ROUNDING:
            raise NoFitError(f"{self.name} has no finite forecast for these buyers.")
        return np.asarray(np.maximum(expected, 0.0))

    def p_alive(self, history: pl.DataFrame) -> Floats:
        """Return the probability that each row of a history is still active."""
        (x, t_x, age), which = distinct(history, "x", "t_x", "age")
        if isinstance(self.parameters, BgNbd):
            alive = bg_nbd.p_alive(self.parameters, x, t_x, age)
        elif isinstance(self.parameters, ModifiedBgNbd):
            alive = modified_bg_nbd.p_alive(self.parameters, x, t_x, age)
        else:
            alive = pareto_nbd.p_alive(self.parameters, x, t_x, age)
        return np.asarray(alive[which])


def fit_purchase_model(name: str, history: pl.DataFrame) -> PurchaseModel:
    """Return one of PURCHASE_MODELS fitted to a history (see `purchase_history.histories`); raises NoFitError."""
    x, t_x, age = (history[column].to_numpy() for column in ("x", "t_x", "age"))
    return PurchaseModel(name, _FITS[name](x, t_x, age))


def distinct(history: pl.DataFrame, *columns: str) -> tuple[list[Floats], Positions]:
    """Return the distinct values of some columns of whole numbers, and for each row which of them it is."""
    values = [history[column].to_numpy().astype(np.int64) for column in columns]
    base = max((int(column.max(initial=0)) for column in values), default=0) + 1
    keys = np.zeros(history.height, dtype=np.int64)
    for column in values:
        keys = keys * base + column
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return [column[first].astype(np.float64) for column in values], which
