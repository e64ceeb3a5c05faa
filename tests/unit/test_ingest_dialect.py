"""Encodings, delimiters, headers and records of text files."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest import encoding
from pipelines.ingest.dialect import header_candidates, settled
from pipelines.ingest.encoding import as_utf8
from pipelines.ingest.engine import engine
from pipelines.ingest.header import Dialect
from pipelines.ingest.preset_files import shipped_presets
from pipelines.ingest.recognise import Recognised, recognise, vocabulary
from pipelines.ingest.record_count import count_records
from pipelines.ingest.records import read_records
from pipelines.ingest.refusal import RefusalError
from pipelines.ingest.source import Source, text_source
from pipelines.ingest.staging import column_name

TEXT = "Straße;Preis\r\nGrünstraße – 5;12,30 €\r\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "UTF-8"),
        (TEXT.encode("utf-8-sig"), "UTF-8 with a byte order mark"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (TEXT.encode("utf-16-le"), "UTF-16-LE"),
        (TEXT.encode("cp1252"), "Windows-1252"),
    ],
)
def test_every_usual_encoding_is_read_without_loss(content: bytes, encoding: str, tmp_path: Path) -> None:
    landed = tmp_path / "landed"
    landed.write_bytes(content)
    text = as_utf8(landed, tmp_path / "utf8")
    assert text.encoding == encoding
    assert text.path.read_bytes().decode("utf-8-sig") == TEXT


def test_a_file_of_two_encodings_keeps_the_umlauts_of_both(tmp_path: Path) -> None:
    """Accident: two exports were pasted together, and one bad byte turns every good umlaut into two signs."""
    landed = tmp_path / "landed"
    landed.write_bytes("Jürgen\n".encode() + "Jörg\n".encode("cp1252"))
    assert as_utf8(landed, tmp_path / "utf8").path.read_text(encoding="utf-8") == "Jürgen\nJörg\n"


def test_lines_that_end_with_a_carriage_return_alone_are_lines(tmp_path: Path) -> None:
    """Accident: a file of an old Mac is one long header and holds no rows."""
    landed = tmp_path / "landed"
    landed.write_bytes(b"a,b\r1,2\r3,4\r")
    text = as_utf8(landed, tmp_path / "utf8")
    assert [record.cells for record in read_records(text.path, 1, Dialect(), ["a", "b"])] == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("above", ["", "sep={}\n", "Calls of last month\n\n"])
def test_the_header_is_found_under_any_delimiter_and_below_a_title(delimiter: str, above: str, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    header = ["Record ID", "Call Title", "Activity date"]
    path.write_text(above.format(delimiter) + delimiter.join(header) + "\n" + delimiter.join("123") + "\n")
    found = recognise(header_candidates(path), "calls.csv", shipped_presets())
    assert isinstance(found, Recognised)
    assert (found.preset.slug, found.header.dialect.delimiter) == ("hubspot_calls", delimiter)
    assert found.header.last_line == above.count("\n") + 1


@pytest.mark.public_data
@pytest.mark.parametrize(
    ("file", "preset"),
    [
        ("hubspot_contacts_export.csv", "hubspot_contacts"),
        ("mailchimp_audience_export.csv", "mailchimp_audience"),
        ("mailchimp_campaigns_export.csv", "mailchimp_campaigns"),
        ("mailchimp_unsubscribed_export.csv", "mailchimp_audience"),
        ("shopify_customers_export.csv", "shopify_customers"),
        ("shopify_orders_export_2025.csv", "shopify_orders"),
        ("shopify_orders_export_older.csv", "shopify_orders"),
        ("brevo_contacts_export.csv", "brevo_contacts"),
        ("ebay_de_verkaufsprotokoll.csv", "ebay_de_orders"),
        ("klaviyo_campaigns_export.csv", "klaviyo_campaigns"),
        ("klaviyo_profiles_export_newer_columns.csv", "klaviyo_profiles"),
        ("magento2_customers_grid_export.csv", "magento_customers"),
        ("magento2_orders_grid_export.csv", "magento_orders"),
        ("rakuten_de_erp_orders.csv", "rakuten_de_orders"),
        ("salesforce_lead_fields.csv", "salesforce_leads"),
        ("klaviyo_profiles_export.csv", "klaviyo_profiles"),
        ("woocommerce_webtoffee_orders_export.csv", "woocommerce_webtoffee_orders"),
    ],
)
def test_headers_of_real_exports_are_told_apart(file: str, preset: str | None, public_data: Path) -> None:
    found = recognise(header_candidates(public_data / "vendor_headers" / file), file, shipped_presets())
    assert (found.preset.slug if isinstance(found, Recognised) else None) == preset


CELLS = st.text(alphabet='ab",;\n\r ü', max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2).filter(lambda row: any(row)), max_size=12))
def test_records_of_a_sound_file_are_counted_and_placed_as_a_careful_reader_does(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["x", "y"], *rows])
    path = tmp_path_factory.mktemp("sound") / "file.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    count = count_records(path, 1)
    records = list(read_records(path, 1, Dialect(), ["x", "y"]))
    assert [record.cells for record in records] == rows
    assert count.count == len(rows)
    offsets = dict(zip(count.records.tolist(), count.offsets.tolist(), strict=True))
    offset = 0
    for number, record in enumerate(records):
        offset = offsets.get(number, offset)
        assert number + offset == record.line


def test_the_longest_record_is_measured_over_the_borders_of_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine is told of it; were it too short, a sound file would be read slowly, record by record."""
    monkeypatch.setattr("pipelines.ingest.record_count._CHUNK_BYTES", 64)
    path = tmp_path / "file.csv"
    path.write_bytes(b"x,y\na,b\n" + b'c,"' + b"long\n" * 60 + b'"\nd,e\n')
    assert count_records(path, 1, Dialect(), 2).longest == len(b'c,"' + b"long\n" * 60 + b'"\n')


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet='a",;ü ', min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=12))
def test_every_line_of_a_broken_file_is_in_exactly_one_record(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("broken") / "file.csv"
    path.write_text("x,y\n" + "\n".join(lines) + "\n", encoding="utf-8", newline="")
    covered = []
    for record in read_records(path, 1, Dialect(), ["x", "y"]):
        breaks = sum(cell.count("\n") for cell in record.cells)
        covered += list(range(record.line, record.line + breaks + 1))
    assert covered == list(range(2, len(lines) + 2))


def stage_of(folder: Path, text: str, *, encoding: str = "utf-8") -> tuple[list[tuple[str | None, ...]], Source]:
    """The rows that a file of contacts gives, and the source that they come from."""
    landed = folder / "file.csv"
    landed.write_bytes(text.encode(encoding))
    utf8 = as_utf8(landed, folder / "utf8")
    found = recognise(header_candidates(utf8.path), "file.csv", PRESETS)
    assert isinstance(found, Recognised), found
    header = settled(utf8.path, found.header)
    positions = [at for name in ("Record ID", "First Name", "Email") for at in header.find(name)]
    with engine(folder / "spill", "1GB") as connection:
        source = text_source(connection, utf8, header, positions, vocabulary(PRESETS), folder)
        names = ", ".join(column_name(at) for at in positions)
        return connection.execute(f"SELECT {names} FROM {source.relation} ORDER BY record").fetchall(), source


PRESETS = [preset for preset in shipped_presets() if preset.slug == "hubspot_contacts"]
HEAD = "Record ID,First Name,Last Name,Email\n"
ROWS = [("1", "Ada", "ada@example.com"), ("2", "Bo", "bo@example.com")]
TABLE = HEAD + "1,Ada,Alt,ada@example.com\n2,Bo,Berg,bo@example.com\n"


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ":", "^", "~", "\x1f", "||"])
def test_rows_are_read_under_any_delimiter(delimiter: str, tmp_path: Path) -> None:
    assert stage_of(tmp_path, TABLE.replace(",", delimiter))[0] == ROWS


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (HEAD + "1,'Ada, née X',Alt,ada@example.com\n2,'Bo',Berg,bo@example.com\n", "Ada, née X"),
        (HEAD + '1,"Ada \\"A\\", x",Alt,ada@example.com\n2,Bo,Berg,bo@example.com\n', 'Ada "A", x'),
        (HEAD + '1, "Ada, x" ,Alt,ada@example.com\n2,Bo,Berg,bo@example.com\n', "Ada, x"),
        (HEAD + '1,Ada 5",Alt,ada@example.com\n2,Bo,Berg,bo@example.com\n', 'Ada 5"'),
        (HEAD + '1,"Ada\r\nx",Alt,ada@example.com\r\n2,Bo,Berg,bo@example.com\r\n', "Ada\nx"),
    ],
)
def test_quotes_of_every_kind_enclose_what_they_enclose(text: str, rows: str, tmp_path: Path) -> None:
    found, source = stage_of(tmp_path, text)
    assert (found, source.reject_count) == ([("1", rows, "ada@example.com"), ROWS[1]], 0)


@pytest.mark.parametrize(
    "broken",
    [
        '3,"Cy,Conrad,cy@example.com\n',
        '3,Cy",Conrad,"cy@example.com"\n',
        '3,"Cy"x,Conrad,cy@example.com\n',
        "3,Cy,Conrad\n",
        "3,Cy,,Conrad,cy@example.com\n",
        "3,,Cy,Conrad,\n",
    ],
)
def test_a_broken_row_costs_itself_and_no_other(broken: str, tmp_path: Path) -> None:
    """Accident: an open quotation mark swallows the rows below it, or a row moved by one cell is read as it stands."""
    quoted = HEAD + '1,"Ada",Alt,ada@example.com\n' + broken + "2,Bo,Berg,bo@example.com\n"
    found, source = stage_of(tmp_path, quoted)
    assert (found, source.reject_count) == (ROWS, 1)


def test_a_delimiter_at_the_end_of_every_row_is_no_cell(tmp_path: Path) -> None:
    found, source = stage_of(
        tmp_path, HEAD + "1,Ada,Alt,ada@example.com,\n2,Bo,Berg,bo@example.com,\n3,,Cy,Cold,cy@x.example\n"
    )
    assert (found, source.reject_count) == (ROWS, 1)


@pytest.mark.parametrize(
    ("below", "told"),
    [
        ("\nExported by the sales team\n", "below the table left out"),
        ("Total,,,\n", "that closes the table was left out"),
        ("2 rows\n", "below the table left out"),
        (HEAD + "3,Cy,Cold,cy@example.com\n", "1 row says the header once more"),
    ],
)
def test_what_stands_between_and_below_the_rows_is_no_row_and_is_told(below: str, told: str, tmp_path: Path) -> None:
    found, source = stage_of(tmp_path, TABLE + below)
    assert found[:2] == ROWS
    assert source.reject_count == 0
    assert any(told in note for note in source.notes)


def test_the_rows_of_a_second_table_are_none_of_the_first(tmp_path: Path) -> None:
    found, source = stage_of(tmp_path, TABLE + "\nEmail,Record ID\nx@example.com,9\n7,Cy,Cold,cy@example.com\n")
    assert (found, source.reject_count) == (ROWS, 3)


def test_a_second_table_of_the_same_width_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="Line 5 looks like the header of a second table"):
        stage_of(tmp_path, TABLE + "\nEmail,Record ID,Phone Number,City\nx@example.com,9,1,Ulm\n")


def test_a_record_cut_off_at_the_end_is_no_footer(tmp_path: Path) -> None:
    found, source = stage_of(tmp_path, TABLE + "3,Cy")
    assert (found, source.reject_count) == (ROWS, 1)


def test_the_euro_sign_of_latin_9_is_a_euro_sign(tmp_path: Path) -> None:
    landed = tmp_path / "landed"
    landed.write_bytes("Größe;5,00 €\n".encode("iso-8859-15"))
    text = as_utf8(landed, tmp_path / "utf8")
    assert (text.encoding, text.path.read_text(encoding="utf-8")) == ("ISO-8859-15", "Größe;5,00 €\n")


@pytest.mark.parametrize("shift", range(4))
def test_a_sign_that_two_pieces_of_a_file_share_is_still_a_sign(
    shift: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accident: a large UTF-8 file is taken for Windows-1252, because a sign lay across the end of a piece."""
    monkeypatch.setattr(encoding, "_CHUNK_BYTES", 8)
    landed = tmp_path / "landed"
    landed.write_bytes(("x" * shift + "äöü€ß𝄞é" * 9 + "\n").encode())
    assert as_utf8(landed, tmp_path / "utf8").encoding == "UTF-8"
    landed.write_bytes(("x" * shift + "äöü€ß" * 9).encode() + b"\xc3\n")
    assert as_utf8(landed, tmp_path / "utf8").encoding != "UTF-8"
