"""Sentences for people, put together as Polars expressions: reasons in the language of the settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

LANGUAGES = ("en", "de")


_PLACE = re.compile(r"\{(\w+)(?: ([^{}|]+)\|([^{}|]+))?\}")
# What goes before the words: 1, at most 1, but neither 11 nor 0.1.
_IS_ONE = r"(^|\s)1$"


def sentence(template: str, **values: pl.Expr) -> pl.Expr:
    """Return the template as text, with {name} replaced by the values; null where one of them is.

    {days day|days} is the value and the words that go with it: 1 day, 2 days. Raises KeyError for a name without
    values.
    """
    texts = []
    for before, name, one, many in _parts(template):
        texts.append(pl.lit(before))
        if name:
            value = values[name].cast(pl.String)
            texts.append(value)
            if one:
                is_one = value.str.contains(_IS_ONE)
                texts.append(pl.when(is_one).then(pl.lit(f" {one}")).otherwise(pl.lit(f" {many}")))
    return pl.concat_str(texts)


def worded(template: str, **values: object) -> str:
    """Return the template as `sentence` does, of one value each."""
    text = ""
    for before, name, one, many in _parts(template):
        value = str(values[name]) if name else ""
        words = "" if not one else f" {one}" if re.search(_IS_ONE, value) else f" {many}"
        text += before + value + words
    return text


def _parts(template: str) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    """What stands before each place of the template, its name, and its words for one and for many."""
    end = 0
    for place in _PLACE.finditer(template):
        name, one, many = place.groups()
        yield template[end : place.start()], name, one, many
        end = place.end()
    yield template[end:], None, None, None


def number(value: pl.Expr, language: str, places: int = 0) -> pl.Expr:
    """Return numbers as text with so many decimals, and a decimal comma in German."""
    digits = (value.abs() * 10**places).round().cast(pl.Int64)
    whole = (digits // 10**places).cast(pl.String)
    sign = pl.when((value < 0) & (digits > 0)).then(pl.lit("-")).otherwise(pl.lit(""))
    if places == 0:
        return pl.concat_str(sign, whole)
    mark = pl.lit("," if language == "de" else ".")
    return pl.concat_str(sign, whole, mark, (digits % 10**places).cast(pl.String).str.zfill(places))
