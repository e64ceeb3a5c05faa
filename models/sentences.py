"""Sentences for people, put together as Polars expressions: reasons in the language of the settings."""

from __future__ import annotations

import re

import polars as pl

LANGUAGES = ("en", "de")


def sentence(template: str, **values: pl.Expr) -> pl.Expr:
    """Return the template as text, with {name} replaced by the values; null where one of them is.

    Raises KeyError for a name without values.
    """
    parts = re.split(r"\{(\w+)\}", template)
    texts = [values[part].cast(pl.String) if place % 2 else pl.lit(part) for place, part in enumerate(parts)]
    return pl.concat_str(texts)


def number(value: pl.Expr, language: str, places: int = 0) -> pl.Expr:
    """Return numbers as text with so many decimals, and a decimal comma in German."""
    digits = (value.abs() * 10**places).round().cast(pl.Int64)
    whole = (digits // 10**places).cast(pl.String)
    sign = pl.when((value < 0) & (digits > 0)).then(pl.lit("-")).otherwise(pl.lit(""))
    if places == 0:
        return pl.concat_str(sign, whole)
    mark = pl.lit("," if language == "de" else ".")
    return pl.concat_str(sign, whole, mark, (digits % 10**places).cast(pl.String).str.zfill(places))
