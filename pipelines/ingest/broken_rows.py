"""What broken records of a text file mean: a torn row, a footer, a second table, or a row for quarantine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest.header import normalised
from pipelines.ingest.records import Record
from pipelines.ingest.refusal import RefusalError

CLOSING_WORDS = re.compile(
    r"(?i)^(?:gesamt(?:summe|betrag|anzahl)?|summe|zwischensumme|total|totals|grand total|sum|subtotal|anzahl|count|"
    r"ergebnis|saldo|stand|seite|page|ende|end of|export(?:iert|ed)?|generated|erstellt|erzeugt|report|bericht|quelle|"
    r"source|(?:[0-9.,]+ )?(?:rows?|records?|zeilen?|datens[aä]tze?|eintr[aä]ge?|entries|results?))\b"
)
"""With these words tools close a table; a record of a customer or an order does not begin so."""
LONGEST_FOOTER = 20
_TORN = "The next line may be the rest of this row's last cell, torn off by a line break without quotation marks."
REJECTS = pa.schema([("line", pa.int64()), ("fault", pa.string()), ("raw_text", pa.string())])


class BrokenRows:
    """Collects broken records in the order of the file. Those that no sound one follows may be the file's footer."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer
        self._tail: list[Record] = []
        self.count = 0

    def add(self, records: Sequence[Record]) -> None:
        """Take the broken ones among further records."""
        last_sound = max((record.line for record in records if record.fault is None), default=0)
        broken = [*self._tail, *(record for record in records if record.fault is not None)]
        self._write([record for record in broken if record.line < last_sound])
        self._tail = [record for record in broken if record.line > last_sound]

    def settle(self) -> None:
        """Take note that a sound record follows."""
        self._write(self._tail)
        self._tail = []

    def close(self, *, ends_with_newline: bool, has_second_table: bool) -> tuple[str, ...]:
        """Write what is left, unless it is a footer; returns notes on that."""
        if has_second_table or not _is_footer(self._tail, ends_with_newline):
            self.settle()
        return _footer_notes(self._tail)

    def _write(self, records: list[Record]) -> None:
        self._writer.write_table(_table(records))
        self.count += len(records)


def _table(records: list[Record]) -> pa.Table:
    columns = [[r.line for r in records], [r.fault for r in records], [r.raw_text for r in records]]
    return pa.table(columns, schema=REJECTS)


def without_torn(records: Iterator[Record]) -> Iterator[Record]:
    """The records; a sound one is broken too where a line follows that may be the rest of its last cell."""
    previous: Record | None = None
    for record in records:
        if previous is not None:
            yield replace(previous, fault=_TORN) if _is_torn(previous, record) else previous
        previous = record
    if previous is not None:
        yield previous


def _is_torn(record: Record, following: Record) -> bool:
    """Whether the next line is a single cell, no remark, and the record's own last cell is not closed by a quote."""
    if record.fault or not following.fault or len(following.cells) != 1 or following.follows_blank:
        return False
    is_remark = following.raw_text.lstrip().startswith("#") or _is_closing_text(following)
    begins_alike = _shape(following.cells[0]) == _shape(record.cells[0])
    return not (is_remark or begins_alike or record.raw_text.endswith(('"', "'")))


def _shape(cell: str) -> str:
    """A cell by its kinds of signs: a lone number that looks like the row's own number begins a row that was cut."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", cell.strip()))


def _is_closing_text(record: Record) -> bool:
    return CLOSING_WORDS.match(record.raw_text.lstrip("\ufeff\"' ;,\t|")) is not None


def _footer_notes(left_out: list[Record]) -> tuple[str, ...]:
    if not left_out:
        return ()
    lines = "1 line" if len(left_out) == 1 else f"{len(left_out)} lines"
    return (f"{lines} below the table left out, from line {left_out[0].line} on.",)


def _is_footer(tail: list[Record], ends_with_newline: bool) -> bool:
    """Whether what stands below the last sound record is no record: a remark, a sum, the number of rows.

    A record that was cut off at the end of the file is none of these.
    """
    if not tail or len(tail) > LONGEST_FOOTER:
        return False
    if all(_says_nothing(record) or _is_closing_text(record) for record in tail):
        return True
    counts = [record.filled_count for record in tail]
    is_remark = max(counts) <= 2 and counts.count(2) <= 1  # several rows of two cells may be another table
    return tail[0].follows_blank and ends_with_newline and is_remark


def _says_nothing(record: Record) -> bool:
    return bool(record.cells) and record.filled_count == 0


def until_second_table(
    batch: list[Record], words: frozenset[str], second: int | None
) -> tuple[list[Record], int | None]:
    """The records, those of a second table as broken ones, and the line on which it begins, once it has begun.

    A broken record that holds nothing but headers of some kind of file is the header of another table.
    """
    for record in batch if second is None else []:
        filled = [normalised(cell) for cell in record.cells if cell.strip()] if record.fault else []
        if len(filled) > 1 and words.issuperset(filled):
            second = record.line
            break
    if second is None:
        return batch, None
    told = f"The row belongs to a second table, which begins in line {second}. Land it as a file of its own."
    first = second
    return [_as_broken(one, told) if one.line >= first else one for one in batch], second


def _as_broken(record: Record, fault: str) -> Record:
    return replace(record, cells=[], fault=fault, raw_text=record.raw_text or ",".join(record.cells))


def second_table(line: int) -> RefusalError:
    """What is said of a file that holds two tables."""
    return RefusalError(
        f"Line {line} looks like the header of a second table. Split the file there, and land both parts by themselves."
    )
