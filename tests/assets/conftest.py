"""A tiny workspace, and a way to run single assets in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from pipelines.resources import WorkspaceResource
from pipelines.workspace import Workspace

Materialize = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "company")
    workspace.create_folders()
    return workspace


@pytest.fixture
def materialize(workspace: Workspace) -> Materialize:
    """Run assets and checks in the workspace; a failure is part of the result."""

    def run(*definitions: dg.AssetsDefinition | dg.AssetChecksDefinition, as_of: str = "") -> dg.ExecuteInProcessResult:
        resource = WorkspaceResource(folder=str(workspace.root), as_of=as_of)
        return dg.materialize(definitions, resources={"workspace": resource}, raise_on_error=False)

    return run


@pytest.fixture
def fill_warehouse(workspace: Workspace) -> Callable[..., None]:
    """Write frames as tables of the schema marts, or of another one, as dbt would."""

    def fill(schema: str = "marts", **tables: pl.DataFrame) -> None:
        with duckdb.connect(str(workspace.database)) as connection:
            connection.execute(f"create schema if not exists {schema}")
            for name, frame in tables.items():
                connection.register("frame", frame.to_arrow())
                connection.execute(f"create or replace table {schema}.{name} as select * from frame")

    return fill


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """The sentence with which the first step failed."""
    event = next(event for event in result.all_events if event.is_step_failure)
    data = event.step_failure_data.user_failure_data
    return str(data.description) if data else ""


@pytest.fixture
def sentence_of_failure() -> Callable[[dg.ExecuteInProcessResult], str]:
    return failure_of
