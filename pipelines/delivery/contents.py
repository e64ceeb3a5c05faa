"""What goes into a folder of exports: every table, the departments' tables, and the manifest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.delivery.audiences import NEEDS, overview, write_audiences
from pipelines.delivery.cells import CsvDialect, csv_dialect
from pipelines.delivery.departments import DEPARTMENT_TABLES
from pipelines.delivery.manifest import DeliveredFile, delivered_file, write_manifest
from pipelines.delivery.platforms import PLATFORM_NAMES, PLATFORMS
from pipelines.delivery.reckoning import models_used
from pipelines.delivery.tables import write_for_people
from pipelines.delivery.wording import Wording, wording
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


def deliver(
    folder: Path,
    as_of: date,
    *,
    country: str = "DE",
    language: str = "en",
    platforms: Collection[str] = PLATFORM_NAMES,
) -> DeliveryReport:
    """Adds the departments' folders, audience files and manifest.json to a folder that has `tables/<name>.parquet`.

    `country` (ISO 3166-1 alpha-2) decides the separator and the decimal sign of CSV files, `language` (ISO 639-1)
    the headings, `platforms` for which of them audience files are written. The same tables give the same bytes,
    whatever the order of their rows.

    Raises DeliveryError where a mart or column that a department needs is missing.
    """
    tables = {path.stem: pl.scan_parquet(path, glob=False) for path in (folder / "tables").glob("*.parquet")}
    people = _ForPeople(as_of, csv_dialect(country), wording(language), folder)
    files = [
        *_delivered_tables(tables, folder),
        *people.departments(tables),
        *people.audiences(tables, platforms),
    ]
    return DeliveryReport(as_of, write_manifest(folder, as_of, files))


def _delivered_tables(tables: Mapping[str, pl.LazyFrame], folder: Path) -> Iterator[DeliveredFile]:
    for name, table in tables.items():
        rows = int(table.select(pl.len()).collect().item())
        path = folder / "tables" / f"{name}.parquet"
        yield delivered_file(path, folder, rows, table.collect_schema().names())


@dataclass(frozen=True)
class _ForPeople:
    """Writes files for the people of one country and language into a folder of exports."""

    as_of: date
    dialect: CsvDialect
    wording: Wording
    folder: Path

    def departments(self, tables: Mapping[str, pl.LazyFrame]) -> Iterator[DeliveredFile]:
        models = models_used(tables)
        for spec in DEPARTMENT_TABLES:
            yield from self._table(spec.of(tables), spec.department, spec.name, models)

    def audiences(self, tables: Mapping[str, pl.LazyFrame], platforms: Collection[str]) -> Iterator[DeliveredFile]:
        """The files for platforms and an overview of them; nothing where a table that they need is not published."""
        wanted = [platform for platform in PLATFORMS if platform.name in platforms]
        if not wanted or any(name not in tables for name in NEEDS):
            return
        place = self.folder / "audiences"
        place.mkdir(mode=0o700)
        written = write_audiences(tables, place, wanted)
        for file in written:
            yield delivered_file(file.path, self.folder, file.rows, file.platform.headers)
        yield from self._table(overview(written, place), "audiences", "overview")

    def _table(
        self, table: pl.LazyFrame, department: str, name: str, models: Mapping[str, Sequence[str]] | None = None
    ) -> Iterator[DeliveredFile]:
        place = self.folder / department
        place.mkdir(mode=0o700, exist_ok=True)
        written = write_for_people(
            table, name, place, as_of=self.as_of, dialect=self.dialect, wording=self.wording, models=models
        )
        for file, limit in ((written.csv, None), (written.workbook, ROW_LIMIT)):
            rows = written.rows if limit is None else min(written.rows, limit)
            yield delivered_file(file, self.folder, rows, written.headings)
