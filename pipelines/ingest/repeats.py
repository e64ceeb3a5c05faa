"""Records that stand twice in one file: said again, or sold twice?

A record that repeats another in every cell that its preset reads says nothing new and is dropped. Only where a line of
an order has no number of its own it may be a second piece sold, and then the order's own subtotal decides, to the cent.
Where that cannot tell, the line stays, and a note says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from pipelines.exchange_rates import RatedCurrencies
from pipelines.ingest.mapping import ColumnSql, FileFacts, map_columns
from pipelines.ingest.presets import Preset, Records
from pipelines.ingest.source import Source

_REPEATS = "repeated_records"
_HASHES = "repeated_hashes"
_VERDICTS = "repeated_lines"
_ORDERS = "repeated_orders"
SAID_TWICE = f"line IN (SELECT line FROM {_ORDERS} WHERE is_same AND place > 1)"
"""SQL that is true for a row that says of an order what another row says too."""
SAID_DIFFERENTLY = f"order_number IN (SELECT order_number FROM {_ORDERS} WHERE NOT is_same)"
"""SQL that is true for a row of an order of which the file holds two that differ."""


def without_repeats(
    connection: duckdb.DuckDBPyConnection, source: Source, preset: Preset, facts: FileFacts, cells: list[str]
) -> tuple[Source, list[str]]:
    """The source without the records that say nothing new, and notes on repeated ones.

    `cells` are the columns of the source by which two records are compared.
    """
    if not cells or not _find_repeats(connection, source, cells):
        return source, []
    lines = next((records for records in preset.records if _has_position(records, facts)), None)
    undecided = 0
    if lines is not None:
        undecided = _keep_what_was_sold(connection, source, preset, lines, facts)
    dropped = _count(connection, f"SELECT count(*) FROM {_REPEATS}")
    notes = [_dropped_note(dropped)] * (dropped > 0) + [_kept_note(undecided)] * (undecided > 0)
    if not dropped:
        return source, notes
    relation = f"(SELECT * FROM {source.relation} AS all_rows WHERE record NOT IN (SELECT record FROM {_REPEATS}))"
    return replace(source, relation=relation, has_gaps=True), notes


def has_repeated_orders(
    connection: duckdb.DuckDBPyConnection, numbers: str, rows: str, columns: Sequence[ColumnSql]
) -> bool:
    """Whether `rows`, one per order, hold an order number twice; then SAID_TWICE and SAID_DIFFERENTLY can be asked.

    `numbers` are the same rows with no other column.
    """
    keys = f"SELECT count(order_number) - count(DISTINCT order_number) FROM ({numbers}) AS read_rows"
    if not _count(connection, keys):
        return False
    values = ", ".join(column.name for column in columns)
    doubled = f"SELECT order_number FROM ({rows}) AS read_rows GROUP BY order_number HAVING count(*) > 1"
    hashed = f"SELECT order_number, line, hash({values}) AS content FROM ({rows}) AS read_rows"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_ORDERS} AS SELECT order_number, line, "
        "row_number() OVER (PARTITION BY order_number ORDER BY line) AS place, "
        "min(content) OVER (PARTITION BY order_number) = max(content) OVER (PARTITION BY order_number) AS is_same "
        f"FROM ({hashed}) AS hashed WHERE order_number IN ({doubled})"
    )
    return True


def _dropped_note(count: int) -> str:
    rows = "1 row repeats" if count == 1 else f"{count} rows repeat"
    return f"{rows} another one of the file exactly; what stands twice counts once."


def _kept_note(count: int) -> str:
    rows = "1 line of an order repeats" if count == 1 else f"{count} lines of orders repeat"
    return f"{rows} another one exactly, and nothing tells that they were not sold; they count."


def _find_repeats(connection: duckdb.DuckDBPyConnection, source: Source, cells: list[str]) -> bool:
    """Whether any record repeats an earlier one; those which do are noted. Equal hashes only make likely what equal
    cells then prove, so that few records are compared by all of their cells."""
    same, content = ", ".join(cells), f"hash({', '.join(cells)})"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_HASHES} AS SELECT {content} AS content FROM {source.relation} AS cells "
        "GROUP BY content HAVING count(*) > 1"
    )
    if not _count(connection, f"SELECT count(*) FROM {_HASHES}"):
        return False
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_REPEATS} AS SELECT record FROM (SELECT record, row_number() OVER "
        f"(PARTITION BY {same} ORDER BY record) AS place FROM {source.relation} AS cells "
        f"WHERE coalesce({same}) IS NOT NULL AND {content} IN (SELECT content FROM {_HASHES})) AS placed "
        "WHERE place > 1"
    )
    return _count(connection, f"SELECT count(*) FROM {_REPEATS}") > 0


def _has_position(records: Records, facts: FileFacts) -> bool:
    """Whether lines of an order have no number but their place in the file."""
    rules = [rule for rules in records.columns.values() for rule in rules if rule.position_within]
    return records.entity == "order_lines" and any(not (rule.unless and facts.cells(rule.unless)) for rule in rules)


def _columns(records: Records, facts: FileFacts, source: Source) -> dict[str, ColumnSql]:
    """The columns by name. Nothing is converted here, so no currency need have a rate."""
    columns = map_columns(records, facts, source.relation, RatedCurrencies({}, "UTC", ""))
    return {column.name: column for column in columns}


def _keep_what_was_sold(
    connection: duckdb.DuckDBPyConnection, source: Source, preset: Preset, lines: Records, facts: FileFacts
) -> int:
    """Take from the repeated records those which the subtotal of their order does not show to be said twice.

    Returns for how many of them no subtotal tells either way.
    """
    order = next((records for records in preset.records if records.entity == "orders"), None)
    line = _columns(lines, facts, source)
    whole = _columns(order, facts, source) if order else {}
    if "subtotal" not in whole:
        return _count(connection, f"DELETE FROM {_REPEATS}")
    number = line["order_number"].value
    repeated = f"SELECT {number} FROM {source.relation} AS cells WHERE record IN (SELECT record FROM {_REPEATS})"
    sums = (
        f"SELECT {number} AS order_number, sum({line['amount'].value}) AS as_it_stands, "
        f"sum({line['amount'].value}) FILTER (record NOT IN (SELECT record FROM {_REPEATS})) AS without_repeats, "
        f"max({whole['subtotal'].value}) AS subtotal, max({_or_zero(whole, 'discount')}) AS discount "
        f"FROM {source.relation} AS cells WHERE {number} IN ({repeated}) GROUP BY 1"
    )
    verdict = (
        "CASE WHEN as_it_stands IN (subtotal, subtotal + discount) THEN 'sold' "
        "WHEN without_repeats IN (subtotal, subtotal + discount) THEN 'said twice' END"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_VERDICTS} AS SELECT record, verdict FROM {source.relation} AS cells "
        f"JOIN (SELECT order_number, {verdict} AS verdict FROM ({sums}) AS sums) AS told "
        f"ON told.order_number = {number} WHERE record IN (SELECT record FROM {_REPEATS})"
    )
    connection.execute(
        f"DELETE FROM {_REPEATS} WHERE record NOT IN (SELECT record FROM {_VERDICTS} WHERE verdict = 'said twice')"
    )
    return _count(connection, f"SELECT count(*) FROM {_VERDICTS} WHERE verdict IS NULL")


def _or_zero(columns: dict[str, ColumnSql], name: str) -> str:
    return f"coalesce({columns[name].value}, 0)" if name in columns else "0"


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
