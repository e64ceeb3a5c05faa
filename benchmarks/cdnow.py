"""The customers of the CDNOW data: the tenth that is always published, and nine others."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import polars as pl

from models.purchase_history import purchase_days

SHARED_TEST_DATA = Path(
    os.environ.get("STAMMKUNDE_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)
CALIBRATION_END, HOLDOUT_END = date(1997, 9, 30), date(1998, 6, 30)


def cdnow_orders() -> pl.DataFrame:
    """Return the transactions of the CDNOW sample."""
    text = (SHARED_TEST_DATA / "cdnow" / "CDNOW_sample.txt").read_text(encoding="ascii")
    places = {"customer_id": 1, "ordered_on": 2, "net_revenue": 4, "master_id": 0}
    return _transactions([line.split() for line in text.splitlines()], places)


def other_tenths(sample: set[str]) -> list[pl.DataFrame]:
    """The purchase days of nine other samples of the same customers."""
    text = (SHARED_TEST_DATA / "cdnow" / "CDNOW_master.txt").read_text(encoding="ascii")
    rows = [line.split() for line in text.splitlines()[1:]]
    places = {"customer_id": 0, "ordered_on": 1, "net_revenue": 3}
    others = _transactions([row for row in rows if row[0] not in sample], places)
    customers = others.select("customer_id").unique().sort("customer_id")
    tenths = [others.join(customers.gather_every(9, number), on="customer_id", how="semi") for number in range(9)]
    return [purchase_days(some.lazy(), as_of=HOLDOUT_END) for some in tenths]


def _transactions(rows: list[list[str]], places: dict[str, int]) -> pl.DataFrame:
    return pl.DataFrame({name: [row[place] for row in rows] for name, place in places.items()}).with_columns(
        pl.col("ordered_on").str.to_date("%Y%m%d"), pl.col("net_revenue").cast(pl.Decimal(18, 4))
    )
