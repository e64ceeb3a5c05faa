"""Behaviour segments as a yardstick: boxes of feature values that are kept for as long as they fit the customers.

Where they no longer do, new ones are learned and matched with the earlier ones by the customers they share (Hungarian
assignment), so that a segment keeps its id and its name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from models import segment_words
from models.behaviour import FEATURES, Floats, Ints, feature_values, measured
from models.divisions import Division, divisions, explained, labels_by_count, stable_groups

FEWEST_CUSTOMERS = 100
_MOST_LEARNED_FROM = 20_000
# Earlier segments are kept while they tell at least so much of what as many new ones would.
_STILL_FITS = 0.9
# Below this share of common customers two segments are not the same one.
_SAME = 0.5
_SEED = 20_240_601


@dataclass(frozen=True)
class Segment:
    """A box of feature values: which customers are in it, and what they have been called since it was found."""

    segment_id: str
    customer_group: str
    box: segment_words.Box
    names: Mapping[str, str]
    learned_on: date
    stability: float


def yardstick(buyers: pl.DataFrame, group: str, earlier: Sequence[Segment], as_of: date) -> Sequence[Segment]:
    """Return the earlier segments while they fit the buyers (sorted by customer_id), else new ones, matched with them.

    `buyers` has the columns of `FEATURES` and `earlier_segment_id`, in which segment each was at the earlier run.
    Fewer than `FEWEST_CUSTOMERS` buyers teach nothing: earlier segments stay, and without them there are none.
    """
    if buyers.height < FEWEST_CUSTOMERS:
        return earlier
    sample = buyers.gather_every(-(-buyers.height // _MOST_LEARNED_FROM))
    values = feature_values(sample)
    if earlier and _fits(earlier, values):
        return earlier
    groups = stable_groups(values, seed=_SEED)
    if groups.count == 1:
        return ()
    boxes = _boxes(groups.divisions)
    named = segment_words.names(boxes, group)
    learned = [
        Segment(f"{group}-{as_of}-{number}", group, box, name, as_of, groups.stability)
        for number, (box, name) in enumerate(zip(boxes, named, strict=True), start=1)
    ]
    before = sample["earlier_segment_id"].to_list()
    return _matched(learned, earlier, _labels(learned, values), before) if earlier else learned


def _fits(segments: Sequence[Segment], values: Floats) -> bool:
    sample = measured(values)
    fresh = divisions(sample, np.ones(len(values)), most=len(segments))
    if not fresh:
        return True
    best = explained(sample.points, labels_by_count(fresh, sample.places)[-1])
    return explained(sample.points, _labels(segments, values)) >= _STILL_FITS * best


def _boxes(made: Sequence[Division]) -> list[segment_words.Box]:
    boxes: list[dict[str, segment_words.Interval]] = [{}]
    for division in made:
        feature = FEATURES[division.feature]
        cut = feature.cuts[division.place - 1]
        box = boxes[division.group]
        low, high = box.get(feature.column, (None, None))
        boxes.append({**box, feature.column: (cut, high)})
        boxes[division.group] = {**box, feature.column: (low, cut)}
    return list(boxes)


def _labels(segments: Sequence[Segment], values: Floats) -> Ints:
    """The place of each customer's segment among them."""
    labels = np.zeros(len(values), dtype=np.int64)
    for number, segment in enumerate(segments):
        inside = np.ones(len(values), dtype=np.bool_)
        for column, feature in enumerate(FEATURES):
            low, high = segment.box.get(feature.column, (None, None))
            inside &= values[:, column] >= (-np.inf if low is None else low)
            inside &= values[:, column] < (np.inf if high is None else high)
        labels[inside] = number
    return labels


def _matched(
    learned: Sequence[Segment], earlier: Sequence[Segment], labels: Ints, before: Sequence[str | None]
) -> Sequence[Segment]:
    """The learned segments, with id and names of the earlier one whose customers they share, where most are shared."""
    from scipy.optimize import linear_sum_assignment

    place = {segment.segment_id: number for number, segment in enumerate(earlier)}
    shared = np.zeros((len(learned), len(earlier)))
    for label, segment_id in zip(labels, before, strict=True):
        if segment_id is not None:
            shared[label, place[segment_id]] += 1.0
    union = shared.sum(axis=1)[:, None] + shared.sum(axis=0)[None, :] - shared
    pairs = zip(*linear_sum_assignment(-shared), strict=True)
    same = {new: earlier[old] for new, old in pairs if shared[new, old] > _SAME * union[new, old]}
    return _told_apart(
        [
            replace(segment, segment_id=same[number].segment_id, names=same[number].names)
            if number in same
            else segment
            for number, segment in enumerate(learned)
        ]
    )


def _told_apart(segments: Sequence[Segment]) -> Sequence[Segment]:
    """Segments of different names: one that is new steps back where an earlier one has its name already."""
    kept = [segment for segment in segments if segment.segment_id.rsplit("-", 1)[0] != _birth(segment)]
    taken = {name for segment in kept for name in segment.names.values()}
    return [
        segment
        if segment in kept or not taken & set(segment.names.values())
        else replace(segment, names={code: f"{name} ({segment.learned_on})" for code, name in segment.names.items()})
        for segment in segments
    ]


def _birth(segment: Segment) -> str:
    return f"{segment.customer_group}-{segment.learned_on}"


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
