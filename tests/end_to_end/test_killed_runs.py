"""A run that is killed at any step leaves no trace in what the next run publishes."""

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


@pytest.mark.parametrize("step", ["check raw entities", "dbt core", "dbt marts"])
def test_the_next_run_publishes_what_an_undisturbed_one_does(
    step: str,
    demo_company: Path,
    finished_company: Path,
    tmp_path: Path,
    scheduler_environment: Mapping[str, str],
    stammkunde: Callable[..., subprocess.CompletedProcess[str]],
    published: Callable[[Path], dict[str, pl.DataFrame]],
) -> None:
    """The kill falls into the step after the named one: dbt while it writes, a model, the publication."""
    shutil.copytree(demo_company, tmp_path, dirs_exist_ok=True)
    kill_after(step, tmp_path, scheduler_environment)
    assert not (tmp_path / "exports" / "latest").exists(), "a killed run published something"

    answer = stammkunde("run", "--workspace", tmp_path)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    mended, undisturbed = published(tmp_path), published(finished_company)
    assert mended.keys() == undisturbed.keys()
    assert [name for name in mended if not mended[name].equals(undisturbed[name])] == []
    assert run_states(tmp_path) == ["SUCCESS", "FAILURE"], "the dead run was not marked as failed"


def run_states(folder: Path) -> list[str]:
    """The states of the runs that the Dagster UI would show, newest first."""
    with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
        return [run.status.value for run in instance.get_runs()]
