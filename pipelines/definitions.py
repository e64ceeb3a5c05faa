"""Everything that Dagster knows of Stammkunde, on one page."""

from __future__ import annotations

import dagster as dg

from pipelines.alerts import alert_hook
from pipelines.assets.delivery import exports_asset
from pipelines.assets.identity import identity
from pipelines.assets.landing import landing
from pipelines.assets.opportunities import account_potential, customer_potential, lead_scores, next_categories
from pipelines.assets.outreach import outreach_plan
from pipelines.assets.results import campaign_results, channel_months
from pipelines.assets.segments import segments
from pipelines.assets.value import value
from pipelines.assets.warehouse import dbt_layers, published_keys
from pipelines.automation import daily_schedule, landing_sensor
from pipelines.batch import JOB_NAME
from pipelines.checks import batch_checks, model_output_checks, raw_entity_checks, reference_checks
from pipelines.presentation import presented
from pipelines.project import dbt_project, dbt_resource
from pipelines.resources import WorkspaceResource
from pipelines.workspace import Workspace


@dg.definitions
def stammkunde() -> dg.Definitions:
    """Return the code location of the workspace that the environment names."""
    return definitions_of(Workspace.locate())


def definitions_of(workspace: Workspace) -> dg.Definitions:
    """Return every asset, check, job, schedule, sensor and resource for one workspace."""
    project = dbt_project(workspace)
    layers = dbt_layers(project)
    batch = dg.define_asset_job(
        JOB_NAME,
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        hooks={alert_hook},
        description="One whole batch: from the files in landing/ to the published tables.",
    )
    return dg.Definitions(
        assets=presented(
            landing,
            identity,
            value,
            segments,
            next_categories,
            customer_potential,
            account_potential,
            lead_scores,
            outreach_plan,
            campaign_results,
            channel_months,
            *layers,
            exports_asset(published_keys(layers)),
        ),
        asset_checks=[*raw_entity_checks(), *batch_checks(), *reference_checks(), *model_output_checks()],
        jobs=[batch],
        schedules=[daily_schedule(batch, workspace.settings.timezone)],
        sensors=[landing_sensor(batch, workspace)],
        executor=dg.in_process_executor,
        resources={
            "workspace": WorkspaceResource(folder=str(workspace.root)),
            "dbt": dbt_resource(project),
        },
    )
