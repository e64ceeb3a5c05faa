"""Workbooks in landing/: each sheet is a file of its own, typed cells keep their worth, hostile ones hurt nothing."""

from __future__ import annotations

import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from pipelines.ingest import workbook as workbooks
from pipelines.ingest.batch import IngestReport, ingest
from pipelines.ingest.settings import IngestSettings

DEALS = ["Angebotsnummer", "Verkaufschance", "Phase", "Betrag", "Erstellt am"]


class Company:
    def __init__(self, root: Path) -> None:
        self.root, self.landing = root, root / "landing"
        self.landing.mkdir()

    def ingest(self) -> IngestReport:
        settings = IngestSettings("EUR", "DE", "Europe/Berlin", self.root / "scratch")
        report = ingest(self.landing, self.root / "raw", self.root / "quarantine", settings)
        for row in report.rows:
            row.check_balance()
        return report

    def rows(self, entity: str, columns: str) -> list[tuple[object, ...]]:
        return duckdb.sql(f"SELECT {columns} FROM '{self.root}/raw/{entity}/*.parquet' ORDER BY ALL").fetchall()


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def write(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd.mm.yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()


def test_typed_cells_are_not_read_by_the_habits_of_a_country(company: Company) -> None:
    """Accident: the number 1.234 of a cell becomes a thousand in Germany, and a date turns its day and month."""
    made_on = datetime(2025, 3, 4)  # noqa: DTZ001 - a spreadsheet knows no zone
    rows = [DEALS, ["0017", "Tee", "Gewonnen", 1.234, made_on], ["0018", "Kanne", "offen", 1234567, made_on]]
    write(company.landing / "deals.xlsx", {"Chancen": [["Stand März"], [], *rows]})
    report = company.ingest()
    assert [(row.file, row.status) for row in report.rows] == [("deals.xlsx/Chancen", "loaded")]
    assert company.rows("deals", "source_id, amount, created_at, file_line") == [
        ("0017", Decimal("1.2340"), datetime(2025, 3, 3, 23), 4),  # noqa: DTZ001 - UTC, as the tables have it
        ("0018", Decimal("1234567.0000"), datetime(2025, 3, 3, 23), 5),  # noqa: DTZ001
    ]


def test_an_error_in_a_cell_is_quarantined_and_not_taken_for_an_empty_cell(company: Company) -> None:
    """Accident: the reader gives #DIV/0! as an empty cell, and an amount is lost without a word."""
    book = xlsxwriter.Workbook(str(company.landing / "e.xlsx"))
    sheet = book.add_worksheet("S")
    for number, row in enumerate([DEALS[:4], ["1", "Tee", "offen", 5], ["2", "Kanne", "offen"]], 2):
        sheet.write_row(number, 1, row)
    sheet.write_formula(4, 4, "=1/0", None, "#DIV/0!")
    book.close()
    (row,) = company.ingest().rows
    assert (row.rows_kept, row.rows_quarantined) == (1, 1)
    rejected = duckdb.sql(f"SELECT line, column_name FROM '{company.root}/quarantine/*.parquet'").fetchall()
    assert rejected == [(5, "Betrag")]


def test_a_number_of_more_digits_than_a_workbook_keeps_is_no_id(company: Company) -> None:
    """Accident: the last digits of long ids become zeros, and two customers become one."""
    rows = [DEALS[:4], [123456789012345, "Tee", "offen", 1], [12345678901234567, "Kanne", "offen", 2]]
    write(company.landing / "ids.xlsx", {"S": rows})
    (row,) = company.ingest().rows
    assert company.rows("deals", "source_id") == [("123456789012345",)]
    assert "is a number that a spreadsheet has rounded" in row.message


def test_no_module_of_the_current_folder_is_run_by_the_reader(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accident: a file json.py, dropped where the program is started, is run as part of it."""
    (company.landing / "json.py").write_text("raise SystemExit(1)", encoding="utf-8")
    write(company.landing / "a.xlsx", {"S": [["Nachname", "E-Mail"], ["Alt", "ada@example.com"]]})
    monkeypatch.chdir(company.landing)
    assert {row.file: row.status for row in company.ingest().rows} == {"a.xlsx/S": "loaded", "json.py": "refused"}


def test_every_sheet_is_a_file_of_its_own(company: Company) -> None:
    people = [["Nachname", "E-Mail", "Straße"], ["Alt", "ada@example.com", "Lange Str. 1\nHaus B"]]
    write(company.landing / "all.xlsx", {"Kunden": people, "Notizen": [["nur so", "ein Zettel"]], "Leer": []})
    report = company.ingest()
    assert {row.file: row.status for row in report.rows} == {
        "all.xlsx/Kunden": "loaded",
        "all.xlsx/Notizen": "unknown",
        "all.xlsx/Leer": "empty",
    }
    assert company.rows("contacts", "last_name, street") == [("Alt", "Lange Str. 1 Haus B")]


def test_a_workbook_within_an_archive_is_read_too(company: Company) -> None:
    write(company.root / "a.xlsx", {"S": [["Nachname", "E-Mail"], ["Alt", "ada@example.com"]]})
    with zipfile.ZipFile(company.landing / "a.zip", "w") as archive:
        archive.write(company.root / "a.xlsx", "export/a.xlsx")
    assert [(row.file, row.status) for row in company.ingest().rows] == [("a.zip/export/a.xlsx/S", "loaded")]


def test_a_hidden_sheet_is_told_and_not_read(company: Company) -> None:
    book = xlsxwriter.Workbook(str(company.landing / "h.xlsx"))
    book.add_worksheet("Seen").write_row(0, 0, ["Nachname", "E-Mail"])
    book.add_worksheet("Hidden").hide()
    book.close()
    hidden = {row.file: row for row in company.ingest().rows}["h.xlsx/Hidden"]
    assert hidden.status == "refused"
    assert "hidden" in hidden.message


def spoiled(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def bomb(path: Path, _content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))


@pytest.mark.parametrize(
    ("make", "content", "told"),
    [
        (spoiled, b"PK\x03\x04 cut off", "damaged or was not copied to its end"),
        (spoiled, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "locked with a password"),
        (bomb, b"", "far larger than a workbook of that size can be"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_refused_with_a_sentence(
    make: object, content: bytes, told: str, company: Company
) -> None:
    assert callable(make)
    make(company.landing / "x.xlsx", content)
    write(company.landing / "good.xlsx", {"S": [["Nachname", "E-Mail"], ["Alt", "ada@example.com"]]})
    rows = {row.file: row for row in company.ingest().rows}
    assert rows["good.xlsx/S"].status == "loaded"
    assert rows["x.xlsx"].status == "refused"
    assert told in rows["x.xlsx"].message


def test_a_sparse_workbook_that_aborts_its_reader_costs_only_itself(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accident: one cell in the last column of the last row makes a reader ask for sixteen thousand million cells."""
    monkeypatch.setattr(workbooks, "_READER_MEMORY", 1 << 30)
    book = xlsxwriter.Workbook(str(company.landing / "sparse.xlsx"))
    sheet = book.add_worksheet("S")
    sheet.write(0, 0, "Nachname")
    sheet.write(1_048_575, 16_383, "x")
    book.close()
    (row,) = company.ingest().rows
    assert row.status in ("refused", "unknown")
    assert row.message


def test_a_reader_that_hangs_is_stopped(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "_READER_SECONDS", 0)
    write(company.landing / "slow.xlsx", {"S": [["Nachname", "E-Mail"]]})
    (row,) = company.ingest().rows
    assert row.status == "refused"
    assert "could not be read within" in row.message


def write_ods(path: Path, city: str, spaces: str = "") -> None:
    """A workbook of LibreOffice, in which the cell for the town is `city`."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = ["".join(map(cell.format, row)) for row in (("Nachname", "E-Mail", "Ort"), ("Alt", "ada@example.com"))]
    sheet = f'<table:table table:name="S"><table:table-row>{"</table:table-row><table:table-row>".join(rows)}{city}'
    names = "urn:oasis:names:tc:opendocument:xmlns:"
    spaces += " ".join(f'xmlns:{name}="{names}{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>{sheet}</table:table-row></table:table>"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)


MARKS = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" '
ERROR = (
    '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" '
    'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
)


@pytest.mark.parametrize(
    ("city", "spaces", "told"),
    [
        ("", "", "Errors such as #N/A arrive from .ods as empty cells; where it holds formulas, save it as .xlsx."),
        ("", MARKS, ""),
        (ERROR, MARKS, "1 cell of the workbook holds an error such as #N/A, and arrives as empty"),
    ],
)
def test_a_workbook_of_which_errors_do_not_arrive_says_so(company: Company, city: str, spaces: str, told: str) -> None:
    """Accident: a look-up fails in LibreOffice, and its #N/A is taken for a customer without a town."""
    write_ods(company.landing / "a.ods", city, spaces)
    (row,) = company.ingest().rows
    assert (row.status, row.rows_kept) == ("loaded", 1)
    assert row.message.startswith(told) if told else row.message == ""
