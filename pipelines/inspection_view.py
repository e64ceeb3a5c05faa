"""What `stammkunde inspect` prints: what a file is, how its columns map, and what would be rejected."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.ingest.inspection import Inspection


def print_inspection(found: Inspection, console: Console) -> None:
    """Print one inspection. Rejected rows are quoted: this is for the eyes of the file's owner."""
    _say(console, f"{found.file}: {found.status}", style="bold")
    if found.preset:
        _say(console, f"  {found.preset}, {_form(found)}")
    if found.message:
        _say(console, f"  {found.message}")
    if found.proposal:
        _say(console, f"\n{found.proposal}")
    if found.mapped:
        console.print(_columns(found))
    if found.unmapped:
        _say(console, f"  Not used: {', '.join(found.unmapped)}", style="dim")
    for row in found.ledger:
        _say(
            console,
            f"  {row.entity}: {row.rows_read:,} rows read, {row.rows_kept:,} kept, "
            f"{row.rows_quarantined:,} rejected, {row.rows_collapsed:,} without a record of their own",
        )
    for rejected in found.rejected:
        _say(console, f"  line {rejected.line} ({rejected.entity}): {rejected.reason}", style="yellow")


def _say(console: Console, text: str, style: str | None = None) -> None:
    """Print text as it is: brackets in a file's name are no markup."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _form(found: Inspection) -> str:
    if found.dialect is None:
        return "Parquet"
    return f"{found.encoding}, separated by {found.dialect}, header in line {found.header_line}"


def _columns(found: Inspection) -> Table:
    table = Table(box=None, padding=(0, 2))
    table.add_column("column of the file")
    table.add_column("becomes")
    targets: dict[str, list[str]] = {}
    for column in found.mapped:
        targets.setdefault(column.header, []).append(f"{column.entity}.{column.column}")
    for header, columns in targets.items():
        table.add_row(Text(header), ", ".join(columns))
    return table
