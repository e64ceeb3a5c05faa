"""What every step of a run may ask for: the workspace, under the run's lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import dagster as dg

from pipelines.alerts import dead_run_alert, send
from pipelines.run_lock import WorkspaceBusyError, remove_leftovers, run_lock
from pipelines.warehouse import Warehouse
from pipelines.workspace import Workspace

RUNNING = (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING)


class WorkspaceResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The company's folder. A run holds it alone from its first step to its last."""

    folder: str
    as_of: str = ""

    @property
    def folders(self) -> Workspace:
        return Workspace.locate(self.folder)

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.folders.database)

    @property
    def requested_as_of(self) -> date | None:
        """The date that was asked for, or None for that of the newest order or touch."""
        return date.fromisoformat(self.as_of) if self.as_of else None

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[WorkspaceResource]:
        """Hold the workspace's lock for the run; clear away what a killed run has left."""
        os.umask(0o077)
        workspace = self.folders
        workspace.create_folders()
        if context.run_id is None or context.instance is None:
            yield self
            return
        try:
            with run_lock(workspace, context.run_id):
                for run_id in mark_dead_runs_failed(context.instance, context.run_id):
                    for trouble in send(dead_run_alert(workspace, run_id), workspace.settings.alerts, workspace.root):
                        dg.get_dagster_logger().warning(trouble)
                remove_leftovers(workspace)
                yield self
        except WorkspaceBusyError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from None


def mark_dead_runs_failed(instance: dg.DagsterInstance, own_run_id: str) -> list[str]:
    """Mark as failed each run that still counts as running, and return its id: the lock is ours, so its process is
    gone."""
    unfinished = instance.get_runs(filters=dg.RunsFilter(statuses=list(RUNNING)))
    dead = [run for run in unfinished if run.run_id != own_run_id]
    for run in dead:
        instance.report_run_failed(run, "The run's process ended without a word (killed, or the machine stopped).")
    return [run.run_id for run in dead]
