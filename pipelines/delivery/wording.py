"""What tables and columns are called in files for people, in one language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from pipelines.delivery.cells import Column, Form, form_of

_FOLDER = Path(__file__).parent / "languages"
CODED = frozenset(
    {
        "arm",
        "audience",
        "basis",
        "best_channel",
        "channel",
        "customer_group",
        "direction",
        "entity",
        "from_segment",
        "kind",
        "lever",
        "limit_name",
        "method",
        "model",
        "potential_verdict",
        "previous_rfm_segment",
        "reason",
        "rfm_segment",
        "sales_channel",
        "segmentation",
        "status",
        "to_segment",
        "verdict",
    }
)
"""Columns that hold codes, for which `terms` has plain words; a sentence among them stays as it is."""
_ALL_CATEGORIES = "*"


@dataclass(frozen=True)
class ColumnWording:
    """The heading and meaning of a column, and its form where the type does not tell (money, share, phone)."""

    heading: str
    meaning: str
    form: Form | None = None


@dataclass(frozen=True)
class Wording:
    """Titles and meanings of tables by name, wordings of columns by name, and the phrases around them."""

    tables: Mapping[str, tuple[str, str]]
    known_columns: Mapping[str, ColumnWording]
    phrases: Mapping[str, str]
    terms: Mapping[str, str]
    """What the codes of segments, channels, reasons and metrics mean."""

    def columns(self, schema: pl.Schema) -> list[Column]:
        """The columns of a table as people see them. A column that has no wording is shown by its own name."""
        columns = [self._column(name, dtype) for name, dtype in schema.items()]
        used = Counter(column.heading for column in columns)
        return [
            column if used[column.heading] == 1 else replace(column, heading=f"{column.heading} ({column.name})")
            for column in columns
        ]

    def _column(self, name: str, dtype: pl.DataType) -> Column:
        own = self.known_columns.get(name, ColumnWording(_humanised(name), ""))
        form = form_of(dtype)
        fits = own.form == "phone" or dtype.is_float() or dtype.is_decimal()
        return Column(name, own.heading, own.meaning, own.form if fits and own.form else form, self.terms_of(name))

    def terms_of(self, column: str) -> Mapping[str, str]:
        """Plain words for the codes of a column; nothing for a column of texts."""
        if column == "category":
            return {_ALL_CATEGORIES: self.phrases["all_categories"]}
        return self.terms if column in CODED else {}


@cache
def wording(language: str = "en") -> Wording:
    """The wording of a language, given as ISO 639-1; languages/<language>.yml holds it, in English what it lacks.

    Raises FileNotFoundError where there is no such file.
    """
    english, own = _content("en"), _content(language)
    content = {part: english[part] | own[part] for part in english}
    return Wording(
        tables={name: (table["title"], table["meaning"]) for name, table in content["tables"].items()},
        known_columns={name: ColumnWording(**column) for name, column in content["columns"].items()},
        phrases=content["phrases"],
        terms=content["terms"],
    )


def _content(language: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((_FOLDER / f"{language}.yml").read_text(encoding="utf-8"))
    return content


def _humanised(name: str) -> str:
    """A heading made of a column's name: `net_revenue` is `Net revenue`."""
    return name.replace("_", " ").strip().capitalize() or name
