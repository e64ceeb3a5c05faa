"""Tables as files for people: CSV and Excel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.delivery.cells import Column, CsvDialect, readable, safe_text
from pipelines.delivery.wording import Wording
from pipelines.delivery.workbook import ROW_LIMIT, About, write_workbook


@dataclass(frozen=True)
class WrittenTable:
    """The two files of a table for people, its rows (all of them are in the CSV file) and its headings."""

    csv: Path
    workbook: Path
    rows: int
    headings: tuple[str, ...]


def write_csv(frame: pl.DataFrame, columns: Sequence[Column], path: Path, dialect: CsvDialect) -> None:
    """Writes a frame made by `cells.readable` as UTF-8 with a byte order mark, so that Excel reads umlauts."""
    headings = {column.name: column.heading for column in columns}
    guarded = [safe_text(pl.col(column.name)).alias(column.name) for column in columns if column.form == "phone"]
    frame.with_columns(guarded).rename(headings).write_csv(
        path,
        include_bom=True,
        separator=dialect.separator,
        decimal_comma=dialect.decimal_comma,
        line_terminator="\r\n",
        float_scientific=False,
        datetime_format="%Y-%m-%d %H:%M:%S",
    )


def write_for_people(
    table: pl.LazyFrame,
    name: str,
    folder: Path,
    *,
    as_of: date,
    dialect: CsvDialect,
    wording: Wording,
    models: Mapping[str, Sequence[str]] | None = None,
) -> WrittenTable:
    """Writes `<name>.csv` and `<name>.xlsx` with headings in plain words.

    `models` says by what the values of a column were reckoned, by its name, for the sheet About. The CSV file holds
    every row. The workbook holds the first ROW_LIMIT of them, and says so.
    """
    columns = wording.columns(table.collect_schema())
    frame = readable(table, columns, wording.phrases["yes"], wording.phrases["no"]).collect()
    csv, workbook = folder / f"{name}.csv", folder / f"{name}.xlsx"
    write_csv(frame, columns, csv, dialect)
    about = _about(name, frame.height, columns, as_of, wording, models or {})
    write_workbook(workbook, frame.head(ROW_LIMIT), columns, about, as_of)
    return WrittenTable(csv, workbook, frame.height, tuple(column.heading for column in columns))


def _about(
    name: str,
    rows: int,
    columns: Sequence[Column],
    as_of: date,
    wording: Wording,
    models: Mapping[str, Sequence[str]],
) -> About:
    title, meaning = wording.tables[name]
    phrases = wording.phrases
    notes = [phrases["as_of"].format(as_of=as_of.isoformat()), phrases["rows"].format(rows=rows)]
    if rows > ROW_LIMIT:
        notes.append(phrases["cut"].format(limit=ROW_LIMIT, rows=rows, file=f"{name}.csv"))
    if any(column.form == "time" for column in columns):
        notes.append(phrases["time_zone"])
    for column in columns:
        if codes := models.get(column.name):
            said = ", ".join(wording.terms.get(code, code) for code in codes)
            notes.append(phrases["reckoned"].format(heading=column.heading, models=said))
    heads = (phrases["heading"], phrases["meaning"], phrases["column"])
    lines = [(column.heading, column.meaning, column.name) for column in columns]
    return About(phrases["about"], title, [(title,), (meaning,), *((note,) for note in notes), (), heads, *lines])
