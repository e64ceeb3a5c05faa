"""What people read: every table, and the departments' own, published all or nothing."""

from __future__ import annotations

import dagster as dg
import polars as pl

from pipelines.assets.landing import read_run_context
from pipelines.batch_history import all_unusual_files, newest_days
from pipelines.delivery.contents import deliver
from pipelines.delivery.publish import publication
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
        folders = workspace.folders
        as_of = read_run_context(folders.raw)
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
            )
            report = deliver(
                building,
                as_of,
                country=folders.settings.country,
                language=folders.settings.language,
                platforms=folders.settings.audiences,
            )
        return dg.MaterializeResult(
            metadata={
                "as_of": as_of.isoformat(),
                "files": len(report.files),
                "dagster/row_count": sum(report.row_counts().values()),
                "path": dg.MetadataValue.path(str(folders.exports / as_of.isoformat())),
            }
        )

    return exports
