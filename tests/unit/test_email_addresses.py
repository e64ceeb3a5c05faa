"""An address leads to one mailbox in all its writings, and tells what it may of its owner."""

from __future__ import annotations

import csv

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.email_addresses import canonical_address, domain, is_role, likely_domain, local_part
from pipelines.project import REPO_ROOT

ADDRESSES = st.tuples(
    st.text("aä.+-A ", max_size=6), st.sampled_from(["gmail.com", "Yahoo.de", "gmx.de", "outlook.com", "x", ""])
).map("@".join)


@pytest.fixture(scope="module")
def providers() -> set[str]:
    with (REPO_ROOT / "dbt_project" / "seeds" / "free_mail_domains.csv").open(encoding="utf-8") as file:
        return {row["domain"] for row in csv.DictReader(file) if row["kind"] == "mail"}


def one(expression: pl.Expr) -> object:
    return pl.select(expression).item()


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        (" Ada@Example.DE ", "ada@example.de"),
        ("Ada.Love.Lace+tea@googlemail.com", "adalovelace@gmail.com"),
        ("ada.lovelace@gmail.com", "adalovelace@gmail.com"),
        ("ada+tea@outlook.de", "ada@outlook.de"),
        ("ada.l+tea@icloud.com", "ada.l@icloud.com"),
        ("ada+tea@proton.me", "ada@proton.me"),
        ("ada+tea@fastmail.com", "ada@fastmail.com"),
        ("ada-tea@yahoo.co.uk", "ada@yahoo.co.uk"),
        ("anna-lena@gmx.de", "anna-lena@gmx.de"),
        ("ada.l+tea@example.de", "ada.l+tea@example.de"),
        ("ada@gmail.com.example", "ada@gmail.com.example"),
        ("+tea@gmail.com", "+tea@gmail.com"),
        ("ada@localhost", None),
        ("ada", None),
        ("a@b@c.de", None),
        ("", None),
        (None, None),
    ],
)
def test_all_addresses_of_a_mailbox_have_one_form(address: str | None, canonical: str | None) -> None:
    assert one(canonical_address(pl.lit(address, pl.String))) == canonical


@settings(max_examples=300, deadline=None)
@given(ADDRESSES)
def test_a_canonical_address_stays_what_it_is(address: str) -> None:
    once = one(canonical_address(pl.lit(address)))
    assert one(canonical_address(pl.lit(once, pl.String))) == once


def test_an_address_has_two_parts() -> None:
    address = pl.lit("ada@example.de")
    assert (one(local_part(address)), one(domain(address))) == ("ada", "example.de")


@pytest.mark.parametrize(("address", "expected"), [("info@a.de", True), ("information@a.de", False), (None, None)])
def test_a_function_s_address_is_told_from_a_person_s(address: str | None, expected: bool | None) -> None:
    assert one(is_role(pl.lit(address, pl.String))) is expected


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("gmx.dee", "gmx.de"),
        ("gmx.ed", "gmx.de"),
        ("web.d", "web.de"),
        ("gogglemail.com", "googlemail.com"),
        ("t-onlin.de", "t-online.de"),
    ],
)
def test_a_slip_points_to_the_provider(providers: set[str], mistyped: str, meant: str) -> None:
    assert one(likely_domain(pl.lit(f"ada@{mistyped}"), providers)) == meant


@pytest.mark.parametrize("sound", ["gmail.com", "mail.com", "gmx.at", "web.de", "weg.de", "tee.example", "ymail.com"])
def test_a_sound_domain_points_nowhere_else(providers: set[str], sound: str) -> None:
    """mail.com is gmail.com without its g, and a provider of its own; ymail.com is one as well."""
    assert one(likely_domain(pl.lit(f"ada@{sound}"), providers)) is None
