"""One whole batch, run in this process and recorded where the Dagster UI sees it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator

from pipelines.workspace import ENVIRONMENT_VARIABLE, Workspace

JOB_NAME = "batch"

# Logs of steps are not kept: what a library prints may hold personal values.
INSTANCE_SETTINGS = """\
telemetry:
  enabled: false
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
freshness:
  enabled: true
nux:
  enabled: false
run_monitoring:
  enabled: true
  max_runtime_seconds: 86400
"""


def prepare_environment(workspace: Workspace) -> None:
    """Point Dagster, dbt and their children at the workspace, with telemetry off and files private."""
    os.umask(0o077)
    os.environ[ENVIRONMENT_VARIABLE] = str(workspace.root)
    os.environ["DAGSTER_HOME"] = str(workspace.dagster_home)
    os.environ["DO_NOT_TRACK"] = "1"
    workspace.create_folders()
    settings = workspace.dagster_home / "dagster.yaml"
    if not settings.exists():
        _write(settings, INSTANCE_SETTINGS)


def run_batch(definitions: dg.Definitions, as_of: date | None) -> Iterator[dg.DagsterEvent]:
    """Run the batch job, yielding Dagster's events as they happen.

    The run belongs to the instance in DAGSTER_HOME, so the UI shows it among its own.
    """
    job = definitions.resolve_job_def(JOB_NAME)
    run_config = {
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        "resources": {"workspace": {"config": workspace_config(as_of)}},
    }
    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(job_def=job, run_config=run_config)
        yield from execute_run_iterator(InMemoryJob(job), run, instance)


def workspace_config(as_of: date | None) -> dict[str, str]:
    """Return the run configuration of the workspace resource."""
    return {"folder": os.environ[ENVIRONMENT_VARIABLE], "as_of": as_of.isoformat() if as_of else ""}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
