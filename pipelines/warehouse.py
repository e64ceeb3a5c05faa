"""The one reader of warehouse tables: another engine means another reader, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.quoting import identifier


@dataclass(frozen=True)
class Warehouse:
    """Reads tables of the warehouse file; every call opens it read-only and closes it again.

    dbt is the only writer, and a connection left open would keep it out.
    """

    database: Path

    def table(self, name: str, schema: str = "marts", columns: Sequence[str] = ("*",)) -> pl.DataFrame:
        """Return the rows of a table, in no particular order."""
        selected = ", ".join(column if column == "*" else identifier(column) for column in columns)
        with self._connection() as connection:
            relation = f"{identifier(schema)}.{identifier(name)}"
            frame: pl.DataFrame = connection.sql(f"select {selected} from {relation}").pl()
            return frame

    def write_parquet(self, name: str, target: Path, schema: str = "marts") -> None:
        """Write a table to a Parquet file, its rows in the order of all its columns."""
        with self._connection() as connection:
            relation = f"{identifier(schema)}.{identifier(name)}"
            connection.execute(
                f"copy (select * from {relation} order by all) to $target (format parquet, compression zstd)",
                {"target": str(target)},
            )

    def table_names(self, schema: str = "marts") -> list[str]:
        """Return the names of a schema's tables, sorted."""
        with self._connection() as connection:
            rows = connection.execute(
                "select table_name from information_schema.tables where table_schema = $schema order by 1",
                {"schema": schema},
            ).fetchall()
        return [name for (name,) in rows]

    def row_counts(self) -> dict[str, int]:
        """Return how many rows each table of the warehouse has; views are left out, for they would have to be run."""
        with self._connection() as connection:
            return dict(connection.execute("select table_name, estimated_size from duckdb_tables()").fetchall())

    @contextmanager
    def _connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        configuration: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        connection = duckdb.connect(str(self.database), read_only=True, config=configuration)
        try:
            yield connection
        finally:
            connection.close()
