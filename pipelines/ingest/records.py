"""The physical records of a text file: counted independently of the engine, and read by hand where a file is broken.

The engine is fast on sound files and unreliable on broken ones, so its count is believed only where it equals ours.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

_CHUNK_BYTES = 1 << 24
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
_LONGEST_CELL = 1 << 24
_LONGEST_RECORD_LINES = 500
"""A cell may run over many lines; a quotation mark that is never closed must not swallow the rest of the file."""
LONGEST_RAW_TEXT = 100_000


@dataclass(frozen=True)
class RecordCount:
    """How many records follow the header, and where line numbers jump.

    From record `records[i]` on (counted from 0) a record's line is its number plus `offsets[i]`.
    """

    count: int
    records: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Record:
    """One record: its first line (from 1), its cells, or what is wrong with its form and its text as it stands."""

    line: int
    cells: list[str]
    fault: str | None = None
    raw_text: str = ""


def count_records(path: Path, header_lines: int) -> RecordCount:
    """The records after the first `header_lines` lines; blank lines are none, line breaks within quotes end none."""
    counter = _Counter(header_lines)
    with path.open("rb") as file:
        for _ in range(header_lines):
            file.readline()
        rest = b""
        while chunk := file.read(_CHUNK_BYTES):
            complete, newline, rest = (rest + chunk).rpartition(b"\n")
            counter.add(complete + newline)
        counter.add(rest + b"\n" if rest.strip() else b"")
    return counter.result()


class _Counter:
    """Finds the lines on which records start, piece by piece, by the parity of quotation marks."""

    def __init__(self, line: int) -> None:
        self._line = line + 1
        self._count = 0
        self._is_quoted = False
        self._offset: int | None = None
        self._breaks: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []

    def add(self, block: bytes) -> None:
        """Count a block of whole lines."""
        if not block:
            return
        data = np.frombuffer(block, dtype=np.uint8)
        ends = np.flatnonzero(data == _NEWLINE)
        starts = np.concatenate(([0], ends[:-1] + 1))
        lengths = ends - starts - ((ends > starts) & (data[ends - 1] == _RETURN))
        is_inside = self._inside_quotes(block, data, starts)
        is_start = ~is_inside & (lengths > 0)
        lines = np.flatnonzero(is_start) + self._line
        records = np.arange(self._count, self._count + len(lines))
        self._note_breaks(records, lines - records)
        self._count += len(lines)
        self._line += len(ends)

    def _inside_quotes(
        self, block: bytes, data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        if b'"' not in block:
            return np.full(len(starts), self._is_quoted)
        quotes = np.flatnonzero(data == _QUOTE)
        before: npt.NDArray[np.int64] = np.searchsorted(quotes, starts) + self._is_quoted
        self._is_quoted = bool((len(quotes) + self._is_quoted) % 2)
        return (before % 2).astype(np.bool_)

    def _note_breaks(self, records: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]) -> None:
        if not len(offsets):
            return
        previous = offsets[0] - 1 if self._offset is None else self._offset
        jumps = np.flatnonzero(np.diff(offsets, prepend=previous))
        self._breaks.append((records[jumps], offsets[jumps]))
        self._offset = int(offsets[-1])

    def result(self) -> RecordCount:
        """The count so far."""
        empty = np.empty(0, dtype=np.int64)
        records = np.concatenate([empty, *(records for records, _ in self._breaks)])
        offsets = np.concatenate([empty, *(offsets for _, offsets in self._breaks)])
        return RecordCount(self._count, records, offsets)


def read_records(path: Path, header_lines: int, delimiter: str, width: int) -> Iterator[Record]:
    """Every record after the header, sound or not. Slow and careful: each line of the file is in exactly one record.

    A record that runs over several lines without coming out right is taken to be one broken line, and reading
    goes on with the next, so that a stray quotation mark costs one row and not the rest of the file.
    """
    csv.field_size_limit(_LONGEST_CELL)
    with path.open("r", encoding="utf-8", errors="replace", newline="\n") as file:
        lines = _Lines(file, header_lines)
        while (line := lines.take()) is not None:
            if not line.strip():
                continue
            number = lines.number
            following: list[str] = []
            cells = _parse(line, lines, following, delimiter)
            if cells is not None and len(cells) == width:
                yield Record(number, cells)
                continue
            lines.give_back(following)
            yield Record(number, [], _fault(cells, following, width), line.rstrip("\r\n")[:LONGEST_RAW_TEXT])


class _Lines:
    """Lines of a file that can be given back, with the number of the last one taken."""

    def __init__(self, file: Iterator[str], header_lines: int) -> None:
        self._file = file
        self._returned: deque[str] = deque()
        self.number = sum(1 for _ in islice(file, header_lines))

    def take(self) -> str | None:
        """The next line, or None at the end."""
        line = self._returned.popleft() if self._returned else next(self._file, None)
        self.number += line is not None
        return line

    def give_back(self, lines: list[str]) -> None:
        """Put lines back in front, as if they had not been taken."""
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)


def _parse(line: str, lines: _Lines, following: list[str], delimiter: str) -> list[str] | None:
    """The cells of the record that starts with `line`; the further lines that it took are added to `following`."""

    def supply() -> Iterator[str]:
        yield line
        while len(following) < _LONGEST_RECORD_LINES and (further := lines.take()) is not None:
            following.append(further)
            yield further

    try:
        return next(csv.reader(supply(), delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _fault(cells: list[str] | None, following: list[str], width: int) -> str:
    if cells is None:
        return "A quotation mark in this row is not closed, or stands where it must not."
    if following:
        return "A quotation mark opens in this row and closes only rows later."
    return f"The row has {len(cells)} cell{'' if len(cells) == 1 else 's'}, the header has {width}."


def raw_texts(path: Path, delimiter: str, first_lines: Sequence[int]) -> Iterator[tuple[int, str]]:
    """The text of sound records as it stands, by their first lines in rising order. Reads the file once."""
    csv.field_size_limit(_LONGEST_CELL)
    wanted = deque(first_lines)
    with path.open("r", encoding="utf-8", errors="replace", newline="\n") as file:
        lines = _Lines(file, 0)
        while wanted and (line := lines.take()) is not None:
            if lines.number == wanted[0]:
                number, following = wanted.popleft(), list[str]()
                _parse(line, lines, following, delimiter)
                yield number, "".join([line, *following]).rstrip("\r\n")[:LONGEST_RAW_TEXT]
