"""What the report reads: published tables, as far as they are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

SMALLEST_GROUP = 5
"""Fewer people than these are no aggregate: what is said of them is said of single ones."""


@dataclass(frozen=True)
class Published:
    """The tables of a folder of exports; `folder` None stands for none at all."""

    folder: Path | None

    def table(self, name: str, *columns: str) -> pl.LazyFrame | None:
        """The columns of a table, or None where it lacks one of them, is empty, or is not published."""
        if self.folder is None or not (path := self.folder / f"{name}.parquet").exists():
            return None
        table = pl.scan_parquet(path, glob=False)
        if not set(columns) <= set(table.collect_schema().names()):
            return None
        selected = table.select(columns)
        return None if selected.head(1).collect().is_empty() else selected

    def day(self) -> date | None:
        """The day that the tables are of."""
        kpis = self.table("kpis", "as_of")
        return None if kpis is None else kpis.select(pl.col("as_of").max()).collect().item()


def hide_few(groups: pl.DataFrame, people: str, *figures: str) -> pl.DataFrame:
    """The groups, without the figures of those of fewer than five people.

    Where that hides a single group, the next smallest is hidden too: its figures would follow from the total. A group
    of nobody hides nothing. `people` itself becomes null with the figures.
    """
    count = pl.col(people)
    is_few = (count > 0) & (count < SMALLEST_GROUP)
    smallest_others = count.filter(~is_few & (count > 0)).min()
    alone = (is_few.sum() == 1) & (count == smallest_others)
    hidden = is_few | alone.fill_null(value=False)
    return groups.with_columns(pl.when(~hidden).then(pl.col(name)).alias(name) for name in (people, *figures))
