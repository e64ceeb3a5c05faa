"""Excel workbooks hold what they were given, in types that Excel knows."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from pipelines.delivery import tables, workbook
from pipelines.delivery.cells import Column, csv_dialect, form_of
from pipelines.delivery.tables import write_for_people
from pipelines.delivery.wording import wording
from pipelines.delivery.workbook import About, write_workbook

AS_OF = date(2026, 1, 31)
ABOUT = About("About", "Buyers", [("Buyers",), ("As of 2026-01-31.",)])


def write(path: Path, frame: pl.DataFrame) -> Path:
    columns = [Column(name, name.title(), "", form_of(dtype)) for name, dtype in frame.schema.items()]
    write_workbook(path, frame, columns, ABOUT, AS_OF)
    return path


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def elements(sheet: str, name: str) -> Iterator[ElementTree.Element]:
    return ElementTree.fromstring(sheet).iterfind(f".//{{*}}{name}")  # noqa: S314 (we have just written it)


def test_every_type_comes_back_as_it_was(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "name": ["01067", "<a & 'b'> \"c\"", "two\nlines", None],
            "money": pl.Series([Decimal("1234.50"), None, Decimal("-0.02"), Decimal("0.00")], dtype=pl.Decimal(38, 2)),
            "share": [0.25, None, 1e-07, -2.5],
            "count": [-3, 7, None, 0],
            "on": [date(2026, 1, 31), date(1999, 12, 31), None, date(2000, 2, 29)],
            "at": [datetime.fromisoformat("2026-01-31T13:05:59"), None, None, datetime.fromisoformat("1970-01-01")],
        }
    )
    path = write(tmp_path / "a.xlsx", frame)
    read = pl.read_excel(path, sheet_name="Buyers", schema_overrides={"Share": pl.Float64, "Count": pl.Int64})
    expected = frame.rename(str.title).with_columns(
        pl.col("Money").cast(pl.Float64), pl.col("At").cast(pl.Datetime("ms"))
    )
    assert read.to_dicts() == expected.to_dicts()


def test_text_stays_text_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": ["=1+1", "https://example.org", "1E5", "_x0041_", "a\0b\x1f", "\U0001f600" * 20_000]})
    path = write(tmp_path / "a.xlsx", frame)
    sheet = part(path, "xl/worksheets/sheet1.xml")
    assert "<f>" not in sheet
    assert "_x005F_x0041_" in sheet, "Excel would show _x0041_ as A"
    texts = [cell.text or "" for cell in elements(sheet, "t")]
    assert texts[:3] == ["=1+1", "https://example.org", "1E5"]
    assert texts[4] == "a\ufffdb\ufffd"
    assert len(texts[5].encode("utf-16-le")) // 2 < 32_767, "Excel repairs a file with a longer text"
    assert texts[5].endswith("…")


def test_what_excel_would_show_wrongly_is_written_as_text(tmp_path: Path) -> None:
    frame = pl.DataFrame({"number": [10**15, 7], "on": [date(1899, 12, 31), date(1900, 3, 1)]})
    sheet = part(write(tmp_path / "a.xlsx", frame), "xl/worksheets/sheet1.xml")
    cells = {cell.get("r"): cell for cell in elements(sheet, "c")}
    assert [cells[name].get("t") for name in ("A2", "B2", "A3", "B3")] == ["inlineStr", "inlineStr", None, None]
    assert "".join(cells["A2"].itertext()) == "1000000000000000"
    assert "".join(cells["B2"].itertext()) == "1899-12-31"
    assert "".join(cells["B3"].itertext()) == "61", "Excel's own count of 1 March 1900"


def test_headings_are_frozen_filtered_and_wide_enough(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": ["x" * 25, "y"], "count": [1, 2]})
    path = write(tmp_path / "a.xlsx", frame)
    sheet = part(path, "xl/worksheets/sheet1.xml")
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:B3"/>' in sheet
    assert '<dimension ref="A1:B3"/>' in sheet
    widths = [float(column.get("width", 0)) for column in elements(sheet, "col")]
    assert widths[0] > 25 > widths[1]


def test_a_workbook_without_rows_can_be_opened(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", pl.DataFrame(schema={"name": pl.String, "on": pl.Date}))
    assert pl.read_excel(path, sheet_name="Buyers", raise_if_empty=False).columns == ["Name", "On"]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": ["a", "b"], "share": [0.1, 0.2]})
    first = write(tmp_path / "a.xlsx", frame).read_bytes()
    time.sleep(2.1)  # a zip file tells time in steps of two seconds
    assert write(tmp_path / "b.xlsx", frame).read_bytes() == first
    assert "2026-01-31T00:00:00Z" in part(tmp_path / "a.xlsx", "docProps/core.xml")


def test_nothing_is_written_beside_the_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """XlsxWriter's temporary files hold personal data and would outlive a killed run."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "absent"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    write(tmp_path / "a.xlsx", pl.DataFrame({"name": ["a"]}))
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


def test_rows_beyond_the_limit_are_in_the_csv_and_the_workbook_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "ROW_LIMIT", 3)
    monkeypatch.setattr(workbook, "ROW_LIMIT", 3)
    table = pl.LazyFrame({"customer_id": [f"c{number}" for number in range(5)]})
    written = write_for_people(table, "buyers", tmp_path, as_of=AS_OF, dialect=csv_dialect("DE"), wording=wording())
    assert pl.read_excel(written.workbook, sheet_name="Buyers")["Customer number"].to_list() == ["c0", "c1", "c2"]
    about = pl.read_excel(written.workbook, sheet_name="About", has_header=False).to_series().to_list()
    assert any("first 3 of 5 rows" in line and "buyers.csv" in line for line in about if line)
    assert pl.read_csv(written.csv).height == 5
    with pytest.raises(ValueError, match="holds 3 rows, but 5 were given"):
        write(tmp_path / "b.xlsx", table.collect())
