"""How an asset leaves its table behind, and what it says about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines.ingest.durable import durable_file


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
    columns = [dg.TableColumn(name, str(dtype)) for name, dtype in frame.schema.items()]
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            "dagster/row_count": frame.height,
            "dagster/column_schema": dg.TableSchema(columns),
            **(metadata or {}),
        },
    )


def in_markdown(frame: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """Return a small aggregate as a Markdown table. Never call it with rows about single people."""
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + "---|" * frame.width]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in frame.iter_rows()]
    return dg.MetadataValue.md("\n".join(lines))
