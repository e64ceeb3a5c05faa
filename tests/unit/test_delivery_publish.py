"""Exports go into place completely or not at all, whenever a run is killed."""

from __future__ import annotations

import os
import signal
import stat
import sys
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from pipelines.delivery import publish
from pipelines.delivery.publish import PublicationError, publication, published_before, remove_leftovers

DAY = date(2026, 1, 31)
NEXT_DAY = date(2026, 2, 1)


def publish_text(exports: Path, day: date, text: str) -> None:
    with publication(exports, day) as folder:
        (folder / "tables").mkdir()
        (folder / "tables" / "customers").write_text(text)
        (folder / "manifest.json").write_text(text)


def texts(folder: Path) -> set[str]:
    return {(folder / "tables" / "customers").read_text(), (folder / "manifest.json").read_text()}


def versions(exports: Path) -> list[str]:
    return sorted(path.name for path in (exports / ".versions").iterdir())


def test_latest_and_the_day_lead_to_what_was_written(tmp_path: Path) -> None:
    publish_text(tmp_path, DAY, "one")
    assert texts(tmp_path / "latest") == texts(tmp_path / "2026-01-31") == {"one"}
    assert (tmp_path / "latest").readlink() == Path(".versions/2026-01-31-1"), "relative, so the workspace can be moved"


def test_a_second_run_of_a_day_replaces_it_and_keeps_other_days(tmp_path: Path) -> None:
    publish_text(tmp_path, DAY, "one")
    publish_text(tmp_path, NEXT_DAY, "two")
    publish_text(tmp_path, NEXT_DAY, "three")
    assert texts(tmp_path / "2026-01-31") == {"one"}
    assert texts(tmp_path / "2026-02-01") == texts(tmp_path / "latest") == {"three"}
    assert versions(tmp_path) == ["2026-01-31-1", "2026-02-01-2"]


def test_a_repeated_run_is_compared_with_the_same_day_before(tmp_path: Path) -> None:
    assert published_before(tmp_path, NEXT_DAY) is None
    for day in (DAY, NEXT_DAY, NEXT_DAY):
        publish_text(tmp_path, day, "one")
        assert published_before(tmp_path, DAY) is None
        assert published_before(tmp_path, NEXT_DAY) == tmp_path / "2026-01-31"


def test_latest_is_the_run_that_succeeded_last_even_for_an_earlier_day(tmp_path: Path) -> None:
    publish_text(tmp_path, NEXT_DAY, "two")
    publish_text(tmp_path, DAY, "one, anew")
    assert texts(tmp_path / "latest") == {"one, anew"}
    assert texts(tmp_path / "2026-02-01") == {"two"}


def test_an_exception_leaves_everything_as_it_was(tmp_path: Path) -> None:
    publish_text(tmp_path, DAY, "one")
    with pytest.raises(ZeroDivisionError), publication(tmp_path, DAY) as folder:
        (folder / "half").write_text(str(1 / 0))
    assert texts(tmp_path / "latest") == {"one"}
    assert versions(tmp_path) == ["2026-01-31-1"]


def test_files_are_for_the_owner_only(tmp_path: Path) -> None:
    publish_text(tmp_path, DAY, "one")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "latest").resolve().rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / ".versions").glob("**/") if path != tmp_path}
    assert modes == {0o600}
    assert folders == {0o700}


def test_what_is_not_ours_is_left_alone_and_named(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "mine.txt").write_text("mine")
    with pytest.raises(PublicationError, match="exports/latest is not a link"):
        publish_text(tmp_path, DAY, "one")
    assert (tmp_path / "latest" / "mine.txt").read_text() == "mine"


def test_leftovers_go_and_what_a_link_leads_to_stays(tmp_path: Path) -> None:
    publish_text(tmp_path, DAY, "one")
    (tmp_path / ".versions" / ".building-killed").mkdir()
    (tmp_path / ".versions" / "2026-01-31-7").mkdir()
    (tmp_path / ".new-latest").symlink_to(".versions/2026-01-31-7")
    (tmp_path / "kept").symlink_to(".versions/2026-01-31-1")
    assert remove_leftovers(tmp_path) == [".building-killed", ".new-latest", "2026-01-31-7"]
    assert texts(tmp_path / "latest") == {"one"}
    assert remove_leftovers(tmp_path) == []
    assert remove_leftovers(tmp_path / "absent") == []


def test_every_file_is_on_the_disk_before_a_link_leads_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut could leave `latest` leading to empty files."""
    steps: list[str] = []
    replace = Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: steps.append(Path(f"/dev/fd/{handle}").resolve().name))
    monkeypatch.setattr(Path, "replace", lambda path, target: (steps.append("link"), replace(path, target))[1])
    publish_text(tmp_path, DAY, "one")
    assert {"customers", "tables", "manifest.json", ".versions"} <= set(steps[: steps.index("link")])
    assert steps[-2:] == ["link", tmp_path.name]


def kill_at_line(number: int) -> Any:
    """A trace function that kills the process with SIGKILL before the given line that publish.py runs."""
    seen = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal seen
        if frame.f_code.co_filename != publish.__file__:
            return None
        if event == "line":
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1
        return trace

    return trace


def survives(exports: Path, line: int) -> bool:
    """Whether a process that publishes the next day, killed at a line, has come to its end before that line."""
    child = os.fork()
    if child == 0:
        sys.settrace(kill_at_line(line))
        publish_text(exports, NEXT_DAY, "new")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def test_a_kill_at_any_line_leaves_whole_exports_and_the_next_run_mends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # a kill, unlike a power cut, loses nothing that is written
    line, states = 0, set()
    publish_text(tmp_path, NEXT_DAY, "older")
    publish_text(tmp_path, DAY, "old")
    while not survives(tmp_path, line):
        latest, day = texts(tmp_path / "latest"), texts(tmp_path / "2026-02-01")
        states.add((*latest, *day))
        remove_leftovers(tmp_path)
        assert len(versions(tmp_path)) == 2
        publish_text(tmp_path, NEXT_DAY, "older")
        publish_text(tmp_path, DAY, "old")
        line += 1
    assert line > 60, "the kills did not reach into the steps"
    assert states == {("old", "older"), ("old", "new"), ("new", "new")}, "latest moves last"
    assert texts(tmp_path / "latest") == texts(tmp_path / "2026-02-01") == {"new"}
