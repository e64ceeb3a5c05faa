"""The code location as Dagster sees it. Dagster accepts a misspelt upstream key in silence; these tests do not."""

from __future__ import annotations

import dagster as dg
import pytest

from pipelines.batch import JOB_NAME
from pipelines.definitions import definitions_of
from pipelines.presentation import FRESHNESS
from pipelines.workspace import Workspace

PUBLISHED = {
    "account_potential",
    "accounts",
    "behaviour_segments",
    "campaign_results",
    "channel_effects",
    "channel_engagement",
    "blocks_compared",
    "channel_months",
    "consent_ledger",
    "contact_plan",
    "customer_360",
    "customer_aliases",
    "customer_features",
    "customer_links",
    "customer_potential",
    "customer_provenance",
    "customer_segments",
    "customer_sources",
    "customer_value",
    "customers",
    "groups_parted",
    "kpis",
    "link_evidence",
    "lead_scores",
    "ledger_balance",
    "load_ledger",
    "marketing_segments",
    "next_best_channel",
    "next_categories",
    "order_lines",
    "orders",
    "plan_limits",
    "sales_accounts",
    "sales_buyers",
    "segment_migration",
    "service_followups",
    "touches",
    "value_court",
    "what_if",
}
WRITTEN_BY_PYTHON = {
    "analytics/account_potential",
    "analytics/behaviour_segments",
    "analytics/blocks_compared",
    "analytics/campaign_results",
    "analytics/channel_effects",
    "analytics/channel_months",
    "analytics/contact_plan",
    "analytics/customer_aliases",
    "analytics/customer_links",
    "analytics/customer_potential",
    "analytics/customer_segments",
    "analytics/customer_value",
    "analytics/groups_parted",
    "analytics/lead_scores",
    "analytics/link_evidence",
    "analytics/next_best_channel",
    "analytics/next_categories",
    "analytics/value_court",
    "analytics/plan_limits",
    "analytics/what_if",
    "exports",
    *(
        f"raw/{name}"
        for name in (
            "accounts",
            "activities",
            "campaigns",
            "contacts",
            "deals",
            "email_events",
            "exchange_rates",
            "load_ledger",
            "margins",
            "order_lines",
            "orders",
            "products",
            "run_context",
            "tickets",
            "trust",
        )
    ),
}


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    workspace = Workspace(tmp_path_factory.mktemp("definitions"))
    workspace.create_folders()
    return definitions_of(workspace)


def test_the_asset_keys_are_the_known_ones(definitions: dg.Definitions) -> None:
    keys = {key.to_user_string() for key in definitions.resolve_asset_graph().materializable_asset_keys}
    helpers = {key for key in keys if key.startswith(("stg_", "int_"))} | {
        "country_names",
        "free_mail_domains",
        "language_names",
    }
    assert keys - helpers == PUBLISHED | WRITTEN_BY_PYTHON


def test_every_upstream_key_is_an_asset_of_ours(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    ours = graph.materializable_asset_keys
    assert [key.to_user_string() for key in graph.get_all_asset_keys() if key not in ours] == []


def test_exports_come_after_every_published_table(definitions: dg.Definitions) -> None:
    parents = definitions.resolve_asset_graph().get(dg.AssetKey("exports")).parent_keys
    assert {key.to_user_string() for key in parents} == PUBLISHED


def test_every_asset_and_check_says_what_it_is(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    silent = [key.to_user_string() for key in graph.materializable_asset_keys if not graph.get(key).description]
    assert silent == []


def test_every_check_says_in_words_what_holds(definitions: dg.Definitions) -> None:
    """dbt's own names for its tests are no sentences."""
    graph = definitions.resolve_asset_graph()
    said = {key.name: graph.get_check_spec(key).description or "" for key in graph.asset_check_keys}
    assert [name for name, sentence in said.items() if not sentence.endswith(".")] == []
    assert said["unique_key_next_best_channel_customer_id__channel"] == "There is one row per customer_id, channel."


def test_every_asset_has_an_owner_and_a_kind(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    nodes = {key.to_user_string(): graph.get(key) for key in graph.materializable_asset_keys}
    assert [name for name, node in nodes.items() if not node.owners or not node.kinds or not node.group_name] == []
    asked = {name: node.owners for name, node in nodes.items()}
    assert (asked["sales_buyers"], asked["service_followups"]) == (["team:sales"], ["team:service"])
    assert asked["orders"] == ["team:data"]


def test_what_people_read_has_a_freshness_policy(definitions: dg.Definitions) -> None:
    spec = definitions.resolve_asset_graph().get(dg.AssetKey("exports"))
    assert spec.freshness_policy == FRESHNESS


@pytest.mark.parametrize("key", [["raw", "orders"], ["customers"], ["customer_360"]], ids="/".join)
def test_tables_show_their_columns_before_any_run(definitions: dg.Definitions, key: list[str]) -> None:
    schema = definitions.resolve_asset_graph().get(dg.AssetKey(key)).metadata["dagster/column_schema"]
    assert len(schema.columns) > 10
    assert all(column.description for column in schema.columns)


def test_one_job_runs_everything_in_one_process(definitions: dg.Definitions) -> None:
    """A second process could not open the warehouse file while dbt writes to it."""
    job = definitions.resolve_job_def(JOB_NAME)
    assert job.executor_def is dg.in_process_executor
    assert job.asset_layer.selected_asset_keys == definitions.resolve_asset_graph().materializable_asset_keys


def test_checks_of_severity_error_stand_before_the_exports(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {key.asset_key.to_user_string() for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
    assert {"raw/orders", "raw/contacts", "analytics/customer_value", "analytics/customer_links"} <= blocking


def test_schedule_and_sensor_start_the_batch(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("every_night")
    sensor = definitions.resolve_sensor_def("new_files")
    assert (schedule.job_name, schedule.execution_timezone) == (JOB_NAME, "Europe/Berlin")
    assert sensor.job_name == JOB_NAME


def test_dbt_is_called_three_times(definitions: dg.Definitions) -> None:
    """Each call costs seconds. Dagster divides a layer's step in silence where another step depends on a part of it and
    another part on that step."""
    names = [node.name for node in definitions.resolve_job_def(JOB_NAME).graph.nodes]
    assert sorted(name for name in names if name.startswith("dbt_")) == ["dbt_core", "dbt_marts", "dbt_staging"]
