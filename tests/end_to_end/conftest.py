"""Workspaces of an invented company, and the batch as its users run it: as a command in a process of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest

STAMMKUNDE = Path(sys.executable).parent / "stammkunde"

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def scheduler_environment() -> Mapping[str, str]:
    """The environment as cron gives it: no workspace, no Dagster home; output comes line by line."""
    ours = ("STAMMKUNDE_", "DAGSTER_", "DBT_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return kept | {"PYTHONUNBUFFERED": "1", "COLUMNS": "160"}


@pytest.fixture(scope="session")
def stammkunde(scheduler_environment: Mapping[str, str]) -> Command:
    """The command, run to its end."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(STAMMKUNDE), *map(str, arguments)]
        return subprocess.run(command, env=dict(scheduler_environment), capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a test run see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder, made by the worker that asks for it first while the others wait."""
    done = folder.with_name(f"{folder.name}.done")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def demo_company(stammkunde: Command, shared_folder: Path) -> Path:
    """An invented company of 400 people with landing/ and truth/. No batch has run; tests copy it."""

    def invent(folder: Path) -> None:
        answer = stammkunde("demo", "--workspace", folder, "--customers", 400, "--seed", 7)
        assert answer.returncode == 0, answer.stderr

    return made_once(shared_folder / "demo", invent)


@pytest.fixture(scope="session")
def finished_company(demo_company: Path, stammkunde: Command, shared_folder: Path) -> Path:
    """The same company after one undisturbed batch. Tests only read it."""

    def finish(folder: Path) -> None:
        shutil.copytree(demo_company, folder)
        answer = stammkunde("run", "--workspace", folder)
        assert answer.returncode == 0, answer.stdout + answer.stderr

    return made_once(shared_folder / "finished", finish)


@pytest.fixture(scope="session")
def published() -> Callable[[Path], dict[str, pl.DataFrame]]:
    """The published tables of a workspace by name."""

    def read(folder: Path) -> dict[str, pl.DataFrame]:
        tables = sorted((folder / "exports" / "latest" / "tables").glob("*.parquet"))
        assert tables, f"nothing is published in {folder.name}"
        return {path.stem: pl.read_parquet(path) for path in tables}

    return read
