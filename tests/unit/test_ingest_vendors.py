"""What several presets have in common, and the one public export that is large enough to count."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.ingest.batch import ingest
from pipelines.ingest.settings import IngestSettings

SAMPLES = Path(__file__).resolve().parents[1] / "samples"

at = datetime.fromisoformat


def test_a_planned_close_date_does_not_make_a_deal_export_new(tmp_path: Path) -> None:
    settings = IngestSettings("EUR", "DE", "Europe/Berlin", tmp_path / "scratch")
    ingest(SAMPLES / "hubspot_deals" / "landing", tmp_path / "raw", tmp_path / "quarantine", settings)
    horizons = duckdb.sql(f"SELECT DISTINCT file_horizon FROM '{tmp_path}/raw/deals/*.parquet'").fetchall()
    assert max(horizon for (horizon,) in horizons if horizon) == at("2025-02-20 11:00:00")


def test_a_report_of_a_single_campaign_is_answered_with_what_to_export(tmp_path: Path) -> None:
    """Accident: who lands the nearest button's file is told that nothing is known, and writes a mapping in vain."""
    (tmp_path / "landing").mkdir()
    text = '"Email Campaign Report"\n"Title:","Juni"\n"Subject Line:","Sommer"\n\n"Overall Stats"\n"Recipients:","12"\n'
    (tmp_path / "landing" / "campaign_report.csv").write_text(text)
    settings = IngestSettings("EUR", "DE", "Europe/Berlin", tmp_path / "scratch")
    (row,) = ingest(tmp_path / "landing", tmp_path / "raw", tmp_path / "quarantine", settings).rows
    assert (row.status, "report of all campaigns" in row.message) == ("refused", True)


@pytest.mark.public_data
def test_the_real_online_retail_data_keep_every_line_and_every_penny(public_data: Path, tmp_path: Path) -> None:
    """541,909 lines worth 9,747,747.934 in 25,900 invoices: https://archive.ics.uci.edu/dataset/352/online+retail"""
    settings = IngestSettings("GBP", "GB", "Europe/London", tmp_path / "scratch")
    report = ingest(public_data / "online_retail", tmp_path / "raw", tmp_path / "quarantine", settings)
    loaded = {row.entity: row for row in report.rows if row.status == "loaded"}
    assert loaded["order_lines"].rows_kept == 541_909
    assert loaded["orders"].rows_kept == 25_900
    for row in loaded.values():
        assert row.amount_read == row.amount_kept == Decimal("9747747.934")
    assert report.newest_at == at("2011-12-09 12:50:00")
