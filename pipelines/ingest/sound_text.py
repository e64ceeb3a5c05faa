"""The sound records of a broken text file as a text of their own, which the engine can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from pipelines.ingest.header import Dialect
from pipelines.ingest.record_count import RecordCount
from pipelines.ingest.records import Record


class SoundText:
    """Writes sound records, each line ending with a line feed, and remembers where in the landed file they stand."""

    def __init__(self, file: BinaryIO, dialect: Dialect) -> None:
        self._file = file
        self._dialect = dialect
        self._lines = 0
        self._stretches: list[tuple[int, int]] = []
        self.count = 0

    def add_text(self, text: bytes, line: int, count: int) -> None:
        """Add `count` records as they stand from a line of the landed file on."""
        self._add(text.replace(b"\r\n", b"\n"), line, count)

    def add_records(self, records: Sequence[Record]) -> None:
        """Add records that were read by hand."""
        for record in records:
            self._add(_written(record.cells, self._dialect), record.line, 1)

    def located(self, count: RecordCount) -> RecordCount:
        """A count of the written text with the lines of the landed file in place of its own."""
        firsts, shifts = np.array(self._stretches, dtype=np.int64).reshape(-1, 2).T
        records = np.union1d(count.records, firsts)
        own = count.offsets[np.searchsorted(count.records, records, side="right") - 1]
        moved = shifts[np.searchsorted(firsts, records, side="right") - 1]
        return replace(count, records=records, offsets=own + moved)

    def _add(self, text: bytes, line: int, count: int) -> None:
        self._note(line)
        self._file.write(text if text.endswith(b"\n") else text + b"\n")
        self._lines += text.count(b"\n")
        self.count += count

    def _note(self, line: int) -> None:
        """Remember how far lines have moved where that changes."""
        shift = line - (self._lines + 1)
        if not self._stretches or self._stretches[-1][1] != shift:
            self._stretches.append((self.count, shift))


def _written(cells: Sequence[str], dialect: Dialect) -> bytes:
    """Cells as a line that can be read one way only."""
    return (dialect.delimiter.join(_cell(cell, dialect) for cell in cells) + "\n").encode()


def _cell(cell: str, dialect: Dialect) -> str:
    quote = dialect.quote
    if not quote or not any(sign in cell for sign in (dialect.delimiter, quote, "\n", "\r")):
        return cell
    return quote + cell.replace(quote, quote * 2) + quote
