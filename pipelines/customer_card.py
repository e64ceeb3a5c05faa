"""Everything that the published tables know about one customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import UserError

Row = dict[str, Any]

_NEWEST = 5


class CustomerNotFoundError(UserError):
    """No customer, or more than one, is meant; the message says what to do."""


@dataclass(frozen=True)
class Part:
    """The rows of one table that belong to the customer, in which order, and at most how many."""

    table: str
    order: Sequence[str]
    newest_first: bool = False
    most: int | None = None


PARTS = {
    "sources": Part("customer_sources", ("source_system", "entity", "source_id")),
    "value": Part("customer_value", ("as_of",)),
    "segment": Part("customer_segments", ("as_of",)),
    "potential": Part("customer_potential", ("category",)),
    "next_categories": Part("next_categories", ("rank",)),
    "lead_score": Part("lead_scores", ("conversion_probability",)),
    "channels": Part("next_best_channel", ("rank",)),
    "plan": Part("contact_plan", ("plan_id", "channel")),
    "orders": Part("orders", ("ordered_at", "order_id"), newest_first=True, most=_NEWEST),
    "touches": Part("touches", ("touched_at", "touch_id"), newest_first=True, most=_NEWEST),
    "followups": Part("service_followups", ("priority", "due_on", "reason")),
}
_CUSTOMER = Part("customer_360", ("customer_id",))


def find_customer(tables: Path, wanted: str) -> str:
    """The customer_id that is meant by an id or an e-mail address, also one that only a source knows.

    Raises CustomerNotFoundError where there is none, or more than one.
    """
    customers = _table(tables, "customers").filter(
        (pl.col("customer_id") == wanted) | (pl.col("email").str.to_lowercase() == wanted.lower())
    )
    sources = _table(tables, "customer_sources").filter(pl.col("source_id").str.to_lowercase() == wanted.lower())
    found: list[str] = []
    for matches in (customers, sources):
        if not found:
            found = matches.select(pl.col("customer_id").unique().sort()).collect()["customer_id"].to_list()
    if len(found) == 1:
        return found[0]
    if found:
        raise CustomerNotFoundError(f"Several customers are meant. Name one of them: {', '.join(found)}.")
    raise CustomerNotFoundError(
        "No customer has this number or e-mail address in the last published run. tables/customers holds all of them."
    )


def customer_card(tables: Path, customer_id: str) -> dict[str, Any]:
    """What is known of a customer: `customer` and `account` (one row each), and the rows of PARTS by name.

    `account` is None for who belongs to no company; a part whose table is not published is missing.
    """
    customer = _rows(tables, _CUSTOMER, customer_id)[0]
    card: dict[str, Any] = {"customer": customer, "account": _account(tables, customer.get("account_id"))}
    for name, part in PARTS.items():
        if (tables / f"{part.table}.parquet").exists():
            card[name] = _rows(tables, part, customer_id)
    return card


def base_currency(tables: Path) -> str | None:
    """The currency of all amounts; None where nothing says it."""
    units = _table(tables, "kpis").filter(metric="net_revenue").select("unit").collect()["unit"]
    return units[0] if len(units) else None


def _account(tables: Path, account_id: str | None) -> Row | None:
    if account_id is None:
        return None
    rows = _table(tables, "accounts").filter(account_id=account_id).collect().to_dicts()
    return rows[0] if rows else None


def _rows(tables: Path, part: Part, customer_id: str) -> list[Row]:
    own = _table(tables, part.table).filter(pl.col("customer_id") == customer_id)
    if part.table != _CUSTOMER.table:
        own = own.drop("customer_id")
    ordered = own.sort(part.order, descending=part.newest_first, nulls_last=True)
    rows: list[Row] = (ordered.head(part.most) if part.most else ordered).collect().to_dicts()
    return rows


def _table(tables: Path, name: str) -> pl.LazyFrame:
    path = tables / f"{name}.parquet"
    if not path.exists():
        raise UserError(f"The table {name} is not published. Run `stammkunde run` first.")
    return pl.scan_parquet(path, glob=False)
