"""The physical records of a text file, counted independently of the engine: how many, where, and how strict.

The engine is fast on sound files and unreliable on broken ones, so it is believed only where it counts as we do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipelines.ingest.header import Dialect

_CHUNK_BYTES = 1 << 21
"""What fits into a processor's cache is counted nearly twice as fast."""
_NEWLINE, _RETURN = 10, 13
_NO_BREAK_SPACE, _BYTE_ORDER_MARK = "\u00a0".encode(), "\ufeff".encode()
_FEW_STRETCHES = 50_000
NARROWEST_SWALLOWED = 4
"""From this many cells on, a line within a cell that has as many is taken for a row that an open quote swallowed; in
narrower tables an address or a sentence has as many commas."""
MOST_GAPS = 50
"""More blank lines than this are no gaps between tables, but the way in which the file is written."""


@dataclass(frozen=True)
class RecordCount:
    """How many records follow the header, and where line numbers jump.

    From record `records[i]` on (counted from 0) a record's line is its number plus `offsets[i]`. `cells` counts the
    cells of all records, `quoted_cells` those that open with a quote, `loose_quotes` the quotes that neither open nor
    close a cell nor double another, `swallowed_lines` the lines within quotes that have as many cells as a row.
    `after_blank` are the lines of records below a blank line, none where there are many. `has_odd_blanks` tells whether
    other blanks than the usual one occur, so that a cell may begin or end with one, `has_returns` whether there are
    carriage returns. No record takes more than
    `longest` bytes.
    """

    count: int
    records: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    cells: int = 0
    quoted_cells: int = 0
    loose_quotes: int = 0
    swallowed_lines: int = 0
    after_blank: tuple[int, ...] = ()
    has_odd_blanks: bool = True
    longest: int = 0
    has_returns: bool = True

    def lines_of(self, records: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The lines on which records start, by their numbers from 0."""
        lines: npt.NDArray[np.int64] = records + self.offsets[np.searchsorted(self.records, records, side="right") - 1]
        return lines


def count_records(path: Path, header_lines: int, dialect: Dialect | None = None, width: int = 0) -> RecordCount:
    """The records after the first `header_lines` lines; blank lines are none, line breaks within quotes end none.

    `width` is the number of cells in a row.
    """
    counter = _Counter(header_lines, dialect or Dialect(), width)
    with path.open("rb") as file:
        for _ in range(header_lines):
            file.readline()
        rest = b""
        while chunk := file.read(max(_CHUNK_BYTES, len(rest))):
            complete, newline, rest = (rest + chunk).rpartition(b"\n")
            counter.add(complete + newline)
        counter.add(rest + b"\n" if rest.strip() else b"")
    return counter.result()


def _holds_odd_blanks(block: bytes) -> bool:
    """Whether a tab, a no-break space or a byte order mark occurs. Single bytes are sought first, being far faster."""
    if b"\t" in block:
        return True
    if block.isascii():
        return False
    has_space = _NO_BREAK_SPACE[-1:] in block and _NO_BREAK_SPACE in block
    return has_space or (_BYTE_ORDER_MARK[:1] in block and _BYTE_ORDER_MARK in block)


class _Counter:
    """Finds the lines on which records start, piece by piece, by the parity of quotation marks."""

    def __init__(self, line: int, dialect: Dialect, width: int) -> None:
        self._line = line + 1
        self._quote = dialect.quote.encode()
        delimiter = dialect.delimiter.encode()
        self._delimiter = delimiter[:1]
        self._swallowed_size = (width - 1) * len(delimiter) if width >= NARROWEST_SWALLOWED else None
        self._swallowed = 0
        self._is_after_blank = False
        self._after_blank: list[int] = []
        self._has_odd_blanks = False
        self._starting = np.frombuffer(delimiter[-1:] + b"\n", dtype=np.uint8)
        self._before_opening = np.frombuffer(delimiter[-1:] + b"\n" + self._quote, dtype=np.uint8)
        self._after_closing = np.frombuffer(delimiter[:1] + b"\r\n" + self._quote, dtype=np.uint8)
        self._count = self._delimiters = self._quoted_cells = self._loose_quotes = 0
        self._is_quoted = False
        self._longest = self._unfinished = 0
        self._has_returns = False
        self._offset: int | None = None
        self._breaks: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []

    def add(self, block: bytes) -> None:
        """Count a block of whole lines."""
        if not block:
            return
        data = np.frombuffer(block, dtype=np.uint8)
        self._has_odd_blanks = self._has_odd_blanks or _holds_odd_blanks(block)
        self._has_returns = self._has_returns or b"\r" in block
        ends = np.flatnonzero(data == _NEWLINE)
        starts = np.concatenate(([0], ends[:-1] + 1))
        lengths = ends - starts - ((ends > starts) & (data[ends - 1] == _RETURN))
        is_inside = self._inside_quotes(block, data, starts)
        is_start = ~is_inside & (lengths > 0)
        self._note_blanks(is_start, ~is_inside & (lengths == 0))
        self._note_lengths(starts[is_start], len(block))
        lines = np.flatnonzero(is_start) + self._line
        records = np.arange(self._count, self._count + len(lines))
        self._note_breaks(records, lines - records)
        self._count += len(lines)
        self._line += len(ends)

    def _inside_quotes(
        self, block: bytes, data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        if not self._quote or self._quote not in block:
            self._delimiters += 0 if self._is_quoted else block.count(self._delimiter)
            return np.full(len(starts), self._is_quoted)
        quotes = np.flatnonzero(data == self._quote[0])
        self._judge_quotes(data, quotes)
        self._delimiters += self._outside_quotes(block, quotes)
        before: npt.NDArray[np.int64] = np.searchsorted(quotes, starts) + self._is_quoted
        self._is_quoted = bool((len(quotes) + self._is_quoted) % 2)
        is_inside = (before % 2).astype(np.bool_)
        if self._swallowed_size is not None and is_inside.any():
            self._count_swallowed(block, data, starts[is_inside], quotes)
        return is_inside

    def _count_swallowed(
        self, block: bytes, data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], quotes: npt.NDArray[np.int64]
    ) -> None:
        """Lines that begin within quotes and, up to the next quote or their end, have as many cells as a row."""
        ends = np.append(np.flatnonzero(data == _NEWLINE), len(data))
        marks = np.append(quotes, len(data))
        stops = np.minimum(ends[np.searchsorted(ends, starts)], marks[np.searchsorted(marks, starts)])
        self._swallowed += int((self._delimiters_between(block, starts, stops) == self._swallowed_size).sum())

    def _delimiters_between(
        self, block: bytes, starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """How many delimiters each stretch of the block holds; a few stretches are counted one by one."""
        if len(starts) < _FEW_STRETCHES:
            pairs = zip(starts.tolist(), stops.tolist(), strict=True)
            return np.array([block.count(self._delimiter, start, stop) for start, stop in pairs], dtype=np.int64)
        delimiters = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == self._delimiter[0])
        counts: npt.NDArray[np.int64] = np.searchsorted(delimiters, stops) - np.searchsorted(delimiters, starts)
        return counts

    def _note_blanks(self, is_start: npt.NDArray[np.bool_], is_blank: npt.NDArray[np.bool_]) -> None:
        """The first records below blank lines; where blank lines are many they are how the file is written."""
        if len(self._after_blank) <= MOST_GAPS:
            follows = np.concatenate(([self._is_after_blank], is_blank[:-1]))
            self._after_blank += (np.flatnonzero(is_start & follows)[: MOST_GAPS + 1] + self._line).tolist()
        self._is_after_blank = bool(is_blank[-1])

    def _note_lengths(self, starts: npt.NDArray[np.int64], size: int) -> None:
        """From one start of a record to the next, over the borders of blocks."""
        lengths = np.diff(starts, prepend=-self._unfinished, append=size)
        self._longest = max(self._longest, int(lengths.max()))
        self._unfinished = int(lengths[-1])

    def _outside_quotes(self, block: bytes, quotes: npt.NDArray[np.int64]) -> int:
        """How many delimiters part cells: all but those between a quote that opens and the one that closes."""
        marks = np.concatenate(([0] if self._is_quoted else [], quotes)).astype(np.int64)
        if len(marks) % 2:
            marks = np.append(marks, len(block))
        inside = self._delimiters_between(block, marks[0::2], marks[1::2])
        return block.count(self._delimiter) - int(inside.sum())

    def _judge_quotes(self, data: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64]) -> None:
        """A quote opens after a delimiter or a line's end, and closes before one; two in a row stand for one."""
        is_closing = (np.arange(len(quotes)) + self._is_quoted) % 2 == 1
        opening, closing = quotes[~is_closing], quotes[is_closing]
        before = np.where(opening > 0, data[opening - 1], _NEWLINE)
        after = data[np.minimum(closing + 1, len(data) - 1)]
        self._quoted_cells += int(np.isin(before, self._starting).sum())
        self._loose_quotes += int((~np.isin(before, self._before_opening)).sum())
        self._loose_quotes += int((~np.isin(after, self._after_closing)).sum())
        ends_in_break = np.isin(data[closing - 1], (_NEWLINE, _RETURN)).any()
        self._has_odd_blanks = self._has_odd_blanks or bool(ends_in_break)

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
        cells = self._delimiters + self._count
        gaps = tuple(self._after_blank) if len(self._after_blank) <= MOST_GAPS else ()
        quotes = self._quoted_cells, self._loose_quotes, self._swallowed
        signs = self._has_odd_blanks, self._longest, self._has_returns
        return RecordCount(self._count, records, offsets, cells, *quotes, gaps, *signs)
