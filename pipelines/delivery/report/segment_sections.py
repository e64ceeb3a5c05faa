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
_WIDE_LABELS = 280
_NOBODY = "none"

MIGRATION_COLUMNS = ("segmentation", "from_segment", "to_segment", "previous_as_of", "customer_count", "is_move")
BEHAVIOUR_COLUMNS = ("name", "sentence", "customer_count", "net_revenue")

Rows = list[dict[str, Any]]


def segments(context: Context) -> Section | None:
    """The segments of buyers: where they stand, how many they are and what they bring."""
    table = context.today.table("customer_segments", "customer_id", "rfm_segment", "recency_score")
    features = context.today.table("customer_features", "customer_id", "net_revenue")
    if table is None or features is None:
        return None
    behaviour = context.today.table("behaviour_segments", *BEHAVIOUR_COLUMNS)
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
        figures=[
            _segment_map(shown, words),
            _segment_shares(found.to_dicts(), words),
            *([] if behaviour is None else [_behaviour(customer_figures.behaviour(behaviour).to_dicts(), words)]),
        ],
        notes=[words("segments", "note")],
    )


def _segment_map(shown: Rows, words: Words) -> Figure:
    known = {row["rfm_segment"]: row for row in shown}
    rows = [
        {
            **{side: place[side] for side in ("left", "right", "low", "high")},
            "name": words.lines(place["rfm_segment"]),
            "text": words.number(known[place["rfm_segment"]]["customers"]) if place["rfm_segment"] in known else "–",
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


def _behaviour(found: Rows, words: Words) -> Figure:
    rows: Rows = [
        {"label": row["name"], "value": row["customer_count"], "text": words.number(row["customer_count"]),
         "is_grey": False}
        for row in found
        if row["customer_count"] is not None
    ]  # fmt: skip
    title = words("segments", "behaviour")
    return Figure(
        title,
        Numbers(
            [words("page", "segment"), words("segments", "who"), words("page", "customers"),
             words("metrics", "net_revenue")],
            [
                (row["name"], row["sentence"], words.counted(row["customer_count"]), words.money(row["net_revenue"]))
                for row in found
            ],
            first_number=2,
        ),
        drawn(charts.bars(rows, _WIDE_LABELS), "behaviour", title, words("segments", "behaviour_text")) if rows else "",
    )  # fmt: skip


def migration(context: Context) -> Section | None:
    """Who moved from one segment to another since the run before."""
    words, heading = context.words, context.words("migration", "heading")
    if context.before_on is None:
        return Section("migration", heading, words("migration", "nothing"))
    table = context.today.table("segment_migration", *MIGRATION_COLUMNS)
    if table is None:
        return None
    known = table.filter((pl.col("segmentation") == "rfm") & (pl.col("from_segment") != _NOBODY)).collect()
    moved = known.filter("is_move").sort(
        "customer_count", "from_segment", "to_segment", descending=[True, False, False]
    )
    counts = {"all": int(known["customer_count"].sum()), "moved": int(moved["customer_count"].sum())}
    return Section(
        "migration",
        heading,
        words(
            "migration",
            "nobody" if moved.is_empty() else "sentence",
            day=words.day(known["previous_as_of"].max() or context.before_on),  # type: ignore[arg-type]
            **{name: words.counted(count) for name, count in counts.items()},
        ),
        figures=[figure for figure in (_net_gains(moved, words), _flows(moved, words)) if figure.numbers.rows],
    )


def _net_gains(moved: pl.DataFrame, words: Words) -> Figure:
    found = customer_figures.gains(moved).to_dicts()
    rows: Rows = [
        {"label": words.term(row["segment"]), "value": row["net"], "text": words.difference(row["net"])}
        for row in found
    ]
    title = words("migration", "gains")
    return Figure(
        title,
        Numbers(
            [words("page", "segment"), *(words("migration", name) for name in ("came", "left", "net"))],
            [
                (shown["label"], words.number(row["came"]), words.number(row["left"]), shown["text"])
                for row, shown in zip(found, rows, strict=True)
            ],
        ),
        drawn(charts.gains(rows), "segment-gains", title, words("migration", "gains_text")) if rows else "",
    )


def _flows(moved: pl.DataFrame, words: Words) -> Figure:
    large = moved.filter(pl.col("customer_count") >= SMALLEST_GROUP).head(_MOST_ROWS)
    rows: Rows = [
        {
            "label": f"{words.term(row['from_segment'])} → {words.term(row['to_segment'])}",
            "value": row["customer_count"],
            "text": words.number(row["customer_count"]),
            "is_grey": False,
        }
        for row in large.iter_rows(named=True)
    ]
    title = words("migration", "flows")
    return Figure(
        title,
        Numbers([words("migration", "move"), words("page", "customers")], [(r["label"], r["text"]) for r in rows]),
        drawn(charts.bars(rows, _WIDE_LABELS), "segment-flows", title, words("migration", "flows_text"))
        if rows
        else "",
    )
