"""The model as Splink takes it: settings that run on any of its engines, and a linker of them in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from models.identity.agreement import Agreement, Rates
from models.identity.calculator import calculator
from models.identity.comparisons import COMPARISONS, Comparison
from models.identity.records import COMPARED

if TYPE_CHECKING:
    from splink import Linker, SettingsCreator


def settings(comparisons: Sequence[Comparison], agreement: Agreement, any_two: float) -> SettingsCreator:
    """Return Splink's settings of the model, for DuckDB as well as for Spark.

    `any_two` is how probably two records match before they are compared.
    """
    from splink import SettingsCreator

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="profile",
        comparisons=[_creator(comparison, agreement.rates[comparison.name]) for comparison in comparisons],
        probability_two_random_records_match=any_two,
        retain_matching_columns=False,
    )


@contextmanager
def linker(
    profiles: pl.DataFrame, comparisons: Sequence[Comparison], agreement: Agreement, any_two: float
) -> Iterator[Linker]:
    """Splink's linker of these profiles (profile and COMPARED), for as long as the block lasts."""
    from splink import DuckDBAPI, Linker

    with calculator() as connection:
        table = DuckDBAPI(connection).register(profiles.select("profile", *COMPARED).to_arrow())
        # our own settings need no validation, which costs a fifth of a second each time
        yield Linker(table, settings(comparisons, agreement, any_two), log_level=logging.ERROR, validate_settings=False)


def learned(comparisons: Iterable[Any], which: str) -> dict[str, list[float]]:
    """m or u of the levels by the comparison's name, from Splink's own objects; 0 for those that it gave no value."""
    names = {_column(one): one.name for one in COMPARISONS}
    found = {}
    for comparison in comparisons:
        levels = [level for level in comparison.comparison_levels if not level.is_null_level]
        values = [getattr(level, f"{which}_probability") for level in levels]
        found[names[comparison.output_column_name]] = [
            float(value) if isinstance(value, (int, float)) else 0.0 for value in values
        ]
    return found


def _creator(comparison: Comparison, rates: Rates) -> Any:
    from splink import comparison_level_library as levels
    from splink import comparison_library

    made: list[Any] = [levels.NullLevel(comparison.column)]
    for level, (m, u) in zip(comparison.levels, rates, strict=False):
        one = levels.CustomLevel(level.condition, level.meaning).configure(m_probability=m, u_probability=u)
        if level.weighed_by:
            is_measured_here = comparison.equality(level.weighed_by) is None
            one = one.configure(
                tf_adjustment_column=level.weighed_by, disable_tf_exact_match_detection=is_measured_here
            )
        made.append(one)
    m, u = rates[-1]
    made.append(levels.ElseLevel().configure(m_probability=m, u_probability=u))
    return comparison_library.CustomComparison(made, output_column_name=_column(comparison))


def _column(comparison: Comparison) -> str:
    return comparison.name.replace(" ", "_").replace("-", "_")
