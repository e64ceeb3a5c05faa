"""Whom to contact through which channel: what contacts add, recommendations, and the plan of the coming period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl

from models.customer_history import History
from models.outreach import Outreach, outreach
from models.plan_limits import plan_limits
from models.what_if import as_planned, offers, what_if
from pipelines.assets.landing import read_run_context
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.publications import earlier_plans
from pipelines.resources import WorkspaceResource
from pipelines.warehouse import Warehouse
from pipelines.workspace import Workspace

CONTACTABILITY_COLUMNS = (
    "customer_id",
    "kind",
    "consent_email",
    "consent_phone",
    "consent_sms",
    "consent_post",
    "is_suppressed",
    "has_email",
    "has_phone",
    "has_address",
    "first_order_on",
)
ORDER_COLUMNS = ("customer_id", "ordered_on", "ordered_at", "margin", "is_purchase")
TOUCH_COLUMNS = ("customer_id", "channel", "touched_at", "direction", "is_delivered", "is_engaged")
TABLES = {
    "channel_effects": "What a contact adds by channel, as the company's own history shows, one row per channel.",
    "next_best_channel": "Every customer's channels in the order to use them, one row per customer and channel.",
    "contact_plan": "The contact plan of the coming period, one row per customer.",
    "plan_limits": "What limits the plan and what one more would be worth, one row per channel and one for the budget.",
    "what_if": "The plan with other budgets and capacities, one row per lever and amount.",
}
DEPS = (
    dg.AssetKey("customer_features"),
    dg.AssetKey("customers"),
    dg.AssetKey(["analytics", "customer_aliases"]),
    dg.AssetKey("orders"),
    dg.AssetKey("touches"),
    dg.AssetKey("int_followups_due"),
    dg.AssetKey("int_tickets_waiting"),
    dg.AssetKey(["analytics", "customer_segments"]),
    dg.AssetKey(["analytics", "customer_value"]),
)


def outreach_specs() -> list[dg.AssetSpec]:
    """Return what the step writes."""
    return [
        dg.AssetSpec(["analytics", name], description=sentence, group_name="outreach", kinds={"scikitlearn"}, deps=DEPS)
        for name, sentence in TABLES.items()
    ]


@dg.multi_asset(name="outreach", specs=outreach_specs())
@discreet
def outreach_plan(workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult[None]]:
    """What contacts add is learned, the gate decides how personal to be, and the plan shares out what is scarce."""
    folders, settings = workspace.folders, workspace.folders.settings
    policy = settings.outreach.policy
    as_of = read_run_context(folders.raw)
    history = read_history(workspace.warehouse, folders, as_of)
    found = outreach(history, as_of=as_of, policy=policy, language=settings.language)
    words = {"currency": base_currency(folders), "language": settings.language}
    offered = offers(found.next_best_channel, found.plan.contacts, found.channel_effects, policy.rules)
    said = settings.outreach
    limits = plan_limits(found.plan, policy.rules, said.defaults, said.default_caps, **words)
    tables = {
        "channel_effects": found.channel_effects,
        "next_best_channel": found.next_best_channel,
        "contact_plan": found.plan.contacts,
        "plan_limits": limits,
        "what_if": what_if(offered, as_planned(policy.rules, limits), **words),
    }
    for name, table in tables.items():
        yield written(table, folders.analytics / name, _metadata(name, table, found), key=["analytics", name])


def read_history(warehouse: Warehouse, folders: Workspace, as_of: date) -> History:
    """Return what outreach is learned from and planned by: the warehouse's tables, and the plans published before."""
    aliases = pl.read_parquet(folders.analytics / "customer_aliases" / "customer_aliases.parquet")
    touches = warehouse.table("touches", columns=TOUCH_COLUMNS)
    orders = warehouse.table("orders", columns=ORDER_COLUMNS)
    return History(
        orders=orders.filter(pl.col("customer_id").is_not_null()),
        touches=touches.with_columns(touched_on=pl.col("touched_at").dt.date()),
        customers=_customers(warehouse, folders),
        plans=earlier_plans(folders.exports, as_of, aliases),
        timezone=folders.settings.timezone,
    )


def base_currency(folders: Workspace) -> str:
    """Return the currency that all money of the run is in."""
    context = pl.read_parquet(folders.raw / "run_context" / "run_context.parquet", columns=["base_currency"])
    return str(context.item())


def _customers(warehouse: Warehouse, folders: Workspace) -> pl.DataFrame:
    features = warehouse.table("customer_features", columns=CONTACTABILITY_COLUMNS)
    people = warehouse.table("customers", columns=("customer_id", "account_id", "first_seen_at"))
    complaints = warehouse.table(
        "int_tickets_waiting", schema="core", columns=("customer_id", "is_open", "is_complaint")
    )
    waiting = complaints.filter("is_open", "is_complaint").select("customer_id").unique()
    followups = warehouse.table("int_followups_due", schema="core", columns=("customer_id",)).unique()
    groups = (
        _analytics(folders, "customer_segments", "rfm_segment"),
        _analytics(folders, "customer_value", "value_class"),
    )
    joined = features.join(people, on="customer_id", how="left")
    for group in groups:
        joined = joined.join(group, on="customer_id", how="left")
    return joined.with_columns(
        first_seen_on=pl.min_horizontal(pl.col("first_seen_at").dt.date(), "first_order_on"),
        is_company=(pl.col("kind") == "company") | pl.col("account_id").is_not_null(),
        has_open_complaint=pl.col("customer_id").is_in(waiting["customer_id"].implode()),
        has_open_followup=pl.col("customer_id").is_in(followups["customer_id"].implode()),
        priority=folders.settings.outreach.priority(),
    )


def _analytics(folders: Workspace, name: str, column: str) -> pl.DataFrame:
    return pl.read_parquet(folders.analytics / name / f"{name}.parquet", columns=["customer_id", column])


def _metadata(name: str, table: pl.DataFrame, found: Outreach) -> dict[str, dg.MetadataValue | str | float]:
    ruling = found.evidence.ruling
    match name:
        case "channel_effects":
            shown = table.select("channel", "effect", "effect_low", "effect_high", "naive_difference", "verdict")
            gate = "personal" if ruling.is_personal else f"the same for all: {found.evidence.best_for_all}"
            gain = f"{ruling.gain:.4f}, at least {ruling.gain_low:.4f}"
            return {"effects": in_markdown(shown), "gate": gate, "gain_of_personal_choice": gain}
        case "next_best_channel":
            best = table.filter(pl.col("rank") == 1).group_by("channel", "is_allowed").len("customers")
            return {"best_channel": in_markdown(best.sort("customers", "channel", descending=[True, False]))}
        case "contact_plan":
            sizes = table.group_by("arm", "channel").len("customers").sort("arm", "channel")
            return {"contacts": in_markdown(sizes), "gap_to_the_best_plan": found.plan.gap}
        case _:
            return {name: in_markdown(table)}
