"""Groups of customers by one division after the other, each at a cut of one feature, and how sure their number is.

Of all groups and cuts the one is taken that leaves the least variation within the groups (monothetic divisive
clustering, Chavent 1998, "A monothetic clustering method"). So a group is a box: an interval of each feature. How many
groups there are is asked of resamples (Ben-Hur et al. 2002, "A stability based method for discovering structure in
clustered data"): of the numbers at which other samples of the same customers give nearly the same groups the one
counts after which another division would add least beside the last one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.behaviour import Floats, Ints, Measured, measured

FEWEST_GROUPS, MOST_GROUPS = 3, 8
# Adjusted Rand index between the groups of all customers and those found in a resample, on average: below the one there
# are no groups, and within the other of the stablest number of groups another one is as stable.
LEAST_STABILITY = 0.75
_AS_STABLE = 0.05
# Of gains as small as this fraction of a feature's variation it matters little which one is less.
_SLIGHT = 0.05
RESAMPLES = 20
_SMALLEST_SHARE = 0.03
_FEWEST_CUSTOMERS = 20


@dataclass(frozen=True)
class Division:
    """A group is divided at a cut: those who reach it become the next group."""

    group: int
    feature: int
    place: int
    gain: float
    """Variation that the division takes away, per customer."""


@dataclass(frozen=True)
class Groups:
    """The divisions that were chosen, and how stable their number of groups is (1: every resample gives the same)."""

    divisions: tuple[Division, ...]
    stability: float

    @property
    def count(self) -> int:
        """How many groups there are; 1 where customers do not fall into groups."""
        return len(self.divisions) + 1


def stable_groups(values: Floats, *, seed: int) -> Groups:
    """Return the groups that customers (x features) fall into, or none where no number of groups is stable."""
    rng = np.random.default_rng(seed)
    count = len(values)
    found = divisions(measured(values), np.ones(count))
    labels = labels_by_count(found, measured(values).places)
    agreements, gains = [], [_gains(found)]
    for _ in range(RESAMPLES):
        weights = np.bincount(rng.integers(0, count, count), minlength=count).astype(np.float64)
        resampled = measured(values, weights)
        others = divisions(resampled, weights)
        agreements.append(_agreements(labels, labels_by_count(others, resampled.places)))
        gains.append(_gains(others))
    stability = np.mean(agreements, axis=0)
    number = _number(stability, np.mean(gains, axis=0))
    return Groups(tuple(found[: number - 1]), float(stability[number - 2]) if number > 1 else 0.0)


def divisions(sample: Measured, weights: Floats, most: int = MOST_GROUPS + 1) -> list[Division]:
    """Return up to `most` - 1 divisions, the greatest gain first within each stage."""
    label = np.zeros(len(weights), dtype=np.int64)
    best = [_best_division(sample, weights, label, 0)]
    made: list[Division] = []
    while len(best) < most:
        division = max((one for one in best if one), key=lambda one: one.gain, default=None)
        if division is None:
            break
        made.append(division)
        _divide(label, sample.places, division, len(best))
        best[division.group] = _best_division(sample, weights, label, division.group)
        best.append(_best_division(sample, weights, label, len(best)))
    return made


def labels_by_count(made: list[Division], places: Ints) -> list[Ints]:
    """Return each customer's group after the first division, after the second, and so on."""
    label, stages = np.zeros(len(places), dtype=np.int64), []
    for number, division in enumerate(made, start=1):
        _divide(label, places, division, number)
        stages.append(label.copy())
    return stages


def explained(points: Floats, labels: Ints) -> float:
    """Return the share of the variation that lies between groups, 0 to 1."""
    total = float(((points - points.mean(axis=0)) ** 2).sum())
    if total <= 0.0:
        return 0.0
    counts = np.bincount(labels)
    sums = np.stack([np.bincount(labels, column) for column in points.T], axis=1)
    means = sums / np.maximum(counts, 1)[:, None]
    return 1.0 - float(((points - means[labels]) ** 2).sum()) / total


def _divide(label: Ints, places: Ints, division: Division, new: int) -> None:
    label[(label == division.group) & (places[:, division.feature] >= division.place)] = new


def _best_division(sample: Measured, weights: Floats, label: Ints, group: int) -> Division | None:
    inside = np.flatnonzero((label == group) & (weights > 0))
    if not len(inside):
        return None
    points, counts = sample.points[inside], weights[inside]
    weighted, total = points * counts[:, None], counts.sum()
    everything = weighted.sum(axis=0)
    least = max(_SMALLEST_SHARE * weights.sum(), _FEWEST_CUSTOMERS)
    best: Division | None = None
    for feature, places in enumerate(sample.places[inside].T):
        size = int(places.max()) + 1
        below = np.bincount(places, counts, size).cumsum()[:-1]
        sums = np.stack([np.bincount(places, column, size).cumsum()[:-1] for column in weighted.T], axis=1)
        is_large = (below >= least) & (total - below >= least)
        if not is_large.any():
            continue
        here, there = sums[is_large], everything - sums[is_large]
        between = (here**2).sum(axis=1) / below[is_large] + (there**2).sum(axis=1) / (total - below[is_large])
        # rounded, so that what is equal but for the last digits goes to the first feature and cut
        gains = np.round((between - (everything**2).sum() / total) / weights.sum(), 9)
        place = int(gains.argmax())
        if gains[place] > (best.gain if best else 0.0):
            best = Division(group, feature, int(np.flatnonzero(is_large)[place]) + 1, float(gains[place]))
    return best


def _agreements(ours: list[Ints], theirs: list[Ints]) -> Floats:
    """Adjusted Rand index for two groups, three groups, and so on; 0 where one of them has not so many."""
    from sklearn.metrics import adjusted_rand_score

    scores = np.zeros(MOST_GROUPS - 1)
    for stage, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        if stage < len(scores):
            scores[stage] = adjusted_rand_score(one, other)
    return scores


def _gains(made: list[Division]) -> Floats:
    """What the first division gains, the second, and so on; 0 where there is none."""
    gains = np.zeros(MOST_GROUPS)
    found = [division.gain for division in made]
    gains[: len(found)] = found
    return gains


def _number(stability: Floats, gains: Floats) -> int:
    """The number of groups: of the stablest ones the one after which a division gains least beside the last one.

    2 or 1 where no greater number is stable at all.
    """
    greater = range(FEWEST_GROUPS, MOST_GROUPS + 1)
    least = max(stability[number - 2] for number in greater) - _AS_STABLE
    stable = [number for number in greater if stability[number - 2] >= max(least, LEAST_STABILITY)]
    otherwise = 2 if stability[0] >= LEAST_STABILITY else 1
    falls = (gains[:-1] + _SLIGHT) / (gains[1:] + _SLIGHT)
    return max(stable, key=lambda number: falls[number - 2], default=otherwise)
