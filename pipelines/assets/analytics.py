"""What each buyer is worth, and which segment each customer is in."""

from __future__ import annotations

import dagster as dg
import polars as pl

from models import lifetime_value
from pipelines.assets.landing import read_run_context
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.resources import WorkspaceResource
from pipelines.warehouse import Warehouse

VALUE_COLUMNS = (
    "customer_id",
    "purchase_day_count",
    "repeat_purchase_days",
    "recency_days",
    "age_days",
    "monetary_value",
    "net_revenue",
    "margin",
)


@dg.asset(
    key=["analytics", "customer_value"], deps=["customer_features", "orders"], group_name="analytics", kinds={"scipy"}
)
@discreet
def customer_value(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
    """Expected orders and margin of every buyer with an interval, one row per buyer."""
    folders = workspace.folders
    features = workspace.warehouse.table("customer_features", columns=VALUE_COLUMNS)
    as_of = read_run_context(folders.raw)
    trial = lifetime_value.backtest(purchases(workspace.warehouse), as_of=as_of)
    model = lifetime_value.fit(features, trial=trial)
    value = lifetime_value.customer_value(
        features,
        as_of=as_of,
        horizon_days=folders.settings.horizon_days,
        discount_rate=folders.settings.discount_rate,
        model=model,
    )
    verdict = model.reason or (trial.verdict if trial else "")
    classes = value.group_by("value_class").agg(pl.len().alias("buyers"), pl.col("clv").sum().round(0))
    return written(
        value,
        folders.analytics / "customer_value",
        {"model": model.name, "verdict": verdict, "classes": in_markdown(classes.sort("value_class"), bars="clv")},
    )


def purchases(warehouse: Warehouse) -> pl.LazyFrame:
    """Return customer_id, ordered_on and net_revenue of every order that counts as a purchase."""
    orders = warehouse.table("orders", columns=("customer_id", "ordered_on", "net_revenue", "is_purchase"))
    return orders.lazy().filter(pl.col("is_purchase") & pl.col("customer_id").is_not_null()).drop("is_purchase")
