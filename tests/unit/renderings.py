"""Other correct ways to write the amounts and times of a sample."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipelines.ingest.header import WILDCARD
from pipelines.ingest.presets import Preset, Rule

Records = tuple[tuple[str, ...], ...]

_AMOUNT = re.compile(r"-?\d+(\.\d+)?")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?(?: ?([+-]\d\d):?(\d\d)|Z)?)?")
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001
_DAY = timedelta(days=1)


def column_kinds(preset: Preset, header: tuple[str, ...]) -> dict[str, str]:
    """For each header whose cells are only ever read as amounts, as times, or as whole numbers: which of these."""
    kinds: dict[str, set[str]] = {}
    for cell, kind in _uses(preset):
        head, star, tail = cell.partition(WILDCARD)
        for name in header:
            is_meant = name.startswith(head) and name.endswith(tail) if star else name.casefold() == cell.casefold()
            if is_meant:
                kinds.setdefault(name, set()).add(kind)
    return {
        name: min(found)
        for name, found in kinds.items()
        if len(found) == 1 and found <= {"money", "timestamp", "integer"}
    }


def _uses(preset: Preset) -> Iterator[tuple[str, str]]:
    for records in preset.records:
        for column, rules in records.columns.items():
            for rule in rules:
                yield from ((cell, _kind(rule, cell, records.contract.column(column).type)) for cell in rule.cells)
        for cell in (records.one_per, *records.only_where):
            if cell:
                yield cell, "text"


def _kind(rule: Rule, cell: str, column_type: str) -> str:
    if cell == rule.position_within:
        return "text"
    if rule.tax_included or rule.product or rule.plus or cell == rule.less:
        return "money"
    is_bare = not (rule.map or rule.match or rule.filled or rule.first_of or rule.words or rule.remove)
    return column_type if is_bare or (rule.filled and column_type == "timestamp") else "text"


AMOUNT_STYLES: dict[str, Callable[[Decimal, str], str]] = {
    "comma": lambda _, text: text.replace(".", ","),
    "grouped_point": lambda value, _: f"{value:,.2f}",
    "grouped_comma": lambda value, _: f"{value:,.2f}".translate(str.maketrans(",.", ".,")),
    "grouped_space": lambda value, _: f"{value:,.2f}".translate(str.maketrans(",.", " ,")),
    "euro_behind": lambda value, _: f"{value:.2f}".replace(".", ",") + " €",
    "code_before": lambda value, _: f"EUR {value:.2f}",
    "minus_behind": lambda value, text: f"{-value:.2f}-" if value < 0 else text,
    "parentheses": lambda value, text: f"({-value:.2f})" if value < 0 else text,
}
"""Currency signs are of the sample's own base currency."""


def amounts_in(header: tuple[str, ...], records: Records, kinds: dict[str, str], style: str) -> Records | None:
    """The records with every amount in one style; None where an amount is not written with a decimal point."""
    places = {place for place, name in enumerate(header) if kinds.get(name) == "money"}
    found = {cells[place].strip() for cells in records for place in places if place < len(cells)} - {""}
    is_plain = all(_AMOUNT.fullmatch(text) and len(text.partition(".")[2]) <= 2 for text in found)
    if not found or not is_plain:
        return None
    render = AMOUNT_STYLES[style]
    return tuple(
        tuple(
            render(Decimal(cell.strip()), cell) if place in places and cell.strip() else cell
            for place, cell in enumerate(cells)
        )
        for cells in records
    )


COUNT_STYLES: dict[str, Callable[[int], str]] = {
    "point": lambda value: f"{value:,}".replace(",", "."),
    "comma": lambda value: f"{value:,}",
    "space": lambda value: f"{value:,}".replace(",", " "),
    "point_decimal": lambda value: f"{value}.0",
    "comma_decimals": lambda value: f"{value},00",
}


def counts_in(records: Records, places: set[int], style: str) -> Records | None:
    """The records with every whole number in one style; None where nothing but zeros would stand behind a sign, which
    the file's amounts then make mean something else."""
    found = {cells[place].strip() for cells in records for place in places if place < len(cells)} - {""}
    has_other_groups = any(int(text) % 1000 for text in found if text.isdigit() and len(text) > 3)
    if not (all(text.isdigit() for text in found) and has_other_groups):
        return None
    render = COUNT_STYLES[style]
    return tuple(
        tuple(render(int(cell)) if place in places and cell.strip() else cell for place, cell in enumerate(cells))
        for cells in records
    )


MOMENT_STYLES = {
    "german": "%d.%m.%Y",
    "british": "%d/%m/%Y",
    "american": "%m/%d/%Y",
    "iso_t": "%Y-%m-%d",
    "offset": "%Y-%m-%d",
    "epoch": "",
    "excel": "",
}


def moments_in(
    header: tuple[str, ...], records: Records, kinds: dict[str, str], style: str, zone: str | None
) -> tuple[Records, tuple[str, ...]] | None:
    """The records with every time in one style, and the columns in which day and month cannot be told apart."""
    places = {place: name for place, name in enumerate(header) if kinds.get(name) == "timestamp"}
    rows, days = [list(cells) for cells in records], dict.fromkeys(places, 0)
    local = ZoneInfo(zone or "Europe/Berlin")
    for row in rows:
        for place in places:
            if place < len(row) and row[place].strip():
                found = _MOMENT.fullmatch(row[place].strip())
                if not found or not found[2]:
                    return None
                moment = _moment(found, local)
                days[place] = max(days[place], moment.astimezone(local).day)
                row[place] = _written(moment, style, local, has_seconds=bool(found[3]))
    is_slashed = style in ("british", "american")
    undecided = tuple(name for place, name in places.items() if is_slashed and 0 < days[place] <= 12)
    return (tuple(map(tuple, rows)), undecided) if places else None


def _moment(found: re.Match[str], local: ZoneInfo) -> datetime:
    bare = datetime.fromisoformat(f"{found[1]} {found[2]}{found[3] or ''}")
    if found[4]:
        return datetime.fromisoformat(f"{bare.isoformat()}{found[4]}:{found[5]}")
    return bare.replace(tzinfo=UTC if found[0].endswith("Z") else local)


def _written(moment: datetime, style: str, local: ZoneInfo, *, has_seconds: bool) -> str:
    here = moment.astimezone(local)
    clock = "%H:%M:%S" if has_seconds or here.second else "%H:%M"
    if style == "epoch":
        return str(int(moment.timestamp()))
    if style == "excel":
        return f"{(here.replace(tzinfo=None) - _EXCEL_EPOCH) / _DAY:.8f}"
    if style == "offset":
        return here.isoformat()
    return here.strftime(f"{MOMENT_STYLES[style]}{'T' if style == 'iso_t' else ' '}{clock}")
