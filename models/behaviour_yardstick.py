"""Behaviour segments as a yardstick: boxes of feature values that are kept for as long as they fit the customers.

Where they no longer do, new ones are learned and matched with the earlier ones by the customers they share (Hungarian
assignment). What is left is matched with all that there have ever been, by what they are. So a segment keeps its id,
also when it comes back after a while, and its name for as long as that is true.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
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
    """A box of feature values: which customers are in it, and what they are called."""

    segment_id: str
    customer_group: str
    box: segment_words.Box
    names: Mapping[str, str]
    learned_on: date
    stability: float


def yardstick(
    buyers: pl.DataFrame, group: str, earlier: Sequence[Segment], as_of: date, *, vanished: Sequence[Segment] = ()
) -> Sequence[Segment]:
    """Return the earlier segments while they fit the buyers (sorted by customer_id), else new ones, matched with them.

    `buyers` has the columns of `FEATURES` and `earlier_segment_id`, in which segment each was at the earlier run.
    `vanished` are the segments of runs before that, as they were last.
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
    labels = _labels(learned, values)
    continued = _continued(learned, earlier, labels, sample["earlier_segment_id"].to_list())
    ids = {segment.segment_id for segment in continued.values()}
    former = [segment for segment in (*earlier, *vanished) if segment.segment_id not in ids]
    return _named(learned, continued, _come_back(learned, former, labels, values, continued))


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
        labels[_inside(segment, values)] = number
    return labels


def _inside(segment: Segment, values: Floats) -> npt.NDArray[np.bool_]:
    inside = np.ones(len(values), dtype=np.bool_)
    for column, feature in enumerate(FEATURES):
        low, high = segment.box.get(feature.column, (None, None))
        inside &= values[:, column] >= (-np.inf if low is None else low)
        inside &= values[:, column] < (np.inf if high is None else high)
    return inside


def _continued(
    learned: Sequence[Segment], earlier: Sequence[Segment], labels: Ints, before: Sequence[str | None]
) -> dict[int, Segment]:
    """The earlier segment that each learned one (by its place) continues, as most of their customers are shared."""
    place = {segment.segment_id: number for number, segment in enumerate(earlier)}
    shared = np.zeros((len(learned), len(earlier)))
    for label, segment_id in zip(labels, before, strict=True):
        if segment_id is not None:
            shared[label, place[segment_id]] += 1.0
    union = shared.sum(axis=1)[:, None] + shared.sum(axis=0)[None, :] - shared
    return _paired(shared, union, earlier)


def _come_back(
    learned: Sequence[Segment], former: Sequence[Segment], labels: Ints, values: Floats, continued: Container[int]
) -> dict[int, Segment]:
    """The former segment that each other learned one (by its place) is again: by the limits that it had last it is told
    in words that are true of the learned one, and holds mostly the same of today's customers."""
    shared = np.zeros((len(learned), len(former)))
    union = np.ones_like(shared)
    for old, segment in enumerate(former):
        inside = _inside(segment, values)
        for new in range(len(learned)):
            if new not in continued and segment_words.is_told_alike(segment.box, learned[new].box):
                shared[new, old] = (inside & (labels == new)).sum()
                union[new, old] = (inside | (labels == new)).sum()
    return _paired(shared, union, former)


def _paired(shared: Floats, union: Floats, former: Sequence[Segment]) -> dict[int, Segment]:
    from scipy.optimize import linear_sum_assignment

    # what is not the same shall not stand in the way of what is
    likeness = np.where(shared > _SAME * union, shared / np.maximum(union, 1.0), 0.0)
    pairs = zip(*linear_sum_assignment(-likeness), strict=True)
    return {int(new): former[old] for new, old in pairs if likeness[new, old] > 0.0}


def _named(
    learned: Sequence[Segment], continued: Mapping[int, Segment], back: Mapping[int, Segment]
) -> Sequence[Segment]:
    """The learned segments with the id of what they are, and its names for as long as their words are true.

    Where two have the same name, the younger one has its day of birth beside it, unless it continues one of the run
    before.
    """
    same = {**back, **continued}
    found = [_as(same[number], segment) if number in same else segment for number, segment in enumerate(learned)]
    taken: set[str] = set()
    for number in sorted(range(len(found)), key=lambda number: (number not in continued, _born(found[number]))):
        segment = found[number]
        if taken & set(segment.names.values()):
            names = {code: f"{name} ({_born(segment)})" for code, name in segment.names.items()}
            found[number] = replace(segment, names=names)
        taken |= set(found[number].names.values())
    return found


def _as(former: Segment, learned: Segment) -> Segment:
    names = former.names if segment_words.is_told_alike(former.box, learned.box) else learned.names
    return replace(learned, segment_id=former.segment_id, names=names)


def _born(segment: Segment) -> str:
    """The day on which it was found first."""
    return segment.segment_id.removeprefix(f"{segment.customer_group}-").rsplit("-", 1)[0]
