"""A company is one under its legal form's spellings and on its domain's pages."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.companies import company_name

NAMES = st.text(max_size=10) | st.lists(
    st.sampled_from(["GmbH", "&", "Co.", "KG", "Müller", "und", "a", "e", "A/S", "Firma", "privat", "ue", "u.", "UG"]),
    max_size=6,
).map(" ".join)


def one(expression: pl.Expr) -> object:
    return pl.select(expression).item()


def text(value: str | None) -> pl.Expr:
    return pl.lit(value, pl.String)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Müller & Söhne GmbH & Co. KG", "muller sohne"),
        ("Mueller und Soehne", "muller sohne"),
        ("MÜLLER U. SÖHNE G.m.b.H.", "muller sohne"),
        ("Müller and Söhne mbH", "muller sohne"),
        ("Tee-Haus UG (haftungsbeschränkt)", "tee haus"),
        ("Firma Müller e. K.", "muller"),
        ("Kegelclub e.V.", "kegelclub"),
        ("Siemens Aktiengesellschaft", "siemens"),
        ("Tee SE & Co. KGaA", "tee"),
        ("Tee OHG", "tee"),
        ("H&M", "hm"),
        ("H. & M. AB", "hm"),
        ("J.P. Morgan Inc.", "jp morgan"),
        ("JP Morgan Corp", "jp morgan"),
        ("1&1 AG", "1 1"),
        ("McDonald's plc", "mcdonalds"),
        ("Acme Pty. Ltd.", "acme"),
        ("Acme, LLC", "acme"),
        ("Kaas B.V.", "kaas"),
        ("Kaas N.V.", "kaas"),
        ("Dupont S.A.R.L.", "dupont"),
        ("Dupont SAS", "dupont"),
        ("Telefónica S.A.", "telefonica"),
        ("Rossi S.r.l.", "rossi"),
        ("Rossi S.p.A.", "rossi"),
        ("Nordisk A/S", "nordisk"),
        ("Nordisk ApS", "nordisk"),
        ("Suomi Oy", "suomi"),
        ("Kawa Sp. z o.o.", "kawa"),
        ("Kawa z o. o.", "kawa"),
        ("ООО Ромашка", "ромашка"),
        ("株式会社トヨタ", "株式会社トヨタ"),
        ("SE", "se"),
        ("n/a", None),
        ("Privat", None),
        ("", None),
        (None, None),
    ],
)
def test_a_company_s_name_is_told_from_its_legal_form(written: str | None, name: str | None) -> None:
    assert one(company_name(text(written))) == name


def test_names_that_only_begin_alike_stay_different() -> None:
    names = ["Tee GmbH", "Tee Haus GmbH", "Coop eG", "Co-op", "Saab AB", "Müller Logistik", "Müller"]
    forms = pl.DataFrame({"name": names}).select(company_name(pl.col("name"))).to_series()
    assert forms.n_unique() == len(names)


@settings(max_examples=300, deadline=None)
@given(NAMES)
def test_a_comparable_form_put_in_again_comes_out_unchanged(name: str) -> None:
    once = one(company_name(text(name)))
    assert one(company_name(text(once))) == once
