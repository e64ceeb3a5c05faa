"""HubSpot's exports of whom it knows, contacts and companies; every cell quoted. The rest: `hubspot_records`.

The header names are those of real exports; that lines end with CR LF is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from twin import traces
from twin import vocabulary as words
from twin.arrays import SECONDS_PER_DAY, Bools, Ints, chosen, kept, stream
from twin.clock import day_of, local_text
from twin.company import Company
from twin.exports import CsvFile, quoted
from twin.newsletters import Newsletter

CONTACTS_HEADER = (
    *("Record ID", "First Name", "Last Name", "Email", "Phone Number", "Contact owner"),
    *("Primary Associated Company ID", "Last Activity Date", "Lead Status", "Marketing contact status", "Create Date"),
    *("Associated Company", "Street Address", "Postal Code", "City", "Country/Region", "Lifecycle Stage"),
    *("Unsubscribed from all email", "Opted out of email: Marketing Information"),
    *("Legal basis for processing contact's data", "Consent to Calls"),
)
COMPANIES_HEADER = (
    *("Record ID", "Company name", "Company owner", "Create Date", "Phone Number", "Last Activity Date", "City"),
    *("Country/Region", "Industry", "Company Domain Name", "Street Address", "Postal Code", "Number of Employees"),
)
CONSENT_TO_TEXTS = "Consent to Text Messages"
_COUNTRIES = {"DE": "Germany", "AT": "Austria", "CH": "Switzerland"}


@dataclass(frozen=True)
class Contacts:
    """The CRM's contacts: `person` may occur twice; `record_id` is HubSpot's; `is_copy` marks second records."""

    person: Ints
    record_id: Ints
    is_copy: Bools

    @classmethod
    def of(cls, company: Company) -> Contacts:
        """One record per person whom the CRM knows, and a second one for a few."""
        rng = stream(company.seed, "crm records")
        has_copy = rng.random(company.people.count) < company.parameters.crm_duplicate_share
        first = np.flatnonzero(company.presence.has_contact).astype(np.int64)
        copies = np.flatnonzero(company.presence.has_contact & has_copy).astype(np.int64)
        person = np.concatenate([first, copies])
        return cls(person, 101_000_000_001 + 17 * np.arange(person.size), np.arange(person.size) >= first.size)

    def record_of(self, people: int) -> Ints:
        """The first record of each person, -1 where there is none."""
        record = np.full(people, -1, dtype=np.int64)
        record[self.person[~self.is_copy]] = self.record_id[~self.is_copy]
        return record


def company_record_ids(company: Company) -> Ints:
    """HubSpot's id of each company."""
    return 202_000_000_003 + 13 * np.arange(company.people.companies.height)


def write_contacts(folder: Path, company: Company, newsletter: Newsletter, contacts: Contacts) -> pl.DataFrame:
    """Write the contacts; returns their truth: source_id and the person's id as true_id."""
    rng = stream(company.seed, "crm contacts")
    person, size = contacts.person, contacts.person.size
    known = _with_work_data(company, traces.held(company, traces.HUBSPOT)[person])
    left = newsletter.left_with[person] >= 0
    opted_out = (left & (rng.random(size) < 0.5)) | (rng.random(size) < 0.004)
    is_buyer = company.presence.is_buyer[person].astype(np.int64)
    record_of_company = pl.Series(company_record_ids(company)[np.maximum(company.people.company[person], 0)])
    nothing = kept(known["city"], np.zeros(size, dtype=np.bool_))
    writes = company.parameters.messages is not None
    has_address = (rng.random(size) < 0.6) | writes
    cells = [
        pl.Series(contacts.record_id),
        *_names(rng, known),
        _mail(rng, known, contacts.is_copy),
        _phone(rng, known),
        chosen(words.OWNERS, person % len(words.OWNERS)),
        kept(record_of_company, company.people.is_business[person]),
        nothing,
        chosen(("New", "Open", "In Progress"), rng.integers(0, 3, size), is_buyer == 0),
        chosen(("Non-marketing contact", "Marketing contact"), (~opted_out).astype(np.int64)),
        local_text(company.presence.joined_at[person] + contacts.is_copy * SECONDS_PER_DAY, "minutes"),
        known["company_name"],
        *(kept(known[column], has_address) for column in ("street", "postcode")),
        known["city"],
        known["country"].replace_strict(_COUNTRIES),
        chosen(("Lead", "Customer"), is_buyer),
        chosen(("true",), np.zeros(size, dtype=np.int64), opted_out),
        chosen(("true",), np.zeros(size, dtype=np.int64), opted_out),
        chosen(
            ("Freely given consent from contact",), np.zeros(size, dtype=np.int64), company.presence.is_member[person]
        ),
        _consent_to_calls(company, person),
    ]
    header: tuple[str, ...] = CONTACTS_HEADER
    if writes:
        header, cells = (*header, CONSENT_TO_TEXTS), [*cells, _consent_to_texts(company, person)]
    write_export(folder / export_name(company, "contacts"), header, cells)
    source_id = pl.Series(contacts.record_id).cast(pl.String)
    copied = pl.when(pl.Series(contacts.is_copy)).then(pl.lit("second record")).otherwise("trap")
    return known.select(source_id=source_id, true_id="person_id", trap=copied)


def _with_work_data(company: Company, known: pl.DataFrame) -> pl.DataFrame:
    """Business contacts behind their company's switchboard, or under its role address; some addresses mistyped."""
    parameters = company.parameters
    luck = pl.Series(stream(company.seed, "work data").random(known.height))
    is_business = pl.col("company_id").is_not_null()
    block = pl.col("company_id").str.slice(1).cast(pl.Int64) % 10_000
    number = pl.concat_str(pl.lit("+494066969"), block.cast(pl.String).str.zfill(4))
    local = pl.col("email").str.extract("^([^@]+)@")
    slipped = pl.concat_str(local.str.head(2), local.str.slice(3))
    traps = {
        "switchboard": is_business & (luck < parameters.switchboard_share),
        "role address": is_business & (luck > 1 - parameters.role_address_share) & pl.col("phone").is_not_null(),
        "mistyped e-mail": ~is_business & (luck > 1 - parameters.mistyped_email_share) & pl.col("trap").is_null(),
    }
    trap, address = pl.col("trap"), pl.col("email")
    for name, where in traps.items():
        trap = pl.when(where).then(pl.lit(name)).otherwise(trap)
    for name, head in {"role address": pl.lit("info"), "mistyped e-mail": slipped}.items():
        at = pl.concat_str(head, pl.lit("@"), pl.col("email").str.extract("@(.*)$"))
        address = pl.when(traps[name]).then(at).otherwise(address)
    phones = [
        pl.when(traps["switchboard"]).then(number).otherwise(name).alias(name) for name in ("phone", "phone_national")
    ]
    return known.with_columns(*phones, email=address, trap=trap)


def _consent_to_calls(company: Company, person: Ints) -> pl.Series:
    """What sales has noted in a property of its own: of most who have a phone a yes, of some a no, else nothing."""
    parameters, is_business = company.parameters, company.people.is_business[person]
    luck = stream(company.seed, "consent to calls").random(company.people.count)[person]
    yes = np.where(is_business, parameters.business_call_consent_share, parameters.call_consent_share)
    is_no = luck > 1 - parameters.call_refusal_share
    return chosen(
        ("true", "false"), is_no.astype(np.int64), company.people.has("phone")[person] & ((luck < yes) | is_no)
    )


def _consent_to_texts(company: Company, person: Ints) -> pl.Series:
    """In another property of its own, that only who writes text messages has: a yes, or nothing."""
    return chosen(("true",), np.zeros_like(person), company.presence.accepts_texts[person])


def _names(rng: np.random.Generator, known: pl.DataFrame) -> list[pl.Series]:
    """Names as colleagues type them: some without umlauts, some in capitals, some shortened."""
    manner = pl.Series(rng.random(known.height))
    written = known.select(
        _typed(pl.col("first_name"), manner, pl.col("first_name").str.slice(0, 1) + "."),
        _typed(pl.col("last_name"), manner, pl.col("last_name")),
    )
    return list(written)


def _typed(name: pl.Expr, manner: pl.Series, shortened: pl.Expr) -> pl.Expr:
    umlauts = dict(zip("äöüßÖÜ", ("ae", "oe", "ue", "ss", "Oe", "Ue"), strict=True))
    plain = name.str.replace_many(list(umlauts), list(umlauts.values()))
    return (
        pl.when(manner < 0.04)
        .then(name.str.to_uppercase())
        .when(manner < 0.10)
        .then(plain)
        .when(manner < 0.14)
        .then(shortened)
        .otherwise(name)
    )


def _mail(rng: np.random.Generator, known: pl.DataFrame, is_copy: Bools) -> pl.Series:
    """Mostly the first address; sometimes the second, or none where there is a phone; a copy holds another one."""
    manner = rng.random(known.height)
    has_phone, has_second = pl.col("phone").is_not_null(), pl.col("second_email").is_not_null()
    return known.select(
        pl.when(pl.Series(is_copy))
        .then("second_email")
        .when(pl.Series(manner < 0.05) & has_phone)
        .then(None)
        .when(pl.Series(manner < 0.25) & has_second)
        .then("second_email")
        .when(pl.Series(manner > 0.97))
        .then(pl.col("email").str.to_uppercase())
        .otherwise("email")
        .alias("email")
    ).to_series()


def _phone(rng: np.random.Generator, known: pl.DataFrame) -> pl.Series:
    is_international = pl.Series(rng.random(known.height) < 0.4)
    return known.select(pl.when(is_international).then("phone").otherwise("phone_national").alias("phone")).to_series()


def write_companies(folder: Path, company: Company) -> pl.DataFrame:
    """Write the companies; returns their truth: source_id and the company's id as true_id."""
    rng = stream(company.seed, "crm companies")
    frame, size = company.people.companies, company.people.companies.height
    created = rng.random(size) * company.calendar.days
    nothing = kept(frame["city"], np.zeros(size, dtype=np.bool_))
    record_ids = company_record_ids(company)
    cells = [
        pl.Series(record_ids),
        frame.select(pl.coalesce("former_name", "name")).to_series(),
        chosen(words.OWNERS, np.arange(size) % len(words.OWNERS)),
        local_text(company.calendar.moments(created, rng.integers(8 * 3_600, 17 * 3_600, size)), "minutes"),
        nothing,
        nothing,
        frame["city"],
        frame["country"].replace_strict(_COUNTRIES),
        frame["industry"],
        kept(frame["domain"], rng.random(size) < 0.85),
        frame["street"],
        frame["postcode"],
        frame["employee_count"],
    ]
    write_export(folder / export_name(company, "companies"), COMPANIES_HEADER, cells)
    source_id = pl.Series(record_ids).cast(pl.String)
    is_renamed = frame["former_name"].is_not_null().to_numpy()
    trap = chosen(("company rename",), np.zeros(size, dtype=np.int64), is_renamed)
    return pl.DataFrame({"source_id": source_id, "true_id": frame["company_id"], "trap": trap})


def export_name(company: Company, what: str) -> str:
    """The name of an export on the last day of the history."""
    on: date = day_of(company.calendar.last)
    return f"hubspot-crm-exports-all-{what}-{on.isoformat()}.csv"


def write_export(path: Path, header: tuple[str, ...], cells: list[pl.Series]) -> None:
    """Write the cells, column by column, as HubSpot does."""
    columns = [values.rename(name) for name, values in zip(header, cells, strict=True)]
    with CsvFile(path, quoted(header), quotes="always", line_end="\r\n") as csv:
        csv.write(pl.DataFrame(columns))
