"""Each preset with a sample in the vendor's true layout, and the canonical rows that must come of it, line by line.

`tests/samples/<preset>/landing/` holds the files as the vendor names them, `expected.yml` beside it what they say,
written by hand: the kept rows of each entity with every filled column, the quarantined rows, and how many rows say
nothing of their own.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from data_quality.contracts import Column, contracts
from pipelines.ingest.batch import IngestReport, ingest
from pipelines.ingest.preset_files import shipped_presets
from pipelines.ingest.settings import IngestSettings

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SETTINGS = {"country": "DE", "timezone": "Europe/Berlin", "currency": "EUR", "exchange_rates": ["USD", "GBP"]}

Row = dict[str, Any]


def sample_names() -> list[str]:
    return sorted(folder.name for folder in SAMPLES.iterdir())


@cache
def expected_of(name: str) -> dict[str, Any]:
    """What the sample says, every scalar as the text that it is."""
    content = yaml.load((SAMPLES / name / "expected.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    assert isinstance(content, dict)
    return content


class Sample:
    """One sample, ingested into a folder of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        said = SETTINGS | {key: value for key, value in expected_of(name).items() if key in SETTINGS}
        self.raw, self.quarantine = folder / "raw", folder / "quarantine"
        settings = IngestSettings(
            str(said["currency"]),
            str(said["country"]),
            str(said["timezone"]),
            folder / "scratch",
            frozenset(said["exchange_rates"]),
        )
        self.report: IngestReport = ingest(SAMPLES / name / "landing", self.raw, self.quarantine, settings)
        self.files = {row.file_id: row.file for row in self.report.rows}

    def rows(self, entity: str) -> list[Row]:
        """The filled cells of each kept row, with file and line, in the order of files and lines."""
        names = [column.name for column in contracts()[entity].columns]
        found = duckdb.sql(
            f"SELECT file_id, file_line, {', '.join(names)} FROM read_parquet('{self.raw}/{entity}/*.parquet')"
        ).fetchall()
        filled = [dict(zip(["file", "file_line", *names], row, strict=True)) for row in found]
        named = [{**row, "file": self.files[row["file"]]} for row in filled]
        ordered = sorted(
            named, key=lambda row: (row["file"], row["file_line"], row.get("line_no") or 0, row.get("event") or "")
        )
        return [{key: value for key, value in row.items() if value is not None} for row in ordered]

    def quarantined(self) -> list[Row]:
        """The rows in quarantine: file, line, entity, column_name, reason."""
        if not list(self.quarantine.glob("*.parquet")):
            return []
        found = duckdb.sql(
            f"SELECT file, line, entity, column_name, reason FROM read_parquet('{self.quarantine}/*.parquet') "
            "ORDER BY file, line, entity"
        )
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(params=sample_names())
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Sample]:
    return request.param, Sample(request.param, tmp_path)


def test_every_preset_has_a_sample_and_every_sample_a_preset() -> None:
    """Accident: a preset that nobody ever tried on a file."""
    assert sample_names() == sorted(preset.slug for preset in shipped_presets())


def test_a_sample_gives_the_canonical_rows_that_it_says_line_by_line(sample: tuple[str, Sample]) -> None:
    name, ingested = sample
    expected = expected_of(name)
    for entity in contracts():
        wanted = [_typed(entity, row, ingested) for row in expected.get(entity, [])]
        assert ingested.rows(entity) == wanted, entity


def test_a_sample_leaves_in_quarantine_what_it_says(sample: tuple[str, Sample]) -> None:
    name, ingested = sample
    found = ingested.quarantined()
    wanted = expected_of(name).get("quarantine", [])
    keys = [(row["line"], row["entity"], row["column_name"]) for row in found]
    assert keys == [(int(row["line"]), row["entity"], row.get("column_name")) for row in wanted]
    for row, want in zip(found, wanted, strict=True):
        assert want["reason"] in row["reason"]


def test_every_file_of_a_sample_is_read_by_its_preset_and_balances(sample: tuple[str, Sample]) -> None:
    """Accident: a file that another vendor's preset takes, or rows that are in no column of the ledger."""
    name, ingested = sample
    (preset,) = [preset for preset in shipped_presets() if preset.slug == name]
    rows = ingested.report.rows
    assert rows
    assert {(row.vendor, row.entity) for row in rows} <= {(preset.vendor, entity) for entity in preset.entities}
    for row in rows:
        row.check_balance()
    collapsed = {entity: sum(row.rows_collapsed for row in rows if row.entity == entity) for entity in preset.entities}
    wanted = expected_of(name).get("collapsed", {})
    assert {entity: count for entity, count in collapsed.items() if count} == {
        entity: int(count) for entity, count in wanted.items()
    }


def _typed(entity: str, row: dict[str, str], ingested: Sample) -> Row:
    """An expected row in the types of its contract; its file is the sample's only one unless it says which."""
    file = row.get("file") or min(ingested.files.values())
    values = {key: _value(contracts()[entity].column(key), text) for key, text in row.items() if key != "file"}
    return {"file": file, **values}


def _value(column: Column, text: str) -> object:
    match column.type:
        case "money":
            return Decimal(text).quantize(Decimal("0.0001"))
        case "integer":
            return int(text)
        case "number":
            return float(text)
        case "boolean":
            return {"true": True, "false": False}[text]
        case "date":
            return date.fromisoformat(text)
        case "timestamp":
            return datetime.fromisoformat(text)
        case _:
            return text
