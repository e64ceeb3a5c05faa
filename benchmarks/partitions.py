"""Figures that compare a partition of records with the true one."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class PairFigures:
    """Of all pairs that were put together, how many belong together (precision), and the other way round (recall)."""

    precision: float
    recall: float
    b3_precision: float
    b3_recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean over pairs."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)

    @property
    def b3_f1(self) -> float:
        """The harmonic mean of B-cubed, in which every record counts the same."""
        return 2 * self.b3_precision * self.b3_recall / (self.b3_precision + self.b3_recall)


def pair_figures(found: pl.Series, true: pl.Series) -> PairFigures:
    """Return the figures of two labels per record."""
    frame = pl.DataFrame({"found": found, "true": true})
    both = frame.group_by("found", "true").len("both").with_columns(pl.col("both").cast(pl.Float64))
    both = both.with_columns(of_found=pl.col("both").sum().over("found"), of_true=pl.col("both").sum().over("true"))
    agreed = _pairs(both["both"])
    in_found = _pairs(both.unique("found")["of_found"])
    in_true = _pairs(both.unique("true")["of_true"])
    squares = both.select(
        found=(pl.col("both") ** 2 / pl.col("of_found")).sum(), true=(pl.col("both") ** 2 / pl.col("of_true")).sum()
    ).row(0)
    return PairFigures(agreed / in_found, agreed / in_true, squares[0] / frame.height, squares[1] / frame.height)


def pair_recall_by(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return, for each value of the column, the true pairs with such a record and how many of them were found.

    `frame` has true_id, customer_id and the column.
    """
    size, same = pl.len().over("true_id"), pl.len().over("true_id", "customer_id")
    counted = frame.with_columns(pairs=size - 1, found=same - 1)
    return (
        counted.group_by(column)
        .agg(pl.col("pairs").sum(), pl.col("found").sum())
        .filter(pl.col("pairs") > 0)
        .select(column, "pairs", recall=pl.col("found") / pl.col("pairs"))
        .sort("pairs", column, descending=[True, False])
    )


def _pairs(sizes: pl.Series) -> float:
    return float((sizes * (sizes - 1) / 2).sum())
