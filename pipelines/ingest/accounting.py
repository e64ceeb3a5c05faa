"""What became of the rows and the money of one entity of a file, counted where they were read and where they went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import duckdb

from pipelines.ingest.ledger import LedgerRow, Status
from pipelines.ingest.plan import Plan
from pipelines.ingest.quarantine import Identity, Quarantine
from pipelines.ingest.source import Source
from pipelines.ingest.vocabularies import UnknownWords, find_unknown_words
from pipelines.quoting import file_literal


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
    unknown_words: tuple[UnknownWords, ...] = ()


def account_of(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    plans: list[Plan],
    kept_rows: int,
    target: Path,
    quarantine: Quarantine,
) -> Account:
    """Return what became of all rows: counted in the source when read, in the written file or in quarantine after."""
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
    words = tuple(
        found for plan in plans for rows, known in plan.words for found in find_unknown_words(connection, rows, known)
    )
    if amount is None:
        return Account(rows_read, kept_rows, collapsed, quarantined, None, None, None, unread, words)
    amount_read = sum((one.amount for one in read), Decimal(0))
    amount_kept = _money(connection, f"SELECT sum({amount}) FROM read_parquet({file_literal(target)})")
    is_repeated = any(_repeats_amount(plan) for plan in plans)
    amount_quarantined = amount_read - amount_kept if is_repeated else quarantine.amount(connection, entity)
    return Account(
        rows_read, kept_rows, collapsed, quarantined, amount_read, amount_kept, amount_quarantined, unread, words
    )


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
    asked = [column for column in plan.columns if column.name == amount or column.unread]
    read_rows = plan.rows if plan.records.one_per or plan.is_single else plan.rows_with(asked)
    query = f"SELECT count(*), {bad}, {money}{''.join(told)} FROM ({read_rows}) AS read_rows"
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


def ledger_row(identity: Identity, entity: str, account: Account, summary: str) -> LedgerRow:
    """Return what the ledger says of one entity of a file; raise ImbalanceError where rows or money do not add up."""
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
    yield from dict.fromkeys(found.message for found in account.unknown_words)
