"""A Parquet file as a relation of texts, like any other file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipelines.ingest.header import Header
from pipelines.ingest.source import Source, rows_of
from pipelines.ingest.staging import STAGING, column_name
from pipelines.ingest.values import trimmed
from pipelines.quoting import file_literal, identifier, literal

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
        f"TO {literal(str(staged))} {STAGING}"
    ).fetchone()
    numbers = frozenset(column_name(at) for at in positions if types[at].startswith(_NUMERIC))
    rows = ", ".join(["file_row_number AS record", "file_row_number + 1 AS line", *map(column_name, positions)])
    return Source(
        f"(SELECT {rows} FROM {rows_of(staged)})", int(row[0]) if row else 0, header, None, typed_numbers=numbers
    )


def _parquet_text(name: str, kind: str) -> str:
    column = identifier(name)
    if kind == "VARCHAR":
        return trimmed(column)
    if kind.startswith("TIMESTAMP WITH TIME ZONE"):
        return f"CAST(timezone('UTC', {column}) AS VARCHAR) || 'Z'"
    if kind in ("DOUBLE", "FLOAT"):  # numbers of records among gaps become such: 1001.0 is the number 1001
        is_whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
        whole, other = f"CAST(CAST({column} AS HUGEINT) AS VARCHAR)", f"upper(CAST({column} AS VARCHAR))"
        return f"CASE WHEN {is_whole} THEN {whole} ELSE {other} END"
    return f"CAST({column} AS VARCHAR)"
