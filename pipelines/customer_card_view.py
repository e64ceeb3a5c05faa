"""What `stammkunde show` prints: one customer on one screen, or as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipelines.delivery.numerals import Numerals
from pipelines.delivery.wording import Wording, wording

Row = dict[str, Any]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WHO = ("email", "phone", "street", "postcode", "city", "country", "language", "first_seen_at", "last_seen_at")
_VALUE = ("value_class", "clv", "expected_orders", "p_alive", "model")
_REVENUE = ("order_count", "net_revenue", "average_order_value", "first_order_on", "last_order_on")
_CONSENT = ("consent_email", "consent_phone", "consent_sms", "consent_post", "is_suppressed")
_LISTS: dict[str, tuple[str, ...]] = {
    "channels": ("rank", "channel", "is_allowed", "basis", "expected_effect", "reason"),
    "next_categories": ("rank", "category", "probability", "reason"),
    "potential": ("category", "actual", "potential", "exhaustion", "verdict"),
    "plan": ("plan_id", "channel", "arm", "expected_margin", "cost", "reason"),
    "orders": ("order_id", "ordered_on", "status", "sales_channel", "net_revenue"),
    "touches": ("touched_at", "channel", "direction", "campaign_id", "is_engaged"),
    "followups": ("due_on", "reason", "order_id", "ticket_id"),
    "sources": ("source_system", "entity", "source_id", "matched_by"),
}
_CODES = frozenset({"arm", "basis", "channel", "direction", "entity", "kind", "reason", "rfm_segment", "verdict"})


def print_card(card: dict[str, Any], console: Console, *, currency: str | None, language: str) -> None:
    """Print the card: who it is and what he is worth beside each other, then what there is in rows."""
    words = _Words(wording(language), Numerals(language), currency)
    console.print(_heading(card, words))
    customer = card["customer"]
    value = customer | next(iter(card.get("value", [])), {})
    pairs = {
        "who": [*words.pairs(customer, _WHO), *_company(card, words)],
        "value": _value(value, words),
        "revenue": words.pairs(customer, _REVENUE),
        "consent": words.pairs(customer, _CONSENT, keep_unknown=True),
    }
    panels = [_panel(words.phrase(name), _pair_table(found)) for name, found in pairs.items() if found]
    console.print(Columns(panels, padding=(0, 1)))
    for name, columns in _LISTS.items():
        if card.get(name):
            console.print(_listing(words.phrase(name), card[name], columns, words))


class _Words:
    """Headings and values in one language; what comes from data never reaches the terminal as markup or control."""

    def __init__(self, known: Wording, numerals: Numerals, currency: str | None) -> None:
        self.known = known
        self.numerals = numerals
        self.currency = currency

    def phrase(self, name: str) -> str:
        return self.known.phrases[f"card_{name}"]

    def heading(self, column: str) -> str:
        own = self.known.known_columns.get(column)
        return own.heading if own else column.replace("_", " ").capitalize()

    def pairs(self, row: Row, columns: Sequence[str], *, keep_unknown: bool = False) -> list[tuple[str, str]]:
        shown = ((column, row.get(column)) for column in columns if column in row)
        return [
            (self.heading(column), self.phrase("unknown") if value is None else self.text(column, value))
            for column, value in shown
            if keep_unknown or value is not None
        ]

    def text(self, column: str, value: object) -> str:
        match value:
            case None:
                return ""
            case bool():
                return self.known.phrases["yes" if value else "no"]
            case datetime() | date():
                return self.numerals.day(value)
            case Decimal():
                return self.numerals.money(value, self.currency)
            case float():
                return self._number(column, value)
            case _:
                code = self.known.terms.get(str(value)) if column in _CODES else None
                return code or _printable(str(value))

    def _number(self, column: str, value: float) -> str:
        own = self.known.known_columns.get(column)
        if own and own.form == "share":
            return self.numerals.share(value, 0)
        if own and own.form == "money":
            return self.numerals.money(value, self.currency)
        return self.numerals.number(value, 2)


def _heading(card: dict[str, Any], words: _Words) -> RenderableType:
    customer = card["customer"]
    names = [customer.get("first_name"), customer.get("last_name")]
    name = " ".join(part for part in names if part) or customer.get("company_name") or customer["customer_id"]
    segment = words.text("rfm_segment", customer.get("rfm_segment"))
    before = customer.get("previous_rfm_segment")
    if before and before != customer.get("rfm_segment"):
        segment += f" ({words.phrase('before')} {words.text('rfm_segment', before)})"
    line = Text(_printable(name), style="bold")
    rest = [customer["customer_id"], words.text("kind", customer.get("kind")), segment]
    line.append("  " + "  ·  ".join(part for part in rest if part), style="not bold")
    if customer.get("is_suppressed"):
        line.append(f"  {words.phrase('suppressed')}", style="bold red")
    return Group(Text(), line)


def _value(row: Row, words: _Words) -> list[tuple[str, str]]:
    """What is expected of him, the range beside it where there is one."""
    found = words.pairs(row, _VALUE)
    low, high = row.get("clv_low"), row.get("clv_high")
    if low is None or high is None:
        return found
    between = f"{words.numerals.number(low, 2)} – {words.numerals.money(high, words.currency)}"
    place = next((place for place, (heading, _) in enumerate(found) if heading == words.heading("clv")), 0)
    return [*found[: place + 1], (words.phrase("range"), between), *found[place + 1 :]]


def _company(card: dict[str, Any], words: _Words) -> Iterator[tuple[str, str]]:
    account = card.get("account")
    if account:
        count = words.numerals.number(account["customer_count"])
        yield words.heading("account_name"), words.text("name", account["name"] or account["domain"])
        yield words.phrase("company_customers"), count
        yield words.phrase("company_revenue"), words.text("net_revenue", account["net_revenue"])


def _listing(title: str, rows: Sequence[Row], columns: Sequence[str], words: _Words) -> RenderableType:
    present = [column for column in columns if any(row.get(column) is not None for row in rows)]
    table = Table(box=None, pad_edge=False, expand=False, header_style="dim")
    for column in present:
        table.add_column(words.heading(column), justify="right" if _is_number(rows, column) else "left")
    for row in rows:
        table.add_row(*(Text(words.text(column, row.get(column))) for column in present))
    return _panel(title, table)


def _is_number(rows: Sequence[Row], column: str) -> bool:
    return any(
        isinstance(row.get(column), int | float | Decimal) and row.get(column) not in (True, False) for row in rows
    )


def _pair_table(pairs: Sequence[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for heading, value in pairs:
        table.add_row(Text(heading, style="dim"), Text(value))
    return table


def _panel(title: str, content: RenderableType) -> Panel:
    return Panel(content, title=Text(title, style="bold"), title_align="left", border_style="dim", expand=False)


def _printable(text: str) -> str:
    """The text without what would steer the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
