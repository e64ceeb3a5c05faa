"""Rows that could not be kept: where they stand, what is wrong with them, and how they read in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from data_quality.contracts import contracts
from pipelines.ingest.durable import durable_file
from pipelines.ingest.faults import EMPTY
from pipelines.ingest.mapping import NO_CELL, ColumnSql
from pipelines.ingest.presets import Records
from pipelines.ingest.source import Source
from pipelines.quoting import file_literal, literal, moment

_RAW_TEXTS = pa.schema([("line", pa.int64()), ("raw_text", pa.string())])
_BATCH_ROWS = 10_000
_NAMED_REASONS = 3
_TABLE = "quarantined_rows"


QUARANTINE_SCHEMA = pl.Schema(
    {
        "file": pl.String,
        "sha256": pl.String,
        "file_id": pl.String,
        "vendor": pl.String,
        "entity": pl.String,
        "line": pl.Int64,
        "column_name": pl.String,
        "value": pl.String,
        "fault": pl.String,
        "reason": pl.String,
        "raw_text": pl.String,
    }
)
"""One row per row and entity that was left out: where it stands, which cell is wrong, what is wrong with it (`fault`
without any value, `reason` with it), and how the row reads in the file."""
_STORED_SCHEMA = pl.Schema(
    [*QUARANTINE_SCHEMA.items(), ("record_key", pl.String()), ("file_horizon", pl.Datetime("us"))]
)


@dataclass(frozen=True)
class Identity:
    """Which landed file it is."""

    file: str
    sha256: str
    file_id: str
    vendor: str


def read_quarantine(folder: Path, raw: Path) -> pl.DataFrame:
    """Every row in quarantine, by file and line (QUARANTINE_SCHEMA).

    A row is left out as soon as another file of the same vendor holds its record soundly: then it has been corrected. A
    file whose data end earlier corrects nothing: it holds what the record was before.
    """
    tables = [pl.read_parquet(path, glob=False) for path in sorted(folder.glob("*.parquet"))]
    known = [table.match_to_schema(_STORED_SCHEMA) for table in tables]
    rows = pl.concat([pl.DataFrame(schema=_STORED_SCHEMA), *known])
    waiting = [_uncorrected(of_entity, raw) for of_entity in rows.partition_by("entity", maintain_order=True)]
    found = pl.concat([rows.clear(), *waiting]).select(QUARANTINE_SCHEMA.names())
    return found.sort("file", "line", "entity", "column_name", "reason", nulls_last=True)


def _uncorrected(rows: pl.DataFrame, raw: Path) -> pl.DataFrame:
    """The rows of one entity whose records no file of their vendor holds that is as new."""
    entity = str(rows["entity"][0])
    key = next(name for name in contracts()[entity].key if name != "source_system")
    files = sorted((raw / entity).glob("*.parquet"))
    if not files or rows["record_key"].null_count() == rows.height:
        return rows
    record = [pl.col("source_system").alias("vendor"), pl.col(key).alias("record_key")]
    sound = pl.scan_parquet(files, glob=False).group_by(record).agg(newest=pl.col("file_horizon").max()).collect()
    held = sound.with_columns(is_held=True)
    found = rows.join(held, on=["vendor", "record_key"], how="left", maintain_order="left")
    is_as_new = (pl.col("newest") >= pl.col("file_horizon")).fill_null(True)
    return found.filter(~(pl.col("is_held").fill_null(False) & is_as_new)).drop("newest", "is_held")


class Quarantine:
    """Collects the bad rows of one file in the engine, then writes them as one Parquet file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_TABLE} ("
            "entity VARCHAR, line BIGINT, record_key VARCHAR, column_name VARCHAR, value VARCHAR, "
            "words VARCHAR, reason VARCHAR, raw_text VARCHAR, amount DECIMAL(38,4))"
        )

    def follows(self, parent: Records) -> str:
        """SQL that is true for a row whose parent record is in quarantine."""
        bad = f"FROM {_TABLE} WHERE entity = {literal(parent.entity)}"
        if parent.one_per:
            return f"line IN (SELECT line {bad})"
        return f"{_record_key(parent)} IN (SELECT record_key {bad} AND record_key IS NOT NULL)"

    def add(
        self,
        connection: duckdb.DuckDBPyConnection,
        records: Records,
        rows: str,
        is_bad: str,
        columns: Sequence[ColumnSql],
    ) -> None:
        """Take in the rows of `rows` for which `is_bad` holds, each with its first fault."""
        amount = records.contract.amount
        has_amount = any(column.name == amount for column in columns)
        key = _record_key(records)
        has_key = any(column.name == key for column in columns)
        connection.execute(
            f"INSERT INTO {_TABLE} SELECT {literal(records.entity)}, line, {key if has_key else 'NULL'}, "
            f"{_case(columns, _label)}, {_case(columns, _value)}, {_case(columns, _words)}, "
            f"{_case(columns, _reason)}, NULL, "
            f"{amount if has_amount else 'NULL'} "
            f"FROM ({rows}) AS read_rows WHERE {is_bad}"
        )
        connection.execute(
            f"UPDATE {_TABLE} SET words = 'their record is in quarantine', "
            f"reason = {literal(f'Its record in {records.belongs_to} is in quarantine')} WHERE reason IS NULL"
        )

    def add_rejects(self, connection: duckdb.DuckDBPyConnection, entity: str, source: Source) -> None:
        """Take in the records of the file that are broken in form."""
        if source.rejects and source.reject_count:
            connection.execute(
                f"INSERT INTO {_TABLE} "
                f"SELECT {literal(entity)}, line, NULL, NULL, NULL, 'broken in form', fault, raw_text, NULL "
                f"FROM read_parquet({file_literal(source.rejects)})"
            )

    def row_count(self, connection: duckdb.DuckDBPyConnection, entity: str) -> int:
        """How many rows of an entity are in quarantine."""
        row = connection.execute(f"SELECT count(*) FROM {_TABLE} WHERE entity = $1", [entity]).fetchone()
        return int(row[0]) if row else 0

    def amount(self, connection: duckdb.DuckDBPyConnection, entity: str) -> Decimal:
        """The money of an entity in quarantine, as far as it could be read."""
        row = connection.execute(
            f"SELECT coalesce(sum(amount), 0)::DECIMAL(38,4) FROM {_TABLE} WHERE entity = $1", [entity]
        ).fetchone()
        return Decimal(row[0]) if row else Decimal(0)

    def summary(self, entity: str) -> str:
        """The most frequent faults of an entity with their counts; no value of any cell."""
        faults = self._connection.execute(
            f"SELECT concat_ws(' ', column_name, words), count(*) FROM {_TABLE} WHERE entity = $1 "
            "GROUP BY 1 ORDER BY 2 DESC, 1",
            [entity],
        ).fetchall()
        named = [f"{words} ({count})" for words, count in faults[:_NAMED_REASONS]]
        return ", ".join(named + [f"and {len(faults) - _NAMED_REASONS} more"] * (len(faults) > _NAMED_REASONS))

    def write(self, target: Path, source: Source, scratch: Path, identity: Identity, horizon: datetime | None) -> None:
        """Write the rows, each with its raw text, in the order of the file, whose newest time is `horizon`."""
        texts = scratch / "raw_texts.parquet"
        self._write_raw_texts(texts, source)
        facts = ", ".join(f"{literal(text)} AS {name}" for name, text in asdict(identity).items())
        facts += f", {moment(horizon)} AS file_horizon"
        with durable_file(target) as temporary:
            self._connection.execute(
                f"COPY (SELECT {facts}, entity, bad.line, record_key, column_name, value, words AS fault, reason, "
                "coalesce(bad.raw_text, texts.raw_text) AS raw_text "
                f"FROM {_TABLE} AS bad LEFT JOIN read_parquet({file_literal(texts)}) AS texts ON texts.line = bad.line "
                f"ORDER BY bad.line, entity, column_name, reason) "
                f"TO {literal(str(temporary))} (FORMAT parquet, COMPRESSION zstd)"
            )

    def _write_raw_texts(self, path: Path, source: Source) -> None:
        rows = self._connection.execute(
            f"SELECT DISTINCT line FROM {_TABLE} WHERE raw_text IS NULL ORDER BY line"
        ).fetchall()
        texts = source.raw_texts(self._connection, [line for (line,) in rows])
        with pq.ParquetWriter(path, _RAW_TEXTS) as writer:
            for batch in _batches(texts):
                writer.write_table(
                    pa.table([[line for line, _ in batch], [text for _, text in batch]], schema=_RAW_TEXTS)
                )


def _batches(texts: Iterator[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    while batch := list(islice(texts, _BATCH_ROWS)):
        yield batch


def _record_key(records: Records) -> str:
    """The column by which other records refer to these."""
    return next(name for name in records.contract.key if name != "source_system")


def _case(columns: Sequence[ColumnSql], told: Callable[[ColumnSql, str], str]) -> str:
    """SQL for what is told of a row's first fault."""
    branches = [
        f"WHEN {fault.condition} THEN {told(column, fault.words)}" for column in columns for fault in column.faults
    ]
    return f"CASE {' '.join(branches)} END" if branches else "NULL"


def _label(column: ColumnSql, _words: str) -> str:
    return f"label_{column.name}"


def _value(column: ColumnSql, _words: str) -> str:
    return f"CAST({column.raw_name} AS VARCHAR)"


def _words(_column: ColumnSql, words: str) -> str:
    return literal(words)


def _reason(column: ColumnSql, words: str) -> str:
    if words == EMPTY:
        return f"label_{column.name} || ' is empty'"
    if column.raw == NO_CELL:
        return f"label_{column.name} || ' ' || {literal(words)}"
    return f"label_{column.name} || ': \"' || coalesce({column.raw_name}, '') || '\" ' || {literal(words)}"
