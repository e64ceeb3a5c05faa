"""A failed step is told where settings.yml says so, in words, and nowhere else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.alert_settings import AlertSettings
from pipelines.alerts import Alert, alert_hook, send
from pipelines.discretion import discreet
from pipelines.errors import SettingsError
from pipelines.resources import WorkspaceResource
from pipelines.workspace import Workspace, read_settings

ALERT = Alert(text="The step 'exports' failed.", workspace="acme", step="exports", run_id="r1")
HEARD: list[dict[str, Any]] = []


class Listener(BaseHTTPRequestHandler):
    """A webhook that takes everything but what is sent to /full."""

    def do_POST(self) -> None:
        HEARD.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(500 if self.path == "/full" else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def webhook() -> Iterator[str]:
    HEARD.clear()
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@dg.asset
@discreet
def broken() -> None:
    """An asset whose failure quotes a row."""
    raise ValueError("Could not convert 'anna@example.org'")


@dg.asset
def anything(workspace: WorkspaceResource) -> None:
    """An asset that holds the workspace, as every step of ours does."""


def run_broken(workspace: Workspace) -> dg.ExecuteInProcessResult:
    job = dg.define_asset_job("batch", selection="*", hooks={alert_hook}, executor_def=dg.in_process_executor)
    resource = WorkspaceResource(folder=str(workspace.root))
    definitions = dg.Definitions(assets=[broken], jobs=[job], resources={"workspace": resource})
    return definitions.resolve_job_def("batch").execute_in_process(raise_on_error=False)


def test_a_killed_run_is_told_by_the_next_one_once(workspace: Workspace) -> None:
    (workspace.root / "settings.yml").write_text("alerts: {file: alerts.jsonl}\n")
    resources = {"workspace": WorkspaceResource(folder=str(workspace.root))}
    with dg.DagsterInstance.ephemeral() as instance:
        job = dg.Definitions(assets=[anything], resources=resources).resolve_implicit_global_asset_job_def()
        dead = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        for _ in range(2):
            assert job.execute_in_process(instance=instance).success
    (line,) = (workspace.root / "alerts.jsonl").read_text().splitlines()
    told = json.loads(line)
    assert (told["step"], told["run_id"]) == ("run", dead.run_id)
    assert "was killed" in told["text"]


def test_a_failed_step_is_written_into_the_file_without_values(workspace: Workspace) -> None:
    (workspace.root / "settings.yml").write_text("alerts: {file: alerts.jsonl}\n")
    result = run_broken(workspace)
    assert not result.success
    (line,) = (workspace.root / "alerts.jsonl").read_text().splitlines()
    told = json.loads(line)
    assert (told["workspace"], told["step"], told["run_id"]) == ("company", "broken", result.run_id)
    assert "ValueError" in told["text"]
    assert "exports/latest stays as it was" in told["text"]
    assert "anna" not in line


def test_a_failed_step_is_told_to_the_webhook(workspace: Workspace, webhook: str) -> None:
    (workspace.root / "settings.yml").write_text(f"alerts: {{webhook: '{webhook}/hook'}}\n")
    run_broken(workspace)
    (told,) = HEARD
    assert told["text"].startswith("Stammkunde, company: the step 'broken' failed.")


def test_without_settings_nobody_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("the network was touched"))
    before = sorted(path.name for path in workspace.root.iterdir())
    run_broken(workspace)
    assert sorted(path.name for path in workspace.root.iterdir()) == before


def test_a_webhook_that_does_not_answer_is_said_and_harms_nothing(tmp_path: Path, webhook: str) -> None:
    for address in (f"{webhook}/full", "http://127.0.0.1:9/closed"):
        settings = AlertSettings(webhook=address, file="alerts.jsonl")
        assert ["webhook" in trouble for trouble in send(ALERT, settings, tmp_path)] == [True]
    assert len((tmp_path / "alerts.jsonl").read_text().splitlines()) == 2
    assert "alert could not be written" in send(ALERT, AlertSettings(file="a.jsonl"), tmp_path / "absent")[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("alerts: {webhook: 'ftp://x.example'}", "must be a web address"),
        ("alerts: {webhook: 'file:///etc/passwd'}", "must be a web address"),
        ("alerts: {file: ../elsewhere.jsonl}", "must be the name of a file in the workspace"),
        ("alerts: {mail: anna}", "the key `alerts.mail` is not known"),
    ],
)
def test_where_to_tell_is_checked(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "settings.yml").write_text(text)
    with pytest.raises(SettingsError, match=words):
        read_settings(tmp_path / "settings.yml")
