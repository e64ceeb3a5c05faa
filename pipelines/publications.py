"""What earlier runs have published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl


def published_before(exports: Path, table: str, as_of: date) -> Iterator[tuple[date, Path]]:
    """Yield the file of a table in every publication of an earlier day, by day.

    A run that is repeated for the same day sees the same ones.
    """
    for folder in sorted(exports.glob("????-??-??")):
        file = folder / "tables" / f"{table}.parquet"
        if folder.name < as_of.isoformat() and file.exists():
            yield date.fromisoformat(folder.name), file


def earlier_plans(exports: Path, as_of: date, aliases: pl.DataFrame) -> dict[date, pl.DataFrame]:
    """Return the contact plans that were published before `as_of`, by day, with today's customer ids.

    `aliases` (alias, customer_id) leads from former ids. Of customers who have become one since and had different
    parts in the plan, none is left: nobody knows which part the one has had.
    """
    now = dict(aliases.select("alias", "customer_id").iter_rows())
    plans = {}
    for day, file in published_before(exports, "contact_plan", as_of):
        plan = pl.read_parquet(file).with_columns(pl.col("customer_id").replace(now))
        parts = pl.struct("channel", "arm").n_unique().over("plan_id", "customer_id")
        alike = plan.filter(parts == 1)
        plans[day] = alike.unique(["plan_id", "customer_id"], keep="first", maintain_order=True).sort(
            "plan_id", "customer_id"
        )
    return plans
