"""Files that change, vanish, or carry commands for names: nothing of them hurts, and everything is told."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import duckdb
import pytest

from pipelines.ingest import batch
from pipelines.ingest.batch import ingest
from pipelines.ingest.durable import private_folder
from pipelines.ingest.ledger import LedgerRow
from pipelines.ingest.settings import IngestSettings

PEOPLE = "Nachname;E-Mail\nAlt;ada@example.com\n"


def take(root: Path) -> dict[str, LedgerRow]:
    settings = IngestSettings("EUR", "DE", "Europe/Berlin", root / "scratch")
    return {row.file: row for row in ingest(root / "landing", root / "raw", root / "quarantine", settings).rows}


def count(root: Path) -> int:
    ((rows,),) = duckdb.sql(f"SELECT count(*) FROM '{root}/raw/contacts/*.parquet'").fetchall()
    return int(rows)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("goes_away", [True, False])
def test_a_file_that_changes_while_it_is_read_waits_for_the_next_run(
    landing: Path, monkeypatch: pytest.MonkeyPatch, *, goes_away: bool
) -> None:
    """Accident: half of an export that is still being written is taken for the whole of it."""
    file = landing / "growing.csv"
    file.write_text(PEOPLE, encoding="utf-8")
    (landing / "still.csv").write_text(PEOPLE.replace("ada", "bo"), encoding="utf-8")
    honest = batch.open_landed

    def meanwhile(landed: object, *arguments: object) -> object:
        if getattr(landed, "name", "") == "growing.csv":
            file.unlink() if goes_away else file.write_text(PEOPLE + "Berg;b@example.com\n", encoding="utf-8")
        return honest(landed, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "open_landed", meanwhile)
    rows = take(landing.parent)
    assert (rows["growing.csv"].status, rows["still.csv"].status) == ("waiting", "loaded")
    assert count(landing.parent) == 1
    monkeypatch.undo()
    rows = take(landing.parent)
    assert count(landing.parent) == (1 if goes_away else 3)
    assert {row.status for row in rows.values()} == {"loaded"}


def test_a_header_that_is_a_command_is_just_a_header(landing: Path) -> None:
    header = 'Nachname;E-Mail;"x""; DROP TABLE quarantine; --";"\'); DELETE FROM x; --"'
    (landing / "h.csv").write_text(header + "\nAlt;ada@example.com;1;2\n", encoding="utf-8")
    assert take(landing.parent)["h.csv"].status == "loaded"
    assert count(landing.parent) == 1


def test_odd_names_and_kinds_of_files_are_told_and_hurt_nothing(landing: Path) -> None:
    (landing / "good[1]*.csv").write_text(PEOPLE, encoding="utf-8")
    (landing / "new\nline.csv").write_text(PEOPLE.replace("ada", "bo"), encoding="utf-8")
    (landing / os.fsdecode(b"caf\xe9.csv")).write_text(PEOPLE.replace("ada", "cy"), encoding="utf-8")
    (landing / "folder.csv").mkdir()
    (landing / "dangling.csv").symlink_to(landing / "nowhere")
    (landing / "loop.csv").symlink_to(landing / "loop.csv")
    os.mkfifo(landing / "pipe.csv")
    statuses = {name: row.status for name, row in take(landing.parent).items()}
    assert statuses.pop("dangling.csv") == statuses.pop("loop.csv") == statuses.pop("pipe.csv") == "refused"
    assert len(statuses) == 3
    assert set(statuses.values()) == {"loaded"}
    assert count(landing.parent) == 3


def test_a_wide_file_and_a_long_cell_are_read(landing: Path) -> None:
    names = ";".join(f"Spalte {number}" for number in range(2_000))
    row = ";".join("x" for _ in range(2_000))
    (landing / "wide.csv").write_text(f"Nachname;E-Mail;{names}\nAlt;ada@example.com;{row}\n", encoding="utf-8")
    long = '"' + "x" * 3_000_000 + '"'
    (landing / "long.csv").write_text(f"Nachname;E-Mail;Notizen\nBerg;bo@example.com;{long}\n", encoding="utf-8")
    assert {row.status for row in take(landing.parent).values()} == {"loaded"}
    assert count(landing.parent) == 2


def test_what_is_ours_is_closed_to_others_and_landing_keeps_its_mode(tmp_path: Path) -> None:
    """Accident: a colleague who drops exports into landing/ is shut out by the night's run."""
    for name in ("landing", "raw"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o775)
    take(tmp_path)
    assert stat.S_IMODE((tmp_path / "landing").stat().st_mode) == 0o775
    made = private_folder(tmp_path / "made" / "on the way" / "deep")
    folders = [tmp_path / "raw", tmp_path / "quarantine", made, made.parent, made.parent.parent]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_members_of_an_archive_that_lie_or_repeat_hurt_nothing(landing: Path) -> None:
    with zipfile.ZipFile(landing / "lie.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lie.csv", PEOPLE * 1_000)
    content = bytearray((landing / "lie.zip").read_bytes())
    said_size = content.index(b"PK\x01\x02") + 24
    content[said_size : said_size + 4] = (10).to_bytes(4, "little")
    (landing / "lie.zip").write_bytes(content)
    link = zipfile.ZipInfo("link.csv")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(landing / "odd.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a.csv", PEOPLE)
        archive.writestr("A.csv", PEOPLE.replace("ada", "bo"))
    statuses = {name: row.status for name, row in take(landing.parent).items()}
    assert statuses == {
        "lie.zip/lie.csv": "refused",
        "odd.zip/A.csv": "loaded",
        "odd.zip/a.csv": "loaded",
        "odd.zip/link.csv": "unknown",
    }
    assert count(landing.parent) == 2
