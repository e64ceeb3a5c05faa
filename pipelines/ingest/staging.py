"""A text file staged as Parquet, all texts: by the engine, and by us where it trips or counts otherwise than we do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest.encoding import TextFile
from pipelines.ingest.header import Header, normalised
from pipelines.ingest.record_count import RecordCount, count_records
from pipelines.ingest.records import Record, fault_count, read_records
from pipelines.ingest.refusal import RefusalError
from pipelines.quoting import file_literal, literal

STAGING = "(FORMAT parquet, COMPRESSION lz4_raw)"
CLOSING_WORDS = re.compile(
    r"(?i)^(?:gesamt(?:summe|betrag|anzahl)?|summe|zwischensumme|total|totals|grand total|sum|subtotal|anzahl|count|"
    r"ergebnis|saldo|stand|seite|page|ende|end of|export(?:iert|ed)?|generated|erstellt|erzeugt|report|bericht|quelle|"
    r"source|(?:[0-9.,]+ )?(?:rows?|records?|zeilen?|datens[aä]tze?|eintr[aä]ge?|entries|results?))\b"
)
"""With these words tools close a table; a record of a customer or an order does not begin so."""
LONGEST_FOOTER = 20
_USUAL_RECORD_BYTES, _LONGEST_RECORD_BYTES = 1 << 21, 1 << 24
_BATCH_ROWS = 20_000
_TORN = "The next line may be the rest of this row's last cell, torn off by a line break without quotation marks."
_REJECTS = pa.schema([("line", pa.int64()), ("fault", pa.string()), ("raw_text", pa.string())])


@dataclass(frozen=True)
class Staged:
    """A file's records as Parquet: `records` with the wanted columns (and `line`, unless `count` tells the lines).

    `rejects` holds the records that are broken in form; `notes` say what was left out. `after_blank` are the lines of
    records below a blank line.
    """

    records: Path
    row_count: int
    header: Header
    count: RecordCount | None = None
    rejects: Path | None = None
    reject_count: int = 0
    notes: tuple[str, ...] = ()
    after_blank: tuple[int, ...] = ()

    @property
    def has_returns(self) -> bool:
        """Whether cells may hold line breaks with a carriage return."""
        return self.count is None or (len(self.count.offsets) > 1 and self.count.has_returns)

    @property
    def has_odd_blanks(self) -> bool:
        """Whether cells may begin or end with other blanks than the usual one."""
        return self.count is None or self.count.has_odd_blanks


def column_name(position: int) -> str:
    """The SQL name of the file's column at a position; no header ever becomes a name."""
    return f"c{position}"


def stage(
    connection: duckdb.DuckDBPyConnection,
    text: TextFile,
    header: Header,
    positions: Sequence[int],
    words: frozenset[str],
    scratch: Path,
) -> Staged:
    """The records of a UTF-8 text file. `words` are headers of any kind, by which a second table is known.

    Raises RefusalError where the file holds two tables.
    """
    count = count_records(text.path, header.last_line, header.dialect, len(header.cells))
    if count.loose_quotes and not count.quoted_cells:
        header = _with_fewer_faults(text.path, header)
    elif _is_regular(count, header):
        staged = scratch / "staged.parquet"
        if _stage_fast(connection, text.path, header, positions, count.longest, staged) == count.count:
            return Staged(staged, count.count, header, count, after_blank=count.after_blank)
    staged_by_us = _stage_carefully(text, header, positions, words, scratch)
    return replace(staged_by_us, after_blank=count.after_blank)


def _with_fewer_faults(path: Path, header: Header) -> Header:
    """The header with its own quotes, or with none where fewer of the first records are broken then."""
    unquoted = replace(header, dialect=replace(header.dialect, quote=""))
    faults = [fault_count(path, one.last_line, one.dialect, one.cells, 2_000) for one in (header, unquoted)]
    return unquoted if faults[1] < faults[0] else header


def _is_regular(count: RecordCount, header: Header) -> bool:
    """Whether the engine can be trusted with the file. (It overlooks an empty cell too many at a row's end.)"""
    has_width = count.cells == count.count * len(header.cells)
    is_sound = has_width and not (count.loose_quotes or count.swallowed_lines)
    return is_sound and header.dialect.escape != "\\" and bool(header.cells[-1])


def _stage_fast(
    connection: duckdb.DuckDBPyConnection,
    text_file: Path,
    header: Header,
    positions: Sequence[int],
    longest: int,
    staged: Path,
) -> int | None:
    """The number of records staged, or None where the engine met one that it cannot read, or too long a one.

    The engine reads in pieces that grow with the longest record it is told of, and large ones are slow.
    """
    names = ", ".join(f"{literal(column_name(at))}: 'VARCHAR'" for at in range(len(header.cells)))
    dialect = header.dialect
    size = min(max(longest, _USUAL_RECORD_BYTES), _LONGEST_RECORD_BYTES)
    reader = (
        f"read_csv({file_literal(text_file)}, auto_detect = false, header = false, skip = {header.last_line}, "
        f"columns = {{{names}}}, delim = {literal(dialect.delimiter)}, quote = {literal(dialect.quote)}, "
        f"escape = {literal(dialect.escape)}, max_line_size = {size})"
    )
    try:
        row = connection.execute(
            f"COPY (SELECT {', '.join(map(column_name, positions))} FROM {reader}) TO {literal(str(staged))} {STAGING}"
        ).fetchone()
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return None
    return int(row[0]) if row else 0


def _stage_carefully(
    text: TextFile, header: Header, positions: Sequence[int], words: frozenset[str], scratch: Path
) -> Staged:
    schema = pa.schema([("line", pa.int64()), *((column_name(at), pa.string()) for at in positions)])
    staged, rejects = scratch / "staged.parquet", scratch / "rejects.parquet"
    row_count = reject_count = 0
    tail: list[Record] = []
    second: int | None = None
    records = read_records(text.path, header.last_line, header.dialect, header.cells)
    if len(header.cells) - 1 in positions:
        records = _without_torn(records)
    with (
        pq.ParquetWriter(staged, schema, compression="lz4") as kept,
        pq.ParquetWriter(rejects, _REJECTS, compression="lz4") as broken,
    ):
        while batch := list(islice(records, _BATCH_ROWS)):
            batch, second = _until_second_table(batch, words, second)
            sound = [record for record in batch if record.fault is None]
            kept.write_table(_table(sound, positions, schema))
            bad, tail = _without_tail(tail, batch)
            broken.write_table(_rejects(bad))
            row_count, reject_count = row_count + len(sound), reject_count + len(bad)
        left_out = tail if second is None and _is_footer(tail, text.ends_with_newline) else []
        broken.write_table(_rejects([] if left_out else tail))
        reject_count += 0 if left_out else len(tail)
    return Staged(staged, row_count, header, None, rejects, reject_count, _footer_notes(left_out))


def _without_torn(records: Iterator[Record]) -> Iterator[Record]:
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


def _without_tail(tail: list[Record], batch: list[Record]) -> tuple[list[Record], list[Record]]:
    """The broken records so far, and those among them that no sound one follows yet."""
    broken = [*tail, *(record for record in batch if record.fault is not None)]
    last_sound = max((record.line for record in batch if record.fault is None), default=0)
    settled = [record for record in broken if record.line < last_sound]
    return settled, [record for record in broken if record.line > last_sound]


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


def _until_second_table(
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


def _table(records: list[Record], positions: Sequence[int], schema: pa.Schema) -> pa.Table:
    columns = [[record.line for record in records]]
    cells = ([record.cells[at] or None for record in records] for at in positions)
    arrays = [pa.array(values, type=field.type) for values, field in zip(_chained(columns, cells), schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _chained(first: list[list[int]], rest: Iterator[list[str | None]]) -> Iterator[Sequence[object]]:
    yield from first
    yield from rest


def _rejects(bad: list[Record]) -> pa.Table:
    return pa.table([[r.line for r in bad], [r.fault for r in bad], [r.raw_text for r in bad]], schema=_REJECTS)
