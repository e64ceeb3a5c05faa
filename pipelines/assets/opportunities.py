"""What customers could still become: what they buy next, how much more, and who begins to buy."""

from __future__ import annotations

from dataclasses import asdict

import dagster as dg
import polars as pl

from models.affinity import RecallTrial
from models.affinity import next_categories as affinity_of
from models.lead_history import LeadHistory
from models.leads import LeadTrial
from models.leads import lead_scores as leads_of
from models.potential import ALL
from models.potential import customer_potential as potential_of
from pipelines.assets.landing import read_run_context
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.resources import WorkspaceResource
from pipelines.warehouse import Warehouse

ORDER_COLUMNS = ("order_id", "customer_id", "account_id", "ordered_on", "net_revenue", "is_purchase")
LINE_COLUMNS = ("order_id", "category", "net_revenue")


@dg.asset(
    key=["analytics", "next_categories"],
    deps=["orders", "order_lines"],
    group_name="analytics",
    kinds={"scikitlearn"},
)
@discreet
def next_categories(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
    """The categories that a customer is likely to take up next, one row per customer and rank."""
    folders = workspace.folders
    found = affinity_of(
        lines_of_purchases(workspace.warehouse).lazy(),
        as_of=read_run_context(folders.raw),
        horizon_days=folders.settings.horizon_days,
        language=folders.settings.language,
    )
    return written(
        found.table,
        folders.analytics / "next_categories",
        {"recall_on_held_out_time": in_markdown(recall_table(found.trials))},
    )


@dg.asset(
    key=["analytics", "customer_potential"],
    deps=["orders", "order_lines", "customers"],
    group_name="analytics",
    kinds={"polars"},
)
@discreet
def customer_potential(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
    """What buyers spend and could spend, one row per buyer and category."""
    folders = workspace.folders
    customers = workspace.warehouse.table("customers", columns=("customer_id", "kind", "account_id"))
    # who buys for a company buys as a company does
    of_company = pl.when(pl.col("account_id").is_not_null()).then(pl.lit("company")).otherwise("kind")
    table = potential_of(
        lines_of_purchases(workspace.warehouse).lazy(),
        customers.with_columns(kind=of_company),
        as_of=read_run_context(folders.raw),
        language=folders.settings.language,
    )
    return written(table, folders.analytics / "customer_potential", {"verdicts": in_markdown(verdict_table(table))})


@dg.asset(
    key=["analytics", "account_potential"],
    deps=["orders", "order_lines"],
    group_name="analytics",
    kinds={"polars"},
)
@discreet
def account_potential(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
    """What companies spend and could spend, measured by other companies, one row per company and category."""
    folders = workspace.folders
    lines = lines_of_purchases(workspace.warehouse, "account_id").rename({"account_id": "customer_id"})
    table = potential_of(
        lines.lazy(),
        lines.select("customer_id").unique().with_columns(kind=pl.lit("company")),
        as_of=read_run_context(folders.raw),
        language=folders.settings.language,
    ).rename({"customer_id": "account_id"})
    return written(table, folders.analytics / "account_potential", {"verdicts": in_markdown(verdict_table(table))})


@dg.asset(
    key=["analytics", "lead_scores"],
    deps=["int_leads_observed", "orders", "customers"],
    group_name="analytics",
    kinds={"scikitlearn"},
)
@discreet
def lead_scores(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
    """How likely a customer without an order buys, one row per lead."""
    folders, warehouse = workspace.folders, workspace.warehouse
    customers = warehouse.table("customers", columns=("customer_id", "is_buyer", "kind", "account_id"))
    found = leads_of(
        LeadHistory(
            warehouse.table("int_leads_observed", schema="core"),
            first_orders(warehouse.table("orders", columns=ORDER_COLUMNS), customers),
        ),
        customers.filter(~pl.col("is_buyer")),
        as_of=read_run_context(folders.raw),
        horizon_days=folders.settings.horizon_days,
        language=folders.settings.language,
    )
    return written(
        found.table,
        folders.analytics / "lead_scores",
        {
            "bases": in_markdown(found.table["basis"].value_counts(name="leads").sort("basis")),
            "chances_on_held_out_time": in_markdown(lead_trial_table(found.trial)),
        },
    )


def first_orders(orders: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Return customer_id and first_order_on of who has bought; a company has when anybody has bought for it."""
    bought = orders.filter("is_purchase")
    companies = customers.filter(kind="company").select("customer_id", "account_id")
    parts = (
        bought.select("customer_id", "ordered_on"),
        bought.select("account_id", "ordered_on").join(companies, on="account_id").select("customer_id", "ordered_on"),
    )
    known = pl.concat(parts).drop_nulls("customer_id")
    return known.group_by("customer_id").agg(first_order_on=pl.col("ordered_on").min()).sort("customer_id")


def lines_of_purchases(warehouse: Warehouse, buyer: str = "customer_id") -> pl.DataFrame:
    """Return the buyer, ordered_on, category and net_revenue of every line of an order that counts as a purchase.

    An order without lines counts as one line without a category.
    """
    orders = warehouse.table("orders", columns=ORDER_COLUMNS)
    bought = orders.filter(pl.col("is_purchase") & pl.col(buyer).is_not_null())
    lines = warehouse.table("order_lines", columns=LINE_COLUMNS)
    joined = bought.join(lines, on="order_id", how="left", suffix="_of_line")
    revenue = pl.coalesce("net_revenue_of_line", "net_revenue").alias("net_revenue")
    return joined.select(buyer, "ordered_on", "category", revenue)


def verdict_table(potential: pl.DataFrame) -> pl.DataFrame:
    """Return how many customers, and how much room, each verdict has over all categories."""
    room = (pl.col("potential") - pl.col("actual")).sum().round(0).alias("room")
    return potential.filter(category=ALL).group_by("verdict").agg(pl.len().alias("customers"), room).sort("verdict")


def recall_table(trials: tuple[RecallTrial, ...]) -> pl.DataFrame:
    """Return the trials for people: recall@3 beside that of the most popular categories, and whether it is better."""
    rows = [
        (str(trial.depth or "all"), trial.customers, trial.recall, trial.popular_recall, trial.is_better)
        for trial in trials
    ]
    schema = ("categories_so_far", "customers", "recall_at_3", "most_popular", "is_better")
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col(pl.Float64).round(3))


def lead_trial_table(trial: LeadTrial | None) -> pl.DataFrame:
    """Return the trial for people: how good chances were beside the average that only hindsight knows."""
    rows = [] if trial is None else [asdict(trial) | {"is_better": trial.is_better}]
    return pl.DataFrame(rows).with_columns(pl.col(pl.Float64).round(4))
