"""A fitted value model as plain numbers, and what it says of each buyer.

Scoring is row by row: it may run over batches, or over the partitions of a distributed engine, with the same result.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from models import bg_nbd, gamma_gamma
from models.bg_nbd import BgNbd
from models.future_spend import spend_quantiles
from models.gamma_gamma import GammaGamma

Floats = npt.NDArray[np.float64]

VALUE_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "as_of": pl.Date,
        "frequency": pl.Int64,
        "recency_days": pl.Int64,
        "age_days": pl.Int64,
        "monetary_value": pl.Float64,
        "p_alive": pl.Float64,
        "expected_orders": pl.Float64,
        "clv": pl.Float64,
        "clv_low": pl.Float64,
        "clv_high": pl.Float64,
        "model": pl.String,
        "value_class": pl.String,
    }
)

YEAR_DAYS = 365.0
MODEL_NAME = "bg_nbd+gamma_gamma"
RULE_NAME = "past_rate"

_INTERVAL = (0.1, 0.9)


@dataclass(frozen=True)
class PastRate:
    """The plain rule: all buyers' repeat purchases per day, and net revenue per purchase day."""

    purchases_per_day: float
    spend: float


@dataclass(frozen=True)
class ValueModel:
    """All that scoring needs. Without `purchases` and `spend` the plain rule holds, for the `reason` given."""

    purchases: BgNbd | None
    spend: GammaGamma | None
    rule: PastRate
    margin_rate: float
    reason: str | None

    @property
    def name(self) -> str:
        """What the column `model` says."""
        return RULE_NAME if self.purchases is None or self.spend is None else MODEL_NAME

    def to_json(self) -> str:
        """Return the model as a JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ValueModel:
        """Return the model that `to_json` wrote."""
        kept = json.loads(text)
        return cls(
            purchases=BgNbd(**kept["purchases"]) if kept["purchases"] else None,
            spend=GammaGamma(**kept["spend"]) if kept["spend"] else None,
            rule=PastRate(**kept["rule"]),
            margin_rate=kept["margin_rate"],
            reason=kept["reason"],
        )


def score(
    features: pl.DataFrame,
    model: ValueModel,
    *,
    as_of: date,
    horizon_days: float = YEAR_DAYS,
    discount_rate: float = 0.0,
) -> pl.DataFrame:
    """Return the buyers among the rows with their value, row by row, in the columns of VALUE_SCHEMA but value_class.

    `features` has customer_id, purchase_day_count, repeat_purchase_days, recency_days (since the last purchase day),
    age_days (since the first one), monetary_value (mean net revenue of repeat purchase days), net_revenue, and
    margin_rate or margin where known.

    expected_orders are those of the next 365 days. clv is the margin expected within `horizon_days`: expected
    purchases x expected spend x the customer's own margin rate (all buyers' where unknown; without any margin, clv
    is net revenue), discounted month by month at the yearly `discount_rate`. clv_low and clv_high hold the middle
    80 % of what the customer may bring (see `future_spend`), widened where needed so that clv itself lies within;
    they scale with the same margin and the same average discount.
    """
    buyers = buyers_of(features).with_columns(pl.col("margin_rate").fill_null(model.margin_rate))
    if model.purchases is None or model.spend is None:
        estimates = _by_rule(buyers, model.rule, horizon_days, discount_rate)
    else:
        estimates = _by_model(buyers, model.purchases, model.spend, horizon_days, discount_rate)
    return buyers.with_columns(
        **{name: pl.Series(values, dtype=pl.Float64).fill_nan(None) for name, values in estimates.items()},
        as_of=pl.lit(as_of),
        frequency="x",
        age_days="age",
        monetary_value="m",
        model=pl.lit(model.name),
    ).select(pl.col(name).cast(dtype) for name, dtype in VALUE_SCHEMA.items() if name != "value_class")


def buyers_of(features: pl.DataFrame) -> pl.DataFrame:
    """Return the buyers in the models' terms, sorted by customer_id.

    Columns: customer_id, recency_days, days (purchase days), x (repeat purchase days), age and t_x in days, m (mean
    spend of repeat purchase days, 0 without one), net_revenue, margin_rate (0 to 1, null if unknown).
    """
    margin_rate = pl.lit(1.0)
    if "margin_rate" in features.columns:
        margin_rate = pl.col("margin_rate").cast(pl.Float64).clip(0.0, 1.0)
    elif "margin" in features.columns:
        revenue = pl.col("net_revenue").cast(pl.Float64)
        margin_rate = pl.when(revenue > 0.0).then((pl.col("margin").cast(pl.Float64) / revenue).clip(0.0, 1.0))
    x, age = pl.col("repeat_purchase_days").cast(pl.Float64), pl.col("age_days").cast(pl.Float64)
    return (
        features.filter(pl.col("purchase_day_count") > 0)
        .sort("customer_id")
        .select(
            "customer_id",
            "recency_days",
            days=pl.col("purchase_day_count").cast(pl.Float64),
            x=x,
            age=age,
            t_x=pl.when(x > 0).then((age - pl.col("recency_days")).clip(0.0)).otherwise(0.0),
            m=pl.when(x > 0).then(pl.col("monetary_value").cast(pl.Float64)).fill_null(0.0),
            net_revenue=pl.col("net_revenue").cast(pl.Float64).fill_null(0.0),
            margin_rate=margin_rate,
        )
    )


def past_rate(rule: PastRate, x: Floats, age: Floats) -> Floats:
    """Return each buyer's purchases per day so far, as if one purchase after the mean waiting time had come on top."""
    if rule.purchases_per_day == 0.0:
        return np.zeros_like(x)
    return (x + 1.0) / (age + 1.0 / rule.purchases_per_day)


def _by_model(
    buyers: pl.DataFrame, purchases: BgNbd, spend: GammaGamma, horizon: float, discount_rate: float
) -> dict[str, Floats]:
    x, t_x, age, m, margin_rate = (buyers[name].to_numpy() for name in ("x", "t_x", "age", "m", "margin_rate"))
    m = np.maximum(m, 0.0)
    alive = bg_nbd.p_alive(purchases, x, t_x, age)
    distinct_x, distinct_age, which = bg_nbd.distinct(x, age)

    def orders(t: float) -> Floats:
        return alive * bg_nbd.expected_if_alive(purchases, distinct_x, distinct_age, t)[which]

    value = gamma_gamma.expected_spend(spend, x, m) * margin_rate
    discounted = _discounted(orders, horizon, discount_rate)
    low, high = spend_quantiles(purchases, spend, x, age, alive, m, t=horizon, levels=_INTERVAL)
    scale = margin_rate * discounted / np.maximum(orders(horizon), 1e-300)
    clv = discounted * value
    return {
        "p_alive": alive,
        "expected_orders": orders(YEAR_DAYS),
        "clv": clv,
        "clv_low": np.minimum(low * scale, clv),
        "clv_high": np.maximum(high * scale, clv),
    }


def _by_rule(buyers: pl.DataFrame, rule: PastRate, horizon: float, discount_rate: float) -> dict[str, Floats]:
    """Each buyer's own rate and spend, both drawn to the mean by the weight of one purchase."""
    days, margin_rate = buyers["days"].to_numpy(), buyers["margin_rate"].to_numpy()
    rate = past_rate(rule, buyers["x"].to_numpy(), buyers["age"].to_numpy())
    spend = (np.maximum(buyers["net_revenue"].to_numpy(), 0.0) + rule.spend) / (days + 1.0)
    unknown = np.full_like(rate, np.nan)
    return {
        "p_alive": unknown,
        "expected_orders": rate * YEAR_DAYS,
        "clv": _discounted(lambda t: rate * t, horizon, discount_rate) * spend * margin_rate,
        "clv_low": unknown,
        "clv_high": unknown,
    }


def _discounted(orders_until: Callable[[float], Floats], horizon: float, discount_rate: float) -> Floats:
    """Purchases within the horizon, each month's discounted from the middle of the month to today."""
    if discount_rate == 0.0:
        return orders_until(horizon)
    edges = np.linspace(0.0, horizon, max(1, round(12.0 * horizon / YEAR_DAYS)) + 1)
    total, before = 0.0 * orders_until(horizon), 0.0 * orders_until(horizon)
    for start, end in pairwise(edges):
        until = orders_until(float(end))
        total += (until - before) * (1.0 + discount_rate) ** (-(start + end) / 2.0 / YEAR_DAYS)
        before = until
    return total
