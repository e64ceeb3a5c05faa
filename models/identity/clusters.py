"""From links between pairs to customers: what hangs together, cut where it hangs by a thread or people said so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

Labels = npt.NDArray[np.int64]

MATCH_PROBABILITY = 0.8
LEAST_AVERAGE = 0.1
"""Two groups are one customer where the pairs across them have this probability on average; a pair that was not even
worth comparing has none. A chain of lookalikes is not one person."""
LARGEST_GROUP = 1_000
"""Larger groups are looked at with surer links only, until they fall apart."""
STRICTER = (0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, float("inf"))
"""The last one leaves nothing of a group that even the surest links make too large."""
MOST_VALUES = 8
"""So many phone numbers, or e-mail addresses, may hold the records of one customer together by exact rules. A longer
chain leads from one person to the next; its links are left to likeness."""
_DENSE = 0.75


@dataclass(frozen=True)
class Clusters:
    """The number of its customer for each node, which is that of the customer's first node; and what was cut."""

    labels: Labels
    cut: Labels
    """For each node of a group that hung together too loosely, or was too large, the number of that group's first
    node; -1 elsewhere."""


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


def without_chains(
    count: int, ties: Mapping[str, pl.DataFrame], rules: Sequence[str]
) -> tuple[dict[str, pl.DataFrame], dict[str, Labels]]:
    """Return the ties (record, first) without a rule's in groups that more than MOST_VALUES values of it hold together;
    and by rule the groups cut, as in `Clusters`. `rules` are those that may give way, the weakest first."""
    kept, cut = dict(ties), {}
    for rule in rules:
        groups = components(count, kept.values())
        within = kept[rule].with_columns(group=groups.gather(kept[rule]["record"]))
        chains = within.group_by("group").agg(values=pl.col("first").n_unique()).filter(pl.col("values") > MOST_VALUES)
        kept[rule] = within.join(chains, on="group", how="anti", maintain_order="left").drop("group")
        cut[rule] = np.where(groups.is_in(chains["group"].implode()).to_numpy(), groups.to_numpy(), -1)
    return kept, cut


def clustered(count: int, links: pl.DataFrame, different: pl.DataFrame) -> Clusters:
    """Return the groups under probable links (left, right, probability), loose ones parted, `different` pairs apart."""
    likely = links.filter(pl.col("probability") >= MATCH_PROBABILITY).rename({"probability": "strength"})
    whole = _components(count, likely["left"].to_numpy(), likely["right"].to_numpy())
    likely = _without_giants(count, likely)
    labels = _components(count, likely["left"].to_numpy(), likely["right"].to_numpy())
    for group in _loose_groups(labels, likely):
        labels[group.nodes] = group.parted()
    parts = pl.DataFrame({"whole": whole, "label": labels}).select(count=pl.col("label").n_unique().over("whole"))
    is_within = pl.Series(labels[likely["left"].to_numpy()] == labels[likely["right"].to_numpy()])
    labels = united(count, likely.filter(is_within), different)
    return Clusters(labels, np.where(parts["count"].to_numpy() > 1, whole, -1))


def _without_giants(count: int, links: pl.DataFrame) -> pl.DataFrame:
    """The links without the weaker ones in groups that are too large to be one customer."""
    for threshold in STRICTER:
        left = links["left"].to_numpy()
        labels = _components(count, left, links["right"].to_numpy())
        is_giant = np.bincount(labels, minlength=count) > LARGEST_GROUP
        if not is_giant.any():
            break
        links = links.filter(pl.Series(~is_giant[labels[left]]) | (pl.col("strength") >= threshold))
    return links


@dataclass(frozen=True)
class _Group:
    """Nodes that hang together, with the links between them."""

    nodes: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    strength: npt.NDArray[np.float64]

    def parted(self) -> Labels:
        """The label of each node: average linkage, which joins what is on average likely and no chains."""
        distances = np.ones((len(self.nodes), len(self.nodes)))
        one, other = np.searchsorted(self.nodes, self.left), np.searchsorted(self.nodes, self.right)
        distances[one, other] = distances[other, one] = 1 - self.strength
        np.fill_diagonal(distances, 0)
        tree = linkage(squareform(distances, checks=False), method="average")
        part = fcluster(tree, t=1 - LEAST_AVERAGE, criterion="distance")
        firsts = np.full(part.max() + 1, np.iinfo(np.int64).max)
        np.minimum.at(firsts, part, self.nodes)
        found: Labels = firsts[part]
        return found


def _loose_groups(labels: Labels, links: pl.DataFrame) -> Iterator[_Group]:
    """The groups of four or more in which so many links are missing that they might be two. (Three always pass.)"""
    sizes = np.bincount(labels, minlength=len(labels))
    at = labels[links["left"].to_numpy()]
    edges = np.bincount(at, minlength=len(labels))
    is_loose = (sizes > 3) & (sizes <= LARGEST_GROUP) & (edges < _DENSE * sizes * (sizes - 1) / 2)
    inside = links.with_columns(group=pl.Series(at)).filter(pl.Series(is_loose[at]))
    nodes = pl.DataFrame({"group": labels, "node": np.arange(len(labels))}).filter(pl.Series(is_loose[labels]))
    members = {key: part["node"].to_numpy() for (key,), part in nodes.group_by("group")}
    for (key,), part in inside.sort("group", "left", "right").group_by("group", maintain_order=True):
        ends = (part[name].to_numpy() for name in ("left", "right", "strength"))
        yield _Group(np.sort(members[key]), *ends)


def _components(count: int, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> Labels:
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    firsts = np.full(int(labels.max(initial=-1)) + 1, count, dtype=np.int64)
    np.minimum.at(firsts, labels, np.arange(count))
    found: Labels = firsts[labels]
    return found


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
