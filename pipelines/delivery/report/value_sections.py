"""The sections on what buyers are worth, whether they come back, and where there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from models.naive_rules import NAIVE
from pipelines.delivery.report import charts, customer_figures
from pipelines.delivery.report.drawing import drawn
from pipelines.delivery.report.parts import Context, Figure, Numbers, Section
from pipelines.delivery.report.words import Words

_MOST_ROWS = 12

Rows = list[dict[str, Any]]


def value(context: Context) -> Section | None:
    """How much of the expected margin the best customers bring."""
    table = context.today.table("customer_value", "customer_id", "clv", "value_class", "model")
    segments = context.today.table("customer_segments", "customer_id", "rfm_segment")
    if table is None or segments is None:
        return None
    words, values = context.words, table.collect()
    curve = customer_figures.concentration(values["clv"])
    classes = customer_figures.expected_by(values.lazy(), "value_class").sort("value_class").to_dicts()
    by_segment = customer_figures.expected_by(values.lazy().join(segments, on="customer_id"), "rfm_segment").to_dicts()
    total = words.money(float(values["clv"].cast(pl.Float64).sum()))
    if curve.is_empty():
        sentence = words("value", "few", total=total, buyers=words.number(values.height))
    else:
        fifth = curve.filter((pl.col("buyer_share") - 0.2).abs() < 1e-9)["value_share"].item()
        sentence = words("value", "sentence", total=total, share=words.share(fifth))
    is_rule = values["model"].is_in(NAIVE).any()
    return Section(
        "value",
        words("value", "heading"),
        sentence,
        figures=[
            *([] if curve.is_empty() else [_concentration(curve, words)]),
            _segments(by_segment, words),
            _classes(classes, words),
        ],
        notes=[words("value", "rule" if is_rule else "note")],
    )


def _concentration(curve: pl.DataFrame, words: Words) -> Figure:
    rows = [{"x": buyers, "y": share} for buyers, share in curve.iter_rows()]
    (marked,) = [row for row in rows if abs(row["x"] - 0.2) < 1e-9]
    title = words("value", "curve")
    text = words("value", "fifth", buyers=words.share(marked["x"]), share=words.share(marked["y"]))
    titles = words("value", "buyers_axis"), words("value", "margin_axis")
    chart = charts.shares(rows, {**marked, "text": text}, *titles, words.share(0.0).removeprefix("0"))
    return Figure(
        title,
        Numbers(
            [words("value", "buyers_axis"), words("value", "margin_axis")],
            [(words.share(row["x"]), words.share(row["y"], 1)) for row in rows[2::2]],
            first_number=0,
        ),
        drawn(chart, "concentration", title, words("value", "curve_text")),
    )


def _segments(segments: Rows, words: Words) -> Figure:
    rows: Rows = [
        {
            "label": words.term(row["rfm_segment"]),
            "value": round(row["clv"], 2),
            "text": words.money(row["clv"]),
            "is_grey": False,
        }
        for row in segments
        if row["buyers"] is not None
    ]
    title = words("value", "segments")
    return Figure(
        title,
        _expected(words("page", "segment"), [(words.term(row["rfm_segment"]), row) for row in segments], words),
        drawn(charts.bars(rows), "value-segments", title, words("value", "segments_text")) if rows else "",
    )


def _classes(classes: Rows, words: Words) -> Figure:
    numbers = _expected(words("value", "class_heading"), [(row["value_class"], row) for row in classes], words)
    return Figure(words("value", "classes"), numbers)


def _expected(heading: str, rows: Sequence[tuple[str, Mapping[str, Any]]], words: Words) -> Numbers:
    return Numbers(
        [heading, words("page", "buyers"), words("page", "buyer_share"), words("value", "margin"),
         words("value", "margin_share")],
        [
            (name, words.counted(row["buyers"]), words.share(row["buyer_share"], 1), words.money(row["clv"]),
             words.share(row["clv_share"], 1))
            for name, row in rows
        ],
    )  # fmt: skip


def retention(context: Context) -> Section | None:
    """Whether customers come back, by the quarter of their first purchase."""
    orders = context.today.table("orders", *customer_figures.ORDER_COLUMNS)
    if orders is None:
        return None
    words = context.words
    customers, share = customer_figures.second_purchases(orders, context.as_of)
    cohorts = customer_figures.cohorts(orders, context.as_of).to_dicts()
    quarters = customer_figures.new_and_returning(orders, context.as_of).to_dicts()
    return Section(
        "retention",
        words("retention", "heading"),
        words("retention", "unknown")
        if share is None
        else words("retention", "sentence", customers=words.number(customers), share=words.share(share)),
        figures=[
            *([_cohorts(cohorts, words)] if cohorts else []),
            *([_quarters(quarters, words)] if quarters else []),
        ],
    )


def _cohorts(cohorts: Rows, words: Words) -> Figure:
    rows = [
        {
            "row": words.quarter(cell["cohort"]),
            "column": cell["age"],
            "share": round(cell["share"], 6),
            "text": words.number(cell["share"] * 100),
        }
        for cell in cohorts
    ]
    title = words("retention", "cohorts")
    return Figure(
        title,
        Numbers(
            [words("retention", "cohort"), words("page", "customers"), words("retention", "age"),
             words("retention", "retained")],
            [
                (words.quarter(cell["cohort"]), words.number(cell["customers"]), str(cell["age"]),
                 words.share(cell["share"], 1))
                for cell in cohorts
            ],
        ),
        drawn(charts.grid(rows, words("retention", "age")), "cohorts", title, words("retention", "cohorts_text")),
    )  # fmt: skip


def _quarters(quarters: Rows, words: Words) -> Figure:
    def share(quarter: Mapping[str, Any]) -> str:
        total = quarter["new"] + quarter["returning"]
        return words.share(quarter["returning"] / total) if total > 0 else ""

    rows = [
        {
            "label": words.quarter(quarter["quarter"]).split(" "),
            "lower": round(quarter["returning"], 2),
            "upper": round(quarter["new"], 2),
            "text": share(quarter),
        }
        for quarter in quarters
    ]
    title = words("retention", "quarters")
    return Figure(
        title,
        Numbers(
            [words("page", "quarter_heading"), words("retention", "returning"), words("retention", "new"),
             words("retention", "returning_share")],
            [
                (words.quarter(quarter["quarter"]), words.money(quarter["returning"]), words.money(quarter["new"]),
                 share(quarter))
                for quarter in quarters
            ],
        ),
        drawn(charts.layers(rows), "new-and-returning", title, words("retention", "quarters_text")),
    )  # fmt: skip


def potential(context: Context) -> Section | None:
    """Where comparable customers let expect more, and where the data do not tell."""
    table = context.today.table("customer_potential", "customer_id", "category", "actual", "potential", "verdict")
    if table is None:
        return None
    words = context.words
    verdicts = customer_figures.verdicts(table).to_dicts()
    counts = {row["verdict"]: row["customers"] for row in verdicts}
    values = {name: words.counted(counts.get(name, 0)) for name in ("open", "exhausted", "unknown")}
    room = next((row["room"] for row in verdicts if row["verdict"] == "open"), None)
    kind = "sentence" if room else "unknown"
    categories = [row for row in customer_figures.categories(table).to_dicts() if row["customers"] is not None]
    return Section(
        "potential",
        words("potential", "heading"),
        words("potential", kind, room=words.money(room), **values),
        figures=[_verdicts(verdicts, words), *([_categories(categories, words)] if categories else [])],
        notes=[words("potential", "note")],
    )


def _verdicts(verdicts: Rows, words: Words) -> Figure:
    order = {"open": 0, "exhausted": 1, "unknown": 2}
    found = sorted((row for row in verdicts if row["customers"]), key=lambda row: order[row["verdict"]])
    rows = [
        {
            "label": words.term(row["verdict"]),
            "value": row["customers"],
            "text": words.number(row["customers"]),
            "is_grey": row["verdict"] == "unknown",
        }
        for row in found
    ]
    title = words("potential", "verdicts")
    return Figure(
        title,
        Numbers(
            [words("potential", "verdict"), words("page", "buyers"), words("potential", "actual"),
             words("potential", "room")],
            [
                (words.term(row["verdict"]), words.number(row["customers"]), words.money(row["actual"]),
                 words.money(row["room"]) if row["verdict"] != "unknown" else words.term("unknown"))
                for row in found
            ],
        ),
        drawn(charts.bars(rows), "verdicts", title, words("potential", "verdicts_text")),
    )  # fmt: skip


def _categories(categories: Rows, words: Words) -> Figure:
    shown = categories[:_MOST_ROWS]
    rows = [
        {
            "label": row["category"],
            "first": round(row["actual"], 2),
            "second": round(row["room"], 2),
            "text": f"+ {words.money(row['room'])}" if row["room"] else words.term("unknown"),
        }
        for row in shown
    ]
    title = words("potential", "categories")
    return Figure(
        title,
        Numbers(
            [words("potential", "category"), words("potential", "actual"), words("potential", "room"),
             words("potential", "open_customers"), words("potential", "unknown_customers")],
            [
                (row["category"], words.money(row["actual"]), words.money(row["room"]), words.number(row["customers"]),
                 words.number(row["unknown"]))
                for row in shown
            ],
        ),
        drawn(charts.stacked(rows), "categories", title, words("potential", "categories_text")),
    )  # fmt: skip
