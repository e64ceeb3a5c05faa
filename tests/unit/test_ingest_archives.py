"""Packed files, files that are none, and names that are patterns: read as they are, or refused with a sentence."""

from __future__ import annotations

import gzip
import os
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.companies import CALLS, ORDERS, SAMPLES, Company, only


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_an_unknown_file_names_the_nearest_preset_and_what_is_missing(company: Company) -> None:
    company.land(CALLS)
    company.write(
        "stray.csv", "Name,Created at,Financial Status,Currency,Lineitem quantity,Lineitem name,Lineitem price\n"
    )
    known, unknown = company.ingest().rows
    assert (known.status, unknown.status) == ("loaded", "unknown")
    assert 'nearest is Shopify orders (shopify_orders), which also needs "Total"' in unknown.message


def test_a_file_that_cannot_be_read_is_refused_with_a_sentence_and_stops_nothing(company: Company) -> None:
    company.land(CALLS)
    company.write("broken.zip", "PK\x03\x04 this is no archive")
    company.write("broken.csv.gz", "no gzip either")
    company.write("broken.parquet", "PAR1 nor this")
    company.write("report.pdf", "%PDF")
    company.write("sheet.xlsx", "PK")
    company.write("empty.csv", "")
    (company.landing / "link.csv").symlink_to(ORDERS)
    os.mkfifo(company.landing / "pipe.csv")
    rows = {row.file: row for row in company.ingest().rows}
    assert {name: row.status for name, row in rows.items()} == {
        "broken.csv.gz": "refused",
        "broken.parquet": "refused",
        "broken.zip": "refused",
        "empty.csv": "empty",
        CALLS.name: "loaded",
        "link.csv": "refused",
        "pipe.csv": "refused",
        "report.pdf": "refused",
        "sheet.xlsx": "refused",
    }
    assert rows["broken.zip"].message == (
        "The archive is damaged or was not copied to its end. Export or copy it again."
    )
    assert all(row.message.endswith(".") for row in rows.values() if row.status != "loaded")


def test_members_of_an_archive_are_files_and_bad_ones_do_not_spoil_the_good(company: Company) -> None:
    with zipfile.ZipFile(company.landing / "audience.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted((SAMPLES / "mailchimp_audience" / "landing").glob("*_members_*.csv")):
            archive.write(source, source.name)
        archive.writestr("__MACOSX/._x.csv", "resource fork")
        archive.writestr("../../escape.csv", "Email Address,OPTIN_TIME\nz@example.com,2024-01-01 00:00:00\n")
        archive.writestr("inner.zip", "PK")
    rows = {row.file: row.status for row in company.ingest().rows}
    assert rows["audience.zip/subscribed_members_export_1234.csv"] == "loaded"
    assert rows["audience.zip/../../escape.csv"] == "loaded"
    assert rows["audience.zip/inner.zip"] == "refused"
    assert len(rows) == 6
    assert not (company.root.parent / "escape.csv").exists()
    assert company.query("contacts", "count(*), count_if(consent_email)") == [(5, 1)]


def test_an_archive_that_unpacks_beyond_measure_is_refused(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.ingest.landed._RATIO_MATTERS_FROM", 1_000)
    (company.landing / "bomb.csv.gz").write_bytes(gzip.compress(b"Email Address\n" + b"a" * 1_000_000))
    row = only(company.ingest().rows)
    assert (row.status, row.message.startswith("Unpacked, the file is far larger")) == ("refused", True)


def test_a_packed_file_gives_what_the_plain_one_gives(company: Company) -> None:
    (company.landing / "orders_export.csv.gz").write_bytes(gzip.compress(ORDERS.read_bytes()))
    assert {row.status for row in company.ingest().rows} == {"loaded"}
    assert company.query("orders", "count(*), sum(total)") == [(3, Decimal("184.8000"))]


def test_names_that_are_patterns_or_quotes_are_just_names(company: Company) -> None:
    """Accident: orders[1].csv is read as orders1.csv, which is what such a name means to the engine."""
    company.land(ORDERS, "orders[1]*'\"; drop.csv")
    company.write("orders1.csv", "nothing")
    assert [row.status for row in company.ingest().rows] == ["unknown", "loaded", "loaded"]
    assert company.query("orders", "count(*)") == [(3,)]
