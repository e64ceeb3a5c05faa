"""Audience files: exact headers, the platforms' own hashes, nobody without consent, no file too large."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest

from pipelines.delivery import match_keys as key
from pipelines.delivery.audiences import overview, write_audiences
from pipelines.delivery.platforms import PLATFORM_NAMES, PLATFORMS
from pipelines.workspace import AudiencePlatform

HEADERS = {
    "google_ads": "Email,Phone,First Name,Last Name,Country,Zip",
    "meta": "email,email,email,phone,phone,phone,madid,fn,ln,zip,ct,st,country,dob,doby,gen,age,uid",
    "meta_value": "email,email,email,phone,phone,phone,madid,fn,ln,zip,ct,st,country,dob,doby,gen,age,uid,value",
    "linkedin_contacts": "email,firstname,lastname,jobtitle,employeecompany,country,googleaid",
    "linkedin_companies": "companyname,companywebsite,companyemaildomain,linkedincompanypageurl,stocksymbol,"
    "industry,city,state,companycountry,zipcode",
    "mailchimp": "Email Address,First Name,Last Name,Phone Number,Tags",
    "klaviyo": "Email,First Name,Last Name,Phone Number,Organization,Title,City,Zip Code,Country,"
    "Email Marketing Consent,Segment",
    "brevo": "EMAIL;LASTNAME;FIRSTNAME;SMS;SEGMENT",
    "hubspot": "First Name,Last Name,Email,Phone Number,Company name,Website URL,Lifecycle Stage,Lead Status",
}
SIZE_LIMITS = {"linkedin_contacts": 20, "linkedin_companies": 20, "klaviyo": 50, "brevo": 250}
"""Megabytes, from the help pages of LinkedIn (which also takes 300,000 rows at most), Klaviyo and Brevo.
Where no limit is published, ours is 250."""

CUSTOMER: dict[str, Any] = {
    "customer_id": "c1",
    "first_name": " Mary ",
    "last_name": "O'Neill",
    "email": " Jane.Doe@Gmail.com",
    "phone": "+16505551212",
    "postcode": "EC1A 1BB",
    "city": "New York",
    "country": "US",
    "account_id": None,
    "company_name": None,
    "job_title": None,
    "is_buyer": True,
    "consent_email": True,
    "consent_phone": True,
    "consent_sms": True,
    "is_suppressed": False,
}


def tables(*customers: dict[str, Any], **more: pl.LazyFrame) -> dict[str, pl.LazyFrame]:
    rows = [CUSTOMER | changes for changes in customers]
    ids = [row["customer_id"] for row in rows]
    text = pl.String
    schema = {name: pl.Boolean if name.startswith(("is_", "consent_")) else text for name in CUSTOMER}
    accounts = {"account_id": ["a1"], "name": ["=Acme GmbH"], "domain": ["acme.example"]}
    return {
        "customers": pl.LazyFrame(rows, schema=schema),
        "accounts": pl.LazyFrame(accounts).with_columns(
            industry=pl.lit("Tea"), city=pl.lit("Kiel"), country=pl.lit("DE")
        ),
        "customer_value": pl.LazyFrame({"customer_id": ids, "clv": [12.345] * len(ids)}),
        "customer_segments": pl.LazyFrame({"customer_id": ids, "rfm_segment": ["loyal"] * len(ids)}),
        **more,
    }


def read(path: Path) -> list[list[str]]:
    delimiter = ";" if "brevo" in str(path) else ","
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def only_row(made_of: dict[str, pl.LazyFrame], platform: str, folder: Path) -> list[str]:
    write_audiences(made_of, folder)
    _, row = read(folder / platform / "loyal.csv")
    return row


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hash_of(value: str, normalised: pl.Expr) -> str | None:
    frame = pl.DataFrame({"v": [value]}).select(v=normalised)
    return key.hashed(frame, ["v"])["v"].item()


def test_every_platform_gets_its_exact_header_without_a_byte_order_mark(tmp_path: Path) -> None:
    """A platform that misses one header takes nothing; Polars alone would rename the headers that Meta repeats."""
    write_audiences(tables({}, {"customer_id": "c2", "email": "b@x.example", "account_id": "a1"}), tmp_path)
    found = {path.name: (path / "loyal.csv").read_text("utf-8").splitlines()[0] for path in tmp_path.iterdir()}
    assert found == HEADERS


def test_settings_know_the_platforms_that_there_are() -> None:
    assert get_args(AudiencePlatform) == PLATFORM_NAMES


@pytest.mark.parametrize(
    ("value", "normalised", "expected"),
    [
        (
            " John_Smith@gmail.com ",
            key.address(pl.col("v")),
            "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
        ),
        (
            "+16505551212",
            key.meta_phone(pl.col("v")),
            "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
        ),
        ("Mary", key.meta_name(pl.col("v")), "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
        (
            "Vale\u0301ry",
            key.meta_name(pl.col("v")),
            "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c",
        ),
        ("정", key.meta_name(pl.col("v")), "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        ("US", pl.col("v").str.to_lowercase(), "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"),
    ],
)
def test_hashes_are_those_that_meta_publishes(value: str, normalised: pl.Expr, expected: str) -> None:
    """Anything spelt otherwise before it is hashed matches nobody, and nothing would say so."""
    assert hash_of(value, normalised) == expected


@pytest.mark.parametrize("written", ["Jane.Doe@gmail.com", "jane.d.o.e@GMAIL.com ", "janedoe@gmail.com"])
def test_google_ignores_dots_in_its_own_addresses_only(written: str) -> None:
    found = hash_of(written, key.google_address(key.address(pl.col("v"))))
    assert found is not None
    assert (found[:8], found[-5:]) == ("d6117306", "56c69")
    assert hash_of("jane.doe@gmx.de", key.google_address(pl.col("v"))) == sha256("jane.doe@gmx.de")


def test_google_row(tmp_path: Path) -> None:
    row = only_row(tables({"first_name": "Dr. Mary  Ann"}), "google_ads", tmp_path)
    hashes = [sha256(text) for text in ("janedoe@gmail.com", "+16505551212", "mary ann", "o'neill")]
    assert row == [*hashes, "US", "EC1A 1BB"]


def test_meta_row_with_its_value(tmp_path: Path) -> None:
    row = only_row(tables({}), "meta_value", tmp_path)
    known = dict(
        zip(HEADERS["meta_value"].split(","), row, strict=True)
    )  # of repeated headers the last, which is empty
    assert row[0] == sha256("jane.doe@gmail.com")
    assert row[3] == sha256("16505551212")
    named = {"fn": "mary", "ln": "oneill", "zip": "ec1a1", "ct": "newyork", "country": "us"}
    assert {name: known[name] for name in named} == {name: sha256(text) for name, text in named.items()}
    assert known["value"] in ("12.34", "12.35")
    assert {known[name] for name in ("email", "phone", "madid", "st", "dob", "doby", "gen", "age", "uid")} == {""}


def test_klaviyo_row_says_what_was_agreed_to(tmp_path: Path) -> None:
    """Klaviyo sends only to profiles whose consent column reads Subscribe."""
    row = only_row(tables({"company_name": "Acme", "job_title": "Buyer"}), "klaviyo", tmp_path)
    known = dict(zip(HEADERS["klaviyo"].split(","), row, strict=True))
    assert (known["Email"], known["Email Marketing Consent"]) == ("jane.doe@gmail.com", "Subscribe")
    assert (known["Organization"], known["Title"], known["Segment"]) == ("Acme", "Buyer", "loyal")
    assert known["Phone Number"] == "+16505551212"


def test_brevo_takes_numbers_without_a_plus(tmp_path: Path) -> None:
    row = only_row(tables({}), "brevo", tmp_path)
    assert row == ["jane.doe@gmail.com", "O'Neill", "Mary", "16505551212", "loyal"]


def test_linkedin_rows_hold_a_hashed_address_beside_plain_names(tmp_path: Path) -> None:
    """A row without an address matches nobody at LinkedIn, and a hashed name neither."""
    row = only_row(tables({"job_title": "Buyer", "account_id": "a1"}), "linkedin_contacts", tmp_path)
    assert row[:4] == [sha256("jane.doe@gmail.com"), "Mary", "O'Neill", "Buyer"]
    assert row[4:] == ["'=Acme GmbH", "US", ""]


def test_hubspot_row_tells_customers_from_leads(tmp_path: Path) -> None:
    for name, is_buyer, stage in (("a", True, "customer"), ("b", False, "lead")):
        (tmp_path / name).mkdir()
        row = only_row(tables({"is_buyer": is_buyer}), "hubspot", tmp_path / name)
        assert dict(zip(HEADERS["hubspot"].split(","), row, strict=True))["Lifecycle Stage"] == stage


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
def test_what_is_hashed_is_what_the_platform_asks_for(platform: Any) -> None:
    hashed = {field.header for field in platform.fields if field.is_hashed}
    meta = {"email", "phone", "fn", "ln", "zip", "ct", "country"}
    advertising = {
        "google_ads": {"Email", "Phone", "First Name", "Last Name"},
        "linkedin_contacts": {"email"},
        "meta": meta,
        "meta_value": meta,
    }
    assert hashed == advertising.get(platform.name, set())


def test_nothing_is_never_hashed(tmp_path: Path) -> None:
    """The hash of an empty text is a hash like any other, and would be matched."""
    row = only_row(tables({"first_name": "", "last_name": " ", "phone": None, "city": "-"}), "meta", tmp_path)
    assert [cell for cell in row if cell] == [row[0], row[9], row[12]]
    assert sha256("") not in row


@pytest.mark.parametrize(
    "changes",
    [
        {"consent_email": False},
        {"consent_email": None},
        {"is_suppressed": True},
        {"is_suppressed": None},
        {"email": None},
        {"email": "=cmd|' /c calc'!a0@x.example"},
        {"email": "not an address"},
    ],
)
def test_nobody_without_consent_or_a_usable_address_is_in_any_file(changes: dict[str, Any], tmp_path: Path) -> None:
    assert write_audiences(tables(changes), tmp_path) == []


def test_a_refusal_counts_for_everybody_of_the_same_address(tmp_path: Path) -> None:
    """Two records that were not recognised as one person must not get around a no."""
    refusal = {"customer_id": "c2", "consent_email": False, "email": "jane.doe@gmail.com"}
    assert write_audiences(tables({}, refusal), tmp_path) == []


@pytest.mark.parametrize(
    ("platform", "consent"), [("mailchimp", "consent_sms"), ("hubspot", "consent_phone"), ("klaviyo", "consent_sms")]
)
def test_a_phone_number_needs_a_consent_of_its_own_and_is_never_altered(
    platform: str, consent: str, tmp_path: Path
) -> None:
    """The + before a number is no formula, and a number with an apostrophe reaches nobody."""
    none = {"consent_phone": None, "consent_sms": None}
    assert "+16505551212" in only_row(tables(none | {consent: True}), platform, tmp_path)
    assert "+16505551212" not in only_row(tables(none), platform, tmp_path)
    refused = {"customer_id": "c2", "email": None, consent: False}
    assert "+16505551212" not in only_row(tables({}, refused), platform, tmp_path)


def test_cells_for_people_run_no_formula_and_hashes_stay_as_they_are(tmp_path: Path) -> None:
    formula = '=HYPERLINK("http://x.example")'
    made_of = tables({"last_name": formula, "company_name": "@SUM(1)", "account_id": "a1"})
    assert only_row(made_of, "mailchimp", tmp_path)[2] == f"'{formula}"
    assert read(tmp_path / "hubspot" / "loyal.csv")[1][4] == "'@SUM(1)"
    assert read(tmp_path / "linkedin_companies" / "loyal.csv")[1][0] == "'=Acme GmbH"
    assert read(tmp_path / "google_ads" / "loyal.csv")[1][3] == sha256(formula.lower())


def test_whom_the_plan_holds_out_is_in_no_file(tmp_path: Path) -> None:
    """An advertisement for him would make the comparison with those who were contacted worthless."""
    plan = pl.LazyFrame(
        {
            "customer_id": ["c1", "c2", "c3"],
            "channel": ["email", "email", "post"],
            "arm": ["policy", "holdout", "policy"],
        }
    )
    people = [{"customer_id": f"c{n}", "email": f"p{n}@x.example"} for n in (1, 2, 3)]
    people.append({"customer_id": "c4", "email": "p2@x.example"})
    write_audiences(tables(*people, contact_plan=plan), tmp_path)
    assert [row[0] for row in read(tmp_path / "mailchimp" / "plan.csv")[1:]] == ["p1@x.example"]
    assert [row[0] for row in read(tmp_path / "mailchimp" / "everyone.csv")[1:]] == ["p1@x.example", "p3@x.example"]


def test_who_waits_for_service_is_in_no_file_until_it_has_been_in_touch(tmp_path: Path) -> None:
    """Accident: the newsletter goes to somebody whose complaint nobody has answered, or to a mailbox that he shares."""
    people = [{"customer_id": f"c{n}", "email": f"p{n}@x.example", "account_id": f"a{n}"} for n in (1, 2)]
    people.append({"customer_id": "c3", "email": "p1@x.example"})
    waiting = pl.LazyFrame({"customer_id": ["c1", "c1"], "reason": ["open_ticket", "refund"]})
    write_audiences(tables(*people, service_followups=waiting), tmp_path)
    assert [row[0] for row in read(tmp_path / "mailchimp" / "everyone.csv")[1:]] == ["p2@x.example"]
    assert not (tmp_path / "linkedin_companies").exists()


def test_a_company_of_which_nobody_may_be_addressed_is_on_no_list(tmp_path: Path) -> None:
    write_audiences(tables({"account_id": "a1", "is_suppressed": True}), tmp_path)
    assert not (tmp_path / "linkedin_companies").exists()


def test_a_large_audience_goes_on_in_another_file(tmp_path: Path) -> None:
    small = [replace(PLATFORMS[0], rows_per_file=2)]
    people = [{"customer_id": f"c{n}", "email": f"p{n}@x.example"} for n in range(5)]
    written = write_audiences(tables(*people), tmp_path, small)
    loyal = [(file.path.name, file.rows) for file in written if file.audience == "loyal"]
    assert loyal == [("loyal.csv", 2), ("loyal_2.csv", 2), ("loyal_3.csv", 1)]
    assert all(read(file.path)[0] == HEADERS["google_ads"].split(",") for file in written)
    assert overview(written, tmp_path).collect()["is_large_enough"].to_list() == [False] * 6


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
def test_no_file_can_outgrow_what_its_platform_takes(platform: Any, tmp_path: Path) -> None:
    """Rows as long as they get, with two bytes per letter, times the rows of a file."""
    long = dict.fromkeys(("first_name", "last_name", "company_name", "job_title", "city", "postcode"), "ö" * 300)
    made_of = tables(long | {"account_id": "a1", "email": f"{'a' * 64}@{'b' * 60}.example"})
    made_of["accounts"] = made_of["accounts"].with_columns(name=pl.lit("ö" * 300), industry=pl.lit("ö" * 300))
    only_row(made_of, platform.name, tmp_path)
    longest = len((tmp_path / platform.name / "loyal.csv").read_bytes().splitlines()[1])
    assert longest * platform.rows_per_file < SIZE_LIMITS.get(platform.name, 250) * 1_000_000
    assert platform.rows_per_file <= 300_000 or "linkedin" not in platform.name


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    people = [{"customer_id": f"c{n}", "email": f"p{n % 3}@x.example", "account_id": "a1"} for n in range(6)]
    for name, rows in (("x", people), ("y", people[::-1])):
        (tmp_path / name).mkdir()
        write_audiences(tables(*rows), tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "x") for path in (tmp_path / "x").rglob("*.csv"))
    assert files
    assert all((tmp_path / "x" / file).read_bytes() == (tmp_path / "y" / file).read_bytes() for file in files)
