"""Encodings, delimiters, headers and records of text files."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest.dialect import header_candidates
from pipelines.ingest.encoding import as_utf8
from pipelines.ingest.header import Dialect
from pipelines.ingest.presets import shipped_presets
from pipelines.ingest.recognise import Recognised, recognise
from pipelines.ingest.record_count import count_records
from pipelines.ingest.records import read_records

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
        ("klaviyo_profiles_export.csv", None),
        ("woocommerce_webtoffee_orders_export.csv", None),
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
