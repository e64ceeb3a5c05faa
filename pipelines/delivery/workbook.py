"""Excel workbooks: one sheet of rows, one sheet that says what they are.

XlsxWriter makes the workbook with headings, formats and the About sheet; the rows are put into its first sheet as
XML that Polars composes column by column. Cell by cell, XlsxWriter takes some ten times as long.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import polars as pl
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from pipelines.delivery.cells import Column, Form

ROW_LIMIT = 1_000_000  # Excel's own is 1,048,576, headings included
_SHEET = "xl/worksheets/sheet1.xml"
_ROW = "__row"
_ROWS_PER_PIECE = 50_000
_COMPRESSION = 3  # 6 takes three times as long to save a seventh
_LONGEST_TEXT = 16_000  # characters; Excel's limit of 32,767 counts some of them twice
_WIDEST_COLUMN = 40
_EXCEL_EPOCH_DAYS = 25_569  # from Excel's day 0 to 1970-01-01
_FIRST_EXCEL_DATE = date(1900, 3, 1)  # Excel believes in a 29 February 1900
_EXACT_INTEGERS = 10**15  # a cell holds 15 digits
_MICROSECONDS_PER_DAY = 86_400_000_000
_TEXTS: tuple[Form, ...] = ("text", "phone", "yes_no")
_NUMBER_FORMATS: dict[Form, str] = {
    "text": "@",
    "phone": "@",
    "yes_no": "@",
    "integer": "0",
    "number": "0.00##",
    "money": "#,##0.00",
    "share": "0.0%",
    "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm",
}


@dataclass(frozen=True)
class About:
    """What the second sheet says: its name, the title of the workbook and lines of texts, cell by cell."""

    sheet: str
    title: str
    lines: Sequence[Sequence[str]]


def write_workbook(path: Path, frame: pl.DataFrame, columns: Sequence[Column], about: About, as_of: date) -> None:
    """Writes a frame made by `cells.readable` as an XLSX file; the same input gives the same bytes.

    Raises ValueError for more than ROW_LIMIT rows.
    """
    if frame.height > ROW_LIMIT:
        raise ValueError(f"A workbook holds {ROW_LIMIT} rows, but {frame.height} were given.")
    shell = zipfile.ZipFile(_shell(frame, columns, about, as_of))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION) as target:
        for name in shell.namelist():
            content = shell.read(name)
            pieces = _with_rows(content.decode(), frame, columns) if name == _SHEET else [content]
            with target.open(name, "w", force_zip64=name == _SHEET) as part:  # an entry dated 1980, always
                for piece in pieces:
                    part.write(piece)


def _shell(frame: pl.DataFrame, columns: Sequence[Column], about: About, as_of: date) -> io.BytesIO:
    """The workbook without its rows. In memory, because XlsxWriter's temporary files would leave the workspace."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"title": about.title, "created": datetime.combine(as_of, time())})
        sheet = book.add_worksheet(about.title[:31])
        bold = book.add_format({"bold": True})
        for position, column in enumerate(columns):
            number_format = book.add_format({"num_format": _NUMBER_FORMATS[column.form]})
            sheet.set_column(position, position, _width(frame[column.name], column), number_format)
            sheet.write_string(0, position, column.heading, bold)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, frame.height, len(columns) - 1)
        notes = book.add_worksheet(about.sheet)
        notes.set_column(0, 2, _WIDEST_COLUMN)
        for row, line in enumerate(about.lines):
            for position, text in enumerate(line):
                notes.write_string(row, position, text, bold if row == 0 else None)
    return buffer


def _width(values: pl.Series, column: Column) -> int:
    """Characters that the heading, with its filter button, and the longest value need."""
    longest = values.cast(pl.String).str.len_chars().max() if column.form in _TEXTS else 12
    return min(_WIDEST_COLUMN, max(len(column.heading) + 4, int(str(longest or 0)) + 2))


def _with_rows(sheet: str, frame: pl.DataFrame, columns: Sequence[Column]) -> Iterator[bytes]:
    """The XML of the sheet, piece by piece, with the rows below the headings."""
    styles = re.findall(r'<col [^>]*style="(\d+)"', sheet)
    last_cell = f"{xl_col_to_name(len(columns) - 1)}{frame.height + 1}"
    head, end, tail = sheet.partition("</sheetData>")
    yield re.sub(r'<dimension ref="[^"]*"/>', f'<dimension ref="A1:{last_cell}"/>', head).encode()
    cells = [
        _cell(column, frame.schema[column.name], xl_col_to_name(position), style)
        for position, (column, style) in enumerate(zip(columns, styles, strict=True))
    ]
    row = pl.concat_str(pl.lit('<row r="'), _ROW, pl.lit('">'), *cells, pl.lit("</row>")).alias("xml")
    for piece in frame.with_row_index(_ROW, offset=2).iter_slices(_ROWS_PER_PIECE):
        yield "".join(piece.with_columns(pl.col(_ROW).cast(pl.String)).select(row)["xml"]).encode()
    yield (end + tail).encode()


def _cell(column: Column, dtype: pl.DataType, letters: str, style: str) -> pl.Expr:
    """The XML of one cell; nothing where the value is null."""
    value = pl.col(column.name)
    start = pl.concat_str(pl.lit(f'<c r="{letters}'), _ROW, pl.lit(f'" s="{style}"'))
    text = pl.concat_str(
        start, pl.lit(' t="inlineStr"><is><t xml:space="preserve">'), _xml_text(value), pl.lit("</t></is></c>")
    )
    if column.form in _TEXTS:
        return text.fill_null("")
    number = pl.concat_str(start, pl.lit("><v>"), _number(value, dtype).cast(pl.String), pl.lit("</v></c>"))
    return pl.when(_beyond_excel(value, dtype)).then(text).otherwise(number).fill_null("")


def _number(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Date:
        return value.cast(pl.Int32) + _EXCEL_EPOCH_DAYS
    if isinstance(dtype, pl.Datetime):
        return value.dt.epoch("us") / _MICROSECONDS_PER_DAY + _EXCEL_EPOCH_DAYS
    return value


def _beyond_excel(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Where a number in the cell would show something else: such values are written as text."""
    if dtype.is_temporal():
        return value.dt.date() < _FIRST_EXCEL_DATE
    return value.abs() >= _EXACT_INTEGERS if dtype.is_integer() else pl.lit(False)


def _xml_text(value: pl.Expr) -> pl.Expr:
    """The text as XML 1.0 and Excel, which reads _x0041_ as an escaped letter, take it unchanged."""
    text = value.cast(pl.String)
    cut = pl.when(text.str.len_chars() > _LONGEST_TEXT).then(text.str.head(_LONGEST_TEXT) + " …").otherwise(text)
    return (
        cut.str.replace_all(r"\r\n?", "\n")
        .str.replace_all(r"[\x00-\x08\x0B\x0C\x0E-\x1F\u{FFFE}\u{FFFF}]", "\N{REPLACEMENT CHARACTER}")
        .str.replace_all(r"_x([0-9A-Fa-f]{4}_)", "_x005F_x${1}")
        .str.replace_all("&", "&amp;", literal=True)
        .str.replace_all("<", "&lt;", literal=True)
        .str.replace_all(">", "&gt;", literal=True)
    )
