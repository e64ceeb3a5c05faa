"""The published tables of a small made-up company, as the report reads them: two runs, three months apart."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from models.rfm import rfm_segments

AS_OF = date(2026, 6, 30)
BEFORE = date(2026, 3, 31)
PEOPLE = 240
CATEGORIES = ("Tea", "Coffee", "Toys & <games>")
MONEY = pl.Decimal(18, 4)


def write_tables(folder: Path, as_of: date = AS_OF, previous: Path | None = None) -> Path:
    """Write every table that the report reads into the folder and return it."""
    folder.mkdir(parents=True)
    for name, table in tables(as_of, previous).items():
        table.write_parquet(folder / f"{name}.parquet")
    return folder


def tables(as_of: date = AS_OF, previous: Path | None = None) -> dict[str, pl.DataFrame]:
    """The tables by name; segments know those of the `previous` folder."""
    orders = _orders().filter(pl.col("ordered_on") <= as_of)
    features = _features(orders, as_of)
    before = None if previous is None else pl.read_parquet(previous / "customer_segments.parquet")
    segments = rfm_segments(features, as_of=as_of, previous=before)
    return {
        "orders": orders,
        "customer_features": features,
        "customer_segments": segments,
        "customer_value": _value(features),
        "customer_potential": _potential(features),
        "kpis": _kpis(orders, features, as_of),
        "segment_migration": _migration(segments),
        "behaviour_segments": _behaviour(),
        **_outreach(features["customer_id"]),
        "value_court": _court(),
        "load_ledger": _ledger(),
        "ledger_balance": _balance(),
    }


def _orders() -> pl.DataFrame:
    """Some buy often, most seldom, and a good part stays away after a while."""
    chance = random.Random(5)
    rows = []
    for person in range(PEOPLE):
        day = date(2023, 7, 1) + timedelta(days=chance.randrange(900))
        pause, goes_on = chance.choice((30, 60, 120, 240)), chance.uniform(0.4, 0.95)
        while day <= AS_OF:
            rows.append((f"c{person:03}", day, Decimal(chance.randrange(1000, 15000)) / 100, True))
            if chance.random() > goes_on:
                break
            day += timedelta(days=1 + int(chance.expovariate(1 / pause)))
    schema = {"customer_id": pl.String, "ordered_on": pl.Date, "net_revenue": MONEY, "is_purchase": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _features(orders: pl.DataFrame, as_of: date) -> pl.DataFrame:
    days = (pl.lit(as_of) - pl.col("ordered_on").max()).dt.total_days()
    return (
        orders.group_by("customer_id")
        .agg(
            recency_days=days,
            purchase_day_count=pl.col("ordered_on").n_unique().cast(pl.Int64),
            net_revenue=pl.col("net_revenue").sum(),
        )
        .sort("customer_id")
    )


def _migration(segments: pl.DataFrame) -> pl.DataFrame:
    return (
        segments.group_by(from_segment=pl.col("previous_rfm_segment").fill_null("none"), to_segment="rfm_segment")
        .agg(customer_count=pl.len().cast(pl.Int64))
        .with_columns(
            segmentation=pl.lit("rfm"),
            previous_as_of=pl.lit(BEFORE),
            is_move=pl.col("from_segment") != pl.col("to_segment"),
        )
    )


def _behaviour() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "name": ["Buy often, several categories", "Came <once>", "Wait long, spend much", "Came by long ago"],
            "sentence": [
                "120 customers who buy often.",
                "80 customers who bought once.",
                "60 customers.",
                "3 customers.",
            ],
            "customer_count": [120, 80, 60, 3],
            "net_revenue": ["9000", "500", "700", "40"],
        }
    ).with_columns(pl.col("net_revenue").cast(MONEY))


def _value(features: pl.DataFrame) -> pl.DataFrame:
    clv = (pl.col("net_revenue") * 0.4 / (1 + pl.col("recency_days") / 90)).cast(MONEY)
    return features.select(
        "customer_id",
        clv=clv,
        value_class=pl.when(clv > 60).then(pl.lit("A")).when(clv > 20).then(pl.lit("B")).otherwise(pl.lit("C")),
        model=pl.lit("bg_nbd"),
    )


def _potential(features: pl.DataFrame) -> pl.DataFrame:
    verdict = pl.int_range(pl.len()) % 3
    return (
        features.select("customer_id", actual="net_revenue")
        .with_columns(
            verdict=verdict.replace_strict({0: "open", 1: "exhausted", 2: "unknown"}, return_dtype=pl.String),
            potential=(pl.col("actual") * 1.5).cast(MONEY),
        )
        .join(pl.DataFrame({"category": ["*", *CATEGORIES]}), how="cross")
    )


def _kpis(orders: pl.DataFrame, features: pl.DataFrame, as_of: date) -> pl.DataFrame:
    revenue, people = orders["net_revenue"].sum(), features.height
    repeat = features.select((pl.col("purchase_day_count") > 1).mean()).item()
    rows = [
        ("customers", people, "customers"),
        ("active_buyers_12_months", features.filter(pl.col("recency_days") < 365).height, "customers"),
        ("repeat_rate", repeat, "fraction"),
        ("orders", orders.height, "orders"),
        ("net_revenue", revenue, "EUR"),
        ("average_order_value", revenue / orders.height, "EUR"),
        ("refund_rate", 0.05, "fraction"),
        ("email_reach", people - 20, "customers"),
    ]
    table = pl.DataFrame(
        [(as_of, metric, f"{value:.4f}", unit) for metric, value, unit in rows],
        schema=["as_of", "metric", "value", "unit"],
        orient="row",
    )
    return table.with_columns(pl.col("value").cast(MONEY))


def _outreach(customers: pl.Series) -> dict[str, pl.DataFrame]:
    chance = random.Random(6)
    effects = [
        ("email", 1.2, 0.4, 2.0, "pays"),
        ("phone", 3.0, -2.0, 8.0, "unproven"),
        ("post", None, None, None, "unknown"),
    ]
    plan = [("none", "holdout"), ("email", "policy"), ("email", "policy"), ("phone", "explore"), ("none", "policy")]
    campaigns = [
        (f"mailchimp:{name}", low, high, date(2026, 5, day))
        for day, (name, low, high) in enumerate(
            [("spring", 0.5, 2.5), ("<b>summer</b>", -1.0, 1.0), ("too-much", -3.0, -1.0)], start=1
        )
    ]
    return {
        "channel_effects": pl.DataFrame(
            [(name, effect, low, high, 0.1, 500, verdict) for name, effect, low, high, verdict in effects],
            schema=["channel", "effect", "effect_low", "effect_high", "cost", "contact_count", "verdict"],
            orient="row",
        ),
        "channel_months": pl.DataFrame(
            [(date(2026, month, 1), name, 900, 800, 80 * month) for month in (4, 5, 6) for name in ("email", "phone")],
            schema=["month", "channel", "contact_count", "delivered_count", "engaged_count"],
            orient="row",
        ),
        "contact_plan": pl.DataFrame(
            [
                (customer, *(drawn := chance.choice(plan)), 2.5 if drawn[0] != "none" else None, 0.1)
                for customer in customers
            ],
            schema=["customer_id", "channel", "arm", "expected_margin", "cost"],
            orient="row",
        ),
        "plan_limits": pl.DataFrame(
            [("email", None, 90.0, 200, 0.0), ("phone", 40.0, 40.0, 60, 1.3), ("budget", 100.0, 80.0, 200, 0.0),
             ("sms", 0.0, 0.0, 0, 0.0)],
            schema=["limit_name", "capacity", "used", "open_count", "price"],
            orient="row",
        ),
        "campaign_results": pl.DataFrame(
            [
                (name, "email", "margin", (low + high) / 2, low, high, 100, 90, day)
                for name, low, high, day in campaigns
            ],
            schema=["campaign_id", "channel", "outcome", "effect", "effect_low", "effect_high", "treated_count",
                    "control_count", "sent_on"],
            orient="row",
        ),
        "what_if": pl.DataFrame(
            [
                (lever, amount, lever == "plan", int(amount), amount, amount**0.5, amount**0.5 - 2, amount**0.5 + 2,
                 "The next EUR belongs into phone." if lever == "plan" else None)
                for lever, amount in
                [("plan", 80.0), ("phone", 20.0), *(("budget", factor * 80.0) for factor in (0, 0.5, 1, 2))]
            ],
            schema=["lever", "amount", "is_plan", "contact_count", "cost", "added_margin", "added_low", "added_high",
                    "reason"],
            orient="row",
        ),
    }  # fmt: skip


def _court() -> pl.DataFrame:
    winners = {"orders": "blend", "spend": "pareto_nbd"}
    return pl.DataFrame(
        [
            (origin, name, target, deviance, 0.82 if target == "spend" else None, name == winners[target])
            for origin in (date(2025, 6, 30), date(2025, 9, 30))
            for name, deviance in [("blend", 0.9), ("pareto_nbd", 0.95), ("past_rate", 1.0), ("last_period", 1.4)]
            for target in ("orders", "spend")
        ],
        schema=["origin", "candidate", "target", "poisson_deviance", "coverage", "is_winner"],
        orient="row",
    ).with_columns(note=pl.lit(None, pl.String))


def _ledger() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "file": ["a.csv", "b.csv", "c.csv"],
            "entity": ["orders", "contacts", None],
            "status": ["partly", "loaded", "unknown"],
            "rows_read": [100, 50, 0],
            "rows_kept": [90, 45, 0],
            "rows_quarantined": [4, 0, 0],
            "rows_collapsed": [6, 5, 0],
            "amount_read": ["1000", None, None],
            "amount_kept": ["960", None, None],
            "amount_quarantined": ["40", None, None],
        }
    ).with_columns(pl.col("^amount_.*$").cast(pl.Decimal(38, 4)))


def _balance() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "entity": ["orders", "orders", "order_lines"],
            "currency": ["EUR", "EUR", None],
            "outcome": ["delivered", "superseded", "delivered"],
            "row_count": [80, 10, 190],
            "amount": ["900.5", "59.5", "860"],
        }
    ).with_columns(pl.col("amount").cast(pl.Decimal(38, 4)))
