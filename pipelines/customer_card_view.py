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
_WHO = (
    "email",
    "phone",
    "street",
    "postcode",
    "city",
    "country",
    "language",
    "job_title",
    "first_seen_at",
    "last_seen_at",
)
_VALUE = (
    "value_class",
    "clv",
    "expected_orders",
    "p_alive",
    "next_order_on",
    "overdue_days",
    "model",
    "behaviour_segment",
)
_REVENUE = ("order_count", "net_revenue", "average_order_value", "first_order_on", "last_order_on")
_COMPANY = ("domain", "industry", "city", "country", "employee_count", "customer_count")
_COMPANY_SALES = (
    "clv",
    "rfm_segment",
    "order_count",
    "net_revenue",
    "last_order_on",
    "open_deal_count",
    "open_deal_amount",
)
_CHANNELS = ("email", "phone", "sms", "post")
_LISTS: dict[str, tuple[str, ...]] = {
    "followups": ("due_on", "reason", "order_id", "ticket_id", "customer_id"),
    "channels": ("rank", "channel", "is_allowed", "basis", "expected_margin", "reason"),
    "plan": ("plan_id", "channel", "arm", "expected_margin", "cost", "reason"),
    "next_categories": ("rank", "category", "probability", "reason"),
    "lead_score": ("conversion_probability", "reason"),
    "buyers": ("customer_id", "first_name", "last_name", "value_class", "net_revenue", "best_channel"),
    "potential": ("category", "actual", "potential", "exhaustion", "verdict"),
    "orders": ("order_id", "ordered_on", "status", "sales_channel", "net_revenue"),
    "touches": ("touched_at", "channel", "direction", "campaign_id", "is_engaged", "customer_id"),
    "sources": ("source_system", "entity", "source_id", "matched_by"),
}
_SIDE_BY_SIDE: tuple[tuple[str, ...], ...] = (
    ("followups",),
    ("channels",),
    ("plan",),
    ("next_categories", "lead_score"),
    ("buyers",),
    ("potential", "sources"),
    ("orders", "touches"),
)
_SEEN_POTENTIALS = 6


def print_card(card: dict[str, Any], console: Console, *, currency: str | None, language: str) -> None:
    """Print a customer's card: who it is and what he is worth beside each other, then what there is in rows."""
    words = _Words(wording(language), Numerals(language), currency)
    console.print(_heading(card, words))
    customer = card["customer"]
    value = customer | next(iter(card.get("value", [])), {})
    pairs = {
        "who": [*words.pairs(customer, _WHO), *_company(card, words)],
        "value": _value(value, words),
        "revenue": words.pairs(customer, _REVENUE),
        "consent": list(_consent(card, words)),
    }
    _print_parts(pairs, card, console, words)


def print_company(card: dict[str, Any], console: Console, *, currency: str | None, language: str) -> None:
    """Print a company's card: what it is and what it brings, then its buyers and what there is in rows."""
    words = _Words(wording(language), Numerals(language), currency)
    account = card["account"]
    line = Text(_printable(account["name"] or account["domain"] or account["account_id"]), style="bold")
    line.append(f"  {account['account_id']}  ·  {words.known.terms['company']}", style="not bold")
    console.print(Group(Text(), line))
    sales = account | next(iter(card.get("sales", [])), {})
    pairs = {"who": words.pairs(account, _COMPANY), "value": words.pairs(sales, _COMPANY_SALES)}
    _print_parts(pairs, card, console, words)


def _print_parts(
    pairs: dict[str, list[tuple[str, str]]], card: dict[str, Any], console: Console, words: _Words
) -> None:
    panels = [_panel(words.phrase(name), _pair_table(found)) for name, found in pairs.items() if found]
    console.print(Columns(panels, padding=(0, 1)))
    for names in _SIDE_BY_SIDE:
        shown = [
            _listing(words.phrase(name), _seen(name, card[name]), _LISTS[name], words)
            for name in names
            if card.get(name)
        ]
        if shown:
            console.print(Columns(shown, padding=(0, 1)))


def _seen(name: str, rows: list[Row]) -> list[Row]:
    """Of potentials only the total and the categories with most room; JSON holds all."""
    if name != "potential" or len(rows) <= _SEEN_POTENTIALS:
        return rows
    return sorted(rows, key=_by_room)[:_SEEN_POTENTIALS]


def _by_room(row: Row) -> tuple[bool, float, float, str]:
    """The total first, then the greatest room, then what most is spent on."""
    spent = float(row["actual"] or 0)
    room = float(row["potential"]) - spent if row.get("potential") is not None else 0.0
    return row["category"] != "*", -room, -spent, row["category"]


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
                return self.known.terms_of(column).get(str(value)) or _printable(str(value))

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
    history = card.get("segment_history", [])
    steps = (f"{words.text('as_of', row['as_of'])} {words.text('rfm_segment', row['rfm_segment'])}" for row in history)
    return Group(Text(), line, *([Text(" → ".join(steps), style="dim")] if len(history) > 1 else []))


def _consent(card: dict[str, Any], words: _Words) -> Iterator[tuple[str, str]]:
    """What is known of each channel, and who said so last, and when."""
    customer = card["customer"]
    for channel in _CHANNELS:
        column = f"consent_{channel}"
        if column not in customer:
            continue
        allowed = customer[column]
        said = words.phrase("unknown") if allowed is None else words.text(column, allowed)
        own = (row for row in card.get("consent_statements", []) if row["channel"] == channel)
        stated = next((row for row in own if row["is_allowed"] is not None and row["is_allowed"] == allowed), None)
        if stated:
            parts = (words.text("source_system", stated["source_system"]), words.text("stated_at", stated["stated_at"]))
            said += f" ({', '.join(part for part in parts if part)})"
        yield words.heading(column), said
    yield from words.pairs(customer, ("is_suppressed",))


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
