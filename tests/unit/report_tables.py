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
    return {
        "orders": orders,
        "customer_features": features,
        "customer_segments": rfm_segments(features, as_of=as_of, previous=before),
        "customer_value": _value(features),
        "customer_potential": _potential(features),
        "kpis": _kpis(orders, features, as_of),
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


def _value(features: pl.DataFrame) -> pl.DataFrame:
    clv = (pl.col("net_revenue") * 0.4 / (1 + pl.col("recency_days") / 90)).cast(MONEY)
    return features.select(
        "customer_id",
        clv=clv,
        value_class=pl.when(clv > 60).then(pl.lit("A")).when(clv > 20).then(pl.lit("B")).otherwise(pl.lit("C")),
        model=pl.lit("bg_nbd+gamma_gamma"),
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
