"""From the files in landing/ to raw entities, and what a run must know before SQL begins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import get_args

import dagster as dg
import polars as pl

from data_quality.contracts import Contract, contracts
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.errors import UserError
from pipelines.exchange_rates import RATE_DECIMALS, rate_periods
from pipelines.ingest.batch import IngestReport, ingest
from pipelines.ingest.settings import ingest_settings
from pipelines.resources import WorkspaceResource
from pipelines.workspace import Settings, TrustedField, Workspace

MARGINS_SCHEMA: dict[str, pl.DataType] = {"category": pl.String(), "margin": pl.Decimal(6, 4)}
RATES_SCHEMA: dict[str, pl.DataType] = {
    "currency": pl.String(),
    "valid_from": pl.Date(),
    "valid_until": pl.Date(),
    "rate": pl.Decimal(20, RATE_DECIMALS),
}
TABLES_ABOUT_THE_RUN = {
    "load_ledger": "One row per landed file and entity: what was read, kept, put into quarantine, and why.",
    "run_context": "One row: the day that the run takes for today, and the settings that SQL needs.",
    "exchange_rates": "What one unit of a currency is worth in the base currency, one row per currency and period.",
    "trust": "How much more than others a source system is trusted, one row per system.",
    "margins": "Margin as a share of net revenue, one row per category.",
}


def landing_specs() -> list[dg.AssetSpec]:
    """Return what the step writes: the raw entities, and the tables about the run itself."""
    described = {entity: contract.description for entity, contract in contracts().items()} | TABLES_ABOUT_THE_RUN
    return [
        dg.AssetSpec(
            ["raw", name],
            description=description,
            group_name="landing",
            kinds={"duckdb"},
            metadata={"dagster/column_schema": columns_of(contracts()[name])} if name in contracts() else None,
        )
        for name, description in described.items()
    ]


def columns_of(contract: Contract) -> dg.TableSchema:
    """Return the columns of a raw entity as its contract describes them."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                column.name,
                column.type,
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=not column.required),
            )
            for column in contract.columns
        ]
    )


@dg.multi_asset(name="landing", specs=landing_specs())
@discreet
def landing(workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult[None]]:
    """Everything in landing/ as raw entities, with the load ledger and the context of the run."""
    folders = workspace.folders
    settings = ingest_settings(folders)
    report = ingest(folders.landing, folders.raw, folders.quarantine, settings)
    as_of = workspace.requested_as_of or newest_day(report)
    for entity in contracts():
        yield dg.MaterializeResult(asset_key=["raw", entity], metadata=_entity_metadata(report, entity))
    yield dg.MaterializeResult(asset_key=["raw", "load_ledger"], metadata=_ledger_metadata(report))
    for name, table in context_tables(folders, settings.base_currency, as_of).items():
        yield written(table, folders.raw / name, key=["raw", name])


def newest_day(report: IngestReport) -> date:
    """Return the day of the newest order or touch; raise UserError where nothing has landed that holds one."""
    if report.newest_at is None:
        troubles = " ".join(f"{row.file}: {row.message}" for row in report.troubled[:5])
        nothing_said = "No file in it says a date; give one with --as-of." if report.rows else "It holds no file."
        raise UserError(
            f"landing/ holds no order and no touch that could be read. {troubles or nothing_said} "
            "Put exports there (`stammkunde inspect FILE` says whether one is understood) and run again."
        )
    return report.newest_at.date()


def context_tables(folders: Workspace, base_currency: str, as_of: date) -> dict[str, pl.DataFrame]:
    """Return the small tables that SQL reads about the run itself, by name."""
    settings = folders.settings
    margins = {"*": Decimal("0.4"), **settings.margins}
    return {
        "run_context": pl.DataFrame(
            {
                "as_of": [as_of],
                "base_currency": [base_currency],
                "country": [settings.country],
                "timezone": [settings.timezone],
                "language": ["en"],
            }
        ),
        "exchange_rates": pl.DataFrame(
            rate_periods(settings.exchange_rates, folders.dated_rates, base_currency), schema=RATES_SCHEMA
        ),
        "trust": trust_table(settings),
        "margins": pl.DataFrame(sorted(margins.items()), schema=MARGINS_SCHEMA, orient="row"),
    }


def trust_table(settings: Settings) -> pl.DataFrame:
    """Return one row per source system that settings.yml prefers, and a number for each field: the higher the more."""
    fields = [field for field in get_args(TrustedField) if field != "*"]
    ranked = {
        field: dict(zip(reversed(settings.trust.get(field, settings.trust.get("*", ()))), count(1))) for field in fields
    }
    systems = sorted({system for ranks in ranked.values() for system in ranks})
    rows = [(system, *(ranked[field].get(system, 0) for field in fields)) for system in systems]
    schema = {"source_system": pl.String(), **dict.fromkeys(fields, pl.Int64())}
    return pl.DataFrame(rows, schema=schema, orient="row")


def read_run_context(raw: Path) -> date:
    """Return the day that the run in progress takes for today."""
    as_of = pl.read_parquet(raw / "run_context" / "run_context.parquet", columns=["as_of"]).item()
    if not isinstance(as_of, date):
        raise TypeError(f"run_context holds {type(as_of).__name__} as as_of")
    return as_of


def _entity_metadata(report: IngestReport, entity: str) -> dict[str, int]:
    rows = [row for row in report.rows if row.entity == entity]
    return {
        "dagster/row_count": sum(row.rows_kept for row in rows),
        "files": len({row.file for row in rows}),
        "newly_converted_files": sum(converted == entity for converted, _ in report.converted),
        "rows_quarantined": sum(row.rows_quarantined for row in rows),
    }


def _ledger_metadata(report: IngestReport) -> dict[str, dg.MetadataValue | int]:
    states = pl.DataFrame({"status": [row.status for row in report.rows]}, schema={"status": pl.String})
    return {
        "dagster/row_count": len(report.rows),
        "files": len({row.file for row in report.rows}),
        "by_status": in_markdown(states.group_by("status").len("files_and_entities").sort("status")),
    }
