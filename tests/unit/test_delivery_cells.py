"""What people see in a cell: safe, readable, and in their country's way."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.delivery.cells import Column, CsvDialect, csv_dialect, form_of, readable, safe_text
from pipelines.delivery.tables import write_csv

DANGEROUS = ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"]


def safe(text: str) -> str:
    return str(pl.select(safe_text(pl.lit(text))).item())


@pytest.mark.parametrize("start", DANGEROUS)
def test_a_cell_that_starts_like_a_formula_gets_an_apostrophe(start: str) -> None:
    assert safe(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("start", ["=", "＝", "@"])
@pytest.mark.parametrize("blank", [" ", "\xa0", "\u200b", "\ufeff"])
def test_what_a_spreadsheet_skips_does_not_hide_a_formula(blank: str, start: str) -> None:
    assert safe(f"{blank}{start}A1").startswith("'")


@pytest.mark.parametrize("text", ["Müller", "a-b", "1+1", "anna@example.org", "'", "Möbel & Co", "5,5", "x = y"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


@given(st.text(alphabet=[*DANGEROUS, " ", '"', ";", ",", "a", "é"], max_size=8))
def test_no_separator_makes_a_formula_of_a_part_of_a_cell(text: str) -> None:
    """A German file opened with an English spreadsheet is cut at its commas, also within a customer's name."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=";").writerow([7, safe(text)])
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(buffer.getvalue(), newline=""), delimiter=separator):
            for cell in row:
                assert not cell.lstrip(" \t\r\n\0").startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize(
    ("country", "dialect"),
    [
        ("DE", CsvDialect(";", True)),
        ("AT", CsvDialect(";", True)),
        ("FR", CsvDialect(";", True)),
        ("CH", CsvDialect(";", False)),
        ("GB", CsvDialect(",", False)),
        ("US", CsvDialect(",", False)),
    ],
)
def test_each_country_gets_its_separator_and_decimal_sign(country: str, dialect: CsvDialect) -> None:
    assert csv_dialect(country) == dialect


def columns_of(frame: pl.DataFrame) -> list[Column]:
    return [Column(name, name.title(), "", form_of(dtype)) for name, dtype in frame.schema.items()]


def csv_text(frame: pl.DataFrame, country: str, path: Path) -> str:
    columns = columns_of(frame)
    write_csv(readable(frame.lazy(), columns, "ja", "nein").collect(), columns, path, csv_dialect(country))
    return path.read_bytes().decode("utf-8")


def test_a_german_file_has_a_mark_semicolons_commas_and_words(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "name": ["Jörg; jun.", "=1+1", None, ""],
            "money": [Decimal("1234.5000"), Decimal("-0.0150"), None, Decimal(0)],
            "share": [0.123456, float("nan"), None, -2.0],
            "count": [-3, 0, None, 12],
            "asked": [True, False, None, None],
            "on": [date(2026, 1, 31), None, None, None],
            "at": [datetime.fromisoformat("2026-01-31T13:05:59.999999"), None, None, None],
        }
    )
    assert csv_text(frame, "DE", tmp_path / "a.csv").split("\r\n") == [
        "\ufeffName;Money;Share;Count;Asked;On;At",
        '"Jörg; jun.";1234,50;0,1235;-3;ja;2026-01-31;2026-01-31 13:05:59',
        "'=1+1;-0,02;;0;nein;;",
        ";;;;;;",
        ";0,00;-2;12;;;",
        "",
    ]


def test_a_number_that_rounds_to_nothing_is_nothing_and_not_less(tmp_path: Path) -> None:
    """Accident: "-0" as the lower end of a range."""
    frame = pl.DataFrame({"share": [-0.00001, -0.4]})
    assert csv_text(frame, "GB", tmp_path / "a.csv") == "\ufeffShare\r\n0\r\n-0.4\r\n"


def test_an_english_file_has_commas_and_points(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": ["a,b"], "money": [Decimal("1234.5")]})
    assert csv_text(frame, "GB", tmp_path / "a.csv") == '\ufeffName,Money\r\n"a,b",1234.50\r\n'
