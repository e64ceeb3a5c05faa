"""One recognised file into canonical Parquet, its bad rows into quarantine, and an account of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from data_quality.contracts import Contract
from pipelines.exchange_rates import RatedCurrencies
from pipelines.ingest.durable import durable_file
from pipelines.ingest.faults import Fault
from pipelines.ingest.ledger import LedgerRow, Status
from pipelines.ingest.mapping import ColumnSql, FileFacts, map_columns
from pipelines.ingest.packed import unpacked
from pipelines.ingest.presets import Preset, Records
from pipelines.ingest.quarantine import Identity, Quarantine
from pipelines.ingest.repeats import SAID_DIFFERENTLY, SAID_TWICE, has_repeated_orders
from pipelines.ingest.source import Source
from pipelines.ingest.values import Styles
from pipelines.quoting import file_literal, literal


@dataclass(frozen=True)
class Plan:
    """The records of one entity that a file gives, as SQL: `rows` selects line, values, raw texts and labels."""

    records: Records
    columns: tuple[ColumnSql, ...]
    rows: str
    is_bad: str
    keeps_order: bool

    @property
    def contract(self) -> Contract:
        """The contract of the entity."""
        return self.records.contract


@dataclass(frozen=True)
class Account:
    """What became of the rows and the money of one entity."""

    rows_read: int
    rows_kept: int
    rows_collapsed: int
    rows_quarantined: int
    amount_read: Decimal | None
    amount_kept: Decimal | None
    amount_quarantined: Decimal | None
    unread: dict[str, int] = field(default_factory=dict)
    """How many cells count as empty because they cannot be read, by their header."""


def convert(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    preset: Preset,
    facts: FileFacts,
    identity: Identity,
    raw: Path,
    quarantine: Quarantine,
    currencies: RatedCurrencies,
) -> list[LedgerRow]:
    """Write `raw/<entity>/<file_id>.parquet` for every entity of the file; returns one ledger row for each.

    Bad rows go to `quarantine`. Raises ImbalanceError where rows or money do not add up.
    """
    plans = [
        _with_single_orders(connection, _plan(records, facts, source, currencies, preset, quarantine))
        for records in preset.records
    ]
    lineage = _lineage(identity, _horizon(connection, source, plans, facts.styles))
    ledger = []
    for entity in preset.entities:
        own = [plan for plan in plans if plan.records.entity == entity]
        target = raw / entity / f"{identity.file_id}.parquet"
        kept_rows = _write(connection, own, lineage, target)
        account = _account(connection, source, own, kept_rows, target, quarantine)
        if not kept_rows:
            target.unlink()
        ledger.append(_ledger_row(identity, entity, account, quarantine.summary(entity)))
    return ledger


def _plan(
    records: Records,
    facts: FileFacts,
    source: Source,
    currencies: RatedCurrencies,
    preset: Preset,
    quarantine: Quarantine,
) -> Plan:
    relation = source.relation
    if records.unpack:
        relation = unpacked(relation, records.unpack, facts.cells(records.unpack.cells))
    columns = tuple(map_columns(records, facts, source.relation, currencies))
    faults = [fault.condition for column in columns for fault in column.faults]
    if parent := next((other for other in preset.records if other.entity == records.belongs_to), None):
        faults.append(quarantine.follows(parent))
    selected = ["line"]
    for column in columns:
        selected += [
            f"{column.value} AS {column.name}",
            f"{column.raw} AS {column.raw_name}",
            f"{column.label} AS label_{column.name}",
        ]
    keys = [f"{key} AS group_key" for key in _cells(facts, records.one_per)]
    amount = next((column for column in columns if column.name == records.contract.amount), None)
    if keys and amount and not amount.is_sum:
        group = f"OVER (PARTITION BY {_cells(facts, records.one_per)[0]})"
        keys.append(f"min({amount.value}) {group} IS DISTINCT FROM max({amount.value}) {group} AS rows_disagree")
    rows = f"SELECT {', '.join(selected + keys)} FROM {relation} AS cells WHERE {_scope(records, facts)}"
    is_bad = " OR ".join(f"({fault})" for fault in faults)
    plan = Plan(records, columns, rows, is_bad, source.keeps_order and not records.unpack)
    if len(keys) < 2 or amount is None:
        return plan
    return _with_fault(plan, amount.name, Fault("rows_disagree", "differs between the rows of one order"))


def _with_single_orders(connection: duckdb.DuckDBPyConnection, plan: Plan) -> Plan:
    """The plan without orders that the file says twice; those that it says differently go to quarantine."""
    is_numbered = any(column.name == "order_number" for column in plan.columns)
    if plan.records.entity != "orders" or plan.records.one_per or not is_numbered:
        return plan
    if not has_repeated_orders(connection, plan.rows, plan.columns):
        return plan
    rows = f"SELECT * FROM ({plan.rows}) AS all_rows WHERE NOT ({SAID_TWICE})"
    fault = Fault(SAID_DIFFERENTLY, "stands twice in the file with different content")
    return replace(_with_fault(plan, "order_number", fault), rows=rows)


def _with_fault(plan: Plan, column_name: str, fault: Fault) -> Plan:
    """The plan with one more reason to put a row into quarantine."""
    columns = tuple(
        replace(column, faults=(*column.faults, fault)) if column.name == column_name else column
        for column in plan.columns
    )
    return replace(plan, columns=columns, is_bad=f"{plan.is_bad} OR ({fault.condition})")


def _cells(facts: FileFacts, header: str | None) -> list[str]:
    return facts.cells(header)[:1] if header else []


def _scope(records: Records, facts: FileFacts) -> str:
    """SQL for the rows that hold a record of this kind: rows without any filled cell never do."""
    cells = dict.fromkeys(cell for header in records.cells for cell in facts.cells(header))
    conditions = [f"coalesce({', '.join(cells)}) IS NOT NULL"] if cells else []
    conditions += [f"{cell} IS NOT NULL" for cell in _cells(facts, records.only_where_filled)]
    conditions += [_is_one_of(_cells(facts, header), texts) for header, texts in records.only_where.items()]
    return " AND ".join(conditions) or "true"


def _is_one_of(cells: list[str], texts: Sequence[str]) -> str:
    """SQL that is true where a cell holds one of the texts, of which an empty one stands for an empty cell."""
    allowed = ", ".join(literal(text.lower()) for text in texts if text) or "NULL"
    is_allowed = [f"coalesce(lower({cell}) IN ({allowed}), {'true' if '' in texts else 'false'})" for cell in cells]
    return is_allowed[0] if is_allowed else ("true" if "" in texts else "false")


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
    moment = f"TIMESTAMP {literal(horizon.isoformat(sep=' '))}" if horizon else "NULL::TIMESTAMP"
    return [
        f"{literal(identity.vendor)} AS source_system",
        f"{literal(identity.file_id)} AS file_id",
        "line AS file_line",
        f"{moment} AS file_horizon",
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


def _account(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    plans: list[Plan],
    kept_rows: int,
    target: Path,
    quarantine: Quarantine,
) -> Account:
    """What was read is counted in the source, what was kept in the written file, what was not in quarantine."""
    entity, amount = plans[0].records.entity, plans[0].contract.amount
    read = [_read(connection, plan) for plan in plans]
    in_scope = sum(one.rows for one in read)
    for plan, one in zip(plans, read, strict=True):
        if one.bad_rows or (not plan.records.one_per and in_scope > kept_rows):
            quarantine.add(connection, plan.records, plan.rows, plan.is_bad, plan.columns)
    quarantine.add_rejects(connection, entity, source)
    quarantined = quarantine.row_count(connection, entity)
    of_file = [one.rows if plan.records.unpack else source.row_count for plan, one in zip(plans, read, strict=True)]
    rows_read = sum(of_file) + source.reject_count
    is_grouped = any(plan.records.one_per for plan in plans)
    collapsed = rows_read - kept_rows - quarantined if is_grouped else sum(of_file) - in_scope
    unread = {label: count for one in read for label, count in one.unread.items()}
    if amount is None:
        return Account(rows_read, kept_rows, collapsed, quarantined, None, None, None, unread)
    amount_read = sum((one.amount for one in read), Decimal(0))
    amount_kept = _money(connection, f"SELECT sum({amount}) FROM read_parquet({file_literal(target)})")
    is_repeated = any(_repeats_amount(plan) for plan in plans)
    amount_quarantined = amount_read - amount_kept if is_repeated else quarantine.amount(connection, entity)
    return Account(rows_read, kept_rows, collapsed, quarantined, amount_read, amount_kept, amount_quarantined, unread)


@dataclass(frozen=True)
class _Read:
    """Rows that hold a record of a kind, and the money in them as far as it can be read. Bad rows are counted ahead
    only where rows are grouped; elsewhere the written file tells whether there are any."""

    rows: int
    bad_rows: int
    amount: Decimal
    unread: dict[str, int]


def _read(connection: duckdb.DuckDBPyConnection, plan: Plan) -> _Read:
    amount = plan.contract.amount if any(column.name == plan.contract.amount for column in plan.columns) else None
    bad = f"coalesce(count_if({plan.is_bad}), 0)" if plan.records.one_per else "0"
    money = f"coalesce(sum({amount}), 0)::DECIMAL(38,4)" if amount and not _repeats_amount(plan) else "0"
    doubtful = [column for column in plan.columns if column.unread]
    told = [f", any_value(label_{one.name}) FILTER ({one.unread}), count_if({one.unread})" for one in doubtful]
    query = f"SELECT count(*), {bad}, {money}{''.join(told)} FROM ({plan.rows}) AS read_rows"
    rows, bad_rows, total, *counted = connection.execute(query).fetchone() or (0, 0, 0)
    unread = {label: int(count) for label, count in zip(counted[::2], counted[1::2], strict=True) if count}
    if amount and _repeats_amount(plan):
        first = f"arg_min({amount}, line) FILTER ({amount} IS NOT NULL) AS amount"
        grouped = f"SELECT {first} FROM ({plan.rows}) AS read_rows GROUP BY group_key"
        total = _money(connection, f"SELECT sum(amount) FROM ({grouped}) AS records")
    return _Read(int(rows), int(bad_rows), Decimal(total), unread)


def _repeats_amount(plan: Plan) -> bool:
    """Whether an amount stands on every row of its record, so that it counts once and not once per row."""
    is_sum = any(column.is_sum for column in plan.columns if column.name == plan.contract.amount)
    return bool(plan.records.one_per) and not is_sum


def _money(connection: duckdb.DuckDBPyConnection, query: str) -> Decimal:
    row = connection.execute(query).fetchone()
    return Decimal(row[0] or 0) if row else Decimal(0)


def _ledger_row(identity: Identity, entity: str, account: Account, summary: str) -> LedgerRow:
    status: Status = "partly" if account.rows_quarantined else ("loaded" if account.rows_kept else "empty")
    message = " ".join(_told(account, summary))
    row = LedgerRow(
        identity.file, identity.sha256, identity.vendor, entity, status, message, identity.file_id,
        account.rows_read, account.rows_kept, account.rows_quarantined, account.rows_collapsed,
        account.amount_read, account.amount_kept, account.amount_quarantined,
    )  # fmt: skip
    row.check_balance()
    return row


def _told(account: Account, summary: str) -> Iterator[str]:
    """What people should know of the rows of one entity."""
    if account.rows_quarantined:
        yield f"{account.rows_quarantined} of {account.rows_read} rows are in quarantine: {summary}."
    elif not account.rows_kept:
        yield "The file has a header, but holds no rows of this kind."
    for label, count in sorted(account.unread.items()):
        cells = "1 cell of" if count == 1 else f"{count} cells of"
        yield f'{cells} "{label}" cannot be read, and {"counts" if count == 1 else "count"} as empty.'
