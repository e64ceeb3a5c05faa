"""Which source records are one customer."""

from __future__ import annotations

import dagster as dg
import polars as pl

from models.identity import link_records
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.resources import WorkspaceResource
from pipelines.workspace import Workspace

RECORD_COLUMNS = (
    "source_system",
    "entity",
    "source_id",
    "email",
    "phone",
    "mobile",
    "country",
    "first_name",
    "merged_into_source_id",
)


@dg.asset(
    key=["analytics", "customer_links"],
    deps=["stg_records", dg.AssetKey(["raw", "run_context"])],
    group_name="identity",
    kinds={"polars"},
)
@discreet
def customer_links(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
    """Every source record with the customer it belongs to, one row per record."""
    folders = workspace.folders
    records = workspace.warehouse.table("stg_records", schema="staging", columns=RECORD_COLUMNS)
    links = link_records(records, previous_links(folders), home_country=folders.settings.country)
    by_rule = links["matched_by"].value_counts(sort=True)
    return written(
        links,
        folders.analytics / "customer_links",
        {"customers": links["customer_id"].n_unique(), "matched_by": in_markdown(by_rule)},
    )


def previous_links(folders: Workspace) -> pl.DataFrame | None:
    """Return the links of the last published run, so that a customer keeps his id; None before the first."""
    published = folders.latest / "tables" / "customer_sources.parquet"
    if not published.exists():
        return None
    return pl.read_parquet(published, columns=["source_system", "entity", "source_id", "customer_id"])
