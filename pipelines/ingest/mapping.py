"""A preset's rules as SQL: for each canonical column its value, the text it came from, and what may be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from data_quality.contracts import Column
from pipelines.exchange_rates import RatedCurrencies
from pipelines.ingest.faults import (
    VALUED_ON,
    Fault,
    column_faults,
    moved_faults,
    rate_faults,
    raw_name,
    sign_faults,
    unread_cells,
)
from pipelines.ingest.flags import spellings
from pipelines.ingest.header import Header
from pipelines.ingest.packed import PIECE, field_value
from pipelines.ingest.presets import Packed, Records, Rule, TaxCells
from pipelines.ingest.source import position_name
from pipelines.ingest.staging import column_name
from pipelines.ingest.values import DECIMAL, Styles, as_decimal, as_type
from pipelines.quoting import literal

NO_CELL = "NULL::VARCHAR"
"""The raw text of what stands in no cell: what a preset says, or the name of the file."""


@dataclass(frozen=True)
class ColumnSql:
    """One canonical column as SQL over the file's cells; `raw` and `label` say what a person sees in the file.

    `faults` speak of the value by the column's name, and of the raw text by `raw_name`.
    """

    column: Column
    value: str
    raw: str
    label: str
    faults: tuple[Fault, ...]
    is_sum: bool = False
    unread: str | None = None
    """SQL for a cell that counts as empty because it cannot be read, where that puts no row into quarantine."""

    @property
    def name(self) -> str:
        """The column's name, which is safe in SQL."""
        return self.column.name

    @property
    def raw_name(self) -> str:
        """The name under which the raw text stands beside the value."""
        return raw_name(self.column)


@dataclass(frozen=True)
class FileFacts:
    """What a file says beside its rows: its header, what its path says, how its columns write values."""

    header: Header
    path_facts: dict[str, str]
    styles: Styles

    def cells(self, wanted: str) -> list[str]:
        """The SQL names of the columns that a preset's header names; none where the file lacks it."""
        return [column_name(position) for position in self.header.find(wanted)]


@dataclass(frozen=True)
class _Origin:
    value: str
    raw: str
    label: str


def map_columns(records: Records, facts: FileFacts, relation: str, currencies: RatedCurrencies) -> list[ColumnSql]:
    """The SQL of every canonical column that the file can give; `relation` is all rows of the file.

    `currencies` are those that can be converted, each from a day on.
    """
    mapped = []
    for column in records.contract.columns:
        origins = [
            origin
            for rule in records.columns.get(column.name, ())
            for origin in _origins(rule, column, facts, relation, records.unpack)
        ]
        if not origins:
            continue
        value = _first_filled(origins) if column.is_exact and column.required else _first([o.value for o in origins])
        raw = _first([origin.raw for origin in origins])
        is_sum = any(rule.sum for rule in records.columns[column.name])
        label = _label(origins)
        faults = tuple(column_faults(records, column))
        mapped.append(ColumnSql(column, value, raw, label, faults, is_sum, unread_cells(records, column)))
    return [
        replace(one, faults=(*one.faults, *_faults_beside_others(one, mapped, records, facts, currencies)))
        for one in mapped
    ]


def _faults_beside_others(
    one: ColumnSql, mapped: list[ColumnSql], records: Records, facts: FileFacts, currencies: RatedCurrencies
) -> Iterator[Fault]:
    """What is wrong with a column only in the light of others. Lines are in the currency of their order."""
    names = [other.name for other in mapped]
    if one.column.type == "money" and records.entity != "order_lines" and not _is_plain(one, records, facts):
        yield from sign_faults(one.column, names, currencies.base)
    if one.name == "currency" and records.entity in VALUED_ON:
        yield from rate_faults(records.entity, names, currencies)
    if one.column.is_address:
        yield from moved_faults(one.column, [other.name for other in mapped if other.column.type == "text"])


def _is_plain(one: ColumnSql, records: Records, facts: FileFacts) -> bool:
    """Whether nothing but digits and a decimal mark stands in any cell of the column."""
    cells = [cell for rule in records.columns[one.name] for header in rule.cells for cell in facts.cells(header)]
    return bool(cells) and all(facts.styles.number(cell).is_plain for cell in cells)


def unreachable(records: Records, facts: FileFacts) -> list[str]:
    """The headers that the file lacks for columns that the contract requires; then no row could be kept."""
    missing = []
    for column in records.contract.required:
        rules = records.columns[column.name]
        if not any(origin for rule in rules for origin in _origins(rule, column, facts, "(SELECT 1)", records.unpack)):
            missing += [cell for rule in rules for cell in rule.cells]
    return list(dict.fromkeys(missing))


def _first(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _first_filled(origins: list[_Origin]) -> str:
    """The value of the first cell that is filled: where an id cannot be read, none of another kind stands in for it."""
    branches = " ".join(f"WHEN coalesce({o.raw}, {o.value}) IS NOT NULL THEN {o.value}" for o in origins[:-1])
    return f"CASE {branches} ELSE {origins[-1].value} END" if branches else origins[0].value


def _label(origins: list[_Origin]) -> str:
    """SQL for the header whose cell a person should look at: the first filled one."""
    labels = list(dict.fromkeys(origin.label for origin in origins))
    if len(labels) == 1:
        return literal(labels[0])
    branches = " ".join(f"WHEN {origin.raw} IS NOT NULL THEN {literal(origin.label)}" for origin in origins)
    return f"CASE {branches} ELSE {literal(labels[0])} END"


def _origins(rule: Rule, column: Column, facts: FileFacts, relation: str, packed: Packed | None) -> Iterator[_Origin]:
    """Where the column's value may come from in this file; nothing where the file lacks what the rule reads."""
    if any(facts.path_facts.get(group) not in allowed for group, allowed in rule.only_if.items()):
        return
    if rule.unless and facts.cells(rule.unless):
        return
    if rule.product:
        yield from _product(rule, facts)
    elif rule.tax_included:
        yield from _tax_included(rule.tax_included, facts, relation)
    elif rule.joined:
        yield from _joined(rule, column, facts)
    elif rule.plus:
        yield from _plus(rule, facts)
    elif rule.unpacked and packed:
        yield from _field(rule.unpacked, rule, column, packed, facts)
    elif rule.position_within:
        for cell in facts.cells(rule.position_within)[:1]:
            yield _Origin(position_name(cell), "NULL::VARCHAR", rule.position_within)
    else:
        yield from _texts(rule, column, facts)


def _texts(rule: Rule, column: Column, facts: FileFacts) -> Iterator[_Origin]:
    constant = rule.value if rule.value is not None else facts.path_facts.get(rule.file_name or "")
    if constant is not None:
        value = as_type(_told(literal(constant), rule), column, "", facts.styles)
        label = "The file's name" if rule.value is None else f"{rule.value}, as the preset says,"
        yield _Origin(value, NO_CELL, label)
    for cell in (cell for wanted in rule.headers for cell in facts.cells(wanted)):
        value = as_type(_told(cell, rule), column, cell, facts.styles)
        yield _Origin(value, cell, facts.header.cells[int(cell[1:])])


def _told(text: str, rule: Rule) -> str:
    """What a text means by the rule."""
    text = transformed(text, rule)
    if rule.filled is not None:
        return f"CASE WHEN {text} IS NOT NULL THEN {literal(rule.filled)} END"
    return _coded(text, rule)


def transformed(text: str, rule: Rule) -> str:
    """The part of a text that the rule looks at."""
    if rule.remove:
        text = f"nullif(regexp_replace({text}, {literal(rule.remove)}, '', 'g'), '')"
    if rule.first_of:
        text = f"nullif(trim(split_part({text}, {literal(rule.first_of)}, 1)), '')"
    if rule.words == "last":
        text = f"split_part({text}, ' ', -1)"
    elif rule.words == "all_but_last":
        text = f"nullif(trim(left({text}, length({text}) - length(split_part({text}, ' ', -1)))), '')"
    if rule.case:
        text = f"{rule.case}({text})"
    return text


def _coded(text: str, rule: Rule) -> str:
    if not rule.map and not rule.match:
        return text
    branches = [
        f"WHEN lower({text}) IN ({', '.join(map(literal, spellings(code)))}) THEN nullif({literal(to)}, '')"
        for code, to in rule.map.items()
    ]
    branches += [
        f"WHEN regexp_matches({text}, {literal(code)}) THEN nullif({literal(to)}, '')"
        for code, to in rule.match.items()
    ]
    if rule.otherwise is not None:
        branches.append(f"WHEN {text} IS NOT NULL THEN nullif({literal(rule.otherwise)}, '')")
    return f"CASE {' '.join(branches)} END"


def _product(rule: Rule, facts: FileFacts) -> Iterator[_Origin]:
    factors = [facts.cells(factor)[:1] for factor in rule.product or ()]
    if not all(factors):
        return
    first, second = (as_decimal(cell, facts.styles.number(cell)) for (cell,) in factors)
    are_plain = all(facts.styles.number(cell).is_plain for (cell,) in factors)
    raw = "NULL::VARCHAR" if are_plain else " || ' x ' || ".join(cell for (cell,) in factors)
    less = [
        f" - coalesce({as_decimal(cell, facts.styles.number(cell))}, 0)" for cell in facts.cells(rule.less or "")[:1]
    ]
    value = f"CAST({first} * {second}{''.join(less)} AS {DECIMAL})"
    yield _Origin(value, raw, " x ".join(rule.product or ()))


def _joined(rule: Rule, column: Column, facts: FileFacts) -> Iterator[_Origin]:
    """The filled cells as one text, parted by blanks."""
    cells = [cell for header in rule.joined for cell in facts.cells(header)[:1]]
    if cells:
        text = f"nullif(concat_ws(' ', {', '.join(cells)}), '')"
        yield _Origin(as_type(_told(text, rule), column, "", facts.styles), text, " ".join(rule.joined))


def _plus(rule: Rule, facts: FileFacts) -> Iterator[_Origin]:
    """The sum of the filled cells; one that cannot be read leaves no sum, and none filled is no amount."""
    cells = [cell for header in rule.plus for cell in facts.cells(header)[:1]]
    if not cells:
        return
    amounts = {cell: as_decimal(cell, facts.styles.number(cell)) for cell in cells}
    less = [as_decimal(cell, facts.styles.number(cell)) for cell in facts.cells(rule.less or "")[:1]]
    total = " + ".join(f"coalesce({amount}, 0)" for amount in amounts.values())
    total += "".join(f" - coalesce({amount}, 0)" for amount in less)
    is_readable = " AND ".join(f"({cell} IS NULL OR {amount} IS NOT NULL)" for cell, amount in amounts.items())
    raw = _first(cells)
    value = f"CASE WHEN {raw} IS NOT NULL AND {is_readable} THEN CAST({total} AS {DECIMAL}) END"
    yield _Origin(value, raw, " + ".join(rule.plus))


def _field(name: str, rule: Rule, column: Column, packed: Packed, facts: FileFacts) -> Iterator[_Origin]:
    if facts.cells(packed.cells):
        value = as_type(_told(field_value(packed, name), rule), column, "", facts.styles)
        yield _Origin(value, PIECE if column.required else field_value(packed, name), f"{packed.cells} ({name})")


def _tax_included(tax_cells: TaxCells, facts: FileFacts, relation: str) -> Iterator[_Origin]:
    """The row's own sums tell; where both or neither hold, what holds for most rows of the file."""
    found = {name: facts.cells(header)[:1] for name, header in tax_cells.model_dump().items()}
    if not all(found.values()):
        return
    amount = {name: as_decimal(cells[0], facts.styles.number(cells[0])) for name, cells in found.items()}
    goods = f"{amount['subtotal']} + coalesce({amount['shipping']}, 0)"
    is_included = f"({amount['tax']} <> 0 AND {amount['total']} = {goods})"
    is_added = f"({amount['tax']} <> 0 AND {amount['total']} = {goods} + {amount['tax']})"
    balance = f"(count_if({is_included}) - count_if({is_added}))"
    of_file = (
        f"(SELECT CASE WHEN {balance} > 0 THEN true WHEN {balance} < 0 THEN false END FROM {relation} AS whole_file)"
    )
    value = f"CASE WHEN {is_included} THEN true WHEN {is_added} THEN false ELSE {of_file} END"
    yield _Origin(value, "NULL::VARCHAR", tax_cells.total)
