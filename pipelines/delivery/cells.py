"""How a value looks in a file that people open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

Form = Literal["text", "phone", "yes_no", "integer", "number", "money", "share", "date", "time"]

_DECIMAL_COMMA = (
    "AR AT BE BG BR BY CL CO CZ DE DK EE ES FI FR GR HR HU ID IS IT LT LU LV NL NO PL PT RO RS RU SE SI SK TR UA UY VN"
)
_SEMICOLON_AND_POINT = "CH LI"
_E164 = r"^\+[1-9][0-9]{6,14}$"
_DIGITS = {"money": 2, "share": 4, "number": 4}

# What a spreadsheet takes for the start of a formula, full-width and small forms too, and what it may skip before.
_FORMULA_START = r"[=+\-@＝＋－＠﹦﹢﹣﹫]"
_SKIPPED = r"[\s\x00-\x20\u{00A0}\u{200B}-\u{200F}\u{2060}\u{FEFF}]*"
_UNSAFE_CELL = rf"^(?:[\t\r\n\x00]|{_SKIPPED}{_FORMULA_START})"
# A file opened with another separator than its own falls apart within its cells.
_UNSAFE_INSIDE = rf"([,;|\t\r\n][\"']*{_SKIPPED}[\"']*)({_FORMULA_START})"


@dataclass(frozen=True)
class CsvDialect:
    """What the spreadsheets of a country take a CSV file to be."""

    separator: str
    decimal_comma: bool


@dataclass(frozen=True)
class Column:
    """One column of a file for people: its name in the table, its heading, its meaning and how it is shown."""

    name: str
    heading: str
    meaning: str
    form: Form
    terms: Mapping[str, str] = field(default_factory=dict)
    """Plain words for the codes that stand in the column."""


def csv_dialect(country: str) -> CsvDialect:
    """The separator and decimal sign for a country, given as ISO 3166-1 alpha-2."""
    decimal_comma = country in _DECIMAL_COMMA.split()
    semicolon = decimal_comma or country in _SEMICOLON_AND_POINT.split()
    return CsvDialect(";" if semicolon else ",", decimal_comma)


def form_of(dtype: pl.DataType) -> Form:
    """The form in which values of a type are shown unless the wording says otherwise."""
    if isinstance(dtype, pl.Decimal):
        return "money"
    if isinstance(dtype, pl.Datetime):
        return "time"
    if dtype == pl.Date:
        return "date"
    if dtype == pl.Boolean:
        return "yes_no"
    if dtype.is_float():
        return "number"
    return "integer" if dtype.is_integer() else "text"


def safe_text(text: pl.Expr) -> pl.Expr:
    """The text with an apostrophe before whatever a spreadsheet would run as a formula.

    Guarded are the start of the cell, and inside it what follows a line break or a separator, because a file that
    is opened with the wrong separator is cut there. See owasp.org/www-community/attacks/CSV_Injection.
    """
    inside = text.str.replace_all(_UNSAFE_INSIDE, "${1}'${2}")
    return pl.when(inside.str.contains(_UNSAFE_CELL)).then(pl.lit("'") + inside).otherwise(inside)


def readable(frame: pl.LazyFrame, columns: Sequence[Column], yes: str, no: str) -> pl.LazyFrame:
    """The named columns as people read them: safe texts, plain words, yes and no, money in cents, no empty texts.

    A phone number in international form stays as it is, because a cell of text runs nothing; CSV files have no such
    cells, so `tables.write_csv` guards it there. Numbers stay numbers and dates stay dates. What is not a finite number
    becomes empty.
    """
    schema = frame.collect_schema()
    return frame.select(_readable(column, schema[column.name], yes, no) for column in columns)


def _readable(column: Column, dtype: pl.DataType, yes: str, no: str) -> pl.Expr:
    value = pl.col(column.name)
    match column.form:
        case "text" | "phone":
            text = value.cast(pl.String)
            if column.form == "phone":
                return pl.when(text.str.contains(_E164)).then(text).otherwise(safe_text(text)).alias(column.name)
            text = text.replace(dict(column.terms)) if column.terms else text
            return pl.when(text != "").then(safe_text(text)).alias(column.name)
        case "yes_no":
            return pl.when(value).then(pl.lit(yes)).when(~value).then(pl.lit(no)).alias(column.name)
        case "time":
            return value.dt.truncate("1s")
        case "money" | "share" | "number":
            finite = pl.when(value.is_finite()).then(value) if dtype.is_float() else value
            rounded = finite.round(_DIGITS[column.form])
            # What rounds to -0 is 0 for people.
            shown = rounded + 0.0 if dtype.is_float() else rounded
            return (shown.cast(pl.Decimal(38, 2)) if column.form == "money" else shown).alias(column.name)
        case _:
            return value
