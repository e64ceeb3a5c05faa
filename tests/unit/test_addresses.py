"""An address is one in all its writings, and two places stay two."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.addresses import city, house_number, postcode, street_name

LINES = st.text(max_size=10) | st.lists(
    st.sampled_from(
        ["Str.", "Straße", "12", "a", "St", "am", "Main", "m", "EG", "Platz", "-", "/", ",", "Q", "7", "saint"]
    ),
    max_size=6,
).map(" ".join)


def one(expression: pl.Expr) -> object:
    return pl.select(expression).item()


def text(value: str | None) -> pl.Expr:
    return pl.lit(value, pl.String)


@pytest.mark.parametrize(
    ("line", "country", "street", "number"),
    [
        ("Hauptstr. 12a", "DE", "hauptstr", "12a"),
        ("Hauptstraße 12 a", "DE", "hauptstr", "12a"),
        ("Haupt-Strasse 12A", None, "hauptstr", "12a"),
        ("HAUPTSTR.12a, Hinterhaus", "DE", "hauptstr", "12a"),
        ("Haupt Str. Nr. 12, 3. OG", "DE", "hauptstr", "12"),
        ("Hauptstr. 12 // EG", "DE", "hauptstr", "12"),
        ("Hauptstr. 12 c/o Meier", "DE", "hauptstr", "12"),
        ("Hauptstr. 12 - 14", "DE", "hauptstr", "12-14"),
        ("Hauptstr. 12/3", "AT", "hauptstr", "12-3"),
        ("Hauptstr.", "DE", "hauptstr", None),
        ("Müllerstraße 1", "DE", "mullerstr", "1"),
        ("Muellerstr. 1", "DE", "mullerstr", "1"),
        ("Berliner Allee 5", "DE", "berlinerallee", "5"),
        ("Rathauspl. 1", "DE", "rathauspl", "1"),
        ("Rathausplatz 1", "DE", "rathauspl", "1"),
        ("Straße des 17. Juni 135", "DE", "str des 17 juni", "135"),
        ("Q 7, 24", "DE", "q7", "24"),
        ("12 Main Street", "US", "mainstr", "12"),
        ("12 Main St Apt 4B", "US", "mainstr", "12"),
        ("Unit 4, 12 Main St.", "AU", "mainstr", "12"),
        ("350 5th Avenue", "US", "5th ave", "350"),
        ("12 Route 66", "US", "rte", "12"),
        ("Saint John's Rd 5", "GB", "st johns rd", "5"),
        ("St. Johns Road 5", "GB", "st johns rd", "5"),
        ("12 bis, rue de la Paix", "FR", "rue de la paix", "12bis"),
        ("Kerkstraat 12-14", "NL", "kerkstr", "12-14"),
        ("улица Ленина 5", "RU", "улица ленина", "5"),
        ("Οδός Ερμού 5", "GR", "οδοσ ερμου", "5"),
        ("東京都千代田区", "JP", "東京都千代田区", None),
        ("12", "DE", None, "12"),
        ("n/a", "DE", None, None),
        ("unbekannt", "DE", None, None),
        ("", "DE", None, None),
        (None, None, None, None),
    ],
)
def test_street_and_number_are_told_apart(
    line: str | None, country: str | None, street: str | None, number: str | None
) -> None:
    assert one(street_name(text(line))) == street
    assert one(house_number(text(line), text(country))) == number


@pytest.mark.parametrize(
    ("written", "country", "code"),
    [
        ("01067", "DE", "01067"),
        ("1067", "DE", "01067"),
        ("1067.0", "DE", "01067"),
        ("D-01067", "DE", "01067"),
        ("DE 01067", None, "01067"),
        ("1067", "CH", "1067"),
        ("1067", None, "1067"),
        ("A-1010", "AT", "1010"),
        ("F-75001", "FR", "75001"),
        ("150", "NO", "0150"),
        ("1234ab", "NL", "1234 AB"),
        ("NL-1234 AB", "NL", "1234 AB"),
        ("sw1a1aa", "GB", "SW1A 1AA"),
        ("E1  6AN", "GB", "E1 6AN"),
        ("k1a0b1", "CA", "K1A 0B1"),
        ("02134-1234", "US", "02134"),
        ("021341234", "US", "02134"),
        ("2134-1234", "US", "02134"),
        ("12345-6789", "BR", "123456789"),
        ("123 45", "SE", "12345"),
        ("00000", "DE", None),
        ("n/a", "DE", None),
        ("-", "DE", None),
        ("", None, None),
        (None, "DE", None),
    ],
)
def test_a_postcode_is_written_as_its_country_does(written: str | None, country: str | None, code: str | None) -> None:
    """Spreadsheets drop the zero of Dresden's postcodes, and half of Saxony would live nowhere."""
    assert one(postcode(text(written), text(country))) == code


@pytest.mark.parametrize(
    "writings",
    [
        ["Frankfurt am Main", "Frankfurt/Main", "Frankfurt a.M.", "Frankfurt a. M.", "FRANKFURT (MAIN)"],
        ["Frankfurt (Oder)", "Frankfurt/Oder", "Frankfurt a.d. Oder", "Frankfurt/O."],
        ["Sankt Gallen", "St. Gallen", "St.Gallen"],
        ["München", "Muenchen", "MUNCHEN", "Munich"],
        ["Freiburg i. Br.", "Freiburg im Breisgau"],
        ["Rothenburg o.d.T.", "Rothenburg ob der Tauber"],
        ["Mülheim an der Ruhr", "Muelheim a.d.R."],
        ["Saint-Étienne", "St Etienne"],
        ["Berlin", "10115 Berlin", "Berlin 36"],
    ],
)
def test_a_city_is_one_in_all_its_writings(writings: list[str]) -> None:
    forms = pl.DataFrame({"city": writings}).select(city(pl.col("city"))).to_series()
    assert forms.n_unique() == 1, forms.to_list()
    assert forms[0]


def test_two_cities_stay_two() -> None:
    names = ["Frankfurt am Main", "Frankfurt (Oder)", "Frankfurt", "Halle (Saale)", "Halle (Westf.)", "東京", "Москва"]
    forms = pl.DataFrame({"city": names}).select(city(pl.col("city"))).to_series()
    assert forms.n_unique() == len(names)
    assert forms.null_count() == 0


@pytest.mark.parametrize("nowhere", ["n/a", "unbekannt", "", " - ", "12345", None])
def test_a_city_that_nobody_named_is_null(nowhere: str | None) -> None:
    assert one(city(text(nowhere))) is None


@settings(max_examples=300, deadline=None)
@given(LINES, st.sampled_from(["DE", "US", "GB", "NL", None]))
@example("1212121 2", "US")
def test_a_comparable_form_put_in_again_comes_out_unchanged(line: str, country: str | None) -> None:
    for form in (street_name, city, lambda value: postcode(value, text(country))):
        once = one(form(text(line)))
        assert one(form(text(once))) == once
