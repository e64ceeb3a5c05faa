"""What customers are worth: published fits, held-out months, intervals on known truths, and speed.

    python -m benchmarks.value [--only cdnow retail intervals scale]

Prints one table: what was asked, what we reached, and how the losing candidates did.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.optimize import minimize
from scipy.special import gammaln

from benchmarks.cdnow import CALIBRATION_END, HOLDOUT_END, SHARED_TEST_DATA, cdnow_orders, other_tenths
from benchmarks.seen_future import captures, tenth
from benchmarks.worlds import END, WORLDS, purchases_in
from models.court import judge
from models.fitting import fit_bg_nbd, fit_gamma_gamma, fit_modified_bg_nbd, fit_pareto_nbd
from models.forecast_scores import scores
from models.lifetime_value import customer_value
from models.purchase_history import histories, purchase_days, summarise, what_followed
from models.purchase_models import fit_purchase_model
from models.value_candidates import expected_spend, forecasts
from twin.parameters import Parameters

RETAIL_END = date(2011, 12, 9)
TWIN_CUSTOMERS, TWIN_SEEDS = 5_000, (1, 2, 3)
NO_MARGINS = pl.DataFrame(schema={"customer_id": pl.String, "margin_rate": pl.Float64})
_ORDERS = "orders: RMSE {rmse:.3f}, Poisson deviance {poisson_deviance:.3f}, bias {bias:+.1%}, MAE {mae:.3f}; "
_VALUE = "value: RMSE {rmse:.2f}, bias {bias:+.1%}, Spearman {spearman:.3f}, capture {capture:.4f}"

Row = tuple[str, str, str]


def main() -> None:
    """Measure the parts that were asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parts = parser.parse_args().only
    print("\n## What customers are worth\n\n| figure | asked | ours |\n|---|---|---|", flush=True)
    for part in parts:
        started = time.process_time()
        for figure, asked, ours in PARTS[part]():
            print(f"| {figure} | {asked} | {ours} |", flush=True)
        print(f"| processor seconds for all of this ({part}) | | {time.process_time() - started:.0f} |", flush=True)


def cdnow_rows() -> Iterator[Row]:
    """The published fits, and the forecast of the held-out 39 weeks."""
    orders = cdnow_orders()
    yield from _published_fits(orders)
    days = purchase_days(orders.lazy(), as_of=HOLDOUT_END)
    yield from _held_out("CDNOW sample, held-out 39 weeks", days, CALIBRATION_END, HOLDOUT_END)
    others = other_tenths(set(orders["master_id"]))
    yield from _captured_of(others)
    yield from _best_that_could_be_known(days, others)


def _captured_of(tenths: list[pl.DataFrame]) -> Iterator[Row]:
    """How much the sample's capture owes to chance: the same on the other tenths."""
    found: dict[str, list[float]] = {"the pick": [], "blend": [], "bg_nbd": [], "boosted_trees": [], "past spend": []}
    for days in tenths:
        made = forecasts(days, CALIBRATION_END, (HOLDOUT_END - CALIBRATION_END).days, seed=0)
        spend = what_followed(days, made.history, CALIBRATION_END, HOLDOUT_END)["spend"].to_numpy()
        known = days.filter(pl.col("ordered_on") <= CALIBRATION_END)
        ruling = judge(known, as_of=CALIBRATION_END, horizon=(HOLDOUT_END - CALIBRATION_END).days)
        values = {name: made.value(name) for name in found if name in made.orders}
        values["the pick"] = made.value(ruling.value_winner if ruling else "past_rate")
        values["past spend"] = made.history["total_spend"].to_numpy()
        for name, reached in found.items():
            reached.append(scores(spend, values[name])["capture"])
    for name, reached in found.items():
        said = f"mean {np.mean(reached):.4f}, from {min(reached):.4f} to {max(reached):.4f}"
        yield f"CDNOW's other nine tenths, capture of value by {name}", "", said


def _best_that_could_be_known(sample: pl.DataFrame, others: list[pl.DataFrame]) -> Iterator[Row]:
    """What is left to be won: the capture by learners that have seen the other tenths' held-out weeks."""
    published, *rest = (tenth(days, CALIBRATION_END, HOLDOUT_END) for days in (sample, *others))
    for learner, of_sample, of_others in captures(published, rest):
        said = f"{of_sample:.4f} of the sample, {of_others:.4f} of a tenth that it has not seen"
        yield f"CDNOW, capture of value by one who has seen the future of others ({learner})", "", said


def _published_fits(orders: pl.DataFrame) -> Iterator[Row]:
    history = summarise(orders.lazy(), as_of=CALIBRATION_END, unit_days=7.0).collect()
    x, t_x, age, mean = (history[name].to_numpy() for name in ("frequency", "recency", "age", "monetary_value"))
    bg = fit_bg_nbd(x, t_x, age)
    yield (
        "BG/NBD r, alpha, a, b; log likelihood",
        ".243, 4.414, .793, 2.426; -9582.4",
        (f"{bg.r:.3f}, {bg.alpha:.3f}, {bg.a:.3f}, {bg.b:.3f}; {bg.log_likelihood:.1f}"),
    )
    pareto = fit_pareto_nbd(x, t_x, age)
    yield (
        "Pareto/NBD r, alpha, s, beta; log likelihood",
        ".553, 10.578, .606, 11.669; -9595.0",
        (f"{pareto.r:.3f}, {pareto.alpha:.3f}, {pareto.s:.3f}, {pareto.beta:.3f}; {pareto.log_likelihood:.1f}"),
    )
    spend = fit_gamma_gamma(x[x > 0], mean[x > 0])
    yield (
        "Gamma-Gamma p, q, gamma; mean; log likelihood",
        "6.25, 3.74, 15.44; 35.17; -4055.918",
        (f"{spend.p:.2f}, {spend.q:.2f}, {spend.v:.2f}; {spend.mean:.2f}; {spend.log_likelihood:.3f}"),
    )
    r, alpha, likelihood = _nbd(x.astype(float), age)
    yield (
        "NBD r, alpha; log likelihood (a baseline of the paper, not of ours)",
        ".385, 12.072; -9763.7",
        (f"{r:.3f}, {alpha:.3f}; {likelihood:.1f}"),
    )
    modified = fit_modified_bg_nbd(x, t_x, age)
    yield (
        "MBG/NBD r, alpha, a, b; log likelihood",
        "nothing published",
        (f"{modified.r:.3f}, {modified.alpha:.3f}, {modified.a:.3f}, {modified.b:.3f}; {modified.log_likelihood:.1f}"),
    )


def _nbd(x: np.ndarray, age: np.ndarray) -> tuple[float, float, float]:
    """The NBD without leaving, in continuous time as BG/NBD has it."""

    def loss(logarithms: np.ndarray) -> float:
        r, alpha = np.exp(logarithms)
        rows = gammaln(r + x) - gammaln(r) + r * np.log(alpha / (alpha + age)) - x * np.log(alpha + age)
        return -float(rows.sum())

    found = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-8})
    return float(np.exp(found.x[0])), float(np.exp(found.x[1])), -float(found.fun)


def retail_rows() -> Iterator[Row]:
    """The last three months of a shop with wholesalers among its buyers."""
    days = purchase_days(retail_orders().lazy(), as_of=RETAIL_END)
    yield from _held_out("Online Retail, last 3 months", days, RETAIL_END - timedelta(days=91), RETAIL_END)


def _held_out(name: str, days: pl.DataFrame, at: date, end: date) -> Iterator[Row]:
    """The court rules by what was known at `at`; then every candidate is held against what followed."""
    known, horizon = days.filter(pl.col("ordered_on") <= at), (end - at).days
    ruling = judge(known, as_of=at, horizon=horizon)
    winner, valuer = (ruling.winner, ruling.value_winner) if ruling else ("past_rate", "past_rate")
    made = forecasts(known, at, horizon, seed=0)
    seen = what_followed(days, made.history, at, end)
    orders, spend = seen["orders"].to_numpy(), seen["spend"].to_numpy()
    yield f"{name}: the court says", "", ruling.verdict if ruling else "nothing"
    for candidate in [winner, *(other for other in made.orders if other != winner)]:
        of_orders, of_value = scores(orders, made.orders[candidate]), scores(spend, made.value(candidate))
        said = _ORDERS.format(**of_orders) + _VALUE.format(**of_value)
        picked = " and ".join(what for what, pick in (("orders", winner), ("value", valuer)) if pick == candidate)
        yield f"{name}: {candidate}{f' (the pick for {picked})' if picked else ''}", "", said
    past, again = made.history["total_spend"], made.history["x"] * made.history["repeat_spend"]
    yardsticks = {"past spend": past.to_numpy(), "past spend but the first": again.to_numpy(), "hindsight": spend}
    for best, value in yardsticks.items():
        yield f"{name}: capture by {best}", "", f"{scores(spend, value)['capture']:.4f}"
    yield (
        f"{name}: capture by the pick, chance error",
        "",
        _chance_error(spend, made.value(valuer), made.value("bg_nbd")),
    )
    table = customer_value(known, NO_MARGINS, as_of=at, horizon_days=horizon).table
    is_within = (spend >= table["clv_low"].to_numpy()) & (spend <= table["clv_high"].to_numpy())
    yield f"{name}: 80 % intervals cover", "", f"{is_within.mean():.1%} ({(spend == 0).mean():.0%} bring nothing)"
    yield f"{name}: churn risk", "", _churn(table, orders)


def _churn(table: pl.DataFrame, orders: np.ndarray) -> str:
    """How many were foreseen to stay away, how many did, and how wrong the risks were one by one."""
    risk, stayed_away = table["churn_risk"].to_numpy(), orders == 0.0
    brier = np.mean((risk - stayed_away) ** 2)
    said = f"{risk.mean():.3f} foreseen, {stayed_away.mean():.3f} seen"
    return f"{said}, Brier {brier:.4f} ({stayed_away.var():.4f} for all alike)"


def _chance_error(spend: np.ndarray, pick: np.ndarray, other: np.ndarray) -> str:
    """How far the capture, and its lead over BG/NBD, would vary between other samples of the customers."""
    random, found = np.random.default_rng(0), []
    for _ in range(500):
        drawn = random.integers(0, len(spend), len(spend))
        found.append([scores(spend[drawn], value[drawn])["capture"] for value in (pick, other)])
    captures = np.array(found)
    return f"{captures[:, 0].std():.4f}; of its lead over bg_nbd {(captures[:, 0] - captures[:, 1]).std():.4f}"


def interval_rows() -> Iterator[Row]:
    """What the intervals cover in the year that follows, on companies whose truths differ."""
    at = END - timedelta(days=365)
    for name, world in WORLDS.items():
        for seed in TWIN_SEEDS:
            days = purchases_in(world, TWIN_CUSTOMERS, seed)
            valuation = customer_value(days.filter(pl.col("ordered_on") <= at), NO_MARGINS, as_of=at)
            seen = what_followed(days, valuation.table, at, END)
            spend, table = seen["spend"].to_numpy(), valuation.table
            low, high, value = (table[column].to_numpy() for column in ("clv_low", "clv_high", "clv"))
            is_within, is_likely = (spend >= low) & (spend <= high), high > value * (1.0 + 1e-9)
            yield (
                f"80 % intervals, {name}, seed {seed}",
                "77 to 83 %",
                f"{is_within.mean():.1%} ({valuation.model}; court {valuation.coverage or 0.0:.1%}; "
                f"{(spend == 0).mean():.0%} bring nothing; {1 - is_likely.mean():.0%} likely none, covered "
                f"{is_within[~is_likely].mean() if (~is_likely).any() else 0.0:.0%}, the others "
                f"{is_within[is_likely].mean():.1%}; bias of the total {value.sum() / spend.sum() - 1:+.0%}; "
                f"{(spend <= value).mean():.1%} bring no more than is expected)",
            )
            yield f"churn risk, {name}, seed {seed}", "", _churn(table, seen["orders"].to_numpy())


def scale_rows() -> Iterator[Row]:
    """Seconds for a million buyers, and for the court of a hundred thousand."""
    days = many_purchase_days(1_000_000)
    history = histories(days, END)
    started = time.perf_counter(), time.process_time()
    model = fit_purchase_model("bg_nbd", history)
    model.expected_purchases(history, 365.0)
    model.p_alive(history)
    expected_spend(history, {})
    yield "BG/NBD and Gamma-Gamma, 1,000,000 buyers, fit and score", "<= 6 s", _seconds(*started)
    some = days.filter(pl.col("customer_id") < "0100000")
    started = time.perf_counter(), time.process_time()
    judge(some, as_of=END, horizon=365)
    yield "the whole court, 100,000 buyers", "<= 60 s", _seconds(*started)
    started = time.perf_counter(), time.process_time()
    customer_value(days, NO_MARGINS, as_of=END)
    yield "the whole of customer_value, 1,000,000 buyers, the court included", "", _seconds(*started)


def _seconds(wall: float, processor: float) -> str:
    return f"{time.perf_counter() - wall:.1f} s ({time.process_time() - processor:.1f} s of processor time)"


def retail_orders() -> pl.DataFrame:
    """Return the purchases of known customers: cancellations, adjustments and gifts are none."""
    lines = pl.scan_parquet(SHARED_TEST_DATA / "online_retail" / "online_retail.parquet")
    amount = pl.col("Quantity").cast(pl.Decimal(18, 4)) * pl.col("UnitPrice").cast(pl.Decimal(18, 4))
    return (
        lines.filter(pl.col("CustomerID").is_not_null(), pl.col("InvoiceNo").str.contains(r"^\d"))
        .group_by("CustomerID", "InvoiceNo")
        .agg(ordered_on=pl.col("InvoiceDate").min().dt.date(), net_revenue=amount.cast(pl.Decimal(18, 4)).sum())
        .filter(pl.col("net_revenue") > 0)
        .select(pl.col("CustomerID").cast(pl.Int64).cast(pl.String).alias("customer_id"), "ordered_on", "net_revenue")
        .collect()
    )


def many_purchase_days(customers: int, seed: int = 1) -> pl.DataFrame:
    """Return the purchase days of many buyers who follow the twin's model of buying; quicker than the whole twin."""
    random, parameters = np.random.default_rng(seed), Parameters()
    rate = random.gamma(parameters.rate_shape, 1 / parameters.rate_scale_days, customers)
    leave = random.beta(parameters.leave_alpha, parameters.leave_beta, customers)
    active = np.arange(customers)
    now = np.floor(random.random(customers) * parameters.history_days)
    people, moments = [active], [now]
    while len(active):
        now = now + random.exponential(1 / rate[active])
        is_ahead = now < parameters.history_days
        active, now = active[is_ahead], now[is_ahead]
        people.append(active)
        moments.append(now)
        stays = random.random(len(active)) > leave[active]
        active, now = active[stays], now[stays]
    person, day = np.concatenate(people), np.floor(np.concatenate(moments)).astype(int)
    mean = parameters.spend_p / random.gamma(parameters.spend_q, 1 / 36.0, customers)
    frame = pl.DataFrame({"person": person, "day": day, "net_revenue": random.gamma(6.0, mean[person] / 6.0).round(2)})
    first = END - timedelta(days=parameters.history_days - 1)
    orders = frame.lazy().select(
        pl.col("person").cast(pl.String).str.zfill(7).alias("customer_id"),
        (pl.lit(first) + pl.duration(days="day")).alias("ordered_on"),
        "net_revenue",
    )
    return purchase_days(orders, as_of=END)


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "cdnow": cdnow_rows,
    "retail": retail_rows,
    "intervals": interval_rows,
    "scale": scale_rows,
}


if __name__ == "__main__":
    main()
