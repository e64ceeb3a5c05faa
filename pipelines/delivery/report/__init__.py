"""One page for people who look rather than read: aggregates only, and what the data cannot tell is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.delivery.report.campaign_section import results
from pipelines.delivery.report.court_section import court
from pipelines.delivery.report.outreach_sections import channels, plan, what_if
from pipelines.delivery.report.overview import overview
from pipelines.delivery.report.page import page
from pipelines.delivery.report.parts import Context, Section
from pipelines.delivery.report.quality_section import quality
from pipelines.delivery.report.segment_sections import migration, segments
from pipelines.delivery.report.source import Published
from pipelines.delivery.report.value_sections import potential, retention, value
from pipelines.delivery.report.words import words

SECTIONS: tuple[Callable[[Context], Section | None], ...] = (
    overview,
    segments,
    migration,
    value,
    retention,
    potential,
    channels,
    plan,
    results,
    what_if,
    court,
    quality,
)


def write_report(path: Path, as_of: date, *, tables: Path, before: Path | None, language: str = "en") -> None:
    """Write the page from the tables of a publication, and those of the one before (None: there is none).

    A section whose table is not published is left out. The same tables give the same bytes, whatever the order of
    their rows.
    """
    today, earlier = Published(tables), Published(before)
    context = Context(as_of, today, earlier, words(language, _currency(today)), earlier.day())
    shown = [section for make in SECTIONS if (section := make(context)) is not None]
    path.write_text(page(shown, context), encoding="utf-8")


def _currency(tables: Published) -> str | None:
    """The base currency, which is the unit of every sum of money among the key figures."""
    kpis = tables.table("kpis", "metric", "unit")
    found = None if kpis is None else kpis.filter(pl.col("metric") == "net_revenue").collect()
    return None if found is None or found.is_empty() else str(found["unit"].item())
