"""The dbt models as assets, in the three calls that a run makes: staging, core, marts."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtCliRuntimeError,
    DagsterDbtTranslator,
    DbtCliInvocation,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from pipelines.presentation import dbt_test_sentence
from pipelines.resources import WorkspaceResource

LAYERS = ("staging", "core", "marts")


class ByTableName(DagsterDbtTranslator):
    """An asset is called as its table; a source as the Python asset that writes it; a group as the layer."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        folder = dbt_resource_props["fqn"][1]
        return folder if folder in LAYERS else "staging"

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """Each dbt test says in words what holds when it passes."""
        check = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return check and check._replace(description=dbt_test_sentence(manifest["nodes"][unique_id]))


def dbt_layers(project: DbtProject) -> list[dg.AssetsDefinition]:
    """Return one assets definition for each layer of the dbt project."""
    return [_dbt_layer(project, layer) for layer in LAYERS]


def published_keys(layers: Sequence[dg.AssetsDefinition]) -> list[dg.AssetKey]:
    """Return the keys of all models that people read: those of core and marts, but for intermediate steps."""
    keys = (key for layer in layers[1:] for key in layer.keys)
    return sorted(key for key in keys if not key.path[-1].startswith("int_"))


def _dbt_layer(project: DbtProject, layer: str) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=project.manifest_path,
        select=f"path:models/{layer}" + (" resource_type:seed" if layer == "staging" else ""),
        exclude="resource_type:unit_test",
        dagster_dbt_translator=ByTableName(),
        project=project,
        name=f"dbt_{layer}",
    )
    def build(
        context: dg.AssetExecutionContext,
        dbt: DbtCliResource,
        workspace: WorkspaceResource,
    ) -> Iterator[Any]:
        invocation = dbt.cli(["build", "--exclude", "resource_type:unit_test"], context=context)
        events: list[Any] = []
        failure = None
        try:
            # dbt's own lines may quote values of a row; they are kept in its log
            with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
                for event in invocation.stream():
                    events.append(event)  # noqa: PERF402 - what came before a failure counts
        except DagsterDbtCliRuntimeError:
            # dbt's own message may quote values of a row; it stays in the workspace's dbt.log
            failure = dg.Failure(description=failed_nodes_in_words(invocation), allow_retries=False)
        counts = workspace.warehouse.row_counts()
        yield from (_with_row_count(event, context, counts) for event in events)
        if failure:
            raise failure

    return build


def _with_row_count(event: Any, context: dg.AssetExecutionContext, counts: Mapping[str, int]) -> Any:
    """Add a table's row count to its event; dbt itself reports none for DuckDB."""
    if not isinstance(event, dg.Output):
        return event
    table = context.asset_key_for_output(event.output_name).path[-1]
    known = {"dagster/row_count": counts[table]} if table in counts else {}
    return event.with_metadata({**event.metadata, **known})


def failed_nodes_in_words(invocation: DbtCliInvocation) -> str:
    """Return which models and tests failed and where to read more, without any value from the data."""
    results = invocation.target_path / "run_results.json"
    log = invocation.target_path / "dbt.log"
    if not results.exists():
        return f"dbt stopped before it had any result. Read {log}."
    failed = [
        result["unique_id"].split(".")[2]
        for result in json.loads(results.read_text(encoding="utf-8"))["results"]
        if result["status"] in {"error", "fail"}
    ]
    return f"dbt: {len(failed)} of the models and tests failed: {', '.join(sorted(failed))}. Read {log}."
