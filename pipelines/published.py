"""The published tables for notebooks: `published()["customer_360"]`. It reads exports/latest and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from pipelines.delivery.wording import wording
from pipelines.errors import UserError
from pipelines.workspace import Workspace


class NotPublishedError(UserError, KeyError):
    """There is no such table; the message says which there are."""

    def __str__(self) -> str:
        return str(self.args[0])


class PublishedTables(Mapping[str, pl.LazyFrame]):
    """What the last successful run has published, as lazy frames by name. A run in progress does not disturb it."""

    def __init__(self, latest: Path) -> None:
        self.folder = latest.resolve()  # stays with this publication, also when the next one replaces it

    def __getitem__(self, name: str) -> pl.LazyFrame:
        path = self._path(name)
        if not path.exists():
            known = ", ".join(self) or "none"
            raise NotPublishedError(
                f"There is no table {name} in {self.folder / 'tables'}. Published are: {known}. "
                "`stammkunde run` publishes them."
            )
        return pl.scan_parquet(path, glob=False)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._path(name).exists()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(path.stem for path in (self.folder / "tables").glob("*.parquet")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def meanings(self, name: str, language: str = "en") -> pl.DataFrame:
        """Return for each column of a table its type and what it means, where that is known."""
        schema = self[name].collect_schema()
        told = {column.name: column.meaning for column in wording(language).columns(schema)}
        rows = [(column, str(dtype), told[column]) for column, dtype in schema.items()]
        return pl.DataFrame(rows, schema=["column", "type", "meaning"], orient="row")

    def _path(self, name: str) -> Path:
        return self.folder / "tables" / f"{name}.parquet"


def published(workspace: str | Path | None = None) -> PublishedTables:
    """Return the published tables of a workspace: the given one, else $STAMMKUNDE_WORKSPACE, else ./workspace."""
    return PublishedTables(Workspace.locate(workspace).latest)
