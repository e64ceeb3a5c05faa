"""Alerts: a step that fails, or a run that was killed, is told to a webhook, or written into a file, where settings.yml
says so."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

import dagster as dg

from pipelines.alert_settings import AlertSettings
from pipelines.workspace import Workspace

WHAT_TO_DO = (
    "exports/latest stays as it was. `stammkunde ui` shows every step and check; correct what is named, and run again."
)
IF_AGAIN = "if it happens again, look into the machine's log, and at `memory_limit_gb` in settings.yml."
_SECONDS = 10


@dataclass(frozen=True)
class Alert:
    """What is told: no value from the data, and `text` says all of it, as chat tools want it."""

    text: str
    workspace: str
    step: str
    run_id: str


def alert_of(workspace: Workspace, step: str, run_id: str, error: BaseException | None) -> Alert:
    """Return what is told of a step that failed, without any value from the data."""
    what = step.replace("_", " ")
    said = error.description if isinstance(error, dg.Failure) and error.description else _kind(error)
    return Alert(
        text=f"Stammkunde, {workspace.root.name}: the step '{what}' failed. {said} {WHAT_TO_DO}",
        workspace=workspace.root.name,
        step=step,
        run_id=run_id,
    )


def dead_run_alert(workspace: Workspace, run_id: str) -> Alert:
    """Return what the next run tells of one that could not tell anything itself."""
    said = "a run ended without a word: it was killed, or the machine stopped or had no memory left."
    return Alert(
        text=f"Stammkunde, {workspace.root.name}: {said} The run that found this takes its place; {IF_AGAIN}",
        workspace=workspace.root.name,
        step="run",
        run_id=run_id,
    )


def send(alert: Alert, settings: AlertSettings, folder: Path) -> list[str]:
    """Tell the alert where the settings say, and return why it could not be told, in words; raises nothing."""
    troubles = []
    if settings.file is not None:
        try:
            with (folder / settings.file).open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(alert), ensure_ascii=False) + "\n")
        except OSError as error:
            troubles.append(f"The alert could not be written into {settings.file}: {error.strerror}.")
    if settings.webhook is not None:
        content = json.dumps(asdict(alert)).encode()
        request = urllib.request.Request(  # noqa: S310 - settings take http and https only
            settings.webhook, data=content, headers={"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310 - as above
                pass
        except (OSError, ValueError) as error:
            troubles.append(f"The webhook of settings.yml (alerts) did not take the alert: {type(error).__name__}.")
    return troubles


@dg.failure_hook(name="alert", required_resource_keys={"workspace"})
def alert_hook(context: dg.HookContext) -> None:
    """Tell of a failed step, wherever the run was started from."""
    folders: Workspace = context.resources.workspace.folders
    settings = folders.settings.alerts
    alert = alert_of(folders, context.step_key, context.run_id, context.op_exception)
    for trouble in send(alert, settings, folders.root):
        context.log.warning(trouble)


def _kind(error: BaseException | None) -> str:
    if isinstance(error, dg.DagsterError) and "check" in type(error).__name__.lower():
        return "A check that keeps everything behind it from running did not pass."
    return f"It stopped with {type(error).__name__}."
