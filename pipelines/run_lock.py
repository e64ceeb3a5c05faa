"""One run per workspace at a time, and what a killed run left behind."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.delivery.publish import remove_leftovers as remove_unpublished
from pipelines.errors import UserError
from pipelines.workspace import Workspace

LOCK_FILE = "run.lock"
SECONDS_FOR_A_DYING_WRITER = 10.0


class WorkspaceBusyError(UserError):
    """Another run holds the workspace; the message says which."""


@contextmanager
def run_lock(workspace: Workspace, run_id: str) -> Iterator[None]:
    """Hold the workspace for one run; the operating system frees it even if the process is killed.

    Raises WorkspaceBusyError when another run holds it.
    """
    path = workspace.dagster_home / LOCK_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WorkspaceBusyError(_busy_sentence(workspace, path.read_text(encoding="utf-8"))) from error
        file.truncate(0)
        file.write(f"run {run_id[:8]} (process {os.getpid()})")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def busy_sentence(workspace: Workspace) -> str | None:
    """Return who holds the workspace, as a sentence, or None when it is free."""
    path = workspace.dagster_home / LOCK_FILE
    if not path.exists():
        return None
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _busy_sentence(workspace, file.read())
    return None


def remove_leftovers(workspace: Workspace) -> None:
    """Remove what killed runs leave: half-built exports, spill files (they hold personal data), artefacts of dbt.

    Call it with the lock held.
    """
    _wait_for_writer(workspace.database)
    remove_unpublished(workspace.exports)
    for spill in workspace.warehouse.glob("*.tmp"):
        shutil.rmtree(spill, ignore_errors=True)
    for artefacts in workspace.dbt_target.glob("*/run_results.json"):
        shutil.rmtree(artefacts.parent, ignore_errors=True)


def _wait_for_writer(database: Path) -> None:
    """Wait until the dbt of a killed run has noticed that it is alone and has let go of the database."""
    if not database.exists():
        return
    deadline = time.monotonic() + SECONDS_FOR_A_DYING_WRITER
    with database.open("rb+") as file:
        while time.monotonic() < deadline:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                time.sleep(0.2)
            else:
                return
    raise WorkspaceBusyError(
        f"{database.name} is open in another program. Close it (notebooks should read exports/latest) and run again."
    )


def _busy_sentence(workspace: Workspace, holder: str) -> str:
    who = holder.strip() or "another run"
    return f"The workspace {workspace.root.name} is in use by {who}. Wait for it to end, then run again."
