"""What the invented people bought, as a frame instead of files: for tests and benchmarks of models."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from twin.arrays import SECONDS_PER_DAY, chosen
from twin.calls import make_calls
from twin.company import Company, invent_company
from twin.messages import write_messages
from twin.newsletters import send_newsletters
from twin.orders import Orders, place_orders
from twin.parameters import Parameters


def invent_purchases(
    customers: int, seed: int, end: date = date(2026, 6, 30), parameters: Parameters | None = None
) -> tuple[Company, pl.DataFrame]:
    """Return a company and its order lines: customer_id, order_id, ordered_on, category and net_revenue.

    Money is in euros without VAT. The same arguments give the people and orders that `write_company` writes,
    but for what is taken back or cancelled.
    """
    company = invent_company(parameters or Parameters(), customers, seed, end)
    orders = place_orders(company, send_newsletters(company), make_calls(company), write_messages(company))
    return company, order_lines(company, orders)


def order_lines(company: Company, orders: Orders) -> pl.DataFrame:
    """Return one row per order line, in the order of the orders' numbers."""
    lines = np.diff(orders.line_start)
    days = np.asarray(orders.placed_at // SECONDS_PER_DAY, dtype="datetime64[D]")
    without_tax = 1 + company.parameters.vat_percent / 100
    return pl.DataFrame(
        {
            "customer_id": company.people.frame["person_id"].gather(pl.Series(np.repeat(orders.person, lines))),
            "order_id": pl.Series(np.repeat(orders.number(), lines)).cast(pl.String),
            "ordered_on": np.repeat(days, lines),
            "category": chosen(company.goods.categories, orders.article // company.goods.per_category),
            "net_revenue": orders.unit_price * orders.quantity / 100 / without_tax,
        }
    )
