"""A recognised file as one relation: `record`, `line`, and the texts `c0`, `c1`, ... that its preset reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest.recognise import Header
from pipelines.ingest.records import Record, RecordCount, count_records, raw_texts, read_records
from pipelines.ingest.values import trimmed
from pipelines.quoting import file_literal, identifier, literal

_BATCH_ROWS = 20_000
_REJECTS = pa.schema([("line", pa.int64()), ("fault", pa.string()), ("raw_text", pa.string())])
_NUMERIC = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
)
_STAGING = "(FORMAT parquet, COMPRESSION lz4_raw)"


@dataclass(frozen=True)
class Source:
    """`relation` is SQL to select from; `rejects` holds the records that are broken in form, if there are any."""

    relation: str
    row_count: int
    header: Header
    text_file: Path | None
    rejects: Path | None = None
    reject_count: int = 0
    typed_numbers: frozenset[str] = frozenset()
    has_gaps: bool = False
    """Whether records were taken out of `relation`, so that their numbers do not follow each other."""
    keeps_order: bool = True
    """Whether rows come out of `relation` in the order of the file without being sorted."""

    def numbered(self, connection: duckdb.DuckDBPyConnection, cell: str) -> Source:
        """The same rows with their place among those of the same cell, from 1, as `position_name(cell)`.

        Where equal cells stand together, as the lines of an order usually do, nothing is sorted.
        """
        is_start = f"{cell} IS DISTINCT FROM lag({cell}) OVER () OR record = 0"
        runs = f"(SELECT *, {is_start} AS is_start FROM {self.relation} AS cells) AS runs"
        counts = f"SELECT count_if(is_start) = count(DISTINCT {cell}) AND count({cell}) = count(*) FROM {runs}"
        row = None if self.has_gaps else connection.execute(counts).fetchone()
        if row and row[0]:
            first = "max(CASE WHEN is_start THEN record END) OVER (ROWS UNBOUNDED PRECEDING)"
            numbered = f"(SELECT * EXCLUDE is_start, record - {first} + 1 AS {position_name(cell)} FROM {runs})"
            return replace(self, relation=numbered)
        number = f"row_number() OVER (PARTITION BY {cell} ORDER BY record) AS {position_name(cell)}"
        return replace(self, relation=f"(SELECT *, {number} FROM {self.relation} AS cells)", keeps_order=False)

    def raw_texts(self, connection: duckdb.DuckDBPyConnection, lines: Sequence[int]) -> Iterator[tuple[int, str]]:
        """The records that start on these lines (in rising order), as they stand in the landed file."""
        if self.text_file:
            yield from raw_texts(self.text_file, self.header.delimiter, lines)
            return
        cursor = connection.execute(
            f"SELECT line, to_json(source)::VARCHAR FROM {self.relation} AS source "
            "WHERE line IN (SELECT unnest($1::BIGINT[])) ORDER BY line",
            [list(lines)],
        )
        yield from cursor.fetchall()


def position_name(cell: str) -> str:
    """The SQL name of a row's place among those with the same cell."""
    return f"position_{cell}"


def column_name(position: int) -> str:
    """The SQL name of the file's column at a position; no header ever becomes a name."""
    return f"c{position}"


def parquet_source(
    connection: duckdb.DuckDBPyConnection, path: Path, header: Header, positions: Sequence[int], scratch: Path
) -> Source:
    """A Parquet file, staged in `scratch` with every wanted column as text; the line is the row's number from 1."""
    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({file_literal(path)})").fetchall()
    types = [str(row[1]) for row in described]
    columns = [f"{_parquet_text(header.cells[at], types[at])} AS {column_name(at)}" for at in positions]
    staged = scratch / "staged.parquet"
    row = connection.execute(
        f"COPY (SELECT {', '.join(columns)} FROM read_parquet({file_literal(path)})) "
        f"TO {literal(str(staged))} {_STAGING}"
    ).fetchone()
    numbers = frozenset(column_name(at) for at in positions if types[at].startswith(_NUMERIC))
    rows = ", ".join(["file_row_number AS record", "file_row_number + 1 AS line", *map(column_name, positions)])
    return Source(
        f"(SELECT {rows} FROM {_rows_of(staged)})", int(row[0]) if row else 0, header, None, typed_numbers=numbers
    )


def text_source(
    connection: duckdb.DuckDBPyConnection, text_file: Path, header: Header, positions: Sequence[int], scratch: Path
) -> Source:
    """A UTF-8 text file, staged in `scratch`. The engine reads it; where it trips, or counts otherwise, we do."""
    expected = count_records(text_file, header.last_line)
    staged = scratch / "staged.parquet"
    if _stage_fast(connection, text_file, header, positions, staged) != expected.count:
        return _stage_carefully(connection, text_file, header, positions, scratch)
    if len(expected.offsets) > 1:
        staged = _with_lines(staged, expected, scratch / "lined.parquet")
        line = "line"
    else:
        line = f"file_row_number + {int(expected.offsets.sum())} AS line"
    columns = ", ".join(["file_row_number AS record", line, *(column_name(at) for at in positions)])
    return Source(f"(SELECT {columns} FROM {_rows_of(staged)})", expected.count, header, text_file)


def _rows_of(path: Path) -> str:
    return f"read_parquet({file_literal(path)}, file_row_number = true)"


def _parquet_text(name: str, kind: str) -> str:
    column = identifier(name)
    if kind == "VARCHAR":
        return trimmed(column)
    if kind.startswith("TIMESTAMP WITH TIME ZONE"):
        return f"CAST(timezone('UTC', {column}) AS VARCHAR) || 'Z'"
    return f"CAST({column} AS VARCHAR)"


def _stage_fast(
    connection: duckdb.DuckDBPyConnection, text_file: Path, header: Header, positions: Sequence[int], staged: Path
) -> int | None:
    """The number of records staged, or None where the engine met one that it cannot read."""
    names = ", ".join(f"{literal(column_name(at))}: 'VARCHAR'" for at in range(len(header.cells)))
    columns = ", ".join(f"{trimmed(column_name(at))} AS {column_name(at)}" for at in positions)
    reader = (
        f"read_csv({file_literal(text_file)}, auto_detect = false, header = false, skip = {header.last_line}, "
        f"columns = {{{names}}}, delim = {literal(header.delimiter)}, quote = '\"', escape = '\"', "
        f"max_line_size = 16777216)"
    )
    try:
        row = connection.execute(
            f"COPY (SELECT {columns} FROM {reader}) TO {literal(str(staged))} {_STAGING}"
        ).fetchone()
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return None
    return int(row[0]) if row else 0


def _with_lines(staged: Path, count: RecordCount, target: Path) -> Path:
    """The staged rows, each with the line on which its record starts. (A positional join in SQL loses its place as
    soon as a filter is pushed below it, so the column is added here.)"""
    lengths = np.diff(count.records, append=count.count)
    lines = np.arange(count.count) + np.repeat(count.offsets, lengths)
    file = pq.ParquetFile(staged)
    schema = file.schema_arrow.append(pa.field("line", pa.int64()))
    start = 0
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in file.iter_batches(_BATCH_ROWS):
            numbers = pa.array(lines[start : start + batch.num_rows], type=pa.int64())
            writer.write_batch(pa.record_batch([*batch.columns, numbers], schema=schema))
            start += batch.num_rows
    return target


def _stage_carefully(
    connection: duckdb.DuckDBPyConnection, text_file: Path, header: Header, positions: Sequence[int], scratch: Path
) -> Source:
    schema = pa.schema([("line", pa.int64()), *((column_name(at), pa.string()) for at in positions)])
    raw, rejects = scratch / "careful.parquet", scratch / "rejects.parquet"
    row_count = reject_count = 0
    records = read_records(text_file, header.last_line, header.delimiter, len(header.cells))
    with pq.ParquetWriter(raw, schema) as kept, pq.ParquetWriter(rejects, _REJECTS) as broken:
        while batch := list(islice(records, _BATCH_ROWS)):
            sound = [record for record in batch if record.fault is None]
            kept.write_table(_table(sound, positions, schema))
            bad = [record for record in batch if record.fault is not None]
            broken.write_table(
                pa.table([[r.line for r in bad], [r.fault for r in bad], [r.raw_text for r in bad]], schema=_REJECTS)
            )
            row_count, reject_count = row_count + len(sound), reject_count + len(bad)
    columns = ", ".join(["line", *(f"{trimmed(column_name(at))} AS {column_name(at)}" for at in positions)])
    staged = scratch / "staged.parquet"
    connection.execute(
        f"COPY (SELECT {columns} FROM read_parquet({file_literal(raw)})) TO {literal(str(staged))} {_STAGING}"
    )
    relation = f"(SELECT file_row_number AS record, * EXCLUDE file_row_number FROM {_rows_of(staged)})"
    return Source(relation, row_count, header, text_file, rejects, reject_count)


def _table(records: list[Record], positions: Sequence[int], schema: pa.Schema) -> pa.Table:
    columns = [[record.line for record in records], *([record.cells[at] for record in records] for at in positions)]
    return pa.table(
        [pa.array(values, type=field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
    )
