"""The sensor starts a batch for files that have come to rest, once for each state of landing/."""

from __future__ import annotations

import dagster as dg
import pytest

from pipelines.automation import fingerprint, landing_sensor
from pipelines.run_lock import run_lock
from pipelines.workspace import Workspace


@pytest.fixture
def sensor(workspace: Workspace) -> dg.SensorDefinition:
    job = dg.define_asset_job("batch", selection="*")
    return landing_sensor(job, workspace)


def tick(sensor: dg.SensorDefinition, cursor: str | None) -> dg.SensorResult:
    with dg.build_sensor_context(cursor=cursor, sensor_name="new_files") as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_new_files_wait_for_one_look_and_then_start_one_batch(
    workspace: Workspace, sensor: dg.SensorDefinition
) -> None:
    (workspace.landing / "orders.csv").write_text("half an exp")
    first = tick(sensor, None)
    assert not first.run_requests
    (workspace.landing / "orders.csv").write_text("half an export is still growing")
    second = tick(sensor, first.cursor)
    assert not second.run_requests
    third = tick(sensor, second.cursor)
    assert [request.run_key for request in third.run_requests or []] == [fingerprint(workspace.landing)]


def test_an_empty_landing_starts_nothing(sensor: dg.SensorDefinition) -> None:
    assert not tick(sensor, "").run_requests


def test_files_that_rest_while_the_workspace_is_busy_get_their_run_afterwards(
    workspace: Workspace, sensor: dg.SensorDefinition
) -> None:
    """A run asked for meanwhile would fail, and never be asked for again."""
    (workspace.landing / "orders.csv").write_text("an export")
    resting = tick(sensor, None)
    with run_lock(workspace, "another"):
        busy = tick(sensor, resting.cursor)
    assert not busy.run_requests
    assert tick(sensor, busy.cursor).run_requests
