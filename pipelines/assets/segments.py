"""Which customers belong together: by recency, frequency and money, and by behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl

from models.segment_table import SEGMENT_SCHEMA
from models.segmentation import NEEDED, EarlierRun, Segmentation, segmentation
from pipelines.assets.landing import read_run_context
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.publications import published_before
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
    published = list(published_before(folders.exports, "customer_segments", as_of))
    if not published:
        return None
    day, table = published[-1]
    paths = [table.with_name(f"{name}.parquet") for name in EARLIER_TABLES]
    customers, features, found = (pl.read_parquet(path, glob=False) if path.exists() else None for path in paths)
    return EarlierRun(day, customers, features, found, known_segments(folders, as_of))


def known_segments(folders: Workspace, as_of: date) -> pl.DataFrame | None:
    """Return every behaviour segment that was published before `as_of`, as it was last."""
    columns = SEGMENT_SCHEMA.names()
    files = [file for _, file in published_before(folders.exports, "behaviour_segments", as_of)]
    tables = [pl.read_parquet(file, columns=columns, glob=False) for file in files]
    return pl.concat(tables).unique("segment_id", keep="last", maintain_order=True) if tables else None


def _metadata(found: Segmentation, name: str) -> dict[str, dg.MetadataValue]:
    if name == "customer_segments":
        sizes = found.customers["rfm_segment"].value_counts(name="customers")
        return {"segments": in_markdown(sizes.sort("customers", "rfm_segment", descending=True), bars="customers")}
    columns = ("segment_id", "name", "sentence", "customer_count", "stability", "learned_on")
    return {"segments": in_markdown(found.segments.select(columns))}
