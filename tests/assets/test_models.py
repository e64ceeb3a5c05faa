"""Assets around the models: they read the warehouse, write one Parquet table, and name nobody in their metadata."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from models.affinity import NEXT_CATEGORIES_SCHEMA
from models.court_table import COURT_SCHEMA
from models.identity import KNOWN_SCHEMA
from pipelines.assets import identity as identity_assets
from pipelines.assets.identity import RECORD_COLUMNS, identity, published
from pipelines.assets.opportunities import (
    account_potential,
    customer_potential,
    lines_of_purchases,
    next_categories,
)
from pipelines.assets.outreach import outreach_plan
from pipelines.assets.segments import earlier_run, segments
from pipelines.assets.value import value
from pipelines.delivery.department_rows import white_space
from pipelines.resources import WorkspaceResource
from pipelines.warehouse import Warehouse
from pipelines.workspace import Workspace

AS_OF = date(2026, 6, 30)


def set_today(workspace: Workspace) -> None:
    (workspace.raw / "run_context").mkdir()
    pl.DataFrame({"as_of": [AS_OF]}).write_parquet(workspace.raw / "run_context" / "run_context.parquet")


def publish(workspace: Workspace, day: str, name: str, table: pl.DataFrame) -> None:
    folder = workspace.exports / day / "tables"
    folder.mkdir(parents=True)
    table.write_parquet(folder / f"{name}.parquet")


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


def test_ids_are_remembered_from_the_last_publication_only(workspace: Workspace) -> None:
    assert published(workspace, "customer_links", KNOWN_SCHEMA) is None
    links = pl.DataFrame([("shopify", "contacts", "1", "C1", "C1", 1)], schema=KNOWN_SCHEMA, orient="row")
    publish(workspace, "latest", "customer_links", links)
    found = published(workspace, "customer_links", KNOWN_SCHEMA)
    assert found is not None
    assert found["customer_id"].to_list() == ["C1"]


def fill_with_records(fill_warehouse: Callable, records: pl.DataFrame) -> None:
    """What identity reads: contacts of a CRM with whatever the records have."""
    contacts = records.with_columns(source_system=pl.lit("crm"), entity=pl.lit("contacts"))
    others = [pl.lit(None, pl.String).alias(name) for name in RECORD_COLUMNS if name not in contacts.columns]
    fill_warehouse(
        schema="staging",
        stg_records=contacts.with_columns(others),
        free_mail_domains=pl.DataFrame({"domain": ["gmail.com"], "kind": ["mail"]}),
    )


def checks_of_identity(materialize: Callable) -> list[dg.AssetCheckEvaluation]:
    """What it finds of decisions, and of chains."""
    return sorted(materialize(identity).get_asset_check_evaluations(), key=lambda check: check.check_name)


def test_people_in_a_chain_are_told_of_and_listed(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """Whoever has two numbers is chained to two others; nobody saw why a customer was so large."""
    numbers = pl.DataFrame({"at": range(20)}).select(
        source_id=pl.format("+49151231251{}", pl.col("at") + 10), mobile=pl.format("+49151231251{}", pl.col("at") + 11)
    )
    fill_with_records(fill_warehouse, numbers.with_columns(phone="source_id"))
    _, chained = checks_of_identity(materialize)
    assert not chained.passed
    assert chained.description is not None
    assert chained.description.startswith("Chains found: 1, the longest of 20 records.")
    assert "+49" not in chained.description
    parted = pl.read_parquet(workspace.analytics / "groups_parted" / "groups_parted.parquet")
    assert parted.select("cut_by", "record_count").rows() == [("phone", 20)]
    blocks = pl.read_parquet(workspace.analytics / "blocks_compared" / "blocks_compared.parquet")
    assert blocks.columns == ["rule", "largest", "largest_kept", "pair_count"]


def test_a_decision_about_a_record_that_is_not_there_is_told(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """A mistyped id left a decision without effect, and nobody knew."""
    fill_with_records(fill_warehouse, pl.DataFrame({"source_id": ["1", "2"], "email": ["1@x.example", "2@x.example"]}))
    header, line = "record_1;record_2;decision\n", "crm:contacts:1;crm:contacts:{};same\n"
    (workspace.root / "decisions.csv").write_text(header + line.format(2))
    sound, unchained = checks_of_identity(materialize)
    assert sound.passed
    assert unchained.passed
    links = pl.read_parquet(workspace.analytics / "customer_links" / "customer_links.parquet")
    assert links["customer_id"].n_unique() == 1
    (workspace.root / "decisions.csv").write_text(header + line.format(2) + line.format(3))
    mistyped, _ = checks_of_identity(materialize)
    assert not mistyped.passed
    assert mistyped.description is not None
    assert mistyped.description.startswith("Not so for 1 of 2 lines, which are without effect")


def test_a_merger_that_people_undo_and_do_again_gives_the_ids_back(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """Run after run over a published result, with decisions.csv as people write it; a repeated run changes nothing."""
    fill_with_records(fill_warehouse, pl.DataFrame({"source_id": ["1", "2"], "email": ["1@x.example", "2@x.example"]}))
    published = workspace.latest / "tables"
    published.mkdir(parents=True)

    def ids(decision: str) -> list[str]:
        (workspace.root / "decisions.csv").write_text(
            f"record_1;record_2;decision\ncrm:contacts:1;crm:contacts:2;{decision}\n"
        )
        materialize(identity)
        for name in ("customer_links", "customer_aliases"):
            shutil.copy(workspace.analytics / name / f"{name}.parquet", published)
        return pl.read_parquet(published / "customer_links.parquet")["customer_id"].to_list()

    apart, merged = ids("different"), ids("same")
    assert len(set(apart)) == 2
    assert len(set(merged)) == 1
    assert set(merged) < set(apart)
    assert ids("different") == apart
    assert ids("same") == merged
    assert ids("same") == merged


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
        ordered_on=AS_OF
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

FOUR_ORDERS = {
    "orders": pl.DataFrame(
        {
            "order_id": ["1", "2", "3", "4"],
            "customer_id": ["C1", "C1", None, "C2"],
            "account_id": [None, None, None, "A1"],
            "net_revenue": [1.0, 2.0, 3.0, 9.0],
            "is_purchase": [True, False, True, True],
        }
    ).with_columns(ordered_on=AS_OF),
    "order_lines": pl.DataFrame(
        {"order_id": ["1", "2", "3"], "category": ["Tea", "Cups", "Tea"], "net_revenue": [1.0, 2.0, 3.0]}
    ),
    "customers": pl.DataFrame({"customer_id": ["C1", "C2"], "kind": ["person", "person"]}),
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


def test_next_categories_come_from_purchases_alone(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """A cancelled order says nothing of what a customer likes, an order of nobody belongs to nobody, and an order
    without lines is worth what it is worth."""
    set_today(workspace)
    fill_warehouse(**FOUR_ORDERS)
    bought = lines_of_purchases(Warehouse(workspace.database)).sort("net_revenue").rows()
    assert bought == [("C1", AS_OF, "Tea", 1.0), ("C2", AS_OF, None, 9.0)]
    assert materialize(next_categories).success
    written = pl.read_parquet(workspace.analytics / "next_categories" / "next_categories.parquet")
    assert written.is_empty()
    assert written.schema == NEXT_CATEGORIES_SCHEMA


def test_the_white_space_of_a_company_is_what_comparable_companies_buy_beyond_what_its_people_do(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """Accident: two colleagues who buy by turns are measured apart, and their company by private people, who buy more.

    200 companies, each with two buyers, buy tea twelve times a year and one buys it five times, and cups once. A
    hundred private people buy tea thirty times."""
    set_today(workspace)
    companies = [(f"A{n:03}", f"A{n:03}-{day % 2}", "Tea", 30 * day) for n in range(200) for day in range(12)]
    few = [("B", f"B-{day % 2}", "Tea", 80 * day) for day in range(5)]
    people = [(None, f"P{n:03}", "Tea", 10 * day) for n in range(100) for day in range(30)]
    rows = pl.DataFrame(
        [*companies, *few, ("B", None, "Cups", 3), *people],
        schema={"account_id": pl.String, "customer_id": pl.String, "category": pl.String, "before": pl.Int64},
        orient="row",
    ).with_columns(order_id=pl.int_range(pl.len()).cast(pl.String), net_revenue=10.0, is_purchase=True)
    orders = rows.with_columns(ordered_on=pl.lit(AS_OF) - pl.duration(days="before")).drop("before", "category")
    fill_warehouse(orders=orders, order_lines=rows.select("order_id", "category", "net_revenue"))
    assert materialize(account_potential).success
    found = pl.read_parquet(workspace.analytics / "account_potential" / "account_potential.parquet")
    assert found.filter(account_id="B", category="Tea").select("actual", "potential", "verdict").rows() == [
        (50.0, pytest.approx(120.0), "open")
    ]
    assert found.filter(account_id="B", category="*")["actual"].to_list() == [60.0], "the company's own order counts"
    assert found["potential"].max() <= 130.0, "no company is expected to buy as private people do"  # type: ignore[operator]
    names = pl.LazyFrame({"account_id": ["B", "A000"], "name": ["Beh GmbH", "Null AG"]})
    space = white_space({"accounts": names, "account_potential": found.lazy()}).collect()
    tea = space.filter(category="Tea")
    assert tea.select("account_id", "name", "room").rows() == [("B", "Beh GmbH", pytest.approx(70.0))]
    assert (space["room"] > 0).all()


def test_potential_is_written_for_customers_and_for_companies(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    set_today(workspace)
    fill_warehouse(**FOUR_ORDERS)
    assert materialize(customer_potential, account_potential).success
    customers, accounts = (
        pl.read_parquet(workspace.analytics / name / f"{name}.parquet")
        for name in ("customer_potential", "account_potential")
    )
    assert customers.select("customer_id", "category", "actual", "verdict").rows() == [
        ("C1", "*", 1.0, "unknown"),
        ("C1", "Tea", 1.0, "unknown"),
        ("C2", "*", 9.0, "unknown"),
    ]
    assert accounts.select("account_id", "category", "actual").rows() == [("A1", "*", 9.0)]
