"""A run holds the workspace alone, and finds the dead."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from pipelines.resources import WorkspaceResource, mark_dead_runs_failed
from pipelines.run_lock import run_lock
from pipelines.workspace import Workspace


@dg.asset
def anything(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"exists": workspace.folders.raw.exists()})


@dg.job
def batch() -> None:
    """A job of no steps: only the state of its runs counts here."""


def test_a_run_that_died_is_marked_as_failed_and_a_finished_one_is_left_alone() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        dead = instance.create_run_for_job(batch, status=dg.DagsterRunStatus.STARTED)
        own = instance.create_run_for_job(batch, status=dg.DagsterRunStatus.STARTED)
        done = instance.create_run_for_job(batch, status=dg.DagsterRunStatus.SUCCESS)
        mark_dead_runs_failed(instance, own.run_id)
        states = {run.run_id: run.status for run in instance.get_runs()}
    assert states[dead.run_id] is dg.DagsterRunStatus.FAILURE
    assert states[own.run_id] is dg.DagsterRunStatus.STARTED
    assert states[done.run_id] is dg.DagsterRunStatus.SUCCESS


def test_a_second_run_does_not_start(workspace: Workspace, materialize: Callable) -> None:
    assert materialize(anything).success
    with run_lock(workspace, "0123456789"):
        result: dg.ExecuteInProcessResult = materialize(anything)
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_start]
