"""What people read: every table, and the departments' own, published all or nothing."""

from __future__ import annotations

import dagster as dg
import polars as pl

from pipelines.assets.landing import read_run_context
from pipelines.batch_history import all_unusual_files, newest_days
from pipelines.batch_summary import published_figures
from pipelines.delivery.contents import deliver
from pipelines.delivery.publish import publication, published_before
from pipelines.delivery.quality_page import write_quality_page
from pipelines.discretion import discreet
from pipelines.ingest.quarantine import read_quarantine
from pipelines.resources import WorkspaceResource


def exports_asset(published: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """Return the asset that publishes these tables of the warehouse."""

    @dg.asset(deps=published, group_name="delivery", kinds={"parquet", "csv", "excel"})
    @discreet
    def exports(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
        """The folder exports/<as_of> with tables and a folder for each department; exports/latest leads to it."""
        from pipelines.delivery.report import write_report  # takes the drawing of charts with it, which takes a while

        folders = workspace.folders
        as_of = read_run_context(folders.raw)
        before = published_before(folders.exports, as_of)
        with publication(folders.exports, as_of) as building:
            (building / "tables").mkdir()
            for name in workspace.warehouse.table_names():
                workspace.warehouse.write_parquet(name, building / "tables" / f"{name}.parquet")
            left_out = read_quarantine(folders.quarantine, folders.raw)
            left_out.write_parquet(building / "tables" / "quarantine.parquet")
            write_quality_page(
                building / "data_quality.html",
                as_of,
                ledger=pl.read_parquet(folders.raw / "load_ledger" / "load_ledger.parquet"),
                quarantine=left_out,
                unusual=all_unusual_files(folders.raw),
                newest=newest_days(folders.raw),
                parted=pl.read_parquet(building / "tables" / "groups_parted.parquet"),
                blocks=pl.read_parquet(building / "tables" / "blocks_compared.parquet"),
            )
            write_report(
                building / "report.html",
                as_of,
                tables=building / "tables",
                before=None if before is None else before / "tables",
                language=folders.settings.language,
            )
            delivered = deliver(
                building,
                as_of,
                country=folders.settings.country,
                language=folders.settings.language,
                platforms=folders.settings.audiences,
            )
        _, figures = published_figures(folders)
        return dg.MaterializeResult(
            metadata={
                **{metric: float(figure["value"]) for metric, figure in figures.items()},
                "as_of": as_of.isoformat(),
                "files": len(delivered.files),
                "dagster/row_count": sum(delivered.row_counts().values()),
                "path": dg.MetadataValue.path(str(folders.exports / as_of.isoformat())),
            }
        )

    return exports
