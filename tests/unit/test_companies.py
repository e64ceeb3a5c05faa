"""A company is one under its legal form's spellings and on its domain's pages."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.companies import company_name, legal_form, web_domain

NAMES = st.text(max_size=10) | st.lists(
    st.sampled_from(["GmbH", "&", "Co.", "KG", "Müller", "und", "a", "e", "A/S", "Firma", "privat", "ue", "u.", "UG"]),
    max_size=6,
).map(" ".join)


def one(expression: pl.Expr) -> object:
    return pl.select(expression).item()


def text(value: str | None) -> pl.Expr:
    return pl.lit(value, pl.String)


@pytest.mark.parametrize(
    ("written", "name", "form"),
    [
        ("Müller & Söhne GmbH & Co. KG", "muller sohne", "GmbH & Co. KG"),
        ("Mueller und Soehne", "muller sohne", None),
        ("MÜLLER U. SÖHNE G.m.b.H.", "muller sohne", "GmbH"),
        ("Müller and Söhne mbH", "muller sohne", "GmbH"),
        ("Tee-Haus UG (haftungsbeschränkt)", "tee haus", "UG"),
        ("Firma Müller e. K.", "muller", "e.K."),
        ("Kegelclub e.V.", "kegelclub", "e.V."),
        ("Siemens Aktiengesellschaft", "siemens", "AG"),
        ("Tee SE & Co. KGaA", "tee", "KGaA"),
        ("Tee OHG", "tee", "OHG"),
        ("H&M", "hm", None),
        ("H. & M. AB", "hm", "AB"),
        ("J.P. Morgan Inc.", "jp morgan", "Inc"),
        ("JP Morgan Corp", "jp morgan", "Corp"),
        ("1&1 AG", "1 1", "AG"),
        ("McDonald's plc", "mcdonalds", "plc"),
        ("Acme Pty. Ltd.", "acme", "Ltd"),
        ("Acme, LLC", "acme", "LLC"),
        ("Kaas B.V.", "kaas", "BV"),
        ("Kaas N.V.", "kaas", "NV"),
        ("Dupont S.A.R.L.", "dupont", "SARL"),
        ("Dupont SAS", "dupont", "SAS"),
        ("Telefónica S.A.", "telefonica", "SA"),
        ("Rossi S.r.l.", "rossi", "SRL"),
        ("Rossi S.p.A.", "rossi", "SpA"),
        ("Nordisk A/S", "nordisk", "A/S"),
        ("Nordisk ApS", "nordisk", "ApS"),
        ("Suomi Oy", "suomi", "Oy"),
        ("Kawa Sp. z o.o.", "kawa", "sp. z o.o."),
        ("Kawa z o. o.", "kawa", "sp. z o.o."),
        ("ООО Ромашка", "ромашка", None),
        ("株式会社トヨタ", "株式会社トヨタ", None),
        ("SE", "se", None),
        ("n/a", None, None),
        ("Privat", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_company_s_name_is_told_from_its_legal_form(written: str | None, name: str | None, form: str | None) -> None:
    assert one(company_name(text(written))) == name
    assert one(legal_form(text(written))) == form


def test_names_that_only_begin_alike_stay_different() -> None:
    names = ["Tee GmbH", "Tee Haus GmbH", "Coop eG", "Co-op", "Saab AB", "Müller Logistik", "Müller"]
    forms = pl.DataFrame({"name": names}).select(company_name(pl.col("name"))).to_series()
    assert forms.n_unique() == len(names)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://www.Tee.de/shop?x=1", "tee.de"),
        ("http://user@tee.de:8080/", "tee.de"),
        ("mailto:info@tee.de", "tee.de"),
        ("www2.tee.de.", "tee.de"),
        ("tee.de, kaffee.de", "tee.de"),
        ("info@tee.co.uk", "tee.co.uk"),
        ("shop.tee.co.uk", "tee.co.uk"),
        ("tee.com.au", "tee.com.au"),
        ("www.müller.de", "müller.de"),
        ("tee.myshopify.com", "tee.myshopify.com"),
        ("facebook.com/tee", None),
        ("https://de.linkedin.com/company/tee", None),
        ("amazon.co.uk", None),
        ("tex.com", "tex.com"),
        ("co.uk", None),
        ("tee", None),
        ("192.168.0.1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_domain_is_somebody_s(address: str | None, domain: str | None) -> None:
    """All companies with a page on one platform would be one account, and so would all of co.uk."""
    assert one(web_domain(text(address))) == domain


@settings(max_examples=300, deadline=None)
@given(NAMES)
def test_a_comparable_form_put_in_again_comes_out_unchanged(name: str) -> None:
    for form in (company_name, web_domain):
        once = one(form(text(name)))
        assert one(form(text(once))) == once
