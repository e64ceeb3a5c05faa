"""The sections on segments, and on moves between them."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.delivery.report import charts, customer_figures
from pipelines.delivery.report.drawing import drawn
from pipelines.delivery.report.parts import Context, Figure, Numbers, Section
from pipelines.delivery.report.source import SMALLEST_GROUP
from pipelines.delivery.report.words import Words

_AT_RISK = ("at_risk", "cannot_lose", "about_to_sleep", "hibernating", "lost")
_MOST_ROWS = 12

Rows = list[dict[str, Any]]


def segments(context: Context) -> Section | None:
    """The segments of buyers: where they stand, how many they are and what they bring."""
    table = context.today.table("customer_segments", "customer_id", "rfm_segment", "recency_score")
    features = context.today.table("customer_features", "customer_id", "net_revenue")
    if table is None or features is None:
        return None
    words, found = context.words, customer_figures.segments(table, features)
    shown = [row for row in found.iter_rows(named=True) if row["customers"] is not None]
    if not shown:
        return None
    most = shown[0]
    asleep = sum(row["customer_share"] for row in shown if row["rfm_segment"] in _AT_RISK)
    return Section(
        "segments",
        words("segments", "heading"),
        words(
            "segments",
            "sentence",
            segment=words.term(most["rfm_segment"]),
            customers=words.share(most["customer_share"]),
            revenue=words.share(most["revenue_share"]),
            asleep=words.share(asleep),
        ),
        figures=[_segment_map(shown, words), _segment_shares(found.to_dicts(), words)],
        notes=[words("segments", "note")],
    )


def _segment_map(shown: Rows, words: Words) -> Figure:
    known = {row["rfm_segment"]: row for row in shown}
    rows = [
        {
            **{side: place[side] for side in ("left", "right", "low", "high")},
            "name": words.lines(place["rfm_segment"]),
            "text": words.number(known[place["rfm_segment"]]["customers"]) if place["rfm_segment"] in known else "",
            "share": round(known[place["rfm_segment"]]["customer_share"], 6) if place["rfm_segment"] in known else 0.0,
        }
        for place in customer_figures.segment_places().iter_rows(named=True)
    ]
    title = words("segments", "map")
    chart = charts.places(rows, words("segments", "value_axis"), words("segments", "recency_axis"))
    return Figure(
        title,
        Numbers(
            [words("page", "segment"), words("page", "buyers")],
            [(words.term(row["rfm_segment"]), words.number(row["customers"])) for row in shown],
        ),
        drawn(chart, "segment-map", title, words("segments", "map_text")),
    )


def _segment_shares(found: Rows, words: Words) -> Figure:
    rows = [
        {
            "label": words.term(row["rfm_segment"]),
            "from": round(row["customer_share"], 6),
            "to": round(row["revenue_share"], 6),
            "text": words.share(row["revenue_share"]),
        }
        for row in found
        if row["customers"] is not None
    ]
    title = words("segments", "shares")
    headings = [words("page", "segment"), words("page", "buyers"), words("page", "buyer_share")]
    return Figure(
        title,
        Numbers(
            [*headings, words("metrics", "net_revenue"), words("page", "revenue_share")],
            [
                (
                    words.term(row["rfm_segment"]),
                    words.counted(row["customers"]),
                    words.share(row["customer_share"], 1),
                    words.money(row["net_revenue"]),
                    words.share(row["revenue_share"], 1),
                )
                for row in found
            ],
        ),
        drawn(charts.pairs(rows), "segment-shares", title, words("segments", "shares_text")),
    )


def migration(context: Context) -> Section | None:
    """Who moved from one segment to another since the run before."""
    table = context.today.table("customer_segments", "rfm_segment", "previous_rfm_segment")
    if table is None:
        return None
    words, moves = context.words, customer_figures.moves(table)
    heading = words("migration", "heading")
    if moves.is_empty():
        return Section("migration", heading, words("migration", "nothing"))
    moved = moves.filter(pl.col("previous_rfm_segment") != pl.col("rfm_segment"))
    values = {
        "day": words.day(context.before_on) if context.before_on else words("migration", "last_run"),
        "all": words.number(int(moves["customers"].sum())),
        "moved": words.number(int(moved["customers"].sum())),
    }
    if moved.is_empty():
        return Section("migration", heading, words("migration", "nobody", **values))
    return Section(
        "migration",
        heading,
        words("migration", "sentence", **values),
        figures=[_net_gains(moved, words), _flows(moved, words)],
    )


def _net_gains(moved: pl.DataFrame, words: Words) -> Figure:
    found = customer_figures.gains(moved).to_dicts()
    rows = [
        {
            "label": words.term(row["rfm_segment"]),
            "value": row["net"],
            "text": words("page", "signed", sign="+" if row["net"] > 0 else "\N{MINUS SIGN}" if row["net"] < 0 else "",
                          number=words.number(abs(row["net"]))),
        }
        for row in found
    ]  # fmt: skip
    title = words("migration", "gains")
    return Figure(
        title,
        Numbers(
            [
                words("page", "segment"),
                words("migration", "came"),
                words("migration", "left"),
                words("migration", "net"),
            ],
            [
                (words.term(row["rfm_segment"]), words.number(row["came"]), words.number(row["left"]), shown["text"])
                for row, shown in zip(found, rows, strict=True)
            ],
        ),
        drawn(charts.gains(rows), "segment-gains", title, words("migration", "gains_text")),
    )


def _flows(moved: pl.DataFrame, words: Words) -> Figure:
    large = moved.filter(pl.col("customers") >= SMALLEST_GROUP).head(_MOST_ROWS)
    rows = [
        {
            "label": f"{words.term(row['previous_rfm_segment'])} → {words.term(row['rfm_segment'])}",
            "value": row["customers"],
            "text": words.number(row["customers"]),
            "is_grey": False,
        }
        for row in large.iter_rows(named=True)
    ]
    title = words("migration", "flows")
    return Figure(
        title,
        Numbers([words("migration", "move"), words("page", "customers")], [(r["label"], r["text"]) for r in rows]),
        drawn(charts.bars(rows), "segment-flows", title, words("migration", "flows_text")) if rows else "",
    )
