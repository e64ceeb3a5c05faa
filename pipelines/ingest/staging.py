"""A text file staged as Parquet, all texts: by the engine, and by us where it trips or counts otherwise than we do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest.broken_rows import REJECTS, BrokenRows, until_second_table, without_torn
from pipelines.ingest.encoding import TextFile
from pipelines.ingest.header import Header
from pipelines.ingest.record_count import RecordCount, count_records
from pipelines.ingest.records import Record, fault_count, read_records
from pipelines.ingest.sieve import sift
from pipelines.ingest.sound_text import SoundText
from pipelines.quoting import file_literal, literal

STAGING = "(FORMAT parquet, COMPRESSION lz4_raw)"
_USUAL_RECORD_BYTES, _LONGEST_RECORD_BYTES = 1 << 21, 1 << 24
_BATCH_ROWS = 20_000


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
    found = _stage_sifted(connection, text, header, positions, words, scratch) if _can_be_sifted(header) else None
    found = found or _stage_carefully(text, header, positions, words, scratch)
    return replace(found, after_blank=count.after_blank)


def _can_be_sifted(header: Header) -> bool:
    """Whether the sound records can be told apart and given to the engine."""
    return len(header.dialect.delimiter.encode()) == 1 and header.dialect.escape != "\\" and bool(header.cells[-1])


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
    newline: str | None = None,
) -> int | None:
    """The number of records staged, or None where the engine met one that it cannot read, or too long a one.

    The engine reads in pieces that grow with the longest record it is told of, and large ones are slow.
    """
    names = ", ".join(f"{literal(column_name(at))}: 'VARCHAR'" for at in range(len(header.cells)))
    dialect = header.dialect
    size = min(max(longest, _USUAL_RECORD_BYTES), _LONGEST_RECORD_BYTES)
    ends = f", new_line = {literal(newline)}" if newline else ""
    reader = (
        f"read_csv({file_literal(text_file)}, auto_detect = false, header = false, skip = {header.last_line}, "
        f"columns = {{{names}}}, delim = {literal(dialect.delimiter)}, quote = {literal(dialect.quote)}, "
        f"escape = {literal(dialect.escape)}, max_line_size = {size}{ends})"
    )
    try:
        row = connection.execute(
            f"COPY (SELECT {', '.join(map(column_name, positions))} FROM {reader}) TO {literal(str(staged))} {STAGING}"
        ).fetchone()
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return None
    return int(row[0]) if row else 0


def _stage_sifted(
    connection: duckdb.DuckDBPyConnection,
    text: TextFile,
    header: Header,
    positions: Sequence[int],
    words: frozenset[str],
    scratch: Path,
) -> Staged | None:
    """The sound records as the engine reads them, the broken ones as rejects; None where a second table begins, or the
    engine does not see what we see."""
    sound, rejects, staged = (scratch / name for name in ("sound", "rejects.parquet", "staged.parquet"))
    with sound.open("wb") as file, pq.ParquetWriter(rejects, REJECTS, compression="lz4") as writer:
        found, broken = SoundText(file, header.dialect), BrokenRows(writer)
        for piece in sift(text.path, header):
            records = _judged(piece.records, header, positions)
            if until_second_table(records, words, None)[1] is not None:
                return None
            if piece.count:
                broken.settle()
            if piece.text:
                found.add_text(piece.text, piece.line, piece.count)
            found.add_records([record for record in records if record.fault is None])
            broken.add(records)
        notes = broken.close(ends_with_newline=text.ends_with_newline, has_second_table=False)
    count = count_records(sound, 0, header.dialect, len(header.cells))
    if not count.count or count.count != found.count or not _is_regular(count, header):
        return None
    below_header = replace(header, last_line=0)
    if _stage_fast(connection, sound, below_header, positions, count.longest, staged, r"\n") != count.count:
        return None
    return Staged(staged, count.count, header, found.located(count), rejects, broken.count, notes)


def _judged(records: Sequence[Record], header: Header, positions: Sequence[int]) -> list[Record]:
    """The records, of which one is broken too where the next line may be the rest of its last cell."""
    return list(without_torn(iter(records)) if len(header.cells) - 1 in positions else records)


def _stage_carefully(
    text: TextFile, header: Header, positions: Sequence[int], words: frozenset[str], scratch: Path
) -> Staged:
    schema = pa.schema([("line", pa.int64()), *((column_name(at), pa.string()) for at in positions)])
    staged, rejects = scratch / "staged.parquet", scratch / "rejects.parquet"
    row_count = 0
    second: int | None = None
    records = read_records(text.path, header.last_line, header.dialect, header.cells)
    if len(header.cells) - 1 in positions:
        records = without_torn(records)
    with (
        pq.ParquetWriter(staged, schema, compression="lz4") as kept,
        pq.ParquetWriter(rejects, REJECTS, compression="lz4") as writer,
    ):
        broken = BrokenRows(writer)
        while batch := list(islice(records, _BATCH_ROWS)):
            batch, second = until_second_table(batch, words, second)
            sound = [record for record in batch if record.fault is None]
            kept.write_table(_table(sound, positions, schema))
            broken.add(batch)
            row_count += len(sound)
        notes = broken.close(ends_with_newline=text.ends_with_newline, has_second_table=second is not None)
    return Staged(staged, row_count, header, None, rejects, broken.count, notes)


def _table(records: list[Record], positions: Sequence[int], schema: pa.Schema) -> pa.Table:
    columns = [[record.line for record in records]]
    cells = ([record.cells[at] or None for record in records] for at in positions)
    arrays = [pa.array(values, type=field.type) for values, field in zip(_chained(columns, cells), schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _chained(first: list[list[int]], rest: Iterator[list[str | None]]) -> Iterator[Sequence[object]]:
    yield from first
    yield from rest
