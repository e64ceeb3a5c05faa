"""The sound records of a broken text file told from the broken ones, without reading all of it by hand.

Blocks of bytes are surveyed for records that may be broken; only these, with their neighbours, are read by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from pipelines.ingest.header import Dialect, Header
from pipelines.ingest.record_count import NARROWEST_SWALLOWED
from pipelines.ingest.records import LONGEST_RECORD_LINES, Lines, Record, records_of

_BLOCK_BYTES = 1 << 18
_MOST_BY_HAND = 10_000
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34

_Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """A stretch of a file: `count` records that are sound, as `text`, or `records` that were read by hand.

    `line` is the one on which it begins.
    """

    line: int
    text: bytes = b""
    count: int = 0
    records: tuple[Record, ...] = ()


def sift(path: Path, header: Header) -> Iterator[Piece]:
    """The records below the header, in the order of the file. What is not read by hand, would be sound if it were.

    A sound record that a broken one follows is read by hand too. The delimiter must be a single byte.
    """
    with path.open("rb") as file:
        above = sum(len(file.readline()) for _ in range(header.last_line))
        yield from _Sieve(file, header, above).pieces()


class _Sieve:
    """Reads a file from one place on; before it everything is told. Places begin records, outside of quotes."""

    def __init__(self, file: BinaryIO, header: Header, place: int) -> None:
        self._file = file
        self._header = header
        self._place = place
        self._line = header.last_line + 1

    def pieces(self) -> Iterator[Piece]:
        size = _BLOCK_BYTES
        while block := self._block(size):
            seen = _survey(block, self._header.dialect, len(self._header.cells), is_last=len(block) < size)
            if seen.stop:
                size = _BLOCK_BYTES
                yield from self._sifted(block, seen)
            else:
                size *= 2

    def _block(self, size: int) -> bytes:
        """About as many bytes, whole lines; fewer only at the end of the file."""
        self._file.seek(self._place)
        block = self._file.read(size)
        if len(block) == size and not block.endswith(b"\n"):
            block += self._file.readline()
        return block

    def _sifted(self, block: bytes, seen: _Survey) -> Iterator[Piece]:
        begin, line, index = self._place, self._line, 0
        while True:
            suspect = seen.suspect_from(index)
            upto = max(suspect - 1, index) if suspect < len(seen.starts) else len(seen.starts)
            start, stop = self._place - begin, int(seen.starts[upto]) if upto < len(seen.starts) else seen.stop
            if upto > index or suspect == len(seen.starts):
                yield Piece(self._line, block[start:stop], upto - index)
                self._place, self._line = begin + stop, line + seen.lines_before(stop)
            if suspect == len(seen.starts):
                return
            yield self._by_hand(begin + int(seen.starts[suspect]))
            next_one = seen.index_of(self._place - begin)
            if next_one is None:
                return
            index = next_one

    def _by_hand(self, suspect: int) -> Piece:
        """The records from here to the suspect one, and on to the last before a sound one."""
        self._file.seek(self._place)
        lines, first_line, begin = Lines(self._file, 0, self._line - 1), self._line, self._place
        records: list[Record] = []
        for record in records_of(lines, self._header.dialect, self._header.cells):
            if record.fault is None and begin + record.place > suspect:
                self._place, self._line = begin + record.place, record.line
                break
            records.append(record)
            self._place, self._line = begin + lines.place, lines.number + 1
            if len(records) == _MOST_BY_HAND:
                break
        else:
            self._place, self._line = begin + lines.place, lines.number + 1
        return Piece(first_line, records=tuple(records))


@dataclass(frozen=True)
class _Survey:
    """Where the records of a block start, up to `stop`, and which of them may be broken."""

    starts: _Places
    suspects: _Places
    line_ends: _Places
    stop: int

    def suspect_from(self, index: int) -> int:
        """The first record from `index` on that may be broken; the number of records where none may."""
        at = int(np.searchsorted(self.suspects, index))
        return int(self.suspects[at]) if at < len(self.suspects) else len(self.starts)

    def index_of(self, place: int) -> int | None:
        """The number of the record that starts at a place of the block, None where none does."""
        at = int(np.searchsorted(self.starts, place))
        return at if at < len(self.starts) and self.starts[at] == place else None

    def lines_before(self, place: int) -> int:
        return int(np.searchsorted(self.line_ends, place))


def _survey(block: bytes, dialect: Dialect, width: int, *, is_last: bool) -> _Survey:
    """The last record is left to the next block, for it may go on, or a broken one may follow; so is the one before
    where the last may be broken itself. Only where it is open and far too long, or ends the file, that is told here."""
    data = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(data == _NEWLINE)
    lines = np.concatenate(([0], ends[: len(ends) - block.endswith(b"\n")] + 1))
    quotes = np.flatnonzero(data == ord(dialect.quote)) if dialect.quote else np.empty(0, dtype=np.int64)
    first, second = data[lines], data[np.minimum(lines + 1, len(data) - 1)]
    is_blank = (first == _NEWLINE) | ((first == _RETURN) & (second == _NEWLINE))
    starts = lines[(np.searchsorted(quotes, lines) % 2 == 0) & ~is_blank]
    if not len(starts):
        return _Survey(starts, starts, ends, len(block))
    is_suspect = _is_suspect(data, starts, quotes, dialect, width)
    line_counts = np.diff(np.searchsorted(lines, starts), append=len(lines))
    is_suspect |= line_counts > LONGEST_RECORD_LINES
    is_open = len(quotes) % 2 == 1
    is_suspect[-1] |= is_open
    if is_last or (is_open and line_counts[-1] > LONGEST_RECORD_LINES):
        return _Survey(starts, np.flatnonzero(is_suspect), ends, len(block))
    told = len(starts) - 1
    if told and is_suspect[told] and not is_suspect[told - 1]:
        told -= 1
    return _Survey(starts[:told], np.flatnonzero(is_suspect[:told]), ends, int(starts[told]))


def _is_suspect(
    data: npt.NDArray[np.uint8], starts: _Places, quotes: _Places, dialect: Dialect, width: int
) -> npt.NDArray[np.bool_]:
    """Whether a record has another number of cells, a quote or a carriage return where none belongs, or within quotes
    as many delimiters as a row has."""
    delimiter = ord(dialect.delimiter)
    between = np.flatnonzero(data == delimiter)
    is_outside = np.searchsorted(quotes, between) % 2 == 0
    owners = np.searchsorted(starts, between, side="right") - 1
    is_suspect: npt.NDArray[np.bool_] = np.bincount(owners[is_outside], minlength=len(starts)) != width - 1
    if width >= NARROWEST_SWALLOWED and not is_outside.all():
        is_suspect |= np.bincount(owners[~is_outside], minlength=len(starts)) >= width - 1
    odd = [_loose(data, quotes, delimiter) if dialect.quote else np.flatnonzero(data == _QUOTE)]
    returns = np.flatnonzero(data == _RETURN)
    odd.append(returns[data[np.minimum(returns + 1, len(data) - 1)] != _NEWLINE])
    is_suspect[np.searchsorted(starts, np.concatenate(odd), side="right") - 1] = True
    return is_suspect


def _loose(data: npt.NDArray[np.uint8], quotes: _Places, delimiter: int) -> _Places:
    """The quotes that neither open nor close a cell, nor double another."""
    opening, closing = quotes[0::2], quotes[1::2]
    quote = data[quotes[0]] if len(quotes) else 0
    before = np.where(opening > 0, data[opening - 1], _NEWLINE)
    after = np.where(closing + 1 < len(data), data[np.minimum(closing + 1, len(data) - 1)], _NEWLINE)
    is_opening = np.isin(before, (delimiter, _NEWLINE, quote))
    is_closing = np.isin(after, (delimiter, _RETURN, _NEWLINE, quote))
    return np.concatenate((opening[~is_opening], closing[~is_closing]))
