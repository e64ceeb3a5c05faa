"""The records of a text file read by hand, sound or broken: slow, careful, and every line in exactly one record."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pipelines.ingest.header import Dialect
from pipelines.ingest.record_count import NARROWEST_SWALLOWED

LONGEST_RECORD_LINES = 500
"""A cell may run over many lines; a quotation mark that is never closed must not swallow the rest of the file."""
LONGEST_RAW_TEXT = 100_000
_SWALLOWED = "A cell in quotation marks holds what looks like a whole further row; a quotation mark may be missing."


@dataclass(frozen=True)
class Record:
    """One record: its first line (from 1), its cells, its text as it stands; where it is broken, what is wrong."""

    line: int
    cells: list[str]
    fault: str | None = None
    raw_text: str = ""
    follows_blank: bool = False
    place: int = 0
    """Where its first line begins, in bytes from where reading began."""

    @property
    def filled_count(self) -> int:
        """How many of its cells say anything."""
        return sum(1 for cell in self.cells if cell.strip())


def read_records(path: Path, header_lines: int, dialect: Dialect, header: Sequence[str]) -> Iterator[Record]:
    """Every record after the header, sound or not. A sound one has as many cells as the header, and says nothing under
    an empty one at the header's end.

    A record that runs over several lines without coming out right is taken to be one broken line, and reading goes on
    with the next, so that a stray quotation mark costs one row and not the rest of the file.
    """
    with path.open("rb") as file:
        yield from records_of(Lines(file, header_lines), dialect, header)


def records_of(lines: Lines, dialect: Dialect, header: Sequence[str]) -> Iterator[Record]:
    """Every record of the lines, as `read_records` gives them."""
    follows_blank = False
    place = lines.place
    while (line := lines.take()) is not None:
        if line.strip("\r\n "):
            yield _record(line, lines, dialect, header, follows_blank, place)
            follows_blank = False
        else:
            follows_blank = True
        place = lines.place


def _record(
    line: str, lines: Lines, dialect: Dialect, header: Sequence[str], follows_blank: bool, place: int
) -> Record:
    number = lines.number
    following: list[str] = []
    cells = _parse(line, lines, following, dialect)
    text = "".join([line, *following]).rstrip("\r\n")[:LONGEST_RAW_TEXT]
    if cells is not None and _fits(cells, header):
        fault = _SWALLOWED if following and _holds_a_row(cells, dialect) else None
        return Record(number, cells, fault, text, follows_blank, place)
    lines.give_back(len(following))
    told = _fault(cells, following, header)
    raw_text = line.rstrip("\r\n")[:LONGEST_RAW_TEXT]
    return Record(number, [] if following else cells or [], told, raw_text, follows_blank, place)


def _fits(cells: list[str], header: Sequence[str]) -> bool:
    """A cell too many at the front of a row pushes the last one under the header's empty end, if it has one."""
    if len(cells) != len(header):
        return False
    return bool(header[-1]) or not any(cell.strip() for cell, name in zip(cells, header, strict=True) if not name)


def _holds_a_row(cells: list[str], dialect: Dialect) -> bool:
    """Whether a line within a cell has as many cells as a row, as where one open quote meets the next."""
    if len(cells) < NARROWEST_SWALLOWED:
        return False
    further = (line for cell in cells if "\n" in cell for line in cell.split("\n")[1:])
    return any(line.count(dialect.delimiter) == len(cells) - 1 for line in further)


class Lines:
    """Lines of a UTF-8 file that can be given back; `number` is that of the last one taken, and after it, at `place`
    bytes from where reading began, the next one begins."""

    def __init__(self, file: BinaryIO, header_lines: int, number: int = 0) -> None:
        self._file = file
        self._taken: deque[bytes] = deque(maxlen=LONGEST_RECORD_LINES + 1)
        self._returned: deque[bytes] = deque()
        self.number = number + sum(1 for _ in islice(file, header_lines))
        self.place = 0

    def take(self) -> str | None:
        """The next line, or None at the end."""
        line = self._returned.popleft() if self._returned else next(self._file, None)
        if line is None:
            return None
        self._taken.append(line)
        self.number += 1
        self.place += len(line)
        return line.decode("utf-8", errors="replace")

    def give_back(self, count: int) -> None:
        """Put the last lines back in front, as if they had not been taken."""
        for _ in range(count):
            line = self._taken.pop()
            self._returned.appendleft(line)
            self.place -= len(line)
        self.number -= count


def _parse(line: str, lines: Lines, following: list[str], dialect: Dialect) -> list[str] | None:
    """The cells of the record that starts with `line`; the further lines that it took are added to `following`."""
    text, is_open = line, _quote_count(line, dialect) % 2 == 1
    while is_open and len(following) < LONGEST_RECORD_LINES:
        further = lines.take()
        if further is None:
            break
        following.append(further)
        is_open = _quote_count(further, dialect) % 2 == 0
    if is_open:
        return None
    return split_record("".join([text, *following]).rstrip("\r\n"), dialect)


def _quote_count(line: str, dialect: Dialect) -> int:
    if not dialect.quote:
        return 0
    escaped = line.count("\\" + dialect.quote) if dialect.escape == "\\" else 0
    return line.count(dialect.quote) - escaped


def split_record(text: str, dialect: Dialect) -> list[str] | None:
    """The cells of one record, None where a quotation mark stands where it must not."""
    if not dialect.quote:
        return None if _has_stray_quotes(text) else text.split(dialect.delimiter)
    if dialect.quote not in text:
        return text.split(dialect.delimiter)
    cell, cells, at = _cell_pattern(dialect), list[str](), 0
    while (found := cell.match(text, at)) is not None:
        quoted = found.group(1)
        cells.append(found.group(2) if quoted is None else _unescaped(quoted, dialect))
        if found.end() == len(text):
            return cells
        at = found.end() + len(dialect.delimiter)
    return None


def _has_stray_quotes(text: str) -> bool:
    """Where nothing is quoted, quotes are inches or stand in pairs; anything else is a rest of broken quoting."""
    inches = re.sub(r'(?<=\d)"', "", text)
    return '""' in text or inches.count('"') % 2 == 1


@lru_cache(maxsize=64)
def _cell_pattern(dialect: Dialect) -> re.Pattern[str]:
    """One cell up to the next delimiter or the end: quoted with its inside as group 1, or bare as group 2."""
    quote, between = re.escape(dialect.quote), re.escape(dialect.delimiter)
    blanks = "" if dialect.delimiter.isspace() else "[ \\t]*"
    inside = f"(?:[^{quote}]|{quote}{quote})*"
    if dialect.escape == "\\":
        inside = f"(?:[^{quote}\\\\]|\\\\.|{quote}{quote})*"
    bare = f"[^{quote}{between}]*" if len(dialect.delimiter) == 1 else f"(?:(?!{between})[^{quote}])*"
    ends = f"(?={between}|\\Z)"
    return re.compile(f"(?s:{blanks}{quote}({inside}){quote}{blanks}{ends}|({bare}){ends})")


def _unescaped(inside: str, dialect: Dialect) -> str:
    if dialect.escape == "\\":
        inside = re.sub(r"(?s)\\(.)", r"\1", inside)
    return inside.replace(dialect.quote * 2, dialect.quote)


def usual_width(path: Path, header_lines: int, dialect: Dialect, expected: int, limit: int) -> int:
    """The number of cells that most of the first `limit` records have, `expected` where as many have that.

    One record alone is no custom: where it is wider than `expected`, a delimiter slipped into it.
    """
    with path.open("rb") as file:
        lines, widths = Lines(file, header_lines), Counter[int]()
        while widths.total() < limit and (line := lines.take()) is not None:
            cells = _parse(line, lines, [], dialect) if line.strip() else None
            widths.update([len(cells)] if cells else [])
    usual = max(widths, key=lambda width: (widths[width], width == expected), default=expected)
    return usual if widths[usual] > 1 else min(usual, expected)


def _fault(cells: list[str] | None, following: list[str], header: Sequence[str]) -> str:
    width = len(header)
    if cells is None:
        return "A quotation mark in this row is not closed, or stands where it must not."
    if following:
        return "A quotation mark opens in this row and closes only rows later."
    if len(cells) == width:
        return "The row has a filled cell where the header is empty, so its cells may have moved."
    return f"The row has {len(cells)} cell{'' if len(cells) == 1 else 's'}, the header has {width}."


def fault_count(path: Path, header_lines: int, dialect: Dialect, header: Sequence[str], limit: int) -> int:
    """How many of the first `limit` records are broken."""
    records = islice(read_records(path, header_lines, dialect, header), limit)
    return sum(record.fault is not None for record in records)


def raw_texts(path: Path, dialect: Dialect, first_lines: Sequence[int]) -> Iterator[tuple[int, str]]:
    """The text of sound records as it stands, by their first lines in rising order. Reads the file once."""
    wanted = deque(first_lines)
    with path.open("rb") as file:
        lines = Lines(file, 0)
        while wanted and (line := lines.take()) is not None:
            if lines.number == wanted[0]:
                number, following = wanted.popleft(), list[str]()
                _parse(line, lines, following, dialect)
                yield number, "".join([line, *following]).rstrip("\r\n")[:LONGEST_RAW_TEXT]
