"""The invented company's history as outreach takes it, without files and identity."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from models.customer_history import History
from twin.arrays import chosen
from twin.calls import Calls
from twin.clock import day_of, utc_timestamps
from twin.company import Company
from twin.messages import WRITTEN, Messages
from twin.months import World, begin
from twin.newsletters import Mailing, Newsletter
from twin.orders import Orders
from twin.parameters import Parameters
from twin.reactions import react

END = date(2026, 6, 30)


def twin_history(customers: int, *, seed: int, parameters: Parameters | None = None) -> tuple[World, History]:
    """A company in which the best customers were called, and all that its systems know of it."""
    world = begin(customers, seed=seed, end=END, parameters=parameters)
    return world, history_of(world)


def history_of(world: World) -> History:
    """All that the company's systems know of what happened."""
    company = world.company
    touches = [_mailings(company, world.newsletter), _calls(company, world.calls), _messages(company, world.messages)]
    return History(_orders(company, world.orders_so_far), pl.concat(touches), _customers(company))


def _orders(company: Company, orders: Orders) -> pl.DataFrame:
    net = (orders.subtotal - orders.refunded) / (1 + company.parameters.vat_percent / 100)
    margin = company.parameters.margin_rate * net / 100
    return pl.DataFrame(
        {
            "customer_id": company.people.frame["person_id"].gather(pl.Series(orders.person)),
            "ordered_at": utc_timestamps(orders.placed_at),
            "ordered_on": utc_timestamps(orders.placed_at).dt.date(),
            "margin": pl.Series(margin).round(4),
            "is_purchase": pl.Series(net > 0),
        }
    )


def _mailings(company: Company, newsletter: Newsletter) -> pl.DataFrame:
    ids = company.people.frame["person_id"]
    parts = [
        pl.DataFrame(
            {
                "customer_id": ids.gather(pl.Series(mailing.recipients)),
                "channel": pl.repeat("email", len(mailing.recipients), eager=True),
                "touched_at": utc_timestamps(np.repeat(mailing.sent_at, len(mailing.recipients))),
                "touched_on": pl.repeat(_day(mailing.sent_at), len(mailing.recipients), dtype=pl.Date, eager=True),
                "direction": pl.repeat("outbound", len(mailing.recipients), eager=True),
                "is_delivered": pl.Series(mailing.is_delivered),
                "is_engaged": pl.Series(np.isin(mailing.recipients, _readers(company, mailing))),
            }
        )
        for mailing in newsletter.mailings
    ]
    return pl.concat(parts)


def _readers(company: Company, mailing: Mailing) -> npt.NDArray[np.int64]:
    """Who has opened it himself."""
    opens, _ = react(company, mailing)
    return opens.person[opens.machine == 0]


def _calls(company: Company, calls: Calls) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": company.people.frame["person_id"].gather(pl.Series(calls.person)),
            "channel": pl.repeat("phone", len(calls.person), eager=True),
            "touched_at": utc_timestamps(calls.made_at),
            "touched_on": utc_timestamps(calls.made_at).dt.date(),
            "direction": pl.Series(np.where(calls.is_inbound, "inbound", "outbound")),
            "is_delivered": pl.repeat(value=True, n=len(calls.person), eager=True),
            "is_engaged": pl.Series(calls.outcome == 0),
        }
    )


def _messages(company: Company, messages: Messages) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": company.people.frame["person_id"].gather(pl.Series(messages.person)),
            "channel": chosen(WRITTEN, messages.channel),
            "touched_at": utc_timestamps(messages.sent_at),
            "touched_on": utc_timestamps(messages.sent_at).dt.date(),
            "direction": pl.repeat("outbound", len(messages.person), eager=True),
            "is_delivered": pl.Series(messages.is_delivered),
            "is_engaged": pl.repeat(value=False, n=len(messages.person), eager=True),
        }
    )


def _customers(company: Company) -> pl.DataFrame:
    presence, people = company.presence, company.people
    joined = utc_timestamps(presence.joined_at).dt.date()
    can_be_called = presence.has_contact & people.has("phone")
    return pl.DataFrame(
        {
            "customer_id": people.frame["person_id"],
            "first_seen_on": joined,
            "is_company": pl.Series(people.is_business),
            "consent_email": pl.Series(presence.is_member),
            "consent_phone": pl.Series(can_be_called),
            "consent_sms": pl.Series(presence.accepts_texts),
            "has_email": pl.Series(presence.is_member),
            "has_phone": pl.Series(can_be_called),
        }
    ).with_columns(
        consent_post=True,
        is_suppressed=False,
        has_address=True,
        has_open_complaint=False,
        has_open_followup=False,
        priority=1.0,
    )


def _day(moment: int) -> date:
    return day_of(moment // 86_400)
