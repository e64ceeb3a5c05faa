"""Fitting through the package `lifetimes`, whose only importer this module is, on compressed rows.

Each function returns plain numbers in a frozen object. A search that does not converge, or runs away, is begun
elsewhere, then with a penalty on large parameters; where that fails too, the data do not bear the model and
`NoFitError` says so.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from models import bg_nbd, gamma_gamma, modified_bg_nbd, pareto_nbd
from models.bg_nbd import BgNbd
from models.gamma_gamma import GammaGamma
from models.modified_bg_nbd import ModifiedBgNbd
from models.pareto_nbd import ParetoNbd

Floats = npt.NDArray[np.float64]

# More repeat buyers than this do not move the parameters; every k-th one of the sorted rows is taken.
_MOST_ROWS = 50_000
# Pareto/NBD is slow: two hypergeometric functions a row and some 300 looks at each.
_MOST_PARETO_ROWS = 5_000
# Where the search begins: logarithms of r, alpha, a, b with the longest age as the unit of time. The first is the
# start that lifetimes itself takes.
_STARTS = ((0.1, 0.1, 0.1, 0.1), (0.0, -1.2, 0.0, 1.1), (-1.2, -2.3, -2.3, 0.0), (-0.7, -1.6, 1.1, 1.1))
# The same for Pareto/NBD: r, alpha, s, beta themselves.
_PARETO_STARTS = ((0.5, 0.3, 0.5, 0.3), (1.0, 1.0, 1.0, 1.0))
_PENALTY = 0.001
# For BG/NBD and its like, each from every start: the penalty, light before heavy, and the tolerance.
_SEARCHES = ((0.0, 1e-7), (0.0, 1e-5), (1e-6, 1e-5), (_PENALTY, 1e-5))
# Where customers leave at nearly one rate, the likelihood of Pareto/NBD rises for ever along s, ever more slowly.
_MOST_PARETO_STEPS = 200
_LARGEST_S = 20.0
# Where customers buy at nearly one rate, or hardly anybody leaves, r or b run away, and forecasts lose all digits.
_LARGEST = 1e4


class NoFitError(ValueError):
    """The data do not bear the model; the message says why."""


def fit_bg_nbd(x: Floats, t_x: Floats, age: Floats) -> BgNbd:
    """Return BG/NBD fitted to frequency, recency and age, in any time unit; equal rows are fitted as one, weighted.

    Raises NoFitError where the likelihood has no usable maximum.
    """
    sample = _histories(x, t_x, age, _MOST_ROWS)
    model = BgNbd(*[*_beta_geometric("BetaGeoFitter", "BG/NBD", sample), 0.0])
    *columns, weight = (sample[name].to_numpy() for name in sample.columns)
    likelihood = float((bg_nbd.log_likelihood(model, *columns) * weight).sum())
    return BgNbd(*_finite("BG/NBD", [model.r, model.alpha, model.a, model.b, likelihood]))


def fit_modified_bg_nbd(x: Floats, t_x: Floats, age: Floats) -> ModifiedBgNbd:
    """Return MBG/NBD fitted as `fit_bg_nbd` does; raises NoFitError likewise."""
    sample = _histories(x, t_x, age, _MOST_ROWS)
    model = ModifiedBgNbd(*[*_beta_geometric("ModifiedBetaGeoFitter", "MBG/NBD", sample), 0.0])
    *columns, weight = (sample[name].to_numpy() for name in sample.columns)
    likelihood = float((modified_bg_nbd.log_likelihood(model, *columns) * weight).sum())
    return ModifiedBgNbd(*_finite("MBG/NBD", [model.r, model.alpha, model.a, model.b, likelihood]))


def fit_pareto_nbd(x: Floats, t_x: Floats, age: Floats) -> ParetoNbd:
    """Return Pareto/NBD fitted as `fit_bg_nbd` does, on fewer rows where there are many; raises NoFitError likewise."""
    from lifetimes import ParetoNBDFitter

    sample = _histories(x, t_x, age, _MOST_PARETO_ROWS)
    columns = [sample[name].to_numpy() for name in sample.columns]
    for penalty, start in product((0.0, _PENALTY), _PARETO_STARTS):
        with contextlib.suppress(NoFitError), _lifetimes_contained("Pareto/NBD"):
            fitter = ParetoNBDFitter(penalizer_coef=penalty)
            fitter.fit(*columns, initial_params=np.array(start), tol=1e-5, maxiter=_MOST_PARETO_STEPS)
            model = ParetoNbd(*[*(float(fitter.params_[name]) for name in ("r", "alpha", "s", "beta")), 0.0])
            if model.s > _LARGEST_S:
                continue
            likelihood = float((pareto_nbd.log_likelihood(model, *columns[:-1]) * columns[-1]).sum())
            return ParetoNbd(*_finite("Pareto/NBD", [model.r, model.alpha, model.s, model.beta, likelihood]))
    raise NoFitError("Pareto/NBD does not converge on these buyers.")


def _histories(x: Floats, t_x: Floats, age: Floats, most: int) -> pl.DataFrame:
    """The rows to fit, each with its weight: every kind of one-time buyer, and an even sample of the others."""
    rows = pl.DataFrame({"x": x, "t_x": t_x, "age": age}).cast(pl.Float64)
    once, again = rows.filter(pl.col("x") == 0), rows.filter(pl.col("x") > 0)
    return pl.concat([_compressed(once), _every_kth(again, most)])


def _beta_geometric(fitter_name: str, model: str, sample: pl.DataFrame) -> list[float]:
    """r, alpha, a, b of the first start that converges; where hardly anybody leaves, the usual one often does not."""
    import lifetimes

    columns = [sample[name].to_numpy() for name in sample.columns]
    for (penalty, tolerance), start in product(_SEARCHES, _STARTS):
        with contextlib.suppress(NoFitError), _lifetimes_contained(model):
            fitter = getattr(lifetimes, fitter_name)(penalizer_coef=penalty)
            fitter.fit(*columns, initial_params=np.array(start), tol=tolerance)
            found = {name: float(fitter.params_[name]) for name in ("r", "alpha", "a", "b")}
            if max(found["r"], found["a"], found["b"]) < _LARGEST:
                return _finite(model, list(found.values()))
    raise NoFitError(f"{model} does not converge on these buyers.")


def fit_gamma_gamma(x: Floats, mean_spend: Floats) -> GammaGamma:
    """Return Gamma-Gamma fitted to x >= 1 repeat purchases of mean_spend > 0, in any currency.

    Raises NoFitError where the likelihood has no usable maximum, and where the mean spend would be infinite.
    """
    from lifetimes import GammaGammaFitter

    rows = pl.DataFrame({"x": x, "m": mean_spend}).cast(pl.Float64)
    unit = float(np.mean(mean_spend))
    sample = _every_kth(rows).with_columns(pl.col("m") / unit)
    with _lifetimes_contained("Gamma-Gamma"):
        fitter = GammaGammaFitter().fit(*(sample[name].to_numpy() for name in sample.columns))
    p, q, v = (float(fitter.params_[name]) for name in ("p", "q", "v"))
    if q <= 1.0:
        raise NoFitError(f"Gamma-Gamma finds an infinite mean spend (q = {q:.2f}, which must be above 1).")
    *columns, weight = (sample[name].to_numpy() for name in (*rows.columns, "weight"))
    likelihood = (
        gamma_gamma.log_likelihood(GammaGamma(p, q, v * unit, 0.0), columns[0], columns[1] * unit) * weight
    ).sum()
    return GammaGamma(*_finite("Gamma-Gamma", [p, q, v * unit, float(likelihood)]))


@contextlib.contextmanager
def _lifetimes_contained(model: str) -> Iterator[None]:
    """Keep lifetimes from printing and warning, and turn its ways of failing into one."""
    from lifetimes.utils import ConvergenceError

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            yield
        except (ConvergenceError, np.linalg.LinAlgError) as failure:
            raise NoFitError(f"{model} does not converge on these buyers.") from failure


def _finite(model: str, numbers: list[float]) -> list[float]:
    if not np.isfinite(numbers).all():
        raise NoFitError(f"{model} has no finite parameters for these buyers.")
    return numbers


def _compressed(rows: pl.DataFrame) -> pl.DataFrame:
    """Equal rows as one with its `weight`, sorted."""
    return rows.group_by(rows.columns).agg(weight=pl.len().cast(pl.Float64)).sort(rows.columns)


def _every_kth(rows: pl.DataFrame, most: int = _MOST_ROWS) -> pl.DataFrame:
    """Compressed rows; of very many, every k-th in sorted order stands for k, which samples all kinds evenly."""
    step = max(1, rows.height // most)
    kept = _compressed(rows.sort(rows.columns).gather_every(step, offset=step // 2))
    return kept.with_columns(pl.col("weight") * (rows.height / max(kept["weight"].sum(), 1.0)))
