"""The records of one kind in a file, as SQL: where they stand, what they hold, and what speaks against a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import duckdb

from data_quality.contracts import Contract
from pipelines.exchange_rates import RatedCurrencies
from pipelines.ingest.faults import Fault
from pipelines.ingest.flags import spellings
from pipelines.ingest.mapping import ColumnSql, FileFacts, map_columns
from pipelines.ingest.packed import unpacked
from pipelines.ingest.presets import Preset, Records
from pipelines.ingest.quarantine import Quarantine
from pipelines.ingest.repeats import SAID_DIFFERENTLY, SAID_TWICE, has_repeated_orders
from pipelines.ingest.source import Source
from pipelines.ingest.vocabularies import Vocabulary, rows_left_out, vocabularies
from pipelines.quoting import literal


@dataclass(frozen=True)
class Plan:
    """The records of one entity that a file gives, as SQL. `scope` is what stands behind FROM: the rows that hold one;
    `keys` are told of each beside the columns; of repeated orders only the first `is_single`."""

    records: Records
    columns: tuple[ColumnSql, ...]
    scope: str
    keys: tuple[str, ...]
    is_bad: str
    keeps_order: bool
    words: tuple[tuple[str, tuple[Vocabulary, ...]], ...] = ()
    """Rows of the file (SQL behind FROM), and the vocabularies of which they may hold other words."""

    is_single: str | None = None

    @property
    def rows(self) -> str:
        """Select line, and the value, the raw text and the label of every column."""
        return self.rows_with(self.columns)

    def rows_with(self, columns: Iterable[ColumnSql]) -> str:
        """Select no more than these columns, whose SQL alone is then planned."""
        selected = ["line"]
        for column in columns:
            selected += [
                f"{column.value} AS {column.name}",
                f"{column.raw} AS {column.raw_name}",
                f"{column.label} AS label_{column.name}",
            ]
        rows = f"SELECT {', '.join([*selected, *self.keys])} FROM {self.scope}"
        return f"SELECT * FROM ({rows}) AS all_rows WHERE {self.is_single}" if self.is_single else rows

    @property
    def contract(self) -> Contract:
        """The contract of the entity."""
        return self.records.contract


def planned(
    records: Records,
    facts: FileFacts,
    source: Source,
    currencies: RatedCurrencies,
    preset: Preset,
    quarantine: Quarantine,
) -> Plan:
    """Return the SQL for the records of one kind, with all that speaks against a row."""
    relation = source.relation
    if records.unpack:
        relation = unpacked(relation, records.unpack, facts.cells(records.unpack.cells))
    columns = tuple(map_columns(records, facts, source.relation, currencies))
    faults = [fault.condition for column in columns for fault in column.faults]
    if parent := next((other for other in preset.records if other.entity == records.belongs_to), None):
        faults.append(quarantine.follows(parent))
    keys = [f"{key} AS group_key" for key in _cells(facts, records.one_per)]
    amount = next((column for column in columns if column.name == records.contract.amount), None)
    if keys and amount and not amount.is_sum:
        group = f"OVER (PARTITION BY {_cells(facts, records.one_per)[0]})"
        keys.append(f"min({amount.value}) {group} IS DISTINCT FROM max({amount.value}) {group} AS rows_disagree")
    filled = f"{relation} AS cells WHERE {_is_filled(records, facts)}"
    scope = f"{filled} AND {_scope(records, facts)}"
    is_bad = " OR ".join(f"({fault})" for fault in faults)
    words = (
        (scope, tuple(vocabularies(records, facts)) if not records.unpack else ()),
        (filled, tuple(rows_left_out(preset, records, facts))),
    )
    keeps_order = source.keeps_order and not records.unpack
    plan = Plan(records, columns, scope, tuple(keys), is_bad, keeps_order, words)
    if len(keys) < 2 or amount is None:
        return plan
    return _with_fault(plan, amount.name, Fault("rows_disagree", "differs between the rows of one order"))


def with_single_orders(connection: duckdb.DuckDBPyConnection, plan: Plan) -> Plan:
    """The plan without orders that the file says twice; those that it says differently go to quarantine."""
    number = [column for column in plan.columns if column.name == "order_number"]
    if plan.records.entity != "orders" or plan.records.one_per or not number:
        return plan
    if not has_repeated_orders(connection, plan.rows_with(number), plan.rows, plan.columns):
        return plan
    fault = Fault(SAID_DIFFERENTLY, "stands twice in the file with different content")
    return replace(_with_fault(plan, "order_number", fault), is_single=f"NOT ({SAID_TWICE})")


def _with_fault(plan: Plan, column_name: str, fault: Fault) -> Plan:
    """The plan with one more reason to put a row into quarantine."""
    columns = tuple(
        replace(column, faults=(*column.faults, fault)) if column.name == column_name else column
        for column in plan.columns
    )
    return replace(plan, columns=columns, is_bad=f"{plan.is_bad} OR ({fault.condition})")


def _cells(facts: FileFacts, header: str | None) -> list[str]:
    return facts.cells(header)[:1] if header else []


def _is_filled(records: Records, facts: FileFacts) -> str:
    """SQL for the rows that hold anything of what these records read."""
    cells = dict.fromkeys(cell for header in records.cells for cell in facts.cells(header))
    return f"coalesce({', '.join(cells)}) IS NOT NULL" if cells else "true"


def _scope(records: Records, facts: FileFacts) -> str:
    """SQL for those filled rows that hold a record of this kind."""
    conditions = [f"{cell} IS NOT NULL" for cell in _cells(facts, records.only_where_filled)]
    conditions += [_is_one_of(_cells(facts, header), texts) for header, texts in records.only_where.items()]
    return " AND ".join(conditions) or "true"


def _is_one_of(cells: list[str], texts: Sequence[str]) -> str:
    """SQL that is true where a cell holds one of the texts, of which an empty one stands for an empty cell."""
    allowed = ", ".join(literal(word) for text in texts if text for word in spellings(text)) or "NULL"
    is_allowed = [f"coalesce(lower({cell}) IN ({allowed}), {'true' if '' in texts else 'false'})" for cell in cells]
    return is_allowed[0] if is_allowed else ("true" if "" in texts else "false")
