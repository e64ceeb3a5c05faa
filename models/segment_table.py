"""The table of behaviour segments: what a run tells people of them, and what the next one measures customers by."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import polars as pl

from models import segment_words
from models.behaviour import FEATURES, value_of
from models.behaviour_yardstick import Segment

SEGMENT_SCHEMA = pl.Schema(
    {
        "segment_id": pl.String(),
        "customer_group": pl.String(),
        "name": pl.String(),
        "sentence": pl.String(),
        "as_of": pl.Date(),
        "customer_count": pl.Int64(),
        "net_revenue": pl.Decimal(18, 4),
        "learned_on": pl.Date(),
        "stability": pl.Float64(),
        "names": pl.String(),
        "box": pl.String(),
        "centre": pl.String(),
    }
)
PRIVATE, BUSINESS = "private", segment_words.BUSINESS

# How far, in logarithms or shares, a segment's middle must be from that of all to be worth a word.
_NOTABLE = 0.2
_MOST_TOLD = 2


def customer_group() -> pl.Expr:
    """Return the group that a customer is compared in, by is_business."""
    return pl.when("is_business").then(pl.lit(BUSINESS)).otherwise(pl.lit(PRIVATE))


def segments_of(table: pl.DataFrame | None) -> list[Segment]:
    """Return the segments that a table of an earlier run holds (`SEGMENT_SCHEMA`)."""
    if table is None:
        return []
    return [
        Segment(
            row["segment_id"],
            row["customer_group"],
            {column: (ends[0], ends[1]) for column, ends in json.loads(row["box"]).items()},
            json.loads(row["names"]),
            row["learned_on"],
            row["stability"],
        )
        for row in table.sort("segment_id").iter_rows(named=True)
    ]


def segment_table(
    segments: Sequence[Segment], buyers: pl.DataFrame, assigned: pl.DataFrame, as_of: date, language: str
) -> pl.DataFrame:
    """Return one row per segment (`SEGMENT_SCHEMA`), sorted by segment_id; `assigned` says which buyers are in it."""
    members = buyers.join(assigned.select("customer_id", "segment_id"), on="customer_id")
    middle = [value_of(feature).median().alias(feature.column) for feature in FEATURES]
    money = pl.col("net_revenue").cast(pl.Decimal(18, 4)).sum()
    counted = {
        row["segment_id"]: row
        for row in members.group_by("segment_id").agg(*middle, money, customers=pl.len()).iter_rows(named=True)
    }
    usual = {
        row["customer_group"]: row
        for row in members.group_by(customer_group=customer_group()).agg(*middle).iter_rows(named=True)
    }
    rows = [_row(segment, counted.get(segment.segment_id), usual, as_of, language) for segment in segments]
    return pl.DataFrame(rows, schema=SEGMENT_SCHEMA, orient="row").sort("segment_id")


def _row(
    segment: Segment,
    counted: Mapping[str, float] | None,
    usual: Mapping[str, Mapping[str, float]],
    as_of: date,
    language: str,
) -> dict[str, object]:
    """A segment that nobody is in any more stays, for somebody may come back into it."""
    centre = {feature.column: round(counted[feature.column], 6) for feature in FEATURES} if counted else {}
    others = usual.get(segment.customer_group, {})
    customers = int(counted["customers"]) if counted else 0
    return {
        "segment_id": segment.segment_id,
        "customer_group": segment.customer_group,
        "name": segment.names[language],
        "sentence": segment_words.sentence(segment.box, customers, _apart(centre, others), others, language),
        "as_of": as_of,
        "customer_count": customers,
        "net_revenue": counted["net_revenue"] if counted else 0,
        "learned_on": segment.learned_on,
        "stability": segment.stability,
        "names": json.dumps(dict(segment.names), ensure_ascii=False),
        "box": json.dumps(dict(segment.box)),
        "centre": json.dumps(centre),
    }


def _apart(centre: Mapping[str, float], others: Mapping[str, float]) -> dict[str, float]:
    """The features in which a segment differs most from all customers, at most two."""
    distance = {}
    for feature in FEATURES:
        if feature.column in centre:
            here, there = feature.transformed(np.array([centre[feature.column], others[feature.column]]))
            distance[feature.column] = abs(here - there) * feature.weight
    farthest = sorted(distance, key=lambda column: -distance[column])[:_MOST_TOLD]
    return {column: centre[column] for column in farthest if distance[column] >= _NOTABLE}
