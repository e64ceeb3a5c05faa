"""The in-memory engine that joins and compares records: no file, no network. The only place of models that knows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import polars as pl


@contextmanager
def calculator(**tables: pl.DataFrame) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection in memory that knows the tables by their names, for as long as the block lasts."""
    config: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False}
    with duckdb.connect(config=config) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("CREATE TEMP MACRO jaro_winkler(l, r) AS jaro_winkler_similarity(l, r)")
        for name, table in tables.items():
            connection.register(name, table.to_arrow())
        yield connection
