"""Everything that the published tables know about one customer, or about one company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """The rows of one table that belong to whom the card is about, in which order, and at most how many."""

    table: str
    order: Sequence[str]
    newest_first: bool = False
    most: int | None = None
    key: str = "customer_id"


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
    "consent_statements": Part("consent_ledger", ("stated_at", "channel", "source_system"), newest_first=True),
}
COMPANY_PARTS = {
    "sales": Part("sales_accounts", ("name",), key="account_id"),
    "potential": Part("account_potential", ("category",), key="account_id"),
    "buyers": Part(
        "customer_360", ("net_revenue", "customer_id"), newest_first=True, most=2 * _NEWEST, key="account_id"
    ),
    "orders": Part("orders", ("ordered_at", "order_id"), newest_first=True, most=_NEWEST, key="account_id"),
}
_COMPANY_PEOPLES_PARTS = ("touches", "followups")
_CUSTOMER = Part("customer_360", ("customer_id",))


def find_customer(tables: Path, wanted: str) -> str | None:
    """The customer_id that is meant by an id, also a former one, or by an e-mail address, also one that only a source
    knows; None where nobody has it.

    Raises CustomerNotFoundError where more than one is meant.
    """
    lowered = wanted.lower()
    customers = _table(tables, "customers").filter(
        (pl.col("customer_id") == wanted) | (pl.col("email").str.to_lowercase() == lowered)
    )
    ways = [customers]
    if (tables / "customer_aliases.parquet").exists():
        ways.append(_table(tables, "customer_aliases").filter(alias=wanted))
    ways.append(_table(tables, "customer_sources").filter(pl.col("source_id").str.to_lowercase() == lowered))
    return _the_one(ways, "customer_id", "customers")


def find_account(tables: Path, wanted: str) -> str | None:
    """The account_id that is meant by an id, a web domain or a company's name; None where there is none.

    Raises CustomerNotFoundError where more than one is meant.
    """
    named = [pl.col(name).str.to_lowercase() == wanted.lower() for name in ("domain", "name")]
    accounts = _table(tables, "accounts")
    return _the_one(
        [accounts.filter(way) for way in (pl.col("account_id") == wanted, *named)], "account_id", "companies"
    )


def find(tables: Path, wanted: str) -> tuple[str | None, str | None]:
    """The customer_id, else the account_id, that is meant; the other one is None.

    Raises CustomerNotFoundError where there is none, or more than one.
    """
    if customer_id := find_customer(tables, wanted):
        return customer_id, None
    if account_id := find_account(tables, wanted):
        return None, account_id
    raise CustomerNotFoundError(
        "No customer has this number or e-mail address in the last published run, and no company this number, web "
        "domain or name. tables/customers and tables/accounts hold all of them."
    )


def customer_card(tables: Path, customer_id: str) -> dict[str, Any]:
    """What is known of a customer: `customer` and `account` (one row each), and the rows of PARTS by name.

    `account` is None for who belongs to no company; a part whose table is not published is missing.
    """
    customer = _rows(tables, _CUSTOMER, [customer_id], whose=True)[0]
    card: dict[str, Any] = {"customer": customer, "account": _account(tables, customer.get("account_id"))}
    return card | _parts(tables, PARTS, [customer_id])


def company_card(tables: Path, account_id: str) -> dict[str, Any]:
    """What is known of a company: `account` (one row), the rows of COMPANY_PARTS, and what concerns its people."""
    people = _table(tables, "customer_360").filter(account_id=account_id).select("customer_id").collect()
    concerning = {name: PARTS[name] for name in _COMPANY_PEOPLES_PARTS}
    card: dict[str, Any] = {"account": _account(tables, account_id)}
    found = _parts(tables, COMPANY_PARTS, [account_id])
    return card | found | _parts(tables, concerning, people["customer_id"].to_list(), whose=True)


def segment_history(exports: Path, customer_id: str) -> list[Row]:
    """The days of published runs on which the customer came into another segment, and which, the oldest first."""
    found: list[Row] = []
    for day in sorted(exports.glob("????-??-??")):
        table = day / "tables" / "customer_segments.parquet"
        if table.exists():
            own = pl.scan_parquet(table, glob=False).filter(customer_id=customer_id).select("as_of", "rfm_segment")
            found += [
                row for row in own.collect().to_dicts() if not found or row["rfm_segment"] != found[-1]["rfm_segment"]
            ]
    return found


def base_currency(tables: Path) -> str | None:
    """The currency of all amounts; None where nothing says it."""
    units = _table(tables, "kpis").filter(metric="net_revenue").select("unit").collect()["unit"]
    return units[0] if len(units) else None


def _account(tables: Path, account_id: str | None) -> Row | None:
    if account_id is None:
        return None
    rows = _table(tables, "accounts").filter(account_id=account_id).collect().to_dicts()
    return rows[0] if rows else None


def _the_one(ways: Sequence[pl.LazyFrame], key: str, kind: str) -> str | None:
    """The only id that the first successful way of looking finds."""
    for way in ways:
        found = way.select(pl.col(key).drop_nulls().unique().sort()).collect()[key].to_list()
        if len(found) > 1:
            raise CustomerNotFoundError(f"Several {kind} are meant. Name one of them: {', '.join(found)}.")
        if found:
            return str(found[0])
    return None


def _parts(tables: Path, parts: Mapping[str, Part], ids: Sequence[str], *, whose: bool = False) -> dict[str, list[Row]]:
    """The rows of each published table; `whose` keeps the id of whom a row is about."""
    published = {name: part for name, part in parts.items() if (tables / f"{part.table}.parquet").exists()}
    return {name: _rows(tables, part, ids, whose=whose) for name, part in published.items()}


def _rows(tables: Path, part: Part, ids: Sequence[str], *, whose: bool = False) -> list[Row]:
    own = _table(tables, part.table).filter(pl.col(part.key).is_in(ids))
    ordered = own.sort(part.order, descending=part.newest_first, nulls_last=True)
    chosen = ordered.head(part.most) if part.most else ordered
    rows: list[Row] = (chosen if whose else chosen.drop(part.key)).collect().to_dicts()
    return rows


def _table(tables: Path, name: str) -> pl.LazyFrame:
    path = tables / f"{name}.parquet"
    if not path.exists():
        raise UserError(f"The table {name} is not published. Run `stammkunde run` first.")
    return pl.scan_parquet(path, glob=False)
