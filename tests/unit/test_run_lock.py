"""One run per workspace, and nothing of a killed run stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.run_lock import WorkspaceBusyError, busy_sentence, remove_leftovers, run_lock
from pipelines.workspace import Workspace

HOLDER = """
import sys, time
from pipelines.run_lock import run_lock
from pipelines.workspace import Workspace
with run_lock(Workspace.locate(sys.argv[1]), "0123456789"):
    sys.stdout.write("held\\n"); sys.stdout.flush(); time.sleep(60)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "company")
    workspace.create_folders()
    return workspace


def start_holder(workspace: Workspace) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(workspace.root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_run_is_told_who_holds_the_workspace(workspace: Workspace) -> None:
    holder = start_holder(workspace)
    try:
        assert f"process {holder.pid}" in str(busy_sentence(workspace))
        with pytest.raises(WorkspaceBusyError, match=f"01234567.*process {holder.pid}"), run_lock(workspace, "second"):
            pytest.fail("two runs held the workspace at once")
    finally:
        holder.kill()
        holder.wait()


def test_a_killed_run_frees_the_workspace_at_once(workspace: Workspace) -> None:
    holder = start_holder(workspace)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert busy_sentence(workspace) is None
    with run_lock(workspace, "next"):
        assert busy_sentence(workspace) is not None


def test_spill_files_with_personal_data_are_removed(workspace: Workspace) -> None:
    spill = workspace.warehouse / "stammkunde.duckdb.tmp"
    spill.mkdir()
    (spill / "block.tmp").write_text("ann@example.com")
    remove_leftovers(workspace)
    assert not spill.exists()


def test_dbt_ends_with_the_run_that_started_it(tmp_path: Path) -> None:
    """A dbt that outlives a killed run would write to the warehouse beside the next run."""
    mark = tmp_path / "pid"
    child = f"""
import os, pathlib, threading, time
from pipelines.dbt_process import _end_with
threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
pathlib.Path({str(mark)!r}).write_text(str(os.getpid()))
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"]
    )
    wait_until(lambda: mark.exists() and mark.read_text() != "")
    pid = int(mark.read_text())
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(pid))


def wait_until(condition: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
