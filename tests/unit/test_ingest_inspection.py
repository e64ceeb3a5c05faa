"""Inspecting files: what would become of them, without changing anything."""

from __future__ import annotations

from pathlib import Path

from pipelines.ingest.inspection import MappedColumn, inspect
from pipelines.ingest.settings import IngestSettings

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def test_an_inspection_tells_kind_dialect_mapping_and_what_would_be_rejected(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    sample = SAMPLES / "shopify_orders" / "landing" / "orders_export.csv"
    orders.write_text(sample.read_text().replace("2025-01-03 23:30:00 +0300", "yesterday"))
    before = sorted(tmp_path.rglob("*"))
    (found,) = inspect([orders], IngestSettings("EUR", "DE", "Europe/Berlin", tmp_path / "scratch"))
    assert (found.file, found.status, found.vendor, found.preset) == (
        "orders.csv",
        "partly",
        "shopify",
        "shopify_orders",
    )
    assert (found.encoding, found.dialect, found.header_line) == ("UTF-8", 'comma quoted with "', 1)
    assert MappedColumn("Total", "orders", "total") in found.mapped
    assert "Payment Reference" in found.unmapped
    assert "Total" not in found.unmapped
    assert [(row.line, row.entity) for row in found.rejected] == [(6, "order_lines"), (6, "orders")]
    assert found.rejected[1].reason == 'Created at: "yesterday" is not a date or time'
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_known_by_its_folder_is_recognised_where_it_lies(tmp_path: Path) -> None:
    opened = SAMPLES / "mailchimp_opened/landing/export/aggregate_activity/opened/Newsletter Juni.csv"
    stray = tmp_path / "stray.csv"
    stray.write_text("a,b\n1,2\n")
    known, unknown = inspect([opened, stray], IngestSettings("EUR", "DE", "Europe/Berlin", tmp_path / "scratch"))
    assert (known.preset, known.ledger[0].rows_kept) == ("mailchimp_opened", 4)
    assert (unknown.status, unknown.preset) == ("unknown", None)
