"""The child process that reads one workbook: `python -P workbook_reader.py WORKBOOK FOLDER MEMORY SECONDS`.

A small sparse or lying workbook can abort its reader or ask for all memory, so the reader runs by itself, within limits
of memory (bytes) and time that it sets for itself before it opens anything. It writes each sheet as CSV into FOLDER and
prints as JSON what it found. It imports little, so that it starts quickly.
"""

from __future__ import annotations

import csv
import datetime
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook, SheetVisibleEnum

_CHUNK_BYTES = 1 << 20
_OPEN_XML = (".xlsx", ".xlsm")
_RELATIONSHIP = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ERROR_SIGNS = (b't="e"', b"t='e'")
_ERROR_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*\bt=[\"']e[\"'][^>]*)(?<!/)>(.*?)</(?:\w+:)?c>", re.DOTALL)
_ODS_ERROR, _ODS_MARKS = b'calcext:value-type="error"', b"xmlns:calcext="
_CELL_NAME = re.compile(rb"\br=[\"']([A-Z]+)([0-9]+)[\"']")
_CELL_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")


def main() -> None:
    """Write the sheets, and print their names, files and whether they are hidden."""
    path, folder, memory, seconds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    _limit(memory, seconds)
    sys.stdout.write(json.dumps(list(_sheets(path, folder))))


def _limit(memory: int, seconds: int) -> None:
    """A sheet's text never outgrows the memory that holds the sheet, so the same number bounds what is written."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _sheets(path: Path, folder: Path) -> Iterator[dict[str, object]]:
    workbook = CalamineWorkbook.from_path(path)
    error_count = 0 if path.suffix in _OPEN_XML else _errors_that_do_not_arrive(path)
    parts = dict(_parts(path)) if path.suffix in _OPEN_XML else {}
    for number, sheet in enumerate(workbook.sheets_metadata):
        is_hidden = sheet.visible != SheetVisibleEnum.Visible
        file = folder / f"{number}.csv"
        if not is_hidden:
            errors = dict(_errors(path, parts[sheet.name])) if sheet.name in parts else {}
            _write(workbook, sheet.name, errors, file)
        yield {"name": sheet.name, "file": file.name, "is_hidden": is_hidden, "error_count": error_count}


def _parts(path: Path) -> Iterator[tuple[str, str]]:
    """Each sheet's name, and the member of the archive that holds its cells."""
    with zipfile.ZipFile(path) as archive:
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - limits guard it
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        for sheet in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
            if target := targets.get(sheet.get(_RELATIONSHIP)):
                yield sheet.get("name", ""), target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _errors_that_do_not_arrive(path: Path) -> int | None:
    """How many cells of all sheets hold an error that calamine gives as empty; None where only the vendor could tell.

    LibreOffice marks them in a name space of its own; other kinds of workbook are not looked into.
    """
    if path.suffix != ".ods":
        return None
    count, is_marked, rest = 0, False, b""
    with zipfile.ZipFile(path) as archive, archive.open("content.xml") as cells:
        while chunk := cells.read(_CHUNK_BYTES):
            text = rest + chunk
            count += text.count(_ODS_ERROR)
            is_marked = is_marked or _ODS_MARKS in text
            rest = text[1 - len(_ODS_ERROR) :]
    return count if is_marked else None


def _errors(path: Path, part: str) -> Iterator[tuple[tuple[int, int], str]]:
    """The cells, by row and column from 0, that hold an error such as #N/A: calamine gives them as empty."""
    with zipfile.ZipFile(path) as archive, archive.open(part) as cells:
        rest = b""
        while chunk := cells.read(_CHUNK_BYTES):
            text = rest + chunk
            if any(sign in text for sign in _ERROR_SIGNS):
                for found in _ERROR_CELL.finditer(text):
                    yield _error(found[1], found[2])
            last = max(text.rfind(b"<c "), text.rfind(b":c "))
            rest = text[max(last - len(b"<prefix"), 0) :][-_CHUNK_BYTES:] if last >= 0 else text[-_CHUNK_BYTES:]


def _error(attributes: bytes, content: bytes) -> tuple[tuple[int, int], str]:
    name, value = _CELL_NAME.search(attributes), _CELL_VALUE.search(content)
    if name is None:
        raise ValueError("An error stands in a cell without a name, so its place is not known.")
    column = 0
    for letter in name[1]:
        column = column * 26 + letter - ord("A") + 1
    return (int(name[2]) - 1, column - 1), value[1].decode() if value else "#VALUE!"


def _write(workbook: CalamineWorkbook, name: str, errors: dict[tuple[int, int], str], file: Path) -> None:
    """The sheet from its first row on, a line for each row, so that lines are numbered as rows are."""
    sheet = workbook.get_sheet_by_name(name)
    first_column = sheet.start[1] if sheet.start else 0  # columns before the first are left out, rows are not
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        for row_number, row in enumerate(sheet.iter_rows()):
            cells = [_shown(cell) for cell in row]
            if errors:
                places = ((row_number, first_column + at) for at in range(len(cells)))
                cells = [cell or errors.get(place, "") for cell, place in zip(cells, places, strict=True)]
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
            return re.sub(r"\r\n|\r|\n", " ", str(cell)).strip()


def _number(number: float) -> str:
    """Three decimals get a fourth: `1.2340` has a decimal point in every country, `1.234` has not. Of more than fifteen
    digits a workbook keeps no more than fifteen, so such a number is written as one that is rounded."""
    if abs(number) >= 1e15:
        return format(number, ".14E")
    if number.is_integer():
        return format(number + 0.0, ".0f")  # the sum turns -0.0 into 0.0
    text = format(number, ".15g") if abs(number) >= 1e-4 else format(number, ".17f").rstrip("0")
    return text + "0" if len(text.partition(".")[2]) == 3 else text


if __name__ == "__main__":
    main()
