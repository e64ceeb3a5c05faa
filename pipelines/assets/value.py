"""What each buyer is worth, and how well that can be foretold."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import polars as pl

from models import lifetime_value
from models.court_table import value_court
from models.purchase_history import margin_rates, purchase_days
from pipelines.assets.landing import read_run_context
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.resources import WorkspaceResource
from pipelines.warehouse import Warehouse

PURCHASE_COLUMNS = ("customer_id", "ordered_on", "net_revenue", "margin", "is_purchase")
TABLES = {
    "customer_value": "Expected orders and margin of every buyer with an interval, one row per buyer.",
    "value_court": "How every forecast did on held-out time, or why it dropped out, one row per origin, candidate and "
    "target.",
}


def value_specs() -> list[dg.AssetSpec]:
    """Return what the step writes."""
    return [
        dg.AssetSpec(
            ["analytics", name], description=sentence, group_name="analytics", kinds={"scikitlearn"}, deps=["orders"]
        )
        for name, sentence in TABLES.items()
    ]


@dg.multi_asset(name="value", specs=value_specs())
@discreet
def value(workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult[None]]:
    """What each buyer is worth, and how well that can be foretold."""
    folders = workspace.folders
    as_of = read_run_context(folders.raw)
    bought, notes = purchases_and_credit_notes(workspace.warehouse)
    found = lifetime_value.customer_value(
        purchase_days(bought, as_of=as_of),
        margin_rates(bought, as_of=as_of),
        as_of=as_of,
        horizon_days=folders.settings.horizon_days,
        discount_rate=folders.settings.discount_rate,
        language=folders.settings.language,
        credit_notes=notes.collect(),
    )
    classes = found.table.group_by("value_class").agg(pl.len().alias("buyers"), pl.col("clv").sum().round(0))
    about: dict[str, dg.MetadataValue | int | float | str] = {
        "model": found.model,
        "verdict": found.verdict,
        "notes": " ".join(found.notes),
        "classes": in_markdown(classes.sort("value_class"), bars="clv"),
        "slipping": int(found.table["is_slipping"].sum()),
    }
    if found.coverage is not None:
        about["coverage_of_80_percent_intervals"] = round(found.coverage, 3)
    yield written(found.table, folders.analytics / "customer_value", about, ["analytics", "customer_value"])
    court = value_court(found)
    yield written(court, folders.analytics / "value_court", {"verdict": found.verdict}, ["analytics", "value_court"])


def purchases_and_credit_notes(warehouse: Warehouse) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Return customer_id, ordered_on, net_revenue and margin of what counts as a purchase, and of what takes away."""
    orders = warehouse.table("orders", columns=PURCHASE_COLUMNS).lazy().filter(pl.col("customer_id").is_not_null())
    bought, others = orders.filter("is_purchase"), orders.filter(~pl.col("is_purchase"))
    return bought.drop("is_purchase"), others.filter(pl.col("net_revenue") < 0).drop("is_purchase")
