"""Groups out of links: chains are cut, and what people told apart stays apart."""

from __future__ import annotations

import itertools

import polars as pl

from models.identity.clusters import LARGEST_GROUP, clustered, united

NOBODY = pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64})


def links(*pairs: tuple[int, int, float]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"left": pl.Int64, "right": pl.Int64, "probability": pl.Float64}, orient="row")


def clique(first: int, size: int) -> list[tuple[int, int, float]]:
    return [(a, b, 0.99) for a, b in itertools.combinations(range(first, first + size), 2)]


def test_two_groups_that_hang_on_one_link_are_parted_and_reported() -> None:
    found = clustered(12, links(*clique(0, 6), *clique(6, 6), (0, 6, 0.85)), NOBODY)
    assert found.labels.tolist() == [0] * 6 + [6] * 6
    assert found.cut.tolist() == [0] * 12


def test_three_in_a_chain_are_one() -> None:
    found = clustered(3, links((0, 1, 0.9), (1, 2, 0.9)), NOBODY)
    assert found.labels.tolist() == [0, 0, 0]
    assert found.cut.tolist() == [-1] * 3


def test_an_improbable_link_is_none() -> None:
    assert clustered(2, links((0, 1, 0.79)), NOBODY).labels.tolist() == [0, 1]


def test_a_chain_longer_than_any_customer_falls_apart() -> None:
    """A lookalike of a lookalike of a lookalike: in the end everybody would be one."""
    count = LARGEST_GROUP + 200
    found = clustered(count, links(*((at, at + 1, 0.85) for at in range(count - 1))), NOBODY)
    assert len(set(found.labels.tolist())) == count


def test_of_two_ways_to_join_what_is_different_the_weaker_gives_way() -> None:
    different = pl.DataFrame({"left": [0], "right": [2]})
    ties = pl.DataFrame({"left": [0, 1], "right": [1, 2], "strength": [0.9, 0.95]})
    assert united(3, ties, different).tolist() == [0, 1, 1]
    assert united(3, ties.with_columns(strength=pl.Series([0.95, 0.9])), different).tolist() == [0, 0, 2]
    assert united(3, ties, NOBODY).tolist() == [0, 0, 0]


def test_a_chain_of_certain_links_is_cut_too() -> None:
    """Accident: a chain of which every link was as good as certain stayed one, however long it was."""
    count = LARGEST_GROUP + 1
    found = clustered(count, links(*((at, at + 1, 1.0) for at in range(count - 1))), NOBODY)
    assert len(set(found.labels.tolist())) == count
    assert set(found.cut.tolist()) == {0}
