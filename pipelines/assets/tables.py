"""How an asset leaves its table behind, and what it says about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines.delivery.wording import wording
from pipelines.ingest.durable import durable_file

_BAR_WIDTH = 24


def written(
    frame: pl.DataFrame,
    folder: Path,
    metadata: Mapping[str, dg.MetadataValue | int | float | str] | None = None,
    key: Sequence[str] | None = None,
) -> dg.MaterializeResult[None]:
    """Write `folder/<its name>.parquet` in one step and return its row count and columns as metadata."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with durable_file(folder / f"{folder.name}.parquet") as target:
        frame.write_parquet(target, compression="zstd")
    columns = [
        dg.TableColumn(column.name, str(frame.schema[column.name]), description=column.meaning or None)
        for column in wording().columns(frame.schema)
    ]
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            "dagster/row_count": frame.height,
            "dagster/column_schema": dg.TableSchema(columns),
            **(metadata or {}),
        },
    )


def in_markdown(frame: pl.DataFrame, bars: str | None = None) -> dg.MarkdownMetadataValue:
    """Return a small aggregate as a Markdown table, with the named column also drawn as bars.

    Never call it with rows about single people.
    """
    if bars is not None:
        length = pl.col(bars).cast(pl.Float64).clip(lower_bound=0.0)
        blocks = (_BAR_WIDTH * length / length.max()).fill_nan(0.0).fill_null(0.0).ceil().cast(pl.Int64)
        frame = frame.with_columns(pl.lit("█").repeat_by(blocks).list.join("").alias(""))
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + "---|" * frame.width]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in frame.iter_rows()]
    return dg.MetadataValue.md("\n".join(lines))
