"""The first section: how the company stands, and what has changed since the run before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipelines.delivery.report import charts, customer_figures
from pipelines.delivery.report.drawing import drawn
from pipelines.delivery.report.parts import Context, Figure, Numbers, Section, Tile
from pipelines.delivery.report.words import Words

_SHOWN = (
    "customers",
    "active_buyers_12_months",
    "repeat_rate",
    "orders",
    "net_revenue",
    "average_order_value",
    "refund_rate",
    "email_reach",
)
_CENTS = ("average_order_value",)
_LARGE = 10_000


def overview(context: Context) -> Section | None:
    """Key figures, and the last twelve months beside those before."""
    kpis = context.today.table("kpis", "metric", "value", "unit")
    orders = context.today.table("orders", *customer_figures.ORDER_COLUMNS)
    if kpis is None:
        return None
    words, before = context.words, context.before.table("kpis", "metric", "value", "unit")
    figures = customer_figures.key_figures(kpis.collect(), None if before is None else before.collect())
    return Section(
        "overview",
        words("overview", "heading"),
        words("overview", "nothing") if orders is None else _sentence(orders, context),
        figures=[] if orders is None else _months(orders, context),
        tiles=_tiles(figures, words),
        notes=[
            words("overview", "compared", day=words.day(context.before_on))
            if context.before_on
            else words("overview", "alone")
        ],
    )


def _sentence(orders: pl.LazyFrame, context: Context) -> str:
    words = context.words
    last, before = customer_figures.yearly_revenue(orders, context.as_of)
    if before is None:
        return words("overview", "first", revenue=words.money(last))
    kind = "grew" if last > before else "shrank" if last < before else "stood"
    change = words.share(abs(last - before) / before, 1)
    return words("overview", kind, revenue=words.money(last), change=change)


def _tiles(figures: pl.DataFrame, words: Words) -> list[Tile]:
    known = {row["metric"]: row for row in figures.iter_rows(named=True)}
    return [
        Tile(_value(known[name], words), words("metrics", name), _change(known[name], words))
        for name in _SHOWN
        if name in known
    ]


def _value(figure: Mapping[str, Any], words: Words) -> str:
    if figure["unit"] == "fraction":
        return words.share(figure["value"], 1)
    if figure["unit"] in ("customers", "orders", "rows"):
        return words.number(figure["value"])
    return words.money(figure["value"], 2 if figure["metric"] in _CENTS else 0)


def _change(figure: Mapping[str, Any], words: Words) -> str:
    """Relative, but for fractions in points: 5 % that become 6 % are one point more, and not a fifth."""
    value, earlier = figure["value"], figure["earlier"]
    if earlier is None:
        return ""
    if figure["unit"] == "fraction":
        return words("overview", "points", change=words.numerals.change(value - earlier).replace("%", "").strip())
    return words.numerals.change((value - earlier) / earlier) if earlier else ""


def _months(orders: pl.LazyFrame, context: Context) -> list[Figure]:
    """Net revenue and buyers by month, beside the year before."""
    words = context.words
    months = customer_figures.monthly(orders, context.as_of).to_dicts()
    is_large = max(month["net_revenue"] or 0.0 for month in months) >= _LARGE
    unit = " ".join(part for part in (words("page", "thousands") if is_large else "", words.currency) if part)
    return [
        _columns(months, "net_revenue", words("overview", "months", unit=unit), 1000 if is_large else 1, words),
        _columns(months, "buyers", words("overview", "buyers"), 1, words),
    ]


def _columns(months: Sequence[Mapping[str, Any]], measure: str, title: str, divisor: int, words: Words) -> Figure:
    rows = [
        {
            "label": words.month(month["month"]),
            "value": month[measure] or 0,
            "before": month[f"{measure}_before"],
            "text": "–" if month[measure] is None else words.number(month[measure] / divisor),
            "is_whole": month["is_whole"],
        }
        for month in months
    ]
    told = words.number if measure == "buyers" else words.money
    return Figure(
        title,
        Numbers(
            [words("page", "month"), words("metrics", measure), words("overview", "year_before")],
            [
                (
                    f"{words.month(month['month'])} {month['month'].year}",
                    told(month[measure]),
                    told(month[f"{measure}_before"]),
                )
                for month in months
            ],
        ),
        drawn(charts.columns(rows), f"months-{measure.replace('_', '-')}", title, words("overview", "months_text")),
    )
