"""How texts become amounts, numbers and times: decided from the whole column, else by the country, never in silence."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import duckdb
import pytest

from data_quality.contracts import Column
from pipelines.ingest.styles import Place, Typed, survey_styles
from pipelines.ingest.values import as_decimal, as_type, as_utc


def amounts(cells: list[str], country: str = "DE") -> tuple[list[Decimal | None], list[str]]:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE cells AS SELECT unnest($1::VARCHAR[]) AS c0", [cells])
    styles, notes = survey_styles(connection, "cells", Typed({"c0": "Price"}), Place(country, "UTC"))
    rows = connection.execute(f"SELECT {as_decimal('c0', styles.number('c0'))} FROM cells").fetchall()
    return [value for (value,) in rows], notes


def times(cells: list[str], country: str = "DE", zone: str = "UTC") -> tuple[list[str | None], list[str]]:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE cells AS SELECT unnest($1::VARCHAR[]) AS c0", [cells])
    styles, notes = survey_styles(connection, "cells", Typed(times={"c0": "Date"}), Place(country, zone))
    rows = connection.execute(f"SELECT {as_utc('c0', styles.time('c0'))} FROM cells").fetchall()
    return [str(value) if value else None for (value,) in rows], notes


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["12.30", "1234"], ["12.30", "1234"]),
        (["12,30", "1.234"], ["12.30", "1234"]),
        (["1.234,56", "7"], ["1234.56", "7"]),
        (["1,234.56", "1,234"], ["1234.56", "1234"]),
        (["1.234", "12.5"], ["1.234", "12.5"]),
        (["€ 1.234,50", "12,00 EUR", "-3,10 €"], ["1234.50", "12.00", "-3.10"]),
        (["(12.50)", "12.50-", "$1,000.00"], ["-12.50", "-12.50", "1000.00"]),
        (["1'234.50", "1 234.50"], ["1234.50", "1234.50"]),
        (["0.001", "0.500"], ["0.001", "0.500"]),
        (["12,5", "12,3O", "abc", "1,2,3"], ["12.5", None, None, None]),
        (["5,-", "12,--", "CHF 7.-", "3,50-", "1.200,- €"], ["5", "12", "7", "-3.50", "1200"]),
        (["12.30", "1.2.3", "--5", "1_000", "12 %"], ["12.30", None, None, None, None]),
    ],
)
def test_the_decimal_mark_is_decided_by_the_whole_column(cells: list[str], expected: list[str | None]) -> None:
    """Accident: 1.234 euros become one euro and a quarter."""
    values, notes = amounts(cells)
    assert values == [None if text is None else Decimal(text) for text in expected]
    assert notes == []


@pytest.mark.parametrize(("country", "expected"), [("DE", 1234), ("US", Decimal("1.234"))])
def test_where_no_cell_tells_the_country_decides_and_a_note_says_so(country: str, expected: Decimal) -> None:
    values, notes = amounts(["1.234", "2.000"], country)
    assert values[0] == expected
    assert len(notes) == 1
    assert country in notes[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-01-01 21:11:18 +0300", "2025-01-01 18:11:18"),
        ("2025-01-01 21:11:18 -0530", "2025-01-02 02:41:18"),
        ("2025-01-01T21:11:18+03:00", "2025-01-01 18:11:18"),
        ("2025-01-01T21:11:18.5Z", "2025-01-01 21:11:18.500000"),
        ("2025-01-01 21:11:18 UTC", "2025-01-01 21:11:18"),
        ("2025-01-01 21:11", "2025-01-01 21:11:00"),
        ("2025-01-01", "2025-01-01 00:00:00"),
        ("31.12.2024 23:59:58", "2024-12-31 23:59:58"),
        ("31.12.2024, 23:59:58", "2024-12-31 23:59:58"),
        ("31.12.2024 23:59 Uhr", "2024-12-31 23:59:00"),
        ("12/31/2024, 11:05:09 PM", "2024-12-31 23:05:09"),
        ("31.12.24", "2024-12-31 00:00:00"),
        ("1.2.2024 7:05", "2024-02-01 07:05:00"),
        ("Jun 09, 2018 09:30 pm", "2018-06-09 21:30:00"),
        ("25-12-2024 08:15", "2024-12-25 08:15:00"),
        ("12/31/2024 11:05 PM", "2024-12-31 23:05:00"),
        ("2025-13-01", None),
        ("31.02.2024", None),
        ("epoch", None),
        ("infinity", None),
        ("20250101", "2025-01-01 00:00:00"),
        ("20250131 235958", None),
        ("20250131235958", "2025-01-31 23:59:58"),
        ("20251301", None),
        ("1735765878", "2025-01-01 21:11:18"),
        ("1735765878.25", "2025-01-01 21:11:18.250000"),
        ("1735765878000", "2025-01-01 21:11:18"),
        ("45658", "2025-01-01 00:00:00"),
        ("45658,5", "2025-01-01 12:00:00"),
        ("2025", None),
        ("123456", None),
        ("3. März 2024", "2024-03-03 00:00:00"),
        ("03 Mrz 2024 17:05", "2024-03-03 17:05:00"),
        ("31. Dez. 2024", "2024-12-31 00:00:00"),
        ("1. Mai 2024 um 08:15 Uhr", "2024-05-01 08:15:00"),
        ("12 janv. 2024", "2024-01-12 00:00:00"),
        ("14 août 2024 09:30:01", "2024-08-14 09:30:01"),
        ("31. Februar 2024", None),
        ("2025-07-01 12:00:00 CEST", "2025-07-01 10:00:00"),
        ("2025-01-01 12:00 MEZ", "2025-01-01 11:00:00"),
        ("2025-01-01 12:00:00 EST", "2025-01-01 17:00:00"),
        ("2025-01-01 12:00:00 CST", None),
    ],
)
def test_times_in_every_form_that_vendors_write(text: str, expected: str | None) -> None:
    assert times([text])[0] == [expected]


def test_epoch_seconds_are_utc_in_whatever_zone_the_company_is() -> None:
    assert times(["1735765878"], zone="Europe/Berlin")[0] == ["2025-01-01 21:11:18"]
    assert times(["20250101"], zone="Europe/Berlin")[0] == ["2024-12-31 23:00:00"]


def test_serials_of_a_spreadsheet_are_read_with_a_note() -> None:
    values, notes = times(["45658", "45659.25"])
    assert values == ["2025-01-01 00:00:00", "2025-01-02 06:00:00"]
    assert len(notes) == 1
    assert "spreadsheet" in notes[0]


def test_the_order_of_day_and_month_is_decided_by_the_whole_column() -> None:
    """Accident: half of a column is read month first, the other half day first."""
    assert times(["03/04/2026", "25/04/2026"], "US") == (["2026-04-03 00:00:00", "2026-04-25 00:00:00"], [])
    assert times(["03/04/2026", "04/25/2026"], "DE") == (["2026-03-04 00:00:00", "2026-04-25 00:00:00"], [])


def test_days_and_months_without_a_leading_zero_are_no_years() -> None:
    """Accident: 1/13/ looks like a year, so the column's months go by the country although its cells tell."""
    assert times(["1/2/2025", "1/13/2025", "12/3/2025"], "DE") == (
        ["2025-01-02 00:00:00", "2025-01-13 00:00:00", "2025-12-03 00:00:00"],
        [],
    )
    assert times(["1-2-2025 8:05", "13-2-2025 8:05"], "US") == (["2025-02-01 08:05:00", "2025-02-13 08:05:00"], [])


@pytest.mark.parametrize(("country", "expected"), [("DE", "2026-04-03 00:00:00"), ("US", "2026-03-04 00:00:00")])
def test_an_undecided_order_follows_the_country_and_a_note_says_so(country: str, expected: str) -> None:
    values, notes = times(["03/04/2026"], country)
    assert values == [expected]
    assert len(notes) == 1
    assert country in notes[0]


def test_a_time_without_zone_is_in_the_given_zone_with_its_summer_time() -> None:
    values, _ = times(["2025-01-15 12:00", "2025-07-15 12:00", "2025-07-15 12:00:00 +0000"], zone="Europe/Berlin")
    assert values == ["2025-01-15 11:00:00", "2025-07-15 10:00:00", "2025-07-15 12:00:00"]
    assert datetime.fromisoformat(str(values[0])).tzinfo is None


def whole_numbers(cells: list[str], prices: list[str], country: str = "DE") -> tuple[list[int | None], list[str]]:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE cells AS SELECT unnest($1::VARCHAR[]) AS c0, unnest($2::VARCHAR[]) AS c1", [cells, prices]
    )
    columns = Typed(numbers={"c1": "Price"}, wholes={"c0": "Employees"})
    styles, notes = survey_styles(connection, "cells", columns, Place(country, "UTC"))
    column = Column("employee_count", "integer", "Number of employees.")
    rows = connection.execute(
        f"SELECT {as_type('c0', column, 'c0', styles)} FROM cells WHERE c0 IS NOT NULL"
    ).fetchall()
    return [value for (value,) in rows], notes


@pytest.mark.parametrize("country", ["DE", "US"])
@pytest.mark.parametrize(
    ("cells", "prices", "expected"),
    [
        (["1,234", "1,000", "532"], [], [1234, 1000, 532]),
        (["1.234", "1.000", "2 000"], [], [1234, 1000, 2000]),
        (["1.000.000", "1.000"], [], [1000000, 1000]),
        (["5", "1.000", "1,000"], [], [5, None, None]),
        (["5", "0", "1,000"], [], [5, 0, 1000]),
        (["2.0", "15.0", "1.000", "1,000"], [], [2, 15, 1, 1000]),
        (["0.000", "1.000", "15.000"], [], [0, 1, 15]),
        (["1500.000", "15.000"], [], [1500, 15]),
        (["1.000", "2.000"], ["12.50", "3.10"], [1, 2]),
        (["1,000", "2,000"], ["12,50", "3,10"], [1, 2]),
        (["1.000", "2.000"], ["12,50", "3,10"], [1000, 2000]),
        (["1,000", "2,000"], ["12.50", "3.10"], [1000, 2000]),
        (["1.000", "5"], ["12.50", "3.10"], [None, 5]),
        (["1,234", "1,000"], ["12,50", "3,10"], [1234, 1000]),
        (["1.234", "1,234", "1.000"], [], [None, None, None]),
        (["0.000", "1.234", "2.000"], [], [0, None, 2]),
        (["1.000,00", "1.000"], [], [1000, 1000]),
        (["1.5", "12,5 ", "1.000"], [], [None, None, None]),
    ],
)
def test_whole_numbers_are_grouped_or_have_decimals_as_the_whole_file_tells(
    cells: list[str], prices: list[str], expected: list[int | None], country: str
) -> None:
    """Accident: a firm of one, written 1.000, has a thousand employees."""
    assert whole_numbers(cells, prices, country) == (expected, [])


@pytest.mark.parametrize("cell", ["1.000", "1,000"])
def test_where_nothing_tells_a_whole_number_is_grouped_and_a_note_says_so(cell: str) -> None:
    values, notes = whole_numbers([cell, cell], [])
    assert values == [1000, 1000]
    assert len(notes) == 1
    assert cell in notes[0]
