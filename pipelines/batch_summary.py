"""What a batch came to, for machines: `stammkunde run --json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.workspace import Workspace

_LEDGER_COLUMNS = (
    "file",
    "vendor",
    "entity",
    "status",
    "rows_read",
    "rows_kept",
    "rows_quarantined",
    "rows_collapsed",
    "message",
)


@dataclass(frozen=True)
class StepTime:
    """A step that ended well, and how long it took."""

    step: str
    seconds: float


@dataclass(frozen=True)
class BatchSummary:
    """One batch: its steps, what failed, what was only noted, what landed, and the figures of the day.

    `as_of` and `published_in` are None, and `figures` is empty, where nothing was published.
    """

    has_succeeded: bool
    steps: Sequence[StepTime]
    failures: Sequence[str]
    warnings: Sequence[str]
    files: Sequence[dict[str, Any]] = ()
    as_of: str | None = None
    published_in: Path | None = None
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)


def published_figures(workspace: Workspace) -> tuple[str, dict[str, dict[str, Any]]]:
    """Return the day of the last publication, and value and unit of each metric."""
    kpis = pl.read_parquet(workspace.latest / "tables" / "kpis.parquet").sort("as_of", "metric")
    rows = kpis.filter(pl.col("as_of") == pl.col("as_of").max()).iter_rows(named=True)
    figures = {row["metric"]: {"value": row["value"], "unit": row["unit"]} for row in rows}
    return str(kpis["as_of"].max()), figures


def landed_files(ledger: pl.DataFrame) -> list[dict[str, Any]]:
    """Return what became of each landed file and entity."""
    return ledger.select(_LEDGER_COLUMNS).sort("file", "entity", nulls_last=True).to_dicts()
