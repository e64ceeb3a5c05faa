"""What the invented company's systems saw of people before their first order, as a frame instead of files."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from twin.arrays import SECONDS_PER_DAY, Ints
from twin.company import Company, invent_company
from twin.newsletters import send_newsletters
from twin.parameters import Parameters
from twin.reactions import react

# A reaction to a mailing is taken to be known so many days after the sending.
_DAYS_TO_REACT = 7


def invent_first_contacts(
    customers: int, seed: int, end: date = date(2026, 6, 30), parameters: Parameters | None = None
) -> tuple[Company, pl.DataFrame, pl.DataFrame]:
    """Return a company, what was seen before first orders, and the first orders up to `end`.

    The first frame has customer_id, known_on, kind, detail and event_count as the product's int_leads_observed, the
    second one customer_id and first_order_on.
    """
    company = invent_company(parameters or Parameters(), customers, seed, end)
    first = first_orders(company)
    seen = pl.concat([*_records(company), *_mailings(company)]).join(first, on="customer_id", how="left")
    is_before = pl.col("first_order_on").is_null() | (pl.col("known_on") < pl.col("first_order_on"))
    counted = seen.filter(is_before & (pl.col("known_on") <= end)).group_by("customer_id", "known_on", "kind", "detail")
    return company, counted.agg(event_count=pl.len().cast(pl.Int64)).sort(pl.all()), first


def first_orders(company: Company) -> pl.DataFrame:
    """Return customer_id and first_order_on of everybody who buys within the history."""
    buyers = np.flatnonzero(company.presence.is_buyer)
    days = company.calendar.first + company.traits.first_order[buyers].astype(np.int64)
    return pl.DataFrame(
        {
            "customer_id": company.people.frame["person_id"].gather(pl.Series(buyers)),
            "first_order_on": pl.Series(days.astype("datetime64[D]")),
        }
    )


def _records(company: Company) -> list[pl.DataFrame]:
    presence, business = company.presence, company.people.is_business
    groups = {
        ("record", "mailchimp"): presence.is_member,
        ("yes", None): presence.is_member,
        ("record", "hubspot"): presence.has_contact,
        ("company", None): presence.has_contact & business,
    }
    return [
        _seen(company, person, presence.joined_at[person], kind, detail)
        for (kind, detail), is_in in groups.items()
        for person in [np.flatnonzero(is_in).astype(np.int64)]
    ]


def _mailings(company: Company) -> list[pl.DataFrame]:
    found = []
    for mailing in send_newsletters(company).mailings:
        known_at = mailing.sent_at + _DAYS_TO_REACT * SECONDS_PER_DAY
        opens, _ = react(company, mailing)
        readers = np.unique(opens.person[opens.machine == 0])
        for kind, person in (("mailing", mailing.recipients[mailing.is_delivered]), ("reaction", readers)):
            found.append(_seen(company, person, np.full(len(person), known_at), kind))
    return found


def _seen(company: Company, person: Ints, moments: Ints, kind: str, detail: str | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": company.people.frame["person_id"].gather(pl.Series(person)),
            "known_on": pl.Series(np.asarray(moments // SECONDS_PER_DAY, dtype="datetime64[D]")),
            "kind": pl.repeat(kind, len(person), dtype=pl.String, eager=True),
            "detail": pl.repeat(detail, len(person), dtype=pl.String, eager=True),
        }
    )
