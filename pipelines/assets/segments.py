"""Which customers belong together: by recency, frequency and money, and by behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl

from models.segmentation import NEEDED, EarlierRun, Segmentation, segmentation
from pipelines.assets.landing import read_run_context
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.resources import WorkspaceResource
from pipelines.workspace import Workspace

TABLES = {
    "customer_segments": "Recency, frequency and monetary scores, named segment and behaviour segment, one row per "
    "customer.",
    "behaviour_segments": "Groups of customers who behave alike, with what tells them apart, one row per segment.",
}
EARLIER_TABLES = ("customer_segments", "customer_features", "behaviour_segments")


def segment_specs() -> list[dg.AssetSpec]:
    """Return what the step writes."""
    return [
        dg.AssetSpec(
            ["analytics", name],
            description=sentence,
            group_name="analytics",
            kinds={"polars"},
            deps=[dg.AssetKey("customer_features"), dg.AssetKey(["analytics", "customer_aliases"])],
        )
        for name, sentence in TABLES.items()
    ]


@dg.multi_asset(name="segments", specs=segment_specs())
@discreet
def segments(workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult[None]]:
    """Segments that last from run to run, compared with those of the last published day."""
    folders = workspace.folders
    as_of = read_run_context(folders.raw)
    earlier = earlier_run(folders, as_of)
    aliases = pl.read_parquet(folders.analytics / "customer_aliases" / "customer_aliases.parquet")
    found = segmentation(
        workspace.warehouse.table("customer_features", columns=NEEDED),
        as_of=as_of,
        earlier=earlier.under_current_ids(aliases) if earlier else None,
        language=folders.settings.language,
    )
    tables = {"customer_segments": found.customers, "behaviour_segments": found.segments}
    for name, table in tables.items():
        yield written(table, folders.analytics / name, _metadata(found, name), key=["analytics", name])


def earlier_run(folders: Workspace, as_of: date) -> EarlierRun | None:
    """Return the tables of the last published day before `as_of`, or None.

    A run that is repeated for the same day therefore gives the same result.
    """
    days = sorted(path.name for path in folders.exports.glob("????-??-??") if path.name < as_of.isoformat())
    tables = [folders.exports / day / "tables" for day in days]
    published = [folder for folder in tables if (folder / "customer_segments.parquet").exists()]
    if not published:
        return None
    paths = [published[-1] / f"{name}.parquet" for name in EARLIER_TABLES]
    frames = [pl.read_parquet(path, glob=False) if path.exists() else None for path in paths]
    return EarlierRun(date.fromisoformat(published[-1].parent.name), *frames)


def _metadata(found: Segmentation, name: str) -> dict[str, dg.MetadataValue]:
    if name == "customer_segments":
        sizes = found.customers["rfm_segment"].value_counts(name="customers")
        return {"segments": in_markdown(sizes.sort("customers", "rfm_segment", descending=True), bars="customers")}
    columns = ("segment_id", "name", "sentence", "customer_count", "stability", "learned_on")
    return {"segments": in_markdown(found.segments.select(columns))}
