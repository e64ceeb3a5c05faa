"""Assets around the models: they read the warehouse, write one Parquet table, and name nobody in their metadata."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from models.court_table import COURT_SCHEMA
from models.segment_table import SEGMENT_SCHEMA
from pipelines.assets import identity as identity_assets
from pipelines.assets.identity import RECORD_COLUMNS, identity
from pipelines.assets.outreach import outreach_plan
from pipelines.assets.segments import earlier_run, segments
from pipelines.assets.value import value
from pipelines.resources import WorkspaceResource
from pipelines.workspace import Workspace
from tests.assets.workspaces import AS_OF, FOUR_ORDERS, publish, set_today


def test_segments_compare_with_the_last_day_before_and_not_with_the_same_day(workspace: Workspace) -> None:
    """Otherwise a run that is repeated would say that nobody has moved."""
    for day, segment in (("2026-04-30", "new"), ("2026-05-31", "loyal"), ("2026-06-30", "lost")):
        publish(workspace, day, "customer_segments", pl.DataFrame({"customer_id": ["C1"], "rfm_segment": [segment]}))
    found = earlier_run(workspace, AS_OF)
    assert found is not None
    assert found.as_of == date(2026, 5, 31)
    assert found.customers is not None
    assert found.customers["rfm_segment"].to_list() == ["loyal"]
    assert found.segments is None
    assert earlier_run(workspace, date(2026, 4, 30)) is None


def test_every_segment_that_was_ever_published_is_known_as_it_was_last(workspace: Workspace) -> None:
    """Accident: what was gone for one run comes back as a new segment."""
    row = dict.fromkeys(SEGMENT_SCHEMA, None) | {"segment_id": "private-2026-03-31-1"}
    for day, names in (
        ("2026-03-31", ("old", "other")),
        ("2026-04-30", ("new",)),
        ("2026-05-31", ()),
        ("2026-06-30", ("x",)),
    ):
        rows = [row | {"segment_id": f"private-2026-03-31-{number}", "name": name} for number, name in enumerate(names)]
        publish(workspace, day, "behaviour_segments", pl.DataFrame(rows, schema=SEGMENT_SCHEMA))
        publish(workspace, day, "customer_segments", pl.DataFrame({"customer_id": ["C1"]}))
    found = earlier_run(workspace, AS_OF)
    assert found is not None
    assert found.segments is not None
    assert found.segments.is_empty()
    assert found.known_segments is not None
    assert set(found.known_segments["name"]) == {"new", "other"}


def test_a_failing_model_tells_no_value_and_nothing_behind_it_runs(
    workspace: Workspace, fill_warehouse: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accident: a library quotes the row at which it failed, and an address stands in Dagster's store for ever."""
    address = "ann.person@example.com"

    def fail(*_: object, **__: object) -> None:
        raise ValueError(f"could not parse {address}")

    @dg.asset(deps=[["analytics", "customer_links"]])
    def exports() -> None:
        pytest.fail("the publication was replaced")

    empty = pl.DataFrame(schema=dict.fromkeys(RECORD_COLUMNS, pl.String))
    fill_warehouse(
        "staging", stg_records=empty, free_mail_domains=pl.DataFrame({"domain": ["mail.example"], "kind": ["mail"]})
    )
    monkeypatch.setattr(identity_assets, "link_records", fail)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        resource = WorkspaceResource(folder=str(workspace.root))
        result = dg.materialize(
            [identity, exports], resources={"workspace": resource}, instance=instance, raise_on_error=False
        )
    assert not result.success
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"An unexpected ValueError" in content for content in kept)
    assert [content for content in kept if address.encode() in content] == []


def test_segments_are_written_and_their_sizes_shown(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    set_today(workspace)
    features = pl.DataFrame(
        {
            "customer_id": ["C1", "C2", "C3"],
            "recency_days": [1, 300, None],
            "purchase_day_count": [9, 1, 0],
            "net_revenue": [900, 10, 0],
            "is_business": [False, True, False],
            "average_order_value": [100.0, 10.0, None],
            "category_count": [3, 1, 0],
        }
    ).with_columns(discount_rate=0.0, refund_rate=0.0, web_share=1.0)
    fill_warehouse(customer_features=features)
    publish(workspace, "2026-05-31", "customer_segments", pl.DataFrame({"customer_id": ["C0"], "rfm_segment": ["new"]}))
    (workspace.analytics / "customer_aliases").mkdir()
    aliases = pl.DataFrame({"alias": ["C0"], "customer_id": ["C1"]})
    aliases.write_parquet(workspace.analytics / "customer_aliases" / "customer_aliases.parquet")
    result: dg.ExecuteInProcessResult = materialize(segments)
    assert result.success
    written = pl.read_parquet(workspace.analytics / "customer_segments" / "customer_segments.parquet")
    assert dict(written.select("customer_id", "rfm_segment").iter_rows())["C3"] == "lead"
    before = dict(written.select("customer_id", "previous_rfm_segment").iter_rows())
    assert before == {"C1": "new", "C2": None, "C3": None}, "C1 was called C0"
    assert written["behaviour_segment"].null_count() == 3, "three customers make no groups"
    customers, groups = (event.materialization for event in result.get_asset_materialization_events())
    assert customers.metadata["dagster/row_count"].value == 3
    assert groups.metadata["dagster/row_count"].value == 0
    assert "C1" not in str(customers.metadata)


def test_outreach_writes_its_tables_and_a_refusal_closes_a_channel(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """Accident: a closed channel or an open follow-up is forgotten between the warehouse and the plan."""
    (workspace.root / "settings.yml").write_text("outreach: {holdout_share: 0, post: {per_week: 0}}")
    (workspace.raw / "run_context").mkdir()
    context = pl.DataFrame({"as_of": [AS_OF], "base_currency": ["EUR"]})
    context.write_parquet(workspace.raw / "run_context" / "run_context.parquet")
    for name, column in (("customer_segments", "rfm_segment"), ("customer_value", "value_class")):
        (workspace.analytics / name).mkdir()
        table = pl.DataFrame({"customer_id": ["C1", "C2"], column: ["lead", None]})
        table.write_parquet(workspace.analytics / name / f"{name}.parquet")
    (workspace.analytics / "customer_aliases").mkdir()
    aliases = pl.DataFrame(schema={"alias": pl.String, "customer_id": pl.String})
    aliases.write_parquet(workspace.analytics / "customer_aliases" / "customer_aliases.parquet")
    fill_warehouse(**TWO_CUSTOMERS)
    fill_warehouse(schema="core", **FOLLOWUPS)

    assert materialize(outreach_plan).success

    written = {
        name: pl.read_parquet(workspace.analytics / name / f"{name}.parquet")
        for name in ("channel_effects", "next_best_channel", "contact_plan", "plan_limits", "what_if")
    }
    channels = written["next_best_channel"].filter(customer_id="C1")
    allowed = dict(channels.select("channel", "is_allowed").iter_rows())
    assert allowed == {"post": True, "email": False, "phone": False, "sms": False}
    reasons = dict(written["contact_plan"].select("customer_id", "reason").iter_rows())
    assert "closed" in reasons["C1"]
    assert "Service" in reasons["C2"]
    assert written["contact_plan"]["channel"].to_list() == ["none", "none"]
    post = written["plan_limits"].row(by_predicate=pl.col("limit_name") == "post", named=True)
    assert (post["capacity"], post["is_default"]) == (0.0, False)
    assert "nobody" in post["reason"]


NOBODY_TOUCHED = {
    "customer_id": pl.String,
    "channel": pl.String,
    "touched_at": pl.Datetime,
    "direction": pl.String,
    "is_delivered": pl.Boolean,
    "is_engaged": pl.Boolean,
}
TWO_CUSTOMERS = {
    "orders": pl.DataFrame({"customer_id": ["C1"], "margin": [5.0], "is_purchase": [True]}).with_columns(
        ordered_on=AS_OF, ordered_at=pl.lit(AS_OF).cast(pl.Datetime)
    ),
    "touches": pl.DataFrame(schema=NOBODY_TOUCHED),
    "customers": pl.DataFrame({"customer_id": ["C1", "C2"], "account_id": [None, "A1"]}).with_columns(
        first_seen_at=pl.lit(AS_OF).cast(pl.Datetime)
    ),
    "customer_features": pl.DataFrame({"customer_id": ["C1", "C2"], "consent_email": [False, True]}).with_columns(
        kind=pl.lit("person"),
        consent_phone=pl.lit(None, pl.Boolean),
        consent_sms=pl.lit(None, pl.Boolean),
        consent_post=pl.lit(None, pl.Boolean),
        is_suppressed=False,
        has_email=True,
        has_phone=True,
        has_address=True,
        first_order_on=AS_OF,
    ),
}
FOLLOWUPS = {
    "int_tickets_waiting": pl.DataFrame({"customer_id": ["C1"], "is_open": [False], "is_complaint": [True]}),
    "int_followups_due": pl.DataFrame({"customer_id": ["C2"]}),
}


def test_value_is_written_with_the_court_that_it_rests_on(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """Too few buyers for a court: a plain rule says so, and the court's table is there, empty. What was sent back by a
    credit note of its own is not what an order brings."""
    (workspace.root / "settings.yml").write_text("horizon_days: 90\nlanguage: de\n")
    set_today(workspace)
    note = {"order_id": "5", "customer_id": "C2", "net_revenue": -3.0, "is_purchase": False, "ordered_on": AS_OF}
    orders = pl.concat([FOUR_ORDERS["orders"], pl.DataFrame([note])], how="diagonal_relaxed")
    fill_warehouse(orders=orders.with_columns(margin=pl.col("net_revenue") * 0.5))
    result: dg.ExecuteInProcessResult = materialize(value)
    assert result.success
    values, court = (
        pl.read_parquet(workspace.analytics / name / f"{name}.parquet") for name in ("customer_value", "value_court")
    )
    assert values.select("customer_id", "model", "frequency").rows() == [("C1", "past_rate", 0), ("C2", "past_rate", 0)]
    assert values["reason"].str.contains("in 90 Tagen").all()
    assert values["expected_spend"].to_list() == [2.25, 4.75], "kept 1 and 6, drawn to the mean of both"
    assert court.schema == COURT_SCHEMA
    assert court.is_empty()
    assert "C1" not in str([event.materialization.metadata for event in result.get_asset_materialization_events()])
