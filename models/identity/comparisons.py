"""How two records are compared, from the surest agreement to none.

Street, postcode and town are compared as one: they agree together or not at all, and counted three times they would
make one person of two neighbours. Of an e-mail address only the whole counts: its parts repeat the name.

Conditions use what all of Splink's engines know under the same name: `jaro_winkler` is its name on Spark, and ours on
DuckDB (see `calculator`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Level:
    """One degree of agreement: an SQL condition over `_l` and `_r` columns, what it means in plain words, and the
    column whose rare values weigh more."""

    condition: str
    meaning: str
    weighed_by: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Levels in falling order; where `column` is empty on either side nothing is said, and past the last level the
    values differ."""

    name: str
    column: str
    levels: tuple[Level, ...]

    @property
    def columns(self) -> frozenset[str]:
        """All columns that it looks at."""
        conditions = " ".join(level.condition for level in self.levels)
        return frozenset(re.findall(r"(\w+)_[lr]\b", conditions)) | self.weighed

    @property
    def weighed(self) -> frozenset[str]:
        """The columns whose rare values weigh more."""
        return frozenset(level.weighed_by for level in self.levels if level.weighed_by)

    def equality(self, column: str) -> int | None:
        """The level that asks for equal values of a column and for nothing else; None where there is none."""
        return next((at for at, level in enumerate(self.levels) if level.condition == same(column)), None)

    @property
    def meanings(self) -> tuple[str, ...]:
        """What each level says, the last one included."""
        return (*(level.meaning for level in self.levels), f"another {self.name}")


def same(column: str) -> str:
    """SQL for two values that are equal."""
    return f"{column}_l = {column}_r"


def _alike(column: str, similarity: float) -> str:
    return f"jaro_winkler({column}_l, {column}_r) > {similarity}"


def _typos(column: str, count: int) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r) <= {count}"


# Stefan and Stefanie, Meyer and Meier: where many people have either name, neither is a slip of the pen.
_MISSPELT = " AND ".join(
    f"NOT coalesce({part}_l <> {part}_r AND {part}_known_l = {part}_known_r, false)" for part in ("given", "family")
)
# anna.koch and anja.koch are not one address mistyped where Anna and Anja are the names beside them.
_MAILBOX_MISTYPED = f"{_typos('mailbox', 1)} AND {same('mailbox_digits')} AND {same('full_name')}"
_MEANT = "coalesce(mailbox_meant_l, mailbox_l) = coalesce(mailbox_meant_r, mailbox_r)"
_INITIAL_ONLY = "(length(given_l) = 1 OR length(given_r) = 1) AND substr(given_l, 1, 1) = substr(given_r, 1, 1)"
_EITHER_NUMBER = "number_l = other_number_r OR other_number_l = number_r OR other_number_l = other_number_r"
_SAME_HOUSE = "coalesce(house_l, '') = coalesce(house_r, '')"
_CONTAINED = "contains(birth_place_l, birth_place_r) OR contains(birth_place_r, birth_place_l)"
_SAME_TOWN = "(postcode_l = postcode_r OR city_l = city_r)"

COMPARISONS = (
    Comparison(
        "name",
        "full_name",
        (
            Level(same("full_name"), "the same name", "full_name"),
            Level(f"{same('given')} AND {same('family')}", "the same first and last name", "family"),
            Level(
                f"{same('given_root')} AND {same('family')}",
                "the same last name, and a short form of the first",
                "family",
            ),
            Level("given_l = family_r AND family_l = given_r", "first and last name swapped"),
            Level(f"{_alike('family', 0.88)} AND {_alike('given', 0.88)} AND {_MISSPELT}", "both names spelt alike"),
            Level(f"{_alike('full_name', 0.90)} AND {_MISSPELT}", "a name spelt alike"),
            Level(f"{same('family')} AND {_INITIAL_ONLY}", "the same last name and initial", "family"),
            Level(
                f"{same('family')} AND (given_l IS NULL OR given_r IS NULL)",
                "the same last name, one without a first",
                "family",
            ),
            Level(f"{same('family')}", "the same last name, another first name", "family"),
            Level(same("given"), "the same first name, another last name", "given"),
            Level(f"{_alike('family', 0.88)} OR {_alike('given', 0.88)}", "half of the name spelt alike"),
            Level(_alike("full_name", 0.80), "a similar name"),
        ),
    ),
    Comparison(
        "birth date",
        "birth",
        (
            Level(same("birth"), "the same birth date", "birth"),
            Level(_typos("birth", 1), "a birth date but for one digit"),
            Level("substr(birth_l, 1, 4) = substr(birth_r, 1, 4)", "the same year of birth"),
            Level(_typos("birth", 2), "a birth date but for two digits"),
        ),
    ),
    Comparison(
        "e-mail address",
        "mailbox",
        (
            Level(same("mailbox"), "the same e-mail address", "mailbox"),
            Level(_MEANT, "the same e-mail address but for a slip in its provider"),
            Level(_MAILBOX_MISTYPED, "an e-mail address but for one letter"),
        ),
    ),
    Comparison(
        "phone number",
        "number",
        (
            Level(same("number"), "the same phone number", "number"),
            Level(_EITHER_NUMBER, "one phone number in common"),
        ),
    ),
    Comparison(
        "address",
        "address",
        (
            Level(f"{same('street')} AND {_SAME_HOUSE} AND {same('postcode')}", "the same address"),
            Level(
                f"{same('street')} AND {_SAME_HOUSE} AND {same('city')}", "the same street and number in the same town"
            ),
            Level(f"{_alike('street', 0.90)} AND {_SAME_HOUSE} AND {_SAME_TOWN}", "an address spelt alike"),
            Level(f"{_alike('street', 0.90)} AND {_SAME_TOWN}", "the same street in the same town", "road"),
            Level(f"{same('street')} AND {_SAME_HOUSE}", "the same street and number elsewhere"),
            Level(same("postcode"), "the same postcode", "postcode"),
            Level(f"{_typos('postcode', 1)} AND {same('city')}", "the same town, a postcode but for one sign", "city"),
            Level(same("city"), "the same town", "city"),
            Level(_typos("postcode", 1), "a postcode but for one sign"),
            Level(same("postcode_area"), "a postcode of the same area", "postcode_area"),
            Level(f"{_alike('street', 0.90)} OR {_alike('city', 0.90)}", "a similar address"),
        ),
    ),
    Comparison(
        "address line",
        "address_line_2",
        (
            Level(same("address_line_2"), "the same second address line", "address_line_2"),
            Level(_alike("address_line_2", 0.88), "a second address line spelt alike"),
        ),
    ),
    Comparison(
        "birth place",
        "birth_place",
        (
            Level(same("birth_place"), "the same birth place", "birth_place"),
            Level(
                f"{_CONTAINED} OR {_alike('birth_place', 0.88)}",
                "a birth place spelt alike",
            ),
        ),
    ),
    Comparison("job", "job", (Level(same("job"), "the same job", "job"),)),
    Comparison(
        "company",
        "company",
        (
            Level(same("company"), "the same company", "company"),
            Level(_alike("company", 0.92), "a company spelt alike"),
        ),
    ),
)


def present_comparisons(profiles: pl.DataFrame) -> list[Comparison]:
    """Return the comparisons for which the profiles hold anything to compare."""
    return [one for one in COMPARISONS if profiles[one.column].null_count() < profiles.height - 1]


_PLACES = {comparison.name: at for at, comparison in enumerate(COMPARISONS)}
NAME, BIRTH, MAILBOX = (COMPARISONS[_PLACES[name]] for name in ("name", "birth date", "e-mail address"))
_OTHER_NAMES = {
    "the same last name, another first name",
    "half of the name spelt alike",
    "a similar name",
    "another name",
}
OTHER_NAMES = tuple(at for at, meaning in enumerate(NAME.meanings) if meaning in _OTHER_NAMES)
"""Levels of the name by which two people of one household or office differ."""
SAME_BIRTH = (0, 1)
"""Levels of the birth date that speak for one person all the same."""
