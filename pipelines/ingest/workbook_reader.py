"""The child process that reads one workbook: `python -m pipelines.ingest.workbook_reader WORKBOOK FOLDER`.

A small sparse or lying workbook can abort its reader or ask for all memory, so the reader runs by itself, within limits
that its parent sets. It writes each sheet as CSV into FOLDER and prints as JSON what it found. It imports little, so
that it starts quickly.
"""

from __future__ import annotations

import csv
import datetime
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineWorkbook, SheetVisibleEnum


def main() -> None:
    """Write the sheets, and print their names, files and whether they are hidden."""
    workbook, folder = Path(sys.argv[1]), Path(sys.argv[2])
    sys.stdout.write(json.dumps(list(_sheets(CalamineWorkbook.from_path(workbook), folder))))


def _sheets(workbook: CalamineWorkbook, folder: Path) -> Iterator[dict[str, object]]:
    for number, sheet in enumerate(workbook.sheets_metadata):
        is_hidden = sheet.visible != SheetVisibleEnum.Visible
        file = folder / f"{number}.csv"
        if not is_hidden:
            _write(workbook, sheet.name, file)
        yield {"name": sheet.name, "file": file.name, "is_hidden": is_hidden}


def _write(workbook: CalamineWorkbook, name: str, file: Path) -> None:
    """The sheet from its first row on, a line for each row, so that lines are numbered as rows are."""
    sheet = workbook.get_sheet_by_name(name)
    first_row, first_column = sheet.start or (0, 0)
    with file.open("w", encoding="utf-8", newline="") as text:
        text.write("\n" * first_row)
        writer = csv.writer(text, lineterminator="\n")
        for row in sheet.iter_rows():
            cells = [_shown(cell) for cell in row]
            if any(cells):
                writer.writerow([""] * first_column + cells)
            else:
                text.write("\n")


def _shown(cell: object) -> str:
    """A cell as text that can be read in one way only, on one line."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return _number(cell)
        case datetime.datetime() | datetime.date() | datetime.time():
            return cell.isoformat(sep=" ") if isinstance(cell, datetime.datetime) else cell.isoformat()
        case _:
            return " ".join(str(cell).split("\n")).replace("\r", "").strip()


def _number(number: float) -> str:
    """Three decimals get a fourth: `1.2340` has a decimal point in every country, `1.234` has not."""
    if number.is_integer():
        return format(number, ".0f")
    text = format(number, ".15g") if abs(number) >= 1e-4 else format(number, ".17f").rstrip("0")
    return text + "0" if len(text.partition(".")[2]) == 3 else text


if __name__ == "__main__":
    main()
