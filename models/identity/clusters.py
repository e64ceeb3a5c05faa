"""From links between pairs to customers: what hangs together, cut where it hangs by a thread or where people said so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Labels = npt.NDArray[np.int64]

MATCH_PROBABILITY = 0.8
STRICTER = (0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999)
"""What hangs together too loosely is looked at again with links of these probabilities only."""
LEAST_DENSITY = 0.4
"""Of all pairs within a customer so many must be linked: a chain of lookalikes is not one person."""


@dataclass(frozen=True)
class Clusters:
    """The number of its customer for each node, which is that of the customer's first node; and what was cut."""

    labels: Labels
    loose_groups: int
    """Groups that hung together too loosely and were parted."""
    largest_loose_group: int


def components(count: int, ties: Iterable[pl.DataFrame]) -> pl.Series:
    """Return the number of the first record that each record hangs together with. `ties` have record and first."""
    edges = pl.concat([tie.select("record", "first") for tie in ties])
    return pl.Series(_components(count, edges["record"].to_numpy(), edges["first"].to_numpy()))


def united(count: int, links: pl.DataFrame, different: pl.DataFrame) -> Labels:
    """Return the group of each node under links (left, right, strength), none of which holds a pair of `different`.

    Where such a pair would come together, the weakest links between the two give way.
    """
    left, right = links["left"].to_numpy(), links["right"].to_numpy()
    labels = _components(count, left, right)
    first, second = different["left"].to_numpy(), different["right"].to_numpy()
    torn = np.unique(labels[first][labels[first] == labels[second]])
    if len(torn):
        inside = np.isin(labels, torn)
        nodes = np.flatnonzero(inside)
        labels[nodes] = nodes
        pairs = different.filter(pl.Series(inside[first] & inside[second]))
        _unite_in_turn(labels, links.filter(pl.Series(inside[left])), pairs)
    return labels


def clustered(count: int, links: pl.DataFrame, different: pl.DataFrame) -> Clusters:
    """Return the groups under probable links (left, right, probability), loose ones parted, `different` pairs apart.

    The source of the idea: a group of n records whose links are fewer than a share of n(n-1)/2 is more likely two.
    """
    likely = links.filter(pl.col("probability") >= MATCH_PROBABILITY).rename({"probability": "strength"})
    final = np.arange(count, dtype=np.int64)
    open_links, cut, largest = likely, 0, 0
    for threshold in (*STRICTER, None):
        labels = united(count, open_links, different)
        left = open_links["left"].to_numpy()
        kept = open_links.filter(pl.Series(labels[left] == labels[open_links["right"].to_numpy()]))
        is_loose, sizes = _loose(labels, kept)
        if threshold == STRICTER[0]:
            cut, largest = int(is_loose[np.unique(labels)].sum()), int(sizes[is_loose].max(initial=0))
        settled = ~is_loose[labels] if threshold else np.ones(count, dtype=np.bool_)
        in_question = np.zeros(count, dtype=np.bool_)
        in_question[np.unique(np.concatenate([left, open_links["right"].to_numpy()]))] = True
        final[settled & in_question] = labels[settled & in_question]
        open_links = open_links.filter(pl.Series(is_loose[labels[left]]) & (pl.col("strength") >= (threshold or 2)))
        if open_links.is_empty():
            break
    return Clusters(final, cut, largest)


def _components(count: int, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> Labels:
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    firsts = np.full(int(labels.max(initial=-1)) + 1, count, dtype=np.int64)
    np.minimum.at(firsts, labels, np.arange(count))
    found: Labels = firsts[labels]
    return found


def _loose(labels: Labels, links: pl.DataFrame) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Per label, whether its group has too few links, and its size."""
    sizes = np.bincount(labels, minlength=len(labels))
    edges = np.bincount(labels[links["left"].to_numpy()], minlength=len(labels))
    return (sizes > 2) & (edges < LEAST_DENSITY * sizes * (sizes - 1) / 2), sizes


def _unite_in_turn(labels: Labels, links: pl.DataFrame, different: pl.DataFrame) -> None:
    """Join the nodes of `labels` by their strongest links first, where that brings no different ones together."""
    apart: dict[int, set[int]] = defaultdict(set)
    for one, other in different.select("left", "right").iter_rows():
        apart[one].add(other)
        apart[other].add(one)
    members = {node: [node] for node in np.unique(links.select("left", "right").to_numpy()).tolist()}
    for one, other in _in_turn(links):
        first, second = sorted((int(labels[one]), int(labels[other])))
        if first == second or second in apart[first]:
            continue
        labels[members[second]] = first
        members[first] += members.pop(second)
        for node in apart.pop(second, set()):
            apart[node].discard(second)
            apart[node].add(first)
            apart[first].add(node)


def _in_turn(links: pl.DataFrame) -> Sequence[tuple[int, int]]:
    ordered = links.with_columns(
        left=pl.min_horizontal("left", "right"), right=pl.max_horizontal("left", "right")
    ).sort("strength", "left", "right", descending=[True, False, False])
    return ordered.select("left", "right").rows()
