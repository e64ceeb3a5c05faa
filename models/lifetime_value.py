"""What each buyer is worth over the coming months, by the forecasts that won in court, and how sure that is.

The court (`models.court`) names the forecast of orders and that of what they bring; what an order is worth follows
from Gamma-Gamma or a mean drawn to that of all. Where the history is too short for the court, or no model beat the
plain rules, a plain rule is used and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from models.churn import fit_churn
from models.court import Ruling, judge
from models.naive_rules import NAIVE
from models.purchase_models import PurchaseModel
from models.rhythm import FEWEST_REPEATS, rhythm_of
from models.value_candidates import Forecasts, forecasts
from models.value_intervals import coverage, fit_intervals
from models.value_reasons import value_reason

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
        "expected_spend": pl.Float64,
        "expected_revenue": pl.Float64,
        "clv": pl.Float64,
        "clv_low": pl.Float64,
        "clv_high": pl.Float64,
        "model": pl.String,
        "value_class": pl.String,
        "churn_risk": pl.Float64,
        "next_order_on": pl.Date,
        "usual_gap_days": pl.Int64,
        "overdue_days": pl.Int64,
        "is_slipping": pl.Boolean,
        "margin_at_risk": pl.Float64,
        "reason": pl.String,
    }
)

RULE_WITHOUT_COURT = "past_rate"
_CLASS_A, _CLASS_B = 0.80, 0.95
_YEAR_DAYS = 365.0
_MONTHS = 12
_ROWS_FOR_MONTHS = 2_000


class Dropout(NamedTuple):
    """Who could not be fitted on which day, to how many buyers, and why; held_out_days is None for today."""

    on: date
    held_out_days: int | None
    buyers: int
    candidate: str
    note: str


@dataclass(frozen=True)
class Valuation:
    """The table of VALUE_SCHEMA, the forecasts that it rests on, what the court ruled, the interval's coverage there.

    `model` is the forecast of value, `orders_model` that of orders. `ruling` and `coverage` are None where the history
    is too short for the court. `dropouts` are who does not fit today, and who did not at an earlier day in court.
    """

    table: pl.DataFrame
    model: str
    orders_model: str
    verdict: str
    ruling: Ruling | None
    coverage: float | None
    dropouts: tuple[Dropout, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the dropouts, with the day where it is not today."""
        return tuple(one.note if one.held_out_days is None else f"As of {one.on}: {one.note}" for one in self.dropouts)


def customer_value(
    days: pl.DataFrame,
    margins: pl.DataFrame,
    *,
    as_of: date,
    horizon_days: int = 365,
    discount_rate: float = 0.0,
    language: str = "en",
    seed: int = 0,
    credit_notes: pl.DataFrame | None = None,
) -> Valuation:
    """Return the value of every buyer, sorted by customer_id.

    `days` as `purchase_history.purchase_days` returns them; `margins` has customer_id and margin_rate, the share of
    net revenue that is margin (null where unknown: then the customers' usual one holds; without any, 1);
    `credit_notes`, as `purchase_history.less_credit_notes` takes them, are known from their own day on, in court too.

    expected_orders are purchase days within the horizon, expected_revenue what they bring, expected_spend what one of
    them brings; `model` is the forecast of value. clv is the margin of expected_revenue, discounted at the yearly
    `discount_rate`, clv_low and clv_high an 80 % interval (see `value_intervals`), null where the court did not sit.
    churn_risk is the probability that no order comes within the horizon, as customers of whom as much was expected
    stayed away in court (see `churn`); next_order_on the day by which the next one comes in one of two cases: a day
    within the horizon where churn_risk is at most one half, else null. Both and expected_orders rest on the forecast of
    orders, and no more customers come than orders are expected. overdue_days count from the end of the customer's
    usual gap; margin_at_risk of slipping customers is the margin that they would bring at their former rhythm beyond
    clv. Buyers of class A hold the first 80 % of all clv, those of B the next 15 %.
    """
    if days.is_empty():
        nothing, said = pl.DataFrame(schema=VALUE_SCHEMA), "Nobody has bought yet."
        return Valuation(nothing, RULE_WITHOUT_COURT, RULE_WITHOUT_COURT, said, None, None, ())
    ruling = judge(days, as_of=as_of, horizon=horizon_days, seed=seed, credit_notes=credit_notes)
    made = forecasts(days, as_of, horizon_days, seed=seed, credit_notes=credit_notes)
    name, orders_name, verdict = _used(ruling, made)
    model = _purchase_model(ruling, made)
    factor = _margin_rates(made.history, margins) * _discount(made, model, horizon_days, discount_rate)
    churn = fit_churn(ruling.hearings, made, orders_name) if ruling else None
    churn_risk = churn.risk(made, orders_name, horizon_days) if churn else None
    valued = made.history.with_columns(
        **_value(made, name, orders_name, factor),
        **_bounds(ruling, made, name, factor),
        **_rhythm(made, model, churn_risk, horizon_days, as_of),
        as_of=pl.lit(as_of),
        model=pl.lit(name),
    )
    basis = _basis(name, ruling, made) if name in NAIVE else None
    tried = ruling.hearings[0].span if ruling else None
    table = _finished(valued, value_reason(horizon=horizon_days, tried=tried, basis=basis, language=language))
    covered = coverage(ruling.hearings, name) if ruling else None
    return Valuation(table, name, orders_name, verdict, ruling, covered, _dropouts(ruling, made, as_of))


def _used(ruling: Ruling | None, made: Forecasts) -> tuple[str, str, str]:
    """The forecasts of value and of orders to use, and one sentence on them."""
    if ruling is None:
        verdict = "The history is too short, or purchases are too few, to test a model."
        return RULE_WITHOUT_COURT, RULE_WITHOUT_COURT, verdict
    for name in (ruling.winner, ruling.value_winner):
        if name not in made.orders:
            verdict = f"{name} won in court but does not fit today, so the rule {ruling.rule} is used."
            return ruling.rule, ruling.rule, verdict
    return ruling.value_winner, ruling.winner, ruling.verdict


def _basis(rule: str, ruling: Ruling | None, made: Forecasts) -> str:
    """Why a plain rule is used, as `value_reason` names it."""
    if not (made.history["x"] > 0).any():
        return "unseen"
    if ruling is None:
        return "short"
    return "beaten" if ruling.winner == rule and ruling.value_winner == rule else "unfit"


def _dropouts(ruling: Ruling | None, made: Forecasts, as_of: date) -> tuple[Dropout, ...]:
    days = [(as_of, None, made), *((h.origin, h.span, h.forecasts) for h in (ruling.hearings if ruling else ()))]
    return tuple(
        Dropout(on, span, there.history.height, name, note)
        for on, span, there in days
        for name, note in there.notes.items()
    )


def _purchase_model(ruling: Ruling | None, made: Forecasts) -> PurchaseModel | None:
    """The purchase model that says who is active: the best in court of those by which one may leave after one order.

    By BG/NBD nobody can, so that who bought once, years ago, is surely active; it speaks where no other fits.
    """
    heard = ruling.deviances if ruling else {}
    ranked = sorted(made.purchase_models, key=lambda name: (name == "bg_nbd", heard.get(name, np.inf), name))
    return made.purchase_models[ranked[0]] if ranked else None


def _margin_rates(history: pl.DataFrame, margins: pl.DataFrame) -> Floats:
    """Each customer's share of margin in net revenue, where unknown that of all others, 1 where nobody's is known."""
    own = history.select("customer_id", "total_spend").join(
        margins, on="customer_id", how="left", maintain_order="left"
    )
    rate = own["margin_rate"].cast(pl.Float64).clip(0.0, 1.0)
    known = own["total_spend"].filter(rate.is_not_null())
    usual = float((known * rate.drop_nulls()).sum()) / float(known.sum()) if known.sum() else 1.0
    return rate.fill_null(usual).to_numpy()


def _discount(made: Forecasts, model: PurchaseModel | None, horizon: int, discount_rate: float) -> float:
    """What the horizon's orders are worth today, each month's discounted from its middle.

    How orders spread over the months says the purchase model, for all customers as one; without any, evenly.
    """
    edges = np.linspace(0.0, horizon, max(1, round(_MONTHS * horizon / _YEAR_DAYS)) + 1)
    until = edges
    if model is not None:
        some = made.history.gather_every(-(-made.history.height // _ROWS_FOR_MONTHS))
        until = np.array([0.0, *(model.expected_purchases(some, float(t)).sum() for t in edges[1:])])
    shares = np.diff(until) / max(float(until[-1]), 1e-300)
    return float((shares * (1.0 + discount_rate) ** (-(edges[:-1] + edges[1:]) / 2.0 / _YEAR_DAYS)).sum())


def _value(made: Forecasts, name: str, orders_name: str, factor: Floats) -> dict[str, pl.Series]:
    revenue, orders = made.value(name), made.orders[orders_name]
    spend = np.where(orders > 0.0, revenue / np.maximum(orders, 1e-300), made.spend)
    columns = {"expected_orders": orders, "expected_spend": spend, "expected_revenue": revenue}
    return {column: pl.Series(values) for column, values in (columns | {"clv": revenue * factor}).items()}


def _bounds(ruling: Ruling | None, made: Forecasts, name: str, factor: Floats) -> dict[str, pl.Series]:
    intervals = fit_intervals(ruling.hearings, made, name) if ruling else None
    if intervals is None:
        nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, made.history.height)
        return dict.fromkeys(("clv_low", "clv_high"), nothing)
    low, high = intervals.bounds(made, name)
    return {"clv_low": pl.Series(low * factor), "clv_high": pl.Series(high * factor)}


def _rhythm(
    made: Forecasts, model: PurchaseModel | None, churn_risk: Floats | None, horizon: int, as_of: date
) -> dict[str, pl.Series | pl.Expr]:
    """Who is active, who stays away, when each orders next, and who is late."""
    history = made.history
    p_alive = model.p_alive(history) if model else None
    is_told = np.asarray((history["x"] > 0).to_numpy() | (model is not None and model.name != "bg_nbd"))
    rhythm = rhythm_of(history, model)
    unknown = np.full(history.height, np.nan)
    to_next, gap, rate = unknown, unknown, unknown
    if rhythm:
        chance = rhythm.chance_within(history, horizon, p_alive) if churn_risk is None else 1.0 - churn_risk
        to_next, gap = rhythm.days_to_next(history, horizon, chance), rhythm.usual_gap(history)
        rate = rhythm.rate_when_last_seen(history)
    return {
        "p_alive": pl.Series(unknown if p_alive is None else np.where(is_told, p_alive, np.nan)).fill_nan(None),
        "churn_risk": pl.Series(unknown if churn_risk is None else churn_risk).fill_nan(None),
        "next_order_on": pl.lit(as_of) + pl.duration(days=pl.lit(_within(np.ceil(to_next), horizon))),
        "usual_gap_days": _within(np.where(history["x"].to_numpy() >= FEWEST_REPEATS, np.ceil(gap), np.nan), 10**6),
        "is_slipping": pl.Series(rhythm.is_slipping(history) if rhythm else np.zeros(history.height, dtype=np.bool_)),
        "usual_orders": pl.Series(rate * horizon),
    }


def _within(days: Floats, most: int) -> pl.Series:
    """Whole days, null beyond the most and where unknown."""
    return pl.Series(np.where(days <= most, days, np.nan)).fill_nan(None).cast(pl.Int64)


def _finished(valued: pl.DataFrame, reason: pl.Expr) -> pl.DataFrame:
    at_risk = pl.col("usual_orders") * pl.col("clv") / pl.col("expected_orders") - pl.col("clv")
    return (
        _with_value_class(valued)
        .sort("customer_id")
        .with_columns(
            frequency="x",
            recency_days="silence",
            age_days="age",
            monetary_value="repeat_spend",
            days=pl.col("x") + 1,
            overdue_days=(pl.col("silence").cast(pl.Int64) - pl.col("usual_gap_days")).clip(0),
            margin_at_risk=pl.when("is_slipping").then(at_risk.fill_nan(0.0).clip(0.0)),
        )
        .with_columns(reason=reason)
        .select(pl.col(name).cast(dtype) for name, dtype in VALUE_SCHEMA.items())
    )


def _with_value_class(valued: pl.DataFrame) -> pl.DataFrame:
    """A, B, C by the share of all value that more valuable buyers hold; equal values fall into the same class."""
    ranked = (
        valued.sort("clv", "customer_id", descending=[True, False])
        .with_columns(ahead=(pl.col("clv").cum_sum() - pl.col("clv")) / pl.col("clv").cum_sum().last())
        .with_columns(pl.col("ahead").min().over("clv"))
    )
    value_class = (
        pl.when((pl.col("clv") > 0.0) & (pl.col("ahead") < _CLASS_A))
        .then(pl.lit("A"))
        .when((pl.col("clv") > 0.0) & (pl.col("ahead") < _CLASS_B))
        .then(pl.lit("B"))
        .otherwise(pl.lit("C"))
    )
    return ranked.with_columns(value_class=value_class)
