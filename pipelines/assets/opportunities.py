"""What customers could still become: what they buy next, how much more, and who begins to buy."""

from __future__ import annotations

import dagster as dg
import polars as pl

from models.affinity import RecallTrial
from models.affinity import next_categories as affinity_of
from pipelines.assets.landing import read_run_context
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.resources import WorkspaceResource
from pipelines.warehouse import Warehouse

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


def lines_of_purchases(warehouse: Warehouse) -> pl.DataFrame:
    """Return customer_id, ordered_on, category and net_revenue of every line of an order that counts as a purchase."""
    orders = warehouse.table("orders", columns=("order_id", "customer_id", "ordered_on", "is_purchase"))
    bought = orders.filter(pl.col("is_purchase") & pl.col("customer_id").is_not_null()).drop("is_purchase")
    return bought.join(warehouse.table("order_lines", columns=LINE_COLUMNS), on="order_id").drop("order_id")


def recall_table(trials: tuple[RecallTrial, ...]) -> pl.DataFrame:
    """Return the trials for people: recall@3 beside that of the most popular categories, and whether it is better."""
    rows = [
        (str(trial.depth or "all"), trial.customers, trial.recall, trial.popular_recall, trial.is_better)
        for trial in trials
    ]
    schema = ("categories_so_far", "customers", "recall_at_3", "most_popular", "is_better")
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col(pl.Float64).round(3))
