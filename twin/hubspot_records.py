"""HubSpot's exports of what happened with its contacts: calls, letters, text messages, deals and tickets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from twin import vocabulary as words
from twin.arrays import SECONDS_PER_DAY, Ints, chosen, falling, kept, stream, weighted
from twin.calls import OUTCOMES, Calls
from twin.clock import local_text
from twin.company import Company
from twin.hubspot import Contacts, company_record_ids, export_name, write_export
from twin.messages import LETTER, TEXT, Messages
from twin.orders import Orders

CALLS_HEADER = (
    *("Record ID", "Call Title", "Activity date", "Call direction", "Call outcome", "Call duration"),
    *("Associated Contact IDs", "Associated Company IDs"),
)
DEALS_HEADER = (
    *("Record ID", "Deal Name", "Deal Stage", "Amount", "Deal owner", "Close Date", "Create Date", "Pipeline"),
    *("Currency", "Associated Company", "Associated Company IDs", "Associated Contact", "Associated Contact IDs"),
)
TICKETS_HEADER = (
    *("Record ID", "Ticket name", "Ticket status", "Ticket owner", "Ticket description", "Pipeline", "Priority"),
    *("Create date", "Close date", "Associated Contact", "Associated Contact IDs", "Associated Company"),
)
# The labels of messages are HubSpot's own, that of a letter's text is from memory. HubSpot has no property for the
# campaign of a message and for what became of it: Campaign and Outcome are properties of the company's own.
POSTAL_MAIL_HEADER = (
    *("Record ID", "Postal mail body", "Activity date", "Activity assigned to", "Campaign", "Outcome"),
    *("Associated Contact IDs", "Associated Company IDs"),
)
COMMUNICATIONS_HEADER = (
    *("Record ID", "Channel type", "Communication body", "Logged from", "Activity date", "Activity assigned to"),
    *("Campaign", "Outcome", "Associated Contact IDs", "Associated Company IDs"),
)
_STAGES = ("Closed won", "Closed lost", "Contract sent", "Appointment scheduled")
_STAGE_WEIGHTS = (40, 25, 15, 20)


def write_calls(folder: Path, company: Company, contacts: Contacts, calls: Calls) -> int:
    """Write the calls; returns their number."""
    size = calls.person.size
    minutes, seconds = np.divmod(calls.seconds, 60)
    two_digits = [pl.Series(part).cast(pl.String).str.zfill(2) for part in (minutes // 60, minutes % 60, seconds)]
    is_inbound = calls.is_inbound.astype(np.int64)
    cells = [
        pl.Series(call_ids(size)),
        chosen(("Telefonaktion", "Anruf mit Frage"), is_inbound),
        local_text(calls.made_at, "minutes"),
        chosen(("Outbound", "Inbound"), is_inbound),
        chosen(OUTCOMES, calls.outcome),
        pl.select(pl.concat_str(two_digits, separator=":")).to_series(),
        pl.Series(contacts.record_of(company.people.count)[calls.person]),
        _company_record(company, calls.person),
    ]
    write_export(folder / export_name(company, "calls"), CALLS_HEADER, cells)
    return size


def call_ids(count: int) -> Ints:
    """HubSpot's ids of the calls, in the order of time."""
    return 303_000_000_007 + 11 * np.arange(count)


def write_messages(folder: Path, company: Company, contacts: Contacts, messages: Messages) -> dict[str, int]:
    """Write letters and text messages, each kind into a file of its own; returns their numbers by file."""
    size, same = messages.person.size, np.zeros(messages.person.size, dtype=np.int64)
    cells = {
        "Record ID": pl.Series(message_ids(messages)),
        "Postal mail body": chosen(("Brief mit Gutschein zum Frühstück",), same),
        "Channel type": chosen(("SMS",), same),
        "Communication body": chosen(("Nur heute: versandfrei. Abmelden mit STOPP",), same),
        "Logged from": chosen(("CRM",), same),
        "Activity date": local_text(messages.sent_at, "minutes"),
        "Activity assigned to": chosen(words.OWNERS, messages.person % len(words.OWNERS)),
        "Campaign": messages.titles(),
        "Outcome": chosen(("Returned", "Not delivered"), messages.channel, ~messages.is_delivered),
        "Associated Contact IDs": pl.Series(contacts.record_of(company.people.count)[messages.person]),
        "Associated Company IDs": _company_record(company, messages.person),
    }
    files = {"postal-mail": (LETTER, POSTAL_MAIL_HEADER), "communications": (TEXT, COMMUNICATIONS_HEADER)}
    for name, (channel, header) in files.items():
        own = [cells[column].filter(pl.Series(messages.channel == channel)) for column in header]
        write_export(folder / export_name(company, name), header, own)
    texts = int(messages.channel.sum())
    return {"letters": size - texts, "text_messages": texts}


def message_ids(messages: Messages) -> Ints:
    """HubSpot's ids of letters and text messages, of each kind in the order of time."""
    is_text = messages.channel == TEXT
    number = np.where(is_text, np.cumsum(is_text), np.cumsum(~is_text)).astype(np.int64)
    return np.where(is_text, 707_000_000_017, 606_000_000_013) + 29 * number


def write_deals(folder: Path, company: Company, contacts: Contacts) -> int:
    """Write about one deal per business contact of the CRM; returns their number."""
    rng = stream(company.seed, "deals")
    record_of = contacts.record_of(company.people.count)
    person = np.flatnonzero(company.people.is_business & (record_of >= 0)).astype(np.int64)
    person = np.repeat(person, rng.poisson(1.1, person.size))
    size, frame = person.size, company.people.frame
    stage = weighted(rng, _STAGE_WEIGHTS, size)
    joined = company.traits.joined[person]
    created = joined + rng.random(size) * (company.calendar.days - joined)
    moments = company.calendar.moments(created, rng.integers(8 * 3_600, 17 * 3_600, size))
    closed = np.minimum(
        moments + (1 + rng.exponential(30, size)).astype(np.int64) * SECONDS_PER_DAY, company.calendar.end
    )
    who = frame.select("company_name", "first_name", "last_name").select(pl.all().gather(pl.Series(person)))
    cells = [
        pl.Series(404_000_000_009 + 19 * np.arange(size)),
        who.select("Rahmenauftrag " + pl.col("company_name")).to_series(),
        chosen(_STAGES, stage),
        pl.Series(np.round(rng.lognormal(7.6, 0.9, size), 2)),
        chosen(words.OWNERS, person % len(words.OWNERS)),
        kept(local_text(closed, "minutes"), stage < 2),
        local_text(moments, "minutes"),
        chosen(("Sales Pipeline", "EUR"), np.zeros(size, dtype=np.int64)),
        chosen(("Sales Pipeline", "EUR"), np.ones(size, dtype=np.int64)),
        who["company_name"],
        _company_record(company, person),
        who.select(pl.concat_str("first_name", "last_name", separator=" ")).to_series(),
        pl.Series(record_of[person]),
    ]
    write_export(folder / export_name(company, "deals"), DEALS_HEADER, cells)
    return size


def write_tickets(folder: Path, company: Company, contacts: Contacts, orders: Orders) -> int:
    """Write service tickets, most of them about orders that were sent back; returns their number."""
    rng = stream(company.seed, "tickets")
    record_of = contacts.record_of(company.people.count)
    wants = rng.random(orders.count) < np.where(orders.refunded > 0, 0.5, 0.015)
    about = np.flatnonzero(wants & (record_of[orders.person] >= 0)).astype(np.int64)
    person, size = orders.person[about], about.size
    opened = orders.placed_at[about] + rng.integers(3_600, 9 * SECONDS_PER_DAY, size)
    about, person, opened = (part[opened < company.calendar.end] for part in (about, person, opened))
    size = about.size
    closed = opened + (3_600 + rng.exponential(3 * SECONDS_PER_DAY, size)).astype(np.int64)
    is_closed = closed < company.calendar.end
    is_complaint = orders.refunded[about] > 0
    numbers = "#" + pl.Series(orders.number()[about]).cast(pl.String)
    texts = ("Wann kommt mein Paket?", "Ware beschädigt, bitte um Erstattung.\nFotos anbei")
    who = company.people.frame.select(pl.all().gather(pl.Series(person)))
    cells = [
        pl.Series(505_000_000_011 + 23 * np.arange(size)),
        chosen(("Frage zu ", "Reklamation "), is_complaint.astype(np.int64)) + numbers,
        chosen(("Waiting on us", "Closed"), is_closed.astype(np.int64)),
        chosen(words.OWNERS, weighted(rng, falling(len(words.OWNERS), 0.5), size)),
        chosen(texts, is_complaint.astype(np.int64)),
        chosen(("Support Pipeline",), np.zeros(size, dtype=np.int64)),
        chosen(("Medium", "High"), is_complaint.astype(np.int64)),
        local_text(opened, "minutes"),
        kept(local_text(closed, "minutes"), is_closed),
        who.select(pl.concat_str("first_name", "last_name", separator=" ")).to_series(),
        pl.Series(record_of[person]),
        who["company_name"],
    ]
    write_export(folder / export_name(company, "tickets"), TICKETS_HEADER, cells)
    return size


def _company_record(company: Company, person: Ints) -> pl.Series:
    of_person = company.people.company[person]
    return kept(pl.Series(company_record_ids(company)[np.maximum(of_person, 0)]), of_person >= 0)
