"""What is proposed for a file that no preset fits, and that it works once it is saved."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.ingest.batch import ingest
from pipelines.ingest.inspection import inspect
from pipelines.ingest.settings import IngestSettings

TILL = (
    "Kassenbericht;;;;;\nBon-Nr;Bontag;Summe brutto;Kundenkarte;Filiale;Zahlart\n"
    "4711;02.01.2025;19,90;00017;Dresden;bar\n4712;03.01.2025;1.005,00;;Dresden;Karte\n4713;15.01.2025;7,50;00018;Köln;bar\n"
)
CLUB = (
    "Mitglied Nr,Vorname Mitglied,Nachname Mitglied,Mailadresse privat\n"
    "1,Ada,Alt,ada@example.com\n2,Bo,Berg,bo@example.com\n"
)


def settings(folder: Path) -> IngestSettings:
    return IngestSettings("EUR", "DE", "Europe/Berlin", folder / "scratch", mappings=folder / "mappings")


@pytest.mark.parametrize(
    ("name", "text", "entity", "rows"),
    [
        ("kasse.csv", TILL, "orders", [("4711", 19.90), ("4712", 1005.0), ("4713", 7.50)]),
        ("club.csv", CLUB, "contacts", [("1", "Alt"), ("2", "Berg")]),
    ],
)
def test_a_proposed_mapping_loads_the_file_once_it_is_saved(
    name: str, text: str, entity: str, rows: list[tuple[object, ...]], tmp_path: Path
) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / name).write_text(text, encoding="utf-8")
    (found,) = inspect([landing / name], settings(tmp_path))
    assert found.status == "unknown"
    assert found.proposal is not None
    assert f"mappings/{Path(name).stem}.yml" in found.proposal
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / f"{Path(name).stem}.yml").write_text(found.proposal, encoding="utf-8")
    report = ingest(landing, tmp_path / "raw", tmp_path / "quarantine", settings(tmp_path))
    assert [(row.status, row.entity, row.rows_kept) for row in report.rows] == [("loaded", entity, len(rows))]
    columns = "order_number, total::DOUBLE" if entity == "orders" else "source_id, last_name"
    assert duckdb.sql(f"SELECT {columns} FROM '{tmp_path}/raw/{entity}/*.parquet' ORDER BY 1").fetchall() == rows


def test_a_proposal_names_what_nothing_reads_and_what_is_still_needed(tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("Vorgang;Betrag EUR;Bemerkung\nA;1,00;x\nB;2,00;y\n", encoding="utf-8")
    (found,) = inspect([file], settings(tmp_path))
    assert found.proposal is not None
    assert "Bemerkung" in found.proposal.split("Nothing reads these columns yet:")[1]


def test_prose_gets_no_proposal(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear customer\n\nthank you.\n", encoding="utf-8")
    (found,) = inspect([file], settings(tmp_path))
    assert (found.status, found.proposal) == ("unknown", None)
