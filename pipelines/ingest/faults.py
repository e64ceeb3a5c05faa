"""What may be wrong with a row, as SQL over its values and texts, with the words for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from data_quality.contracts import Column
from pipelines.exchange_rates import ALWAYS, FOR_EVER, RatedCurrencies
from pipelines.ingest.currency_signs import is_in_another_currency
from pipelines.ingest.presets import Records
from pipelines.quoting import literal

EMPTY = "is empty"
_HOLDS_AN_ADDRESS = r"(^|\s)[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}(\s|$)"
_IN_FILES = "in settings.yml or exchange_rates.csv"
VALUED_ON = {"orders": ("ordered_at",), "deals": ("closed_at", "created_at")}
"""The times that say by which day's rate an amount is converted, the first filled one; dbt follows the same rule."""
STRICT_TYPES = ("money", "number", "timestamp")
_UNREADABLE = {
    "money": "is not an amount",
    "number": "is not a number",
    "integer": "is not a whole number",
    "boolean": "is neither yes nor no",
    "date": "is not a date",
    "timestamp": "is not a date or time",
}


@dataclass(frozen=True)
class Fault:
    """What may be wrong with a column: SQL over its value and raw text that is then true, and the words for it."""

    condition: str
    words: str


def raw_name(column: Column) -> str:
    """The name under which the raw text of a column stands beside its value."""
    return f"raw_{column.name}"


def column_faults(records: Records, column: Column) -> Iterator[Fault]:
    """What may be wrong with a column of these records, by the rules of its contract."""
    value, raw = column.name, raw_name(column)
    if column.required:
        yield Fault(f"{raw} IS NULL AND {value} IS NULL", EMPTY)
    if column.required or column.type in STRICT_TYPES:
        yield Fault(f"{raw} IS NOT NULL AND {value} IS NULL", _unreadable(records, column))
    if column.minimum is not None:
        yield Fault(f"coalesce({value} < {column.minimum:g}, false)", f"is below {column.minimum:g}")
    if column.maximum is not None:
        yield Fault(f"coalesce({value} > {column.maximum:g}, false)", f"is above {column.maximum:g}")
    if column.pattern:
        meaning = column.description.split(";")[0].rstrip(".")
        yield Fault(
            f"NOT coalesce(regexp_matches({value}, {literal(column.pattern)}), true)", f"does not fit: {meaning}"
        )


def moved_faults(column: Column, texts: Sequence[str]) -> Iterator[Fault]:
    """An address that is none, beside another text of the record that is one; `texts` are the texts' names."""
    if others := [name for name in texts if name != column.name]:
        is_elsewhere = f"regexp_matches(concat_ws(' ', {', '.join(others)}), '{_HOLDS_AN_ADDRESS}')"
        is_none = f"{column.name} IS NOT NULL AND NOT contains({column.name}, '@')"
        yield Fault(
            f"CASE WHEN {is_none} THEN {is_elsewhere} ELSE false END",
            "is no address, but another cell of the row is, so its cells may have moved",
        )


def unread_cells(records: Records, column: Column) -> str | None:
    """SQL for a cell that counts as empty because it cannot be read; None where such a row goes to quarantine, where
    the layout chooses what of a text it reads, or where it is a word (of these tells `vocabularies`)."""
    rules = records.columns[column.name]
    is_told = column.required or column.type in STRICT_TYPES
    is_free = column.type == "boolean" or (column.type == "text" and not column.is_exact)
    is_chosen = any(
        rule.map or rule.match or rule.remove or rule.filled is not None or not rule.cells for rule in rules
    )
    if is_told or is_free or is_chosen:
        return None
    return f"{raw_name(column)} IS NOT NULL AND {column.name} IS NULL"


def rate_faults(entity: str, names: Sequence[str], currencies: RatedCurrencies) -> Iterator[Fault]:
    """An amount that cannot be converted on its day is worth nothing known; one without a day has the newest rate."""
    known = ", ".join(literal(currency) for currency in sorted(currencies.since))
    yield Fault(f"coalesce(currency NOT IN ({known}), false)", f"is a currency without an exchange rate {_IN_FILES}")
    times = ", ".join(["NULL", *(name for name in VALUED_ON[entity] if name in names)])
    local = f"timezone({literal(currencies.timezone)}, timezone('UTC', coalesce({times})))"
    day = f"coalesce(CAST({local} AS DATE), {_date(FOR_EVER)})"
    too_early = [
        f"(currency = {literal(currency)} AND {day} < {_date(first)})"
        for currency, first in sorted(currencies.since.items())
        if first > ALWAYS
    ]
    if too_early:
        yield Fault(
            f"coalesce({' OR '.join(too_early)}, false)", f"has no exchange rate for so early a day {_IN_FILES}"
        )


def sign_faults(column: Column, names: Sequence[str], base: str) -> Iterator[Fault]:
    """An amount whose own sign is of another currency than the row is in: its currency column's, else the base."""
    is_said = "currency" in names
    currency = f"coalesce(currency, {literal(base)})" if is_said else literal(base)
    other = is_in_another_currency(raw_name(column), currency)
    yield Fault(
        f"({other} AND {column.name} <> 0)",
        "names another currency than its row"
        if is_said
        else f"is not in {base}, in which amounts are where no column says their currency",
    )


def _date(day: date) -> str:
    return f"DATE {literal(day.isoformat())}"


def _unreadable(records: Records, column: Column) -> str:
    if column.type != "text":
        return _UNREADABLE[column.type]
    if column.is_exact:
        return "is a number that a spreadsheet has rounded; export it again and land it without opening it"
    known = [code for rule in records.columns[column.name] for code in rule.map]
    return f"is not one of {', '.join(known or column.allowed)}" if known or column.allowed else "cannot be read"
