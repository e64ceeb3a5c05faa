"""What people are told of rows that were left out, and that a corrected file ends the telling."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.ingest.batch import ingest
from pipelines.ingest.quarantine import read_quarantine
from pipelines.ingest.settings import IngestSettings
from pipelines.quarantine_view import print_quarantine
from pipelines.workspace import Workspace

BROKEN = "Rechnungsnummer;Rechnungsdatum;Rechnungsbetrag\nR-1;02.01.2025;10,00\nR-2;gestern;20,00\nR-3;03.01.2025\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path)
    found.landing.mkdir()
    (found.landing / "alt.csv").write_text(BROKEN, encoding="utf-8")
    take(found)
    return found


def take(workspace: Workspace) -> None:
    settings = IngestSettings("EUR", "DE", "Europe/Berlin", workspace.root / "scratch")
    ingest(workspace.landing, workspace.raw, workspace.quarantine, settings)


def printed(workspace: Workspace, *, as_json: bool = False, show_values: bool = False) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_quarantine(workspace, console, as_json=as_json, show_values=show_values)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_names_file_line_column_value_and_reason(workspace: Workspace) -> None:
    rows = read_quarantine(workspace.quarantine, workspace.raw).select(
        "file", "line", "column_name", "value", "raw_text"
    )
    assert rows.rows() == [
        ("alt.csv", 3, "Rechnungsdatum", "gestern", "R-2;gestern;20,00"),
        ("alt.csv", 4, None, None, "R-3;03.01.2025"),
    ]


def test_the_summary_counts_without_showing_what_stands_in_cells(workspace: Workspace) -> None:
    """Accident: a terminal's log keeps what customers wrote."""
    text = printed(workspace)
    assert "is not a date or time" in text
    assert "gestern" not in text
    assert "gestern" in printed(workspace, show_values=True)
    assert json.loads(printed(workspace, as_json=True))[0]["lines"] in ([3], [4])


def test_a_corrected_file_ends_the_quarantine_of_what_it_corrects(workspace: Workspace) -> None:
    corrected = BROKEN.replace("gestern", "02.01.2025").replace("R-3;03.01.2025\n", "")
    (workspace.landing / "neu.csv").write_text(corrected, encoding="utf-8")
    take(workspace)
    assert read_quarantine(workspace.quarantine, workspace.raw)["line"].to_list() == [4]


def test_what_an_order_was_before_does_not_correct_what_it_is_now(workspace: Workspace) -> None:
    """Accident: an order's newest version cannot be read, and because an older export can be, nobody hears of it."""
    older = "Rechnungsnummer;Rechnungsdatum;Rechnungsbetrag\nR-2;01.01.2025;20,00\n"
    (workspace.landing / "frueher.csv").write_text(older, encoding="utf-8")
    take(workspace)
    assert read_quarantine(workspace.quarantine, workspace.raw)["line"].to_list() == [3, 4]


def test_nothing_in_quarantine_is_said_so(tmp_path: Path) -> None:
    assert "No row is in quarantine." in printed(Workspace(tmp_path))
