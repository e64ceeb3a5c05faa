"""What is written in any convention is read exactly or not at all; expectations are Python's own numbers and days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest.styles import Place, Typed, survey_styles
from pipelines.ingest.values import as_decimal, as_utc

CONVENTIONS = [(".", ","), (",", "."), (",", " "), (",", "\u00a0"), (",", "\u202f"), (".", "'"), (".", "’"), (".", "")]
SIGNS = ["{}", "{} €", "EUR {}", "US${}", "{} kr", "R$ {}", "{} zł"]
DAY_FORMS = [
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%d.%m.%y",
    "%b %d, %Y",
    "%-d.%-m.%Y",
    "%-d/%-m/%Y",
    "%-m/%-d/%Y",
    "%-d-%-m-%Y",
]


def amounts(cells: list[str], country: str = "DE") -> list[Decimal | None]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE cells AS SELECT unnest($1::VARCHAR[]) AS c0", [cells])
        styles, _ = survey_styles(connection, "cells", Typed({"c0": "Price"}), Place(country, "UTC"))
        rows = connection.execute(f"SELECT {as_decimal('c0', styles.number('c0'))} FROM cells").fetchall()
    return [value for (value,) in rows]


def days(cells: list[str], country: str = "DE") -> tuple[list[date | None], list[str]]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE cells AS SELECT unnest($1::VARCHAR[]) AS c0", [cells])
        styles, notes = survey_styles(connection, "cells", Typed(times={"c0": "Date"}), Place(country, "UTC"))
        rows = connection.execute(f"SELECT {as_utc('c0', styles.time('c0'))} FROM cells").fetchall()
    return [value.date() if value else None for (value,) in rows], notes


def written(value: Decimal, mark: str, group: str) -> str:
    return f"{value:,.2f}".replace(",", "_").replace(".", mark).replace("_", group)


@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=8),
    st.sampled_from(CONVENTIONS),
    st.sampled_from(SIGNS),
)
@settings(max_examples=60, deadline=None)
def test_an_amount_in_any_convention_is_read_as_it_was_meant(
    values: list[Decimal], convention: tuple[str, str], sign: str
) -> None:
    assert amounts([sign.format(written(value, *convention)) for value in values]) == values


@given(
    st.lists(st.tuples(st.decimals(0, 10**7, places=2), st.sampled_from(CONVENTIONS)), min_size=2, max_size=8),
    st.sampled_from(["DE", "US", "CH"]),
)
@settings(max_examples=60, deadline=None)
def test_a_column_of_mixed_conventions_gives_no_other_amount(
    written_values: list[tuple[Decimal, tuple[str, str]]], country: str
) -> None:
    read = amounts([written(value, *convention) for value, convention in written_values], country)
    assert all(found in (None, value) for found, (value, _) in zip(read, written_values, strict=True))


@given(st.lists(st.dates(date(1970, 1, 1), date(2068, 12, 31)), min_size=1, max_size=6), st.sampled_from(DAY_FORMS))
@settings(max_examples=60, deadline=None)
def test_a_day_in_any_form_is_read_as_it_was_meant(some: list[date], form: str) -> None:
    evident = date(2024, 1, 31)
    read, _ = days([one.strftime(form) for one in [*some, evident]])
    assert all(found == one for found, one in zip(read, some, strict=False) if form != "%d.%m.%y" or one.year >= 1970)


@pytest.mark.parametrize("cell", ["5 10", "5€50", "5 € 500", "2024 100", "1 2345", "1'2", "12 34,5", "1,2,345"])
def test_two_numbers_in_a_cell_never_become_one(cell: str) -> None:
    """Accident: `5€50` becomes 550 euros."""
    assert amounts([cell, "3.10"])[0] is None


def test_lakhs_are_grouped_by_two() -> None:
    assert amounts(["1,23,456.78", "12,34,567.00"]) == [Decimal("123456.78"), Decimal("1234567.00")]


def test_a_cell_of_either_convention_is_unreadable_in_a_column_of_both() -> None:
    """Accident: in a column that two people filled, 1.234 becomes one euro and a quarter."""
    cells = ["1.234,56", "7,50", "1,234.56", "1.234", "1,234"]
    assert amounts(cells) == [Decimal("1234.56"), Decimal("7.50"), None, None, None]


def test_dates_of_both_orders_are_read_only_where_one_reading_is_possible() -> None:
    """Accident: 03/04 is in March or in April after whichever order came first."""
    read, notes = days(["13/02/2024", "02/13/2024", "03/04/2024"])
    assert read == [date(2024, 2, 13), date(2024, 2, 13), None]
    assert len(notes) == 1
    assert "Date" in notes[0]


@pytest.mark.parametrize("cell", ["01.02.0024", "01/02/202", "1.2.4", "Jun 09, 18", "31.02.2024", "01.13.2024"])
def test_an_impossible_day_or_year_is_unreadable(cell: str) -> None:
    """Accident: a customer bought in the year 24."""
    assert days([cell])[0] == [None]
