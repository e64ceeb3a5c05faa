"""Writes a whole company: the exports of its systems into landing/, and what is true of it into truth/."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from twin import hubspot, hubspot_records, mailchimp, shopify_customers, shopify_orders, truth
from twin.arrays import chosen
from twin.calls import Calls, make_calls
from twin.company import Company, invent_company
from twin.messages import Messages, write_messages
from twin.newsletters import Newsletter, send_newsletters
from twin.orders import Orders, place_orders
from twin.parameters import Parameters
from twin.reactions import react

_RECORDS = ("source_system", "entity", "source_id", "true_id", "trap")


@dataclass(frozen=True)
class TwinSummary:
    """What was written, and where. Amounts are in cents."""

    landing: Path
    truth: Path
    customers: int
    buyers: int
    orders: int
    order_lines: int
    charged: int
    email_rows: int
    calls: int
    files: int


@dataclass(frozen=True)
class Facts:
    """A company and all that happened in it up to its end."""

    company: Company
    newsletter: Newsletter
    calls: Calls
    messages: Messages
    orders: Orders

    @classmethod
    def of(cls, company: Company) -> Facts:
        """What happened in a company before any month was played."""
        newsletter, calls, messages = send_newsletters(company), make_calls(company), write_messages(company)
        return cls(company, newsletter, calls, messages, place_orders(company, newsletter, calls, messages))


def write_company(
    folder: Path,
    customers: int = 5_000,
    seed: int = 1,
    end: date = date(2026, 6, 30),
    parameters: Parameters | None = None,
) -> TwinSummary:
    """Invent a company with so many customers (buyers and leads together) whose data end with the day `end`.

    Writes `folder`/landing and `folder`/truth. The same arguments give the same bytes.

    Raises FileExistsError when one of the two folders already holds something, ValueError for less than 10 customers.
    """
    if customers < 10:
        raise ValueError(f"A company of {customers} customers is too small to say anything about; take at least 10.")
    facts = Facts.of(invent_company(parameters or Parameters(), customers, seed, end))
    return write_facts(folder, facts, beginning=facts)


def write_facts(folder: Path, facts: Facts, *, beginning: Facts) -> TwinSummary:
    """Write `folder`/landing and `folder`/truth; tickets and deals are those of the `beginning`.

    Raises FileExistsError when one of the two folders already holds something.
    """
    landing, beside = _empty_folder(folder / "landing"), _empty_folder(folder / "truth")
    company, orders = facts.company, facts.orders
    activities, machine_events = _write_mailings(landing / "mailchimp", beside, company, facts.newsletter)
    records, rows = _write_systems(landing, facts, beginning)
    _write_truth(beside, facts, activities, records)
    totals = _totals(facts, activities, records)
    truth.write_json(beside / "totals.json", totals | rows | {"machine_events": machine_events})
    files = sorted(path.relative_to(landing).as_posix() for path in landing.rglob("*") if path.is_file())
    truth.write_json(beside / truth.LANDED_FILES, {"files": files})
    return TwinSummary(
        landing=landing,
        truth=beside,
        customers=company.people.count,
        buyers=int(company.presence.is_buyer.sum()),
        orders=orders.count,
        order_lines=len(orders.article),
        charged=int(orders.total.sum()),
        email_rows=sum(activity.rows for activity in activities),
        calls=len(facts.calls.person),
        files=len(files),
    )


def _empty_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if next(folder.iterdir(), None) is not None:
        raise FileExistsError(f"{folder} already holds files; give an empty folder, or empty this one first.")
    return folder


def _write_mailings(
    folder: Path, beside: Path, company: Company, newsletter: Newsletter
) -> tuple[list[mailchimp.Activity], int]:
    """Mailing by mailing, so that only one is in memory; returns their sums and the number of machine events."""
    activities = []
    with truth.MachineEvents(beside / "machine_events.parquet") as machines:
        for mailing in newsletter.mailings:
            opens, clicks = react(company, mailing)
            activities.append(mailchimp.write_activity(folder / "account_export", company, mailing, opens, clicks))
            machines.add(company, mailing, "opened", opens)
            machines.add(company, mailing, "clicked", clicks)
    mailchimp.write_campaigns(folder / "campaigns.csv", newsletter.mailings, activities)
    return activities, machines.rows


def _write_systems(landing: Path, facts: Facts, beginning: Facts) -> tuple[pl.DataFrame, dict[str, object]]:
    """Everything but the mailings' activity; returns the truth of all records, and rows per file."""
    company, newsletter, calls, orders = facts.company, facts.newsletter, facts.calls, facts.orders
    shop, crm = landing / "shopify", landing / "hubspot"
    contacts = hubspot.Contacts.of(company)
    records = [
        _records("shopify", "contacts", shopify_customers.write_customers(shop, company, newsletter, orders)),
        _records("hubspot", "contacts", hubspot.write_contacts(crm, company, newsletter, contacts)),
        _records("hubspot", "accounts", hubspot.write_companies(crm, company)),
        _records(
            "mailchimp", "contacts", mailchimp.write_audience(landing / "mailchimp" / "audience", company, newsletter)
        ),
        _records("shopify", "orders", shopify_orders.buyers_truth(company, orders)),
    ]
    rows: dict[str, object] = {
        "order_file_rows": shopify_orders.write_orders(shop, company, orders),
        "products": shopify_customers.write_products(shop, company),
        "deals": hubspot_records.write_deals(crm, beginning.company, contacts),
        "tickets": hubspot_records.write_tickets(crm, beginning.company, contacts, beginning.orders),
        "calls": hubspot_records.write_calls(crm, company, contacts, calls),
    }
    if company.parameters.messages is not None:
        rows |= hubspot_records.write_messages(crm, company, contacts, facts.messages)
    return pl.concat(records), rows


def _records(source_system: str, entity: str, found: pl.DataFrame) -> pl.DataFrame:
    same = np.zeros(found.height, dtype=np.int64)
    return found.with_columns(
        chosen((source_system,), same).alias("source_system"), chosen((entity,), same).alias("entity")
    ).select(_RECORDS)


def _write_truth(folder: Path, facts: Facts, activities: list[mailchimp.Activity], records: pl.DataFrame) -> None:
    company, newsletter, orders = facts.company, facts.newsletter, facts.orders
    tables = {
        "people": truth.people_truth(company, newsletter, orders),
        "companies": company.people.companies,
        "records": records,
        "orders": truth.orders_truth(company, orders),
        "campaigns": truth.campaigns_truth(newsletter, activities, orders),
        "held_out": truth.held_out(company, newsletter),
        "calls": truth.calls_truth(company, facts.calls),
        "true_channel_effects": truth.channel_effects(company),
    }
    if company.parameters.messages is not None:
        tables["messages"] = truth.messages_truth(company, facts.messages)
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    truth.write_json(folder / truth.PARAMETERS, truth.parameters_truth(company))


def _totals(facts: Facts, activities: list[mailchimp.Activity], records: pl.DataFrame) -> dict[str, object]:
    """Sums over the distinct orders in their latest state, in cents, and counts of everything else."""
    orders = facts.orders
    counted = records.group_by("source_system", "entity").len().sort("source_system", "entity")
    return {
        "people": facts.company.people.count,
        "buyers": len(np.unique(orders.person)),
        "orders": orders.count,
        "order_lines": len(orders.article),
        "cancelled_orders": int((orders.refunded_at == orders.cancelled_at)[orders.refund > 0].sum()),
        "total_cents": int(orders.total.sum()),
        "subtotal_cents": int(orders.subtotal.sum()),
        "shipping_cents": int(orders.shipping.sum()),
        "tax_cents": int(orders.tax.sum()),
        "discount_cents": int(orders.discount.sum()),
        "refunded_cents": int(orders.refunded.sum()),
        "line_cents": int((orders.unit_price * orders.quantity).sum()),
        "records": {f"{system}.{entity}": count for system, entity, count in counted.iter_rows()},
        "inbound_calls": int(facts.calls.is_inbound.sum()),
        "emails_sent": sum(activity.sent for activity in activities),
        "email_bounces": sum(activity.hard_bounces + activity.soft_bounces for activity in activities),
        "email_openers": sum(activity.unique_opens for activity in activities),
        "email_opens": sum(activity.total_opens for activity in activities),
        "email_clickers": sum(activity.unique_clicks for activity in activities),
        "email_clicks": sum(activity.total_clicks for activity in activities),
        "email_rows": sum(activity.rows for activity in activities),
    }
