"""When a batch runs by itself: every night, and when new files have landed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pipelines.run_lock import busy_sentence
from pipelines.workspace import Workspace

EVERY_NIGHT = "0 3 * * *"
SECONDS_BETWEEN_LOOKS = 60


def daily_schedule(job: UnresolvedAssetJobDefinition, timezone: str) -> dg.ScheduleDefinition:
    """Return the nightly run, in the company's own time zone."""
    return dg.ScheduleDefinition(
        name="every_night",
        job=job,
        cron_schedule=EVERY_NIGHT,
        execution_timezone=timezone,
        description="Runs the whole batch at three in the morning.",
    )


def landing_sensor(job: UnresolvedAssetJobDefinition, workspace: Workspace) -> dg.SensorDefinition:
    """Return a sensor that runs the batch once the files in landing/ have changed and come to rest."""

    @dg.sensor(
        name="new_files",
        job=job,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        description="Runs the batch when the files in landing/ have changed and then stayed the same for a minute.",
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen = fingerprint(workspace.landing)
        if not seen:
            return dg.SensorResult(skip_reason="landing/ is empty.", cursor="")
        if seen != context.cursor:
            return dg.SensorResult(
                skip_reason="The files in landing/ have changed; waiting for them to rest.", cursor=seen
            )
        if sentence := busy_sentence(workspace):
            # a run asked for now would fail, and Dagster does not repeat one of the same key
            return dg.SensorResult(skip_reason=sentence, cursor=seen)
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=seen)], cursor=seen)

    return new_files


def fingerprint(landing: Path) -> str:
    """Return a short name for the state of a folder's files (paths, sizes, times of change); '' without any."""
    files = sorted(path for path in landing.rglob("*") if path.is_file() and not path.is_symlink())
    state = "\n".join(f"{path}|{path.stat().st_size}|{path.stat().st_mtime_ns}" for path in files)
    return hashlib.sha256(state.encode(errors="surrogateescape")).hexdigest()[:16] if files else ""
