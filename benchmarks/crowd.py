"""A crowd of source records of any size, a third of which repeat an earlier person with slips."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

_SYLLABLES = [
    "an",
    "be",
    "ca",
    "do",
    "el",
    "fi",
    "ga",
    "ho",
    "in",
    "jo",
    "ka",
    "li",
    "mo",
    "na",
    "or",
    "pe",
    "ra",
    "si",
    "to",
    "ul",
    "va",
    "we",
    "za",
]
GIVEN_NAMES, FAMILY_NAMES, STREETS, TOWNS = 1_500, 30_000, 20_000, 4_000
COPIES_PER_PERSON = 0.5


def crowd(count: int, seed: int = 1, number_of_all: str | None = None, with_that_number: int = 0) -> pl.DataFrame:
    """Return `count` contacts as identity takes them, with the true `person`.

    So many of the first records have the same phone number, if one is given.
    """
    rng = np.random.default_rng(seed)
    people = _people(rng, int(count / (1 + COPIES_PER_PERSON)))
    copies = _copies(rng, people[rng.integers(0, people.height, count - people.height)])
    records = pl.concat([people, copies]).with_row_index("source_id").with_columns(pl.col("source_id").cast(pl.String))
    if number_of_all:
        is_one = pl.int_range(pl.len()) < with_that_number
        records = records.with_columns(phone=pl.when(is_one).then(pl.lit(number_of_all)).otherwise("phone"))
    return records.with_columns(source_system=pl.lit("shop"), entity=pl.lit("contacts"), country=pl.lit("DE"))


def _people(rng: np.random.Generator, count: int) -> pl.DataFrame:
    given, family = _words(rng, GIVEN_NAMES, 3), _words(rng, FAMILY_NAMES, 4)
    streets, towns = _words(rng, STREETS, 4), _words(rng, TOWNS, 4)
    town = _ranked(rng, TOWNS, count)
    house = rng.integers(1, 120, count).astype(str)
    frame = pl.DataFrame(
        {
            "person": np.arange(count),
            "first_name": given[_ranked(rng, GIVEN_NAMES, count)],
            "last_name": family[_ranked(rng, FAMILY_NAMES, count)],
            "street": np.char.add(np.char.add(streets[(town * 5 + rng.integers(0, 5, count)) % STREETS], " "), house),
            "postcode": (10_000 + town * 20 + rng.integers(0, 5, count)).astype(str),
            "city": towns[town],
            "phone": np.char.add("+49151", rng.integers(10_000_000, 99_999_999, count).astype(str)),
            "number": rng.integers(1, 9_999, count).astype(str),
        }
    )
    address = pl.concat_str("first_name", pl.lit("."), "last_name", "number", pl.lit("@mail.example"))
    return frame.with_columns(email=address).drop("number")


def _copies(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """The people once more: letters dropped, and no e-mail address or number in most."""

    def some(share: float) -> pl.Expr:
        return pl.lit(pl.Series(rng.random(people.height) < share))

    def slip(column: str, at: int, share: float) -> pl.Expr:
        shorter = pl.col(column).str.slice(0, at) + pl.col(column).str.slice(at + 1)
        return pl.when(some(share)).then(shorter).otherwise(column).alias(column)

    return people.with_columns(
        slip("first_name", 2, 0.1),
        slip("last_name", 3, 0.1),
        slip("street", 3, 0.15),
        pl.when(~some(0.6)).then("email").alias("email"),
        pl.when(~some(0.6)).then("phone").alias("phone"),
    )


def _words(rng: np.random.Generator, count: int, most: int) -> npt.NDArray[np.str_]:
    return np.array(["".join(rng.choice(_SYLLABLES, size=rng.integers(2, most + 1))) for _ in range(count)])


def _ranked(rng: np.random.Generator, kinds: int, count: int) -> npt.NDArray[np.int64]:
    """Ranks of which the first are far more common than the last."""
    return np.minimum((kinds * rng.random(count) ** 2.2).astype(np.int64), kinds - 1)
