"""A run that is killed at any step leaves the last publication whole, and no trace in what the next run publishes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

pytestmark = pytest.mark.end_to_end

STAMMKUNDE = Path(sys.executable).parent / "stammkunde"

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Published = Callable[[Path], dict[str, pl.DataFrame]]


def kill_after(step: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Start a batch and kill it, and nothing but it, as soon as it has said that a step is done."""
    process = subprocess.Popen(
        [str(STAMMKUNDE), "run", "--workspace", str(folder)],
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if f" {step} " in line:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return
    pytest.fail(f"the batch ended before it said that {step} was done")


def test_the_next_run_publishes_what_an_undisturbed_one_does(
    demo_company: Path,
    finished_company: Path,
    tmp_path: Path,
    scheduler_environment: Mapping[str, str],
    stammkunde: Command,
    published: Published,
) -> None:
    """Two first runs are killed: while dbt writes, and in a model. The third, over their remains, must publish.

    The fourth is killed in the publication, over the third's, which must stand.
    """
    shutil.copytree(demo_company, tmp_path, dirs_exist_ok=True)
    undisturbed = published(finished_company)
    for step in ("check raw entities", "dbt core"):
        kill_after(step, tmp_path, scheduler_environment)
        assert not (tmp_path / "exports" / "latest").exists(), "a killed run published something"
    answer = stammkunde("run", "--workspace", tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert differing(published(tmp_path), undisturbed) == []
    assert run_states(tmp_path) == ["SUCCESS", "FAILURE", "FAILURE"], "a dead run was not marked as failed"

    before = (tmp_path / "exports" / "latest" / "manifest.json").read_bytes()
    kill_after("dbt marts", tmp_path, scheduler_environment)
    assert (tmp_path / "exports" / "latest" / "manifest.json").read_bytes() == before
    assert differing(published(tmp_path), undisturbed) == []


def differing(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> list[str]:
    """The names of the tables that differ."""
    assert found.keys() == expected.keys()
    return [name for name in found if not found[name].equals(expected[name])]


def run_states(folder: Path) -> list[str]:
    """The states of the runs that the Dagster UI would show, newest first."""
    with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
        return [run.status.value for run in instance.get_runs()]
