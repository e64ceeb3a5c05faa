"""What each buyer is worth over the coming months, where the data bear a statement at all.

BG/NBD says how many purchases to expect, Gamma-Gamma what each is worth; both are kept as plain numbers, and scoring
is our own, vectorised.
Where buyers are too few or a model does not fit, a plain rule takes over and says so: `model` is then `past_rate`,
and p_alive and the interval are null.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import xlogy
from scipy.stats import spearmanr

from models import bg_nbd
from models.bg_nbd import BgNbd
from models.fitting import NoFitError, fit_bg_nbd, fit_gamma_gamma
from models.gamma_gamma import GammaGamma
from models.purchase_history import summarise
from models.value_model import VALUE_SCHEMA, YEAR_DAYS, PastRate, ValueModel, buyers_of, past_rate, score

Floats = npt.NDArray[np.float64]

FEWEST_BUYERS = 100
FEWEST_REPEAT_BUYERS = 50
# Gamma-Gamma takes spend and frequency for independent. Beyond this rank correlation that is untenable.
STRONGEST_CORRELATION = 0.5
_CLASS_A, _CLASS_B = 0.80, 0.95
_SHORTEST_HOLDOUT = 28


@dataclass(frozen=True)
class Backtest:
    """How model and rule forecast the purchase days of held-out time; mean Poisson deviance, less is better."""

    holdout_days: int
    buyers: int
    model_deviance: float
    rule_deviance: float

    @property
    def verdict(self) -> str:
        """One sentence for people."""
        comparison = "better" if self.model_deviance < self.rule_deviance else "no better"
        return (
            f"BG/NBD forecast the last {self.holdout_days} days of {self.buyers} buyers {comparison} than their past "
            f"rates do (Poisson deviance {self.model_deviance:.3f} against {self.rule_deviance:.3f})."
        )


def customer_value(
    features: pl.DataFrame,
    *,
    as_of: date,
    horizon_days: float = YEAR_DAYS,
    discount_rate: float = 0.0,
    model: ValueModel | None = None,
) -> pl.DataFrame:
    """Return one row per buyer with value and value class, sorted by customer_id (`VALUE_SCHEMA`).

    The columns of `features` and the meaning of the result are those of `score`. Without a `model` it is fitted to
    these features. Buyers of class A hold the first 80 % of all expected value, those of B the next 15 %.
    """
    fitted = fit(features) if model is None else model
    scored = score(features, fitted, as_of=as_of, horizon_days=horizon_days, discount_rate=discount_rate)
    return _with_value_class(scored).sort("customer_id").select(VALUE_SCHEMA.names())


def fit(features: pl.DataFrame, *, trial: Backtest | None = None) -> ValueModel:
    """Return what these buyers bear: BG/NBD with Gamma-Gamma, or the plain rule and the reason for it.

    With a `trial` (see `backtest`) the model is taken only if it forecast held-out time better than the rule.
    """
    buyers = buyers_of(features)
    revenue = buyers["net_revenue"].clip(0.0).to_numpy()
    days, age, x = (float(buyers[name].to_numpy().sum()) for name in ("days", "age", "x"))
    rule = PastRate(purchases_per_day=x / age if age else 0.0, spend=float(revenue.sum()) / days if days else 0.0)
    margin_rates = buyers["margin_rate"].to_numpy()
    known = float(revenue[~np.isnan(margin_rates)].sum())
    margin_rate = float(np.nansum(revenue * margin_rates)) / known if known else 1.0
    try:
        if trial is not None and trial.model_deviance >= trial.rule_deviance:
            raise NoFitError(trial.verdict)
        purchases, spend = _fit_models(buyers)
    except NoFitError as no_fit:
        return ValueModel(None, None, rule, margin_rate, reason=str(no_fit))
    return ValueModel(purchases, spend, rule, margin_rate, reason=None)


def backtest(transactions: pl.LazyFrame, *, as_of: date) -> Backtest | None:
    """Return how the model would have forecast the last quarter (at most a year) of these transactions.

    `transactions` as in `purchase_history.summarise`. None where the earlier part bears no model, or where less than
    four weeks would be held out.
    """
    known = transactions.filter(pl.col("ordered_on") <= as_of)
    first = known.select(pl.col("ordered_on").min()).collect().item()
    holdout_days = min(int(YEAR_DAYS), (as_of - first).days // 4) if first else 0
    if holdout_days < _SHORTEST_HOLDOUT:
        return None
    end = as_of - timedelta(days=holdout_days)
    history = summarise(known, as_of=end)
    later = known.filter(pl.col("ordered_on") > end).group_by("customer_id").agg(seen=pl.col("ordered_on").n_unique())
    frame = history.join(later, on="customer_id", how="left").with_columns(pl.col("seen").fill_null(0)).collect()
    x, t_x, age, seen = (frame[name].to_numpy().astype(float) for name in ("frequency", "recency", "age", "seen"))
    if len(x) < FEWEST_BUYERS or (x > 0).sum() < FEWEST_REPEAT_BUYERS:
        return None
    try:
        by_model = bg_nbd.expected_purchases(fit_bg_nbd(x, t_x, age), x, t_x, age, holdout_days)
    except NoFitError:
        return None
    by_rule = past_rate(PastRate(float(x.sum() / age.sum()), 0.0), x, age) * holdout_days
    return Backtest(holdout_days, len(x), _poisson_deviance(seen, by_model), _poisson_deviance(seen, by_rule))


def _poisson_deviance(seen: Floats, expected: Floats) -> float:
    expected = np.maximum(expected, 1e-9)
    return float(np.mean(2.0 * (xlogy(seen, seen / expected) - seen + expected)))


def _fit_models(buyers: pl.DataFrame) -> tuple[BgNbd, GammaGamma]:
    again = buyers.filter(pl.col("x") > 0, pl.col("m") > 0)
    if buyers.height < FEWEST_BUYERS or again.height < FEWEST_REPEAT_BUYERS:
        raise NoFitError(
            f"{buyers.height} buyers, {again.height} of whom came back, are too few for a model, "
            f"which needs {FEWEST_BUYERS} and {FEWEST_REPEAT_BUYERS}."
        )
    correlation = float(spearmanr(again["x"], again["m"]).statistic) if again["x"].n_unique() > 1 else 0.0
    if abs(correlation) > STRONGEST_CORRELATION:
        raise NoFitError(f"Spend depends on frequency (rank correlation {correlation:.2f}), so Gamma-Gamma fails.")
    x, t_x, age = (buyers[name].to_numpy() for name in ("x", "t_x", "age"))
    purchases = fit_bg_nbd(x, t_x, age)
    if not np.isfinite(bg_nbd.expected_purchases(purchases, x, t_x, age, YEAR_DAYS)).all():
        raise NoFitError("BG/NBD has no finite forecast for these buyers.")
    return purchases, fit_gamma_gamma(again["x"].to_numpy(), again["m"].to_numpy())


def _with_value_class(scored: pl.DataFrame) -> pl.DataFrame:
    """A, B, C by the share of all value that more valuable buyers hold; equal values fall into the same class."""
    value = pl.col("clv").clip(0.0)
    ranked = (
        scored.sort("clv", "customer_id", descending=[True, False])
        .with_columns(ahead=(value.cum_sum() - value) / value.cum_sum().last())
        .with_columns(pl.col("ahead").min().over("clv"))
    )
    value_class = (
        pl.when((value > 0.0) & (pl.col("ahead") < _CLASS_A))
        .then(pl.lit("A"))
        .when((value > 0.0) & (pl.col("ahead") < _CLASS_B))
        .then(pl.lit("B"))
        .otherwise(pl.lit("C"))
    )
    return ranked.with_columns(value_class=value_class)
