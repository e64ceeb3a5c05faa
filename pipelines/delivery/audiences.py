"""Files that advertising platforms and newsletter tools take as they are, one per platform and audience."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.delivery.audience_members import companies, memberships, people
from pipelines.delivery.department_rows import Tables
from pipelines.delivery.match_keys import hashed
from pipelines.delivery.platforms import PLATFORMS, Platform

NEEDS = ("customers", "accounts", "customer_value", "customer_segments")
"""The tables that audiences are made of; contact_plan and service_followups are used where they are there."""


@dataclass(frozen=True)
class AudienceFile:
    """One written file: for which platform, of which audience, with how many rows."""

    platform: Platform
    audience: str
    path: Path
    rows: int


def write_audiences(tables: Tables, folder: Path, platforms: Sequence[Platform] = PLATFORMS) -> list[AudienceFile]:
    """Writes `<platform>/<audience>.csv` for every audience that has members, and gives what was written.

    An audience too large for one file goes on in `<audience>_2.csv` and so forth. Same tables, same bytes.
    """
    written: list[AudienceFile] = []
    for source, basis in ((people, ("advertising", "newsletter")), (companies, ("companies",))):
        wanted = [platform for platform in platforms if platform.basis in basis]
        if not wanted:
            continue
        members = memberships(tables).join(source(tables), on="customer_id", how="inner")
        ordered = members.sort("audience", "customer_id").collect()
        for platform in wanted:
            written.extend(_written(platform, ordered, folder))
    return written


def overview(written: Sequence[AudienceFile], folder: Path) -> pl.LazyFrame:
    """One row per file: platform, audience, rows, how many the platform wants at least, and where the file lies."""
    rows = [
        {
            "platform": file.platform.title,
            "audience": file.audience,
            "row_count": file.rows,
            "smallest_row_count": file.platform.smallest,
            "is_large_enough": file.rows >= file.platform.smallest,
            "is_hashed": any(field.is_hashed for field in file.platform.fields),
            "audience_file": file.path.relative_to(folder).as_posix(),
        }
        for file in written
    ]
    schema = pl.Schema(
        {
            "platform": pl.String,
            "audience": pl.String,
            "row_count": pl.Int64,
            "smallest_row_count": pl.Int64,
            "is_large_enough": pl.Boolean,
            "is_hashed": pl.Boolean,
            "audience_file": pl.String,
        }
    )
    return pl.LazyFrame(rows, schema=schema)


def _written(platform: Platform, members: pl.DataFrame, folder: Path) -> Iterator[AudienceFile]:
    place = folder / platform.name
    chosen = members if platform.only is None else members.filter(platform.only)
    for (audience,), group in chosen.group_by("audience", maintain_order=True):
        rows = _rows(platform, group)
        for part, piece in enumerate(rows.iter_slices(platform.rows_per_file), start=1):
            place.mkdir(mode=0o700, exist_ok=True)
            path = place / f"{audience}{f'_{part}' if part > 1 else ''}.csv"
            _write(platform, piece, path)
            yield AudienceFile(platform, str(audience), path, piece.height)


def _rows(platform: Platform, group: pl.DataFrame) -> pl.DataFrame:
    """The columns by position, because headers repeat; each row once, as a company has several customers."""
    names = [f"c{position}" for position in range(len(platform.fields))]
    selected = group.select(
        field.content.cast(pl.String).alias(name) for name, field in zip(names, platform.fields, strict=True)
    )
    to_hash = [name for name, field in zip(names, platform.fields, strict=True) if field.is_hashed]
    return hashed(selected.unique(maintain_order=True), to_hash)


def _write(platform: Platform, rows: pl.DataFrame, path: Path) -> None:
    """UTF-8 without a byte order mark, which platforms would take for a part of the first header."""
    with path.open("wb") as file:
        file.write(f"{platform.separator.join(platform.headers)}\n".encode())
        rows.write_csv(file, include_header=False, separator=platform.separator)
