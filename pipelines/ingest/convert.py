"""One recognised file into canonical Parquet, its bad rows into quarantine, and an account of both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from pipelines.exchange_rates import RatedCurrencies
from pipelines.ingest.accounting import account_of, ledger_row
from pipelines.ingest.durable import durable_file
from pipelines.ingest.ledger import LedgerRow
from pipelines.ingest.mapping import FileFacts
from pipelines.ingest.plan import Plan, planned, with_single_orders
from pipelines.ingest.presets import Preset
from pipelines.ingest.quarantine import Identity, Quarantine
from pipelines.ingest.source import Source
from pipelines.ingest.values import Styles
from pipelines.ingest.vocabularies import UnknownWords
from pipelines.quoting import literal, moment


@dataclass(frozen=True)
class Converted:
    """What became of a file: a ledger row for each of its entities, the words that its layout does not know, and the
    newest time in its data, in UTC."""

    rows: tuple[LedgerRow, ...]
    unknown_words: tuple[UnknownWords, ...]
    horizon: datetime | None


def convert(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    preset: Preset,
    facts: FileFacts,
    identity: Identity,
    raw: Path,
    quarantine: Quarantine,
    currencies: RatedCurrencies,
) -> Converted:
    """Write `raw/<entity>/<file_id>.parquet` for every entity of the file.

    Bad rows go to `quarantine`. Raises ImbalanceError where rows or money do not add up.
    """
    plans = [
        with_single_orders(connection, planned(records, facts, source, currencies, preset, quarantine))
        for records in preset.records
    ]
    horizon = _horizon(connection, source, plans, facts.styles)
    lineage = _lineage(identity, horizon)
    ledger: list[LedgerRow] = []
    words: list[UnknownWords] = []
    for entity in preset.entities:
        own = [plan for plan in plans if plan.records.entity == entity]
        target = raw / entity / f"{identity.file_id}.parquet"
        kept_rows = _write(connection, own, lineage, target)
        account = account_of(connection, source, own, kept_rows, target, quarantine)
        if not kept_rows:
            target.unlink()
        ledger.append(ledger_row(identity, entity, account, quarantine.summary(entity)))
        words += account.unknown_words
    return Converted(tuple(ledger), tuple(words), horizon)


def _horizon(
    connection: duckdb.DuckDBPyConnection, source: Source, plans: Iterable[Plan], styles: Styles
) -> datetime | None:
    """The newest timestamp in the file's own data, in UTC; timestamps that may be planned ahead do not count."""
    values = {
        column.value: column.raw
        for plan in plans
        for column in plan.columns
        if column.column.type == "timestamp" and not column.column.may_lie_ahead and not plan.records.unpack
    }
    if not values:
        return None
    newest = [f"max({_if_recent(connection, source, value, raw, styles)})" for value, raw in values.items()]
    row = connection.execute(f"SELECT greatest({', '.join(newest)}, NULL) FROM {source.relation} AS cells").fetchone()
    return row[0] if row else None


def _if_recent(connection: duckdb.DuckDBPyConnection, source: Source, value: str, cell: str, styles: Styles) -> str:
    """The value, for year-first times only where its text is of the newest days: to read all of them is dear."""
    if not styles.time(cell).shapes <= {"iso", "zoned"}:
        return value
    row = connection.execute(f"SELECT max(left({cell}, 10)) FROM {source.relation} AS cells").fetchone()
    try:
        day = date.fromisoformat(row[0]) - timedelta(days=2) if row and row[0] else None
    except (ValueError, OverflowError):
        return value
    return f"CASE WHEN {cell} >= {literal(day.isoformat())} THEN {value} END" if day else value


def _lineage(identity: Identity, horizon: datetime | None) -> list[str]:
    return [
        f"{literal(identity.vendor)} AS source_system",
        f"{literal(identity.file_id)} AS file_id",
        "line AS file_line",
        f"{moment(horizon)} AS file_horizon",
    ]


def _write(connection: duckdb.DuckDBPyConnection, plans: list[Plan], lineage: list[str], target: Path) -> int:
    """The number of rows written."""
    query = " UNION ALL ".join(f"({_kept(plan, lineage)})" for plan in plans)
    with durable_file(target) as temporary:
        row = connection.execute(
            f"COPY ({query}) TO {literal(str(temporary))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        ).fetchone()
    return int(row[0]) if row else 0


def _kept(plan: Plan, lineage: list[str]) -> str:
    """The rows to keep, with exactly the contract's columns and types."""
    by_name = {column.name: column for column in plan.columns}
    sound = f"(SELECT * FROM ({plan.rows}) AS read_rows WHERE NOT ({plan.is_bad})) AS sound_rows"
    if plan.records.one_per:
        sound = f"({_grouped(plan, sound)}) AS grouped_rows"
    columns = [
        f"{column.name if column.name in by_name else 'NULL'}::{column.duckdb_type} AS {column.name}"
        for column in plan.contract.columns
    ]
    order = " ORDER BY line" if plan.records.one_per or not plan.keeps_order else ""
    return f"SELECT {', '.join(lineage + columns)} FROM {sound}{order}"


def _grouped(plan: Plan, sound: str) -> str:
    """One row per key: sums where the preset says so, else the first filled cell in the order of the file."""
    values = [
        f"sum({column.name}) AS {column.name}"
        if column.is_sum
        else f"arg_min({column.name}, line) FILTER ({column.name} IS NOT NULL) AS {column.name}"
        for column in plan.columns
    ]
    return f"SELECT min(line) AS line, {', '.join(values)} FROM {sound} GROUP BY group_key"
