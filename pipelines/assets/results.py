"""What campaigns, plans and channels have achieved."""

from __future__ import annotations

import dagster as dg
import polars as pl

from models.campaign_groups import Contacts
from models.campaign_results import campaign_results as results_of
from models.channel_months import channel_months as months_of
from pipelines.assets.landing import read_run_context
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.publications import earlier_plans
from pipelines.resources import WorkspaceResource
from pipelines.warehouse import Warehouse

TOUCH_COLUMNS = (
    "customer_id",
    "channel",
    "campaign_id",
    "touched_at",
    "direction",
    "is_delivered",
    "is_engaged",
    "is_unsubscribed",
    "is_complained",
    "is_dead_address",
)
ORDER_COLUMNS = ("customer_id", "ordered_on", "margin", "is_purchase")


@dg.asset(
    key=["analytics", "campaign_results"],
    deps=["touches", "orders", "customers", "stg_campaigns", ["analytics", "customer_aliases"]],
    group_name="outreach",
    kinds={"scikitlearn"},
)
@discreet
def campaign_results(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
    """What each campaign and plan has added to orders and margin, one row per campaign, channel and outcome."""
    folders = workspace.folders
    as_of = read_run_context(folders.raw)
    aliases = pl.read_parquet(folders.analytics / "customer_aliases" / "customer_aliases.parquet")
    results = results_of(
        contacts_of(workspace.warehouse),
        earlier_plans(folders.exports, as_of, aliases),
        as_of=as_of,
        horizon_days=folders.settings.outreach.effect_days,
        reported=reported_campaigns(workspace.warehouse),
        language=folders.settings.language,
    )
    methods = results["method"].value_counts(name="results").sort("method")
    return written(results, folders.analytics / "campaign_results", {"methods": in_markdown(methods)})


@dg.asset(
    key=["analytics", "channel_months"],
    deps=["touches", "orders", "customers", ["analytics", "campaign_results"]],
    group_name="outreach",
    kinds={"polars"},
)
@discreet
def channel_months(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
    """Contacts, answers, costs and margin of each channel, one row per month and channel."""
    folders = workspace.folders
    months = months_of(
        contacts_of(workspace.warehouse),
        pl.read_parquet(folders.analytics / "campaign_results" / "campaign_results.parquet"),
        costs=folders.settings.outreach.policy.costs,
        as_of=read_run_context(folders.raw),
        horizon_days=folders.settings.outreach.effect_days,
    )
    return written(months, folders.analytics / "channel_months")


def reported_campaigns(warehouse: Warehouse) -> pl.DataFrame:
    """Return the campaigns of which an export tells, whether it names their recipients or not, as touches call them."""
    columns = ("source_system", "campaign_key", "channel", "sent_at")
    campaigns = warehouse.table("stg_campaigns", schema="staging", columns=columns)
    return campaigns.filter(pl.col("campaign_key").is_not_null()).select(
        "channel",
        campaign_id=pl.concat_str("source_system", pl.lit(":"), "campaign_key"),
        sent_on=pl.col("sent_at").dt.date(),
    )


def contacts_of(warehouse: Warehouse) -> Contacts:
    """Return touches, orders and customers as results are measured on them."""
    touches = warehouse.table("touches", columns=TOUCH_COLUMNS)
    orders = warehouse.table("orders", columns=ORDER_COLUMNS)
    customers = warehouse.table("customers", columns=("customer_id", "first_seen_at"))
    has_left = pl.any_horizontal("is_unsubscribed", "is_complained", "is_dead_address")
    return Contacts(
        touches=touches.with_columns(touched_on=pl.col("touched_at").dt.date(), has_left=has_left),
        orders=orders.filter(pl.col("customer_id").is_not_null()),
        customers=customers.select("customer_id", first_seen_on=pl.col("first_seen_at").dt.date()),
    )
