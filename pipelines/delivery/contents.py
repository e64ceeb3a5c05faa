"""What goes into a folder of exports: every table, the departments' tables, and the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.delivery.cells import csv_dialect
from pipelines.delivery.departments import DEPARTMENT_TABLES
from pipelines.delivery.manifest import DeliveredFile, delivered_file, write_manifest
from pipelines.delivery.tables import write_for_people
from pipelines.delivery.wording import wording
from pipelines.delivery.workbook import ROW_LIMIT


@dataclass(frozen=True)
class DeliveryReport:
    """What a folder of exports holds, in the order of the paths."""

    as_of: date
    files: tuple[DeliveredFile, ...]

    def row_counts(self) -> dict[str, int]:
        """Rows by table name, for the tables of `tables/`."""
        return {
            Path(file.file).stem: file.rows
            for file in self.files
            if file.rows is not None and file.file.startswith("tables/")
        }


def deliver(folder: Path, as_of: date, *, country: str = "DE", language: str = "en") -> DeliveryReport:
    """Adds the departments' folders and manifest.json to a folder that has `tables/<name>.parquet`.

    `country` (ISO 3166-1 alpha-2) decides the separator and the decimal sign of CSV files, `language` (ISO 639-1)
    the headings. The same tables give the same bytes, whatever the order of their rows.

    Raises DeliveryError where a mart or column that a department needs is missing.
    """
    tables = {path.stem: pl.scan_parquet(path, glob=False) for path in (folder / "tables").glob("*.parquet")}
    files = [*_delivered_tables(tables, folder), *_written_for_people(tables, folder, as_of, country, language)]
    return DeliveryReport(as_of, write_manifest(folder, as_of, files))


def _delivered_tables(tables: Mapping[str, pl.LazyFrame], folder: Path) -> Iterator[DeliveredFile]:
    for name, table in tables.items():
        rows = int(table.select(pl.len()).collect().item())
        path = folder / "tables" / f"{name}.parquet"
        yield delivered_file(path, folder, rows, table.collect_schema().names())


def _written_for_people(
    tables: Mapping[str, pl.LazyFrame], folder: Path, as_of: date, country: str, language: str
) -> Iterator[DeliveredFile]:
    for spec in DEPARTMENT_TABLES:
        place = folder / spec.department
        place.mkdir(mode=0o700, exist_ok=True)
        written = write_for_people(
            spec.of(tables),
            spec.name,
            place,
            as_of=as_of,
            dialect=csv_dialect(country),
            wording=wording(language),
        )
        for file, limit in ((written.csv, None), (written.workbook, ROW_LIMIT)):
            rows = written.rows if limit is None else min(written.rows, limit)
            yield delivered_file(file, folder, rows, written.headings)
