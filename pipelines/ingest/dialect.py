"""With which delimiter and quotes was a text file written? Told by the headers that presets know, then by the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipelines.ingest.encoding import HEAD_BYTES
from pipelines.ingest.header import Dialect, Header
from pipelines.ingest.records import fault_count, split_record, usual_width

DELIMITERS = (",", ";", "\t", "|", ":", "^", "~", "\x1f", "||", " ")
_QUOTES = ('"', "'")
HEADER_LINES = 100
"""Some exports put a title, an address or `sep=;` above their header; further down none was ever seen."""
_LONGEST_HEADER_LINES = 50
_SAMPLE_RECORDS = 2_000
_NEARLY_EVERY = 0.8


def header_candidates(path: Path) -> list[Header]:
    """The first rows of a UTF-8 file under each dialect, each of which may be the header."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")
    lines = [line.rstrip("\r") for line in head.split("\n")]
    dialects = [Dialect(delimiter, quote, quote) for delimiter in DELIMITERS for quote in _QUOTES]
    possible = [one for one in dialects if one == Dialect() or (one.delimiter in head and one.quote in head + '"')]
    return [header for dialect in possible for header in _first_rows(lines, dialect)]


def _first_rows(lines: list[str], dialect: Dialect) -> Iterator[Header]:
    at = 0
    while at < min(len(lines), HEADER_LINES):
        cells, taken = _record_at(lines, at, dialect)
        if cells and any(cells) and (len(cells) > 1 or dialect == Dialect()):
            yield Header(at + 1, at + taken, dialect, tuple(cells))
        at += taken


def _record_at(lines: list[str], at: int, dialect: Dialect) -> tuple[list[str] | None, int]:
    """The trimmed cells of the record that starts on a line, and how many lines it takes; None where it is none."""
    text = lines[at]
    if dialect.quote not in text:
        return [cell.strip() for cell in text.split(dialect.delimiter)], 1
    for taken in range(1, _LONGEST_HEADER_LINES):
        if text.count(dialect.quote) % 2 == 0:
            cells = split_record(text, dialect)
            return (None, 1) if cells is None else ([cell.strip() for cell in cells], taken)
        if at + taken >= len(lines):
            break
        text += "\n" + lines[at + taken]
    return None, 1


def settled(path: Path, header: Header) -> Header:
    """The header with the dialect that fits the records below it best: other quotes, or a backslash as escape.

    Double quotes that double to escape are taken unless the first records are broken by them and sound otherwise.
    """
    return _in_usual_width(path, replace(header, dialect=_settled_dialect(path, header)))


def _settled_dialect(path: Path, header: Header) -> Dialect:
    own = header.dialect
    sample = _sample(path)
    if own.quote not in sample and "'" not in sample:
        return own
    dialects = [own]
    if "\\" + own.quote in sample:
        dialects.append(replace(own, escape="\\"))
    if own.quote == '"' and _is_wrapped_in_apostrophes(sample, own.delimiter):
        return Dialect(own.delimiter, "'", "'")
    if len(dialects) == 1:
        return own
    faults = [_faults(path, replace(header, dialect=dialect)) for dialect in dialects]
    return dialects[faults.index(min(faults))]


def _in_usual_width(path: Path, header: Header) -> Header:
    """The header with as many cells as the rows have, where only empty ones at its end tell them apart.

    Some tools end every row with a delimiter, and the header without one, or the other way round.
    """
    width = usual_width(path, header.last_line, header.dialect, len(header.cells), _SAMPLE_RECORDS)
    surplus = width - len(header.cells)
    if surplus == 1:
        return replace(header, cells=(*header.cells, ""))
    if surplus < 0 and not any(header.cells[width:]):
        return replace(header, cells=header.cells[:width])
    return header


def _sample(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES).decode("utf-8", errors="replace")


def _faults(path: Path, header: Header) -> int:
    return fault_count(path, header.last_line, header.dialect, header.cells, _SAMPLE_RECORDS)


def _is_wrapped_in_apostrophes(sample: str, delimiter: str) -> bool:
    """Whether apostrophes enclose cells: nearly every cell that begins with one ends with one too.

    Where they only begin cells they guard numbers from spreadsheets, or belong to Dutch names.
    """
    between = re.escape(delimiter)
    beginning = re.findall(f"(?:^|{between})'", sample, re.MULTILINE)
    wrapped = re.findall(f"(?:^|{between})'(?:[^']|''){{0,500}}'(?={between}|\r?$)", sample, re.MULTILINE)
    return len(wrapped) > 1 and len(wrapped) >= _NEARLY_EVERY * len(beginning)
