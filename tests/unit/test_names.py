"""Names of one person come out alike however they are written, and different names stay different."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import names
from models.letters import plain_words
from models.names import family_name, given_name, initial, listed_names, nickname_root, sound

TEXTS = st.text(max_size=12) | st.lists(
    st.sampled_from(
        [
            "von",
            "Dr.",
            "Herr",
            "Jr.",
            "geb.",
            "Müller",
            "ae",
            "ue",
            "h.c.",
            "Gast",
            "n/a",
            "(",
            ")",
            "-",
            ",",
            "zu",
            "Graf",
        ]
    ),
    max_size=6,
).map(" ".join)


def one(expression: pl.Expr) -> object:
    return pl.select(expression).item()


def person(first: str | None, last: str | None) -> tuple[str | None, str | None]:
    people = pl.LazyFrame({"first": [first], "last": [last]}, schema={"first": pl.String, "last": pl.String})
    row = names.with_person_names(people, "first", "last").collect()
    assert row.columns == ["first", "last", "given_name", "family_name"]
    return row["given_name"].item(), row["family_name"].item()


@pytest.mark.parametrize(
    "writings",
    [
        ["Müller", "MUELLER", "Muller", " müller ", "Mu\u0308ller", "Mül\u00adler"],
        ["Häusler", "Haeusler", "Hausler"],
        ["Bäuerle", "Baeuerle"],
        ["Özdemir", "Oezdemir", "Ozdemir"],
        ["Weiß", "WEISS", "weiss"],
        ["Jørgensen", "Joergensen", "Jorgensen"],
        ["O'Neill", "O’Neill", "ONeill", "O`Neill", "O´Neill"],
        ["Müller-Lüdenscheidt", "Mueller - Luedenscheidt", "müller lüdenscheidt"],
        ["Łukasz", "Lukasz"],
        ["von der Heide", "Heide", "vd Heide", "Dr. von der HEIDE", "zu Heide"],
        ["van 't Hoff", "Hoff", "Van t Hoff"],
        ["Moltke", "Graf von Moltke", "Freiherr von und zu Moltke"],
        ["Schmidt", "Schmidt geb. Maier", "Schmidt (geb. Maier)", "Schmidt, MBA", "Schmidt Jr.", "Frau Schmidt"],
        ["Παπαδόπουλος", "ΠΑΠΑΔΟΠΟΥΛΟΣ"],
        ["Королёв", "КОРОЛЕВ"],
    ],
)
def test_a_family_name_is_one_in_all_its_writings(writings: list[str]) -> None:
    forms = pl.DataFrame({"name": writings}).select(family_name(pl.col("name"))).to_series()
    assert forms.n_unique() == 1, forms.to_list()
    assert forms[0]


@pytest.mark.parametrize(
    ("one_name", "another"),
    [
        ("Bauer", "Baur"),
        ("Bauer", "Bayer"),
        ("Queck", "Quck"),
        ("Zoe", "Zo"),
        ("Sue", "Su"),
        ("Graf", "Graf-Moltke"),
        ("Maier", "Meier"),
        ("李", "王"),
        ("Петров", "Петрова"),
    ],
)
def test_names_that_only_look_like_a_transcription_stay_different(one_name: str, another: str) -> None:
    assert one(family_name(pl.lit(one_name))) != one(family_name(pl.lit(another)))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Dr. Hans-Jürgen", "hans jurgen"),
        ("Prof. Dr. med. h.c. Eva", "eva"),
        ("Dipl.-Ing. Uwe", "uwe"),
        ("Frau Anna (Anni)", "anna"),
        ("Ludwig van", "ludwig"),
        ("Nat", "nat"),
        ("Do", "do"),
        ("José María", "jose maria"),
        ("Анна", "анна"),
        ("민준", "민준"),
        ("娜", "娜"),
        ("", None),
        (None, None),
        (" - ", None),
        ("Herr", None),
        ("n/a", None),
        ("Test", None),
        ("unbekannt", None),
        ("Gast", None),
        ("Test Kunde 1", None),
        ("k. A.", None),
        ("123", None),
    ],
)
def test_a_given_name_without_titles_and_placeholders(text: str | None, form: str | None) -> None:
    assert one(given_name(pl.lit(text, pl.String))) == form


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("Hans", "Müller", ("hans", "muller")),
        ("Müller, Hans", None, ("hans", "muller")),
        ("", "Müller, Hans", ("hans", "muller")),
        ("Hans Müller", "", ("hans", "muller")),
        (None, "Dr. Hans Peter von der Heide", ("hans peter", "heide")),
        ("n/a", "Hans Müller", ("hans", "muller")),
        (None, "Müller - Lüdenscheidt, Hans", ("hans", "muller ludenscheidt")),
        (None, "Müller-Lüdenscheidt", (None, "muller ludenscheidt")),
        (None, "von der Heide", (None, "heide")),
        ("Dr. von Heide", None, (None, "heide")),
        ("Herr", "Müller", (None, "muller")),
        (None, "Familie Müller", (None, "muller")),
        ("John Smith Jr.", None, ("john", "smith")),
        ("Smith, John, Jr.", None, ("john", "smith")),
        ("Hans Müller", "Müller", ("hans", "muller")),
        ("Müller, Hans", "Müller", ("hans", "muller")),
        ("Hans", "Hans Müller", ("hans", "muller")),
        ("Hans", "Müller, Hans", ("hans", "muller")),
        ("Hans", "Hans von der Heide", ("hans", "heide")),
        ("Hans", "Hans Gast", ("hans", "gast")),
        ("Hans", None, ("hans", None)),
        (None, "Müller", (None, "muller")),
        ("Martin", "Gast", ("martin", "gast")),
        ("Gast", "Gast", (None, None)),
        ("Test", "Kunde", (None, None)),
        ("N.A.", "N/A", (None, None)),
        (None, None, (None, None)),
    ],
)
def test_a_whole_name_in_one_column_is_parted(
    first: str | None, last: str | None, expected: tuple[str | None, str | None]
) -> None:
    assert person(first, last) == expected


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_a_comparable_form_put_in_again_comes_out_unchanged(text: str) -> None:
    for form in (plain_words, given_name, family_name):
        once = one(form(pl.lit(text)))
        assert one(form(pl.lit(once, pl.String))) == once


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(categories=["Ll", "Lu", "Lo"], exclude_characters="xX"), min_size=1, max_size=8))
def test_no_letter_of_any_script_is_emptied(text: str) -> None:
    """A filter of a-z would make all Greek, Cyrillic and Chinese customers nameless."""
    assert one(plain_words(pl.lit(text)))


def test_a_nickname_leads_to_its_full_name() -> None:
    given_names = pl.DataFrame({"name": ["lisa", "hans peter", "bill", "alex", "zuzanna", "günni", None]})
    form = given_name(pl.col("name"))
    roots = given_names.select(root=nickname_root(form), initial=initial(form))
    assert roots["root"].to_list() == ["elisabeth", "johannes", "william", "alexander", "zuzanna", "gunther", None]
    assert roots["initial"].to_list() == ["l", "h", "b", "a", "z", "g", None]


def test_a_full_name_is_nobodys_nickname() -> None:
    """Else the root of a root would be another name, and Alexander one with whoever is called so for short."""
    with (Path(names.__file__).parent / "data" / "nicknames.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    full = pl.DataFrame({"name": [row["name"] for row in rows]}).select(plain_words(pl.col("name"))).to_series()
    assert full.is_duplicated().sum() == 0
    assert not set(full) & set(names.nicknames())
    assert all(row["nicknames"] and row["language"] in {"de", "en", "fr"} for row in rows)


@pytest.mark.parametrize(
    ("one_name", "other", "is_alike"),
    [("anna", "ana", True), ("stephan", "stefan", True), ("michael", "micheal", True), ("anna", "anna maria", True),
     ("anna", "andreas", False), ("andrea", "andreas", False), ("anna", "hanna", False)],
)  # fmt: skip
def test_names_that_sound_alike_have_one_form(one_name: str, other: str, is_alike: bool) -> None:
    assert (one(sound(pl.lit(one_name))) == one(sound(pl.lit(other)))) is is_alike


def test_an_initial_has_no_sound() -> None:
    assert one(sound(pl.lit("a"))) is None


def test_short_and_full_names_are_listed() -> None:
    assert {"alex", "alexander", "melli"} <= listed_names()
