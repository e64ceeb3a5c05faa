"""Files as tools and people spoil them: each is read right, refused, or its rows are in quarantine."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest.batch import ingest
from pipelines.ingest.encoding import as_utf8
from pipelines.ingest.settings import IngestSettings
from tests.unit.companies import Company, only

HEADER = "Record ID,First Name,Last Name,Email,City"
ROWS = (
    "101,Änna,Öst,anna@example.com,Köln",
    '102,"Bob, der",Müller,bob@example.com,Berlin',
    "103,Carl,Ohne,carl@example.com,Ulm",
    "104,Dora,Weiß,dora@example.com,Ulm",
)
FILE = "hubspot-crm-exports-all-contacts-2025-03-01.csv"
Kept = dict[str, tuple[str | None, str | None]]


class Read:
    """What became of one file: its rows by id, the lines in quarantine, the statuses, the messages."""

    def __init__(self, content: bytes | str, folder: Path) -> None:
        (folder / "landing").mkdir()
        (folder / "landing" / FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
        settings = IngestSettings("EUR", "DE", "Europe/Berlin", folder / "scratch")
        report = ingest(folder / "landing", folder / "raw", folder / "quarantine", settings)
        rows = duckdb.sql(
            f"SELECT source_id, first_name, city FROM read_parquet('{folder}/raw/contacts/*.parquet')"
        ).fetchall()
        self.kept: Kept = {row[0]: row[1:] for row in rows}
        self.quarantined: set[int] = set()
        if list((folder / "quarantine").glob("*.parquet")):
            lines = duckdb.sql(f"SELECT line FROM read_parquet('{folder}/quarantine/*.parquet')").fetchall()
            self.quarantined = {line for (line,) in lines}
        self.statuses = {row.status for row in report.rows}
        self.message = " ".join(row.message for row in report.rows)


SOUND: Kept = {"101": ("Änna", "Köln"), "102": ("Bob, der", "Berlin"), "103": ("Carl", "Ulm"), "104": ("Dora", "Ulm")}


def text(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


@pytest.mark.parametrize("encoding", ["cp850", "cp437", "mac_roman", "cp1250"])
def test_umlauts_of_dos_and_mac_programs_are_told_apart(encoding: str, tmp_path: Path) -> None:
    """Accident: an export of a DOS program is taken for one of a Mac, and Müller becomes MÅller."""
    assert Read(text(*ROWS).encode(encoding), tmp_path).kept == SOUND


def test_one_bad_byte_does_not_spoil_the_other_umlauts_of_its_line(tmp_path: Path) -> None:
    """Accident: somebody pastes one cell into a UTF-8 file, and every umlaut of that line becomes two signs."""
    read = Read(text(*ROWS).encode().replace("Köln".encode(), b"K\xf6ln"), tmp_path)
    assert read.kept == SOUND
    assert "mixes" in read.message


def test_signs_that_are_lost_are_told(tmp_path: Path) -> None:
    """Accident: a UTF-16 file is copied only in part, and half a sign is replaced without a word."""
    landed = tmp_path / "landed"
    landed.write_bytes(text(*ROWS).encode("utf-16")[:-1])
    assert "Damaged signs (1)" in as_utf8(landed, tmp_path / "utf8").note


@pytest.mark.parametrize(
    "header", [HEADER, "\ufeff" + HEADER, HEADER.lower(), ",".join(f'"{name}"' for name in HEADER.split(","))]
)
def test_a_header_that_is_said_again_is_no_record(header: str, tmp_path: Path) -> None:
    """Accident: two files are put together with `cat`, and the second header becomes a customer."""
    read = Read(text(*ROWS[:2], header, *ROWS[2:]), tmp_path)
    assert read.kept == SOUND
    assert "the header once more" in read.message


@pytest.mark.parametrize("second", ["Deal ID,Deal Name,Deal Stage,Amount,Pipeline", "Foo,Bar,Baz,Qux,Quux"])
def test_a_second_table_of_the_same_width_is_refused(second: str, tmp_path: Path) -> None:
    """Accident: deals stand below the contacts, and become contacts."""
    read = Read(text(*ROWS, "", second, "201,Deal x,won,5,y"), tmp_path)
    assert read.statuses == {"refused"}
    assert "Line 7" in read.message


def test_a_second_table_of_another_width_is_in_quarantine_and_not_a_footer(tmp_path: Path) -> None:
    """Accident: the rows of a narrow second table are left out as remarks."""
    read = Read(text(*ROWS, "", "Gerätenummer,Zustand", "201,gut"), tmp_path)
    assert read.kept == SOUND
    assert read.quarantined == {7, 8}


def test_a_closing_row_as_wide_as_the_table_is_left_out(tmp_path: Path) -> None:
    """Accident: the number of rows below a table becomes a contact."""
    read = Read(text(*ROWS, "", "Anzahl,4,Seite,1,von 1"), tmp_path)
    assert read.kept == SOUND
    assert "line 7" in read.message


def test_rows_without_blank_lines_between_records_of_words_are_kept(tmp_path: Path) -> None:
    """Accident: a blank line in the middle of a file makes a sound row look like another table."""
    assert Read(text(*ROWS[:3], "", *ROWS[3:]), tmp_path).kept == SOUND


def test_a_row_swallowed_by_two_open_quotes_is_not_part_of_a_cell(tmp_path: Path) -> None:
    """Accident: two quotation marks lack their partners, and a whole customer becomes the town of another."""
    open_quote, closed_late = '103,Carl,Ohne,carl@example.com,"Ulm', '104,Dora,Weiß,dora@example.com,Ulm"'
    read = Read(text(*ROWS[:2], open_quote, closed_late), tmp_path)
    assert set(read.kept) == {"101", "102"}
    assert read.quarantined == {4}


def test_a_last_cell_torn_by_a_line_break_is_not_taken_for_whole(tmp_path: Path) -> None:
    """Accident: the line break in an unquoted last cell cuts it, and only its rest is in quarantine."""
    read = Read(text(*ROWS[:2], "103,Carl,Ohne,carl@example.com,Neu", "Ulm", ROWS[3]), tmp_path)
    assert set(read.kept) == {"101", "102", "104"}
    assert read.quarantined == {4, 5}


def test_apostrophes_as_quotes_may_enclose_line_breaks(tmp_path: Path) -> None:
    """Accident: cells in apostrophes that hold line breaks tear all rows apart."""
    read = Read(text("101,Anna,Ost,anna@example.com,'A\nB'", "102,Bob,Ost,bob@example.com,'A\nB'"), tmp_path)
    assert read.kept == {"101": ("Anna", "A\nB"), "102": ("Bob", "A\nB")}


def test_a_lone_row_with_a_delimiter_too_many_is_not_shifted(tmp_path: Path) -> None:
    """Accident: the only row of a file has one comma too many, which is taken for the file's custom."""
    read = Read(text("101,Anna,,Ost,anna@example.com,"), tmp_path)
    assert read.kept == {}
    assert read.quarantined == {2}


def test_a_record_number_that_a_table_holds_as_a_decimal_number_is_the_same_number(tmp_path: Path) -> None:
    """Accident: a column of ids with a gap becomes 1001.0, and no order finds its customer."""
    company = Company(tmp_path)
    columns = {
        "Kundennummer": [1001.0, None],
        "Nachname": ["Muster", "Mohn"],
        "E-Mail": ["a@example.com", "b@example.com"],
    }
    pq.write_table(pa.table(columns), company.landing / "kunden.parquet")
    company.ingest()
    assert company.query("contacts", "source_id") == [("1001",), ("b@example.com",)]


HEADERLESS = """\
name: Till
vendor: till
recognise:
  required: [Bon, Tag, Summe]
  columns: [Bon, Tag, Summe, Kasse]
  file_name: 'till_[0-9]+\\.csv'
records:
  - entity: orders
    columns: {order_number: Bon, ordered_at: Tag, total: Summe, status: {value: paid}}
"""


def test_a_mapping_names_the_columns_of_files_without_a_header(tmp_path: Path) -> None:
    """Accident: the first sale of every file is taken for its header, or the file cannot be read at all."""
    company = Company(tmp_path)
    rows = "A1;01.02.2025;5,00;2\nA2;01.02.2025;7,50;2\n"
    company.write("till_1.csv", rows)
    assert "recognise.columns" in only(company.ingest().rows).message
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "till.yml").write_text(HEADERLESS, encoding="utf-8")
    company.write("till_2.csv", "Bon;Tag;Summe;Kasse\nA3;02.02.2025;9,00;1\n")
    assert [(row.file, row.rows_read, row.rows_kept) for row in company.ingest().rows] == [
        ("till_1.csv", 2, 2),
        ("till_2.csv", 1, 1),
    ]
    assert sorted(company.query("orders", "order_number, total, file_line")) == [
        ("A1", Decimal("5.0000"), 1),
        ("A2", Decimal("7.5000"), 2),
        ("A3", Decimal("9.0000"), 2),
    ]
