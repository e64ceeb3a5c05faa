"""What Great Expectations finds stops a run before anything is published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import dagster as dg
import polars as pl
import pyarrow.parquet as pq
import pytest

from data_quality.contracts import contracts
from pipelines.assets.landing import landing
from pipelines.checks import model_output_checks, raw_entity_checks
from pipelines.judged_files import judge_new_files
from pipelines.workspace import Workspace

CAMPAIGN = {"source_system": "mailchimp", "file_id": "a" * 64, "file_line": 2, "source_id": "1", "name": "Spring"}


def write_raw(workspace: Workspace, entity: str, file_id: str, *rows: dict[str, object]) -> None:
    folder = workspace.raw / entity
    folder.mkdir(exist_ok=True)
    schema = contracts()[entity].arrow_schema()
    table = pl.DataFrame([{name: row.get(name) for name in schema.names} for row in rows]).to_arrow()
    pq.write_table(table.cast(schema), folder / f"{file_id}.parquet")


def broken(workspace: Workspace, entity: str) -> list[str]:
    return [outcome.name for outcome in judge_new_files(workspace.raw, entity) if not outcome.success]


def test_a_row_that_breaks_the_contract_is_found_until_it_is_mended(workspace: Workspace) -> None:
    """A batch that failed must be judged again; it must not pass because it is no longer new."""
    write_raw(workspace, "campaigns", "a" * 64, CAMPAIGN, {**CAMPAIGN, "source_id": "2", "name": None})
    assert broken(workspace, "campaigns") == ["every_campaign_has_a_name"]
    assert broken(workspace, "campaigns") == ["every_campaign_has_a_name"]
    write_raw(workspace, "campaigns", "a" * 64, CAMPAIGN)
    assert broken(workspace, "campaigns") == []


def test_only_new_files_are_judged(workspace: Workspace) -> None:
    write_raw(workspace, "campaigns", "a" * 64, CAMPAIGN)
    assert {outcome.element_count for outcome in judge_new_files(workspace.raw, "campaigns")} == {1}
    assert {outcome.element_count for outcome in judge_new_files(workspace.raw, "campaigns")} == {0}
    write_raw(workspace, "campaigns", "b" * 64, {**CAMPAIGN, "file_id": "b" * 64})
    assert {outcome.element_count for outcome in judge_new_files(workspace.raw, "campaigns")} == {1}


def test_a_broken_model_output_blocks_what_follows(workspace: Workspace, materialize: Callable) -> None:
    table = pl.DataFrame(
        {
            "customer_id": ["C1", "C1"],
            "as_of": [date(2026, 1, 1)] * 2,
            "recency_score": [5, 7],
            "frequency_score": [1, 1],
            "monetary_score": [1, 1],
            "rfm_segment": ["champions", "kings"],
            "behaviour_segment": [None, None],
            "previous_rfm_segment": [None, None],
            "reason": ["Has not bought yet.", "Has not bought yet."],
        }
    )

    @dg.asset(key=["analytics", "customer_segments"])
    def segments() -> dg.MaterializeResult[None]:
        folder = workspace.analytics / "customer_segments"
        folder.mkdir()
        table.write_parquet(folder / "customer_segments.parquet")
        return dg.MaterializeResult()

    @dg.asset(deps=[segments])
    def published() -> dg.MaterializeResult[None]:
        pytest.fail("a broken table was published")

    (check,) = (check for check in model_output_checks() if check.node_def.name == "check_customer_segments")
    result: dg.ExecuteInProcessResult = materialize(segments, published, check)
    assert not result.success
    failed = {evaluation.check_name for evaluation in result.get_asset_check_evaluations() if not evaluation.passed}
    assert failed == {
        "every_customer_has_one_segment",
        "every_recency_score_lies_between_1_and_5",
        "every_segment_is_a_known_one",
    }


def test_raw_checks_pass_on_what_ingest_wrote(workspace: Workspace, materialize: Callable) -> None:
    (workspace.landing / "people.csv").write_text(
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address City,Total Spent,Total Orders\n"
        "'1,Ann,Lee,ann@example.com,yes,Bonn,10.00,1\n"
    )
    result: dg.ExecuteInProcessResult = materialize(landing, *raw_entity_checks(), as_of="2026-01-01")
    assert result.success
    assert [evaluation.check_name for evaluation in result.get_asset_check_evaluations() if not evaluation.passed] == []


def test_a_warning_is_said_at_every_run_until_it_is_gone(workspace: Workspace) -> None:
    """A warning that counts as passed at the next run is a warning that nobody saw."""
    write_raw(workspace, "campaigns", "a" * 64, CAMPAIGN, {**CAMPAIGN, "file_line": 3})
    for _ in range(3):
        assert broken(workspace, "campaigns") == ["no_file_holds_the_same_campaign_twice"]
    write_raw(workspace, "campaigns", "b" * 64, {**CAMPAIGN, "file_id": "b" * 64})
    (warned,) = (outcome for outcome in judge_new_files(workspace.raw, "campaigns") if not outcome.success)
    assert (warned.unexpected_count, warned.element_count) == (2, 3)
    write_raw(workspace, "campaigns", "a" * 64, CAMPAIGN)
    assert broken(workspace, "campaigns") == []
