"""Shopify's orders_export files: one row per order line, the order's own cells on its first row only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from twin import traces
from twin.arrays import SECONDS_PER_DAY, Bools, Ints, chosen, kept, ranges, stream
from twin.clock import day_of, local_text, midnight
from twin.company import Company
from twin.exports import CsvFile, columns_of, unquoted
from twin.orders import NEVER, Orders
from twin.vocabulary import ORDER_NOTES

HEADER = columns_of(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)
# Every file reaches so many days into the year before, so that it holds the later fate of orders that were open then.
OVERLAP_DAYS = 28
_ORDERS_AT_ONCE = 60_000
_LINE_CELLS = frozenset(
    column
    for column in HEADER
    if column.startswith("Lineitem") or column in {"Name", "Email", "Created at", "Vendor", "Phone"}
)
_PAYMENTS = ("PayPal", "Klarna", "Kreditkarte", "Sofort", "SEPA-Lastschrift")


@dataclass(frozen=True)
class OrderFile:
    """One file: which orders it holds, and the moment of the export, at which later fates were still unknown."""

    name: str
    orders: Ints
    exported_at: int


def order_files(company: Company, orders: Orders) -> list[OrderFile]:
    """One file per calendar year; the newest order comes first in each."""
    years = range(day_of(company.calendar.first).year, day_of(company.calendar.last).year + 1)
    files = []
    for year in years:
        begin = midnight(date(year, 1, 1)) - OVERLAP_DAYS * SECONDS_PER_DAY
        until = min(midnight(date(year + 1, 1, 1)), company.calendar.end)
        inside = (orders.placed_at >= begin) & (orders.placed_at < until)
        files.append(OrderFile(f"orders_export_{year}.csv", np.flatnonzero(inside)[::-1].astype(np.int64), until))
    return files


def write_orders(folder: Path, company: Company, orders: Orders) -> dict[str, int]:
    """Write all files; returns the number of rows of each."""
    buyers = Buyers.of(company, orders)
    written = {}
    for file in order_files(company, orders):
        with CsvFile(folder / file.name, unquoted(HEADER)) as csv:
            for some in _slices(file.orders):
                csv.write(_rows(company, orders, buyers, some, file.exported_at))
        written[file.name] = csv.rows
    return written


def _slices(orders: Ints) -> Iterator[Ints]:
    for start in range(0, len(orders), _ORDERS_AT_ONCE):
        yield orders[start : start + _ORDERS_AT_ONCE]


@dataclass(frozen=True)
class Buyers:
    """What buyers type in at the till, per order: e-mail and phone (null: left out), and how they write the former.
    `people` are the buyers as the tills hold them."""

    email: pl.Series
    phone: pl.Series
    people: pl.DataFrame

    @classmethod
    def of(cls, company: Company, orders: Orders) -> Buyers:
        """The e-mail addresses (some of them in capitals) and phones of all orders."""
        rng = stream(company.seed, "tills")
        frame, person = company.people.frame, pl.Series(orders.person)
        first, second = frame["email"].gather(person), frame["second_email"].gather(person)
        uses_second, is_in_store = pl.Series(orders.uses_second_email), pl.Series(orders.is_in_store)
        shouts = pl.Series(rng.random(orders.count) < 0.03)
        phone = kept(frame["phone"].gather(person), orders.is_in_store | (rng.random(orders.count) < 0.4))
        email = pl.select(pl.when(uses_second).then(second).otherwise(first).alias("email")).select(
            pl.when(~is_in_store).then(pl.when(shouts).then(pl.col("email").str.to_titlecase()).otherwise("email"))
        )
        return cls(email.to_series(), phone, traces.held(company, traces.TILLS))

    def source_ids(self) -> pl.Series:
        """The id under which the buyer of each order is known: e-mail in lower case, otherwise phone."""
        return pl.select(pl.coalesce(self.email.str.to_lowercase(), self.phone).alias("source_id")).to_series()


def _rows(company: Company, orders: Orders, buyers: Buyers, some: Ints, exported_at: int) -> pl.DataFrame:
    """The rows of some orders, in their order, as an export at that moment shows them."""
    cells = {
        **_order_cells(company, orders, some, exported_at),
        **_address_cells(buyers.people, orders.person[some]),
        "Name": "#" + pl.Series(orders.number()[some]).cast(pl.String),
        "Email": buyers.email.gather(pl.Series(some)),
        "Created at": local_text(orders.placed_at[some], "offset"),
        "Phone": buyers.phone.gather(pl.Series(some)),
    }
    counts = np.diff(orders.line_start)[some]
    of_order = pl.Series(np.repeat(np.arange(some.size), counts))
    is_first = np.zeros(int(counts.sum()), dtype=np.bool_)
    is_first[np.cumsum(counts) - counts] = True
    on_first_row = kept(of_order, is_first)
    rows = {name: values.gather(of_order if name in _LINE_CELLS else on_first_row) for name, values in cells.items()}
    rows |= _line_cells(company, orders, ranges(orders.line_start[some], counts), of_order, cells)
    return pl.DataFrame(rows).select(
        [pl.col(name) if name in rows else pl.lit(None, pl.String).alias(name) for name in HEADER]
    )


def _order_cells(company: Company, orders: Orders, some: Ints, exported_at: int) -> dict[str, pl.Series]:
    refunded = orders.refunded_by(exported_at)[some]
    total = orders.total[some]
    is_paid = orders.paid_at[some] <= exported_at
    is_web = ~orders.is_in_store[some]
    has_discount = orders.discount[some] > 0
    sent_at = orders.paid_at[some] + SECONDS_PER_DAY
    is_sent = is_paid & (sent_at < exported_at) & (orders.cancelled_at[some] == NEVER)
    payment = np.where(orders.is_invoice[some], 0, np.where(is_web, 2 + some % len(_PAYMENTS), 1))
    note = some * 7_919 % 1_000
    constant = pl.Series(np.zeros(some.size, dtype=np.int64))
    return {
        "Financial Status": _status(refunded, total, is_paid),
        "Paid at": _moment(orders.paid_at[some], is_paid),
        "Fulfillment Status": chosen(("unfulfilled", "fulfilled"), is_sent.astype(np.int64)),
        "Fulfilled at": _moment(sent_at, is_sent),
        "Accepts Marketing": chosen(("no", "yes"), company.presence.is_member[orders.person[some]].astype(np.int64)),
        "Currency": pl.Series(["EUR"]).gather(constant),
        "Subtotal": _euros(orders.subtotal[some]),
        "Shipping": _euros(orders.shipping[some]),
        "Taxes": _euros(orders.tax[some]),
        "Total": _euros(total),
        "Discount Code": chosen(("DANKE10",), np.zeros_like(some), has_discount),
        "Discount Amount": _euros(orders.discount[some]),
        "Shipping Method": chosen(("DHL Paket",), np.zeros_like(some), is_web),
        "Notes": chosen(ORDER_NOTES, note % len(ORDER_NOTES), note < 30),
        "Cancelled at": _moment(orders.cancelled_at[some], orders.cancelled_at[some] <= exported_at),
        "Payment Method": chosen(("Rechnung", "Barzahlung", *_PAYMENTS), payment),
        "Payment Reference": kept("r" + pl.Series(some * 104_729 % 99_999_989).cast(pl.String), is_paid),
        "Refunded Amount": _euros(refunded),
        "Outstanding Balance": _euros(np.where(is_paid, 0, total)),
        "Location": chosen(("Laden Altstadt",), np.zeros_like(some), ~is_web),
        "Id": pl.Series(order_ids(orders)[some]).cast(pl.String),
        "Risk Level": pl.Series(["Low"]).gather(constant),
        "Source": chosen(("pos", "web"), is_web.astype(np.int64)),
        "Tax 1 Name": pl.Series([f"DE MwSt {company.parameters.vat_percent}%"]).gather(constant),
        "Tax 1 Value": _euros(orders.tax[some]),
    }


def order_ids(orders: Orders) -> Ints:
    """Shopify's own ids of the orders."""
    return 5_410_000_000_000 + np.arange(orders.count) * 32_768


def _status(refunded: Ints, total: Ints, is_paid: Bools) -> pl.Series:
    states = ("pending", "paid", "partially_refunded", "refunded")
    state = np.where(refunded >= total, 3, np.where(refunded > 0, 2, is_paid.astype(np.int64)))
    return chosen(states, state)


def _moment(moments: Ints, is_known: Bools) -> pl.Series:
    return kept(local_text(np.where(is_known, moments, 0), "offset"), is_known)


def _euros(cents: Ints) -> pl.Series:
    return pl.Series(cents / 100)


def _address_cells(frame: pl.DataFrame, person: Ints) -> dict[str, pl.Series]:
    index = pl.Series(person)
    who = frame.select("first_name", "last_name", "street", "company_name", "city", "postcode", "country", "phone")
    of_order = who.select(pl.all().gather(index))
    name = of_order.select(pl.concat_str("first_name", "last_name", separator=" ")).to_series()
    cells = {
        "Name": name,
        "Street": of_order["street"],
        "Address1": of_order["street"],
        "Company": of_order["company_name"],
        "City": of_order["city"],
        "Zip": of_order["postcode"],
        "Country": of_order["country"],
        "Phone": of_order["phone"],
    }
    return {f"{use} {cell}": values for use in ("Billing", "Shipping") for cell, values in cells.items()}


def _line_cells(
    company: Company, orders: Orders, lines: Ints, of_order: pl.Series, cells: dict[str, pl.Series]
) -> dict[str, pl.Series]:
    goods, article = company.goods, orders.article[lines]
    constant = pl.Series(np.zeros(lines.size, dtype=np.int64))
    is_sent = cells["Fulfillment Status"].gather(of_order)
    return {
        "Lineitem quantity": pl.Series(orders.quantity[lines]),
        "Lineitem name": chosen(goods.names, article),
        "Lineitem price": _euros(orders.unit_price[lines]),
        "Lineitem sku": chosen(goods.skus, article),
        "Lineitem requires shipping": pl.Series(["true"]).gather(constant),
        "Lineitem taxable": pl.Series(["true"]).gather(constant),
        "Lineitem fulfillment status": is_sent.replace("unfulfilled", "pending"),
        "Vendor": chosen(goods.makers, article),
        "Lineitem discount": pl.Series(np.zeros(lines.size)),
    }


def buyers_truth(company: Company, orders: Orders) -> pl.DataFrame:
    """One row per buyer as the order files know them: source_id (e-mail in lower case, else phone), and true_id.

    A phone that a household shares stands for the one of its people who used it first.
    """
    buyers = Buyers.of(company, orders)
    people = buyers.people.select("person_id", "trap")[orders.person]
    frame = pl.DataFrame({"source_id": buyers.source_ids(), "true_id": people["person_id"], "trap": people["trap"]})
    return frame.unique("source_id", keep="first", maintain_order=True)
