"""What `stammkunde quarantine` prints: which rows were left out, why, and what to do."""

from __future__ import annotations

import json

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.ingest.quarantine import read_quarantine
from pipelines.workspace import Workspace

_LINES_NAMED = 5
_ROWS_SHOWN = 50


def summary(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per file, entity, column and fault: row_count, and the first lines. Holds no value of any cell."""
    return (
        rows.group_by("file", "entity", "column_name", "fault")
        .agg(row_count=pl.len(), lines=pl.col("line").unique().sort().head(_LINES_NAMED))
        .sort("file", "row_count", "entity", "column_name", "fault", descending=[False, True, False, False, False])
    )


def print_quarantine(workspace: Workspace, console: Console, *, as_json: bool, show_values: bool) -> None:
    """Print the summary, as a table or as JSON; with their values, up to fifty rows as well."""
    rows = read_quarantine(workspace.quarantine, workspace.raw) if workspace.quarantine.is_dir() else None
    if as_json:
        found = [] if rows is None else summary(rows).to_dicts()
        console.print(json.dumps(found, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)
        return
    if rows is None or rows.is_empty():
        console.print("No row is in quarantine.")
        return
    console.print(_table(summary(rows)))
    if show_values:
        for file, line, reason in rows.select("file", "line", "reason").head(_ROWS_SHOWN).iter_rows():
            _say(console, f"{file}, line {line}: {reason}")
    workbook = workspace.latest / "data_quality" / "quarantine.xlsx"
    where = f"Each row with its values is in {workbook}, as of the last published run. " if workbook.exists() else ""
    _say(
        console,
        f"\n{rows.height:,} rows were left out. {where}Correct them in their files, and put those into landing/ again: "
        "what a corrected file holds replaces what it corrects. Then run `stammkunde run`.",
    )


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _table(found: pl.DataFrame) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("file", "record", "column", "what is wrong"):
        table.add_column(heading)
    table.add_column("rows", justify="right")
    table.add_column("lines")
    for file, entity, column, fault, count, lines in found.iter_rows():
        named = ", ".join(map(str, lines)) + (" ..." if count > len(lines) else "")
        cells = (Text(text or "") for text in (file, entity, column, fault))
        table.add_row(*cells, f"{count:,}", named)
    return table
