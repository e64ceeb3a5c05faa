"""Ids that last, whatever joins, merges and parts; and decisions by people, which outrank every rule."""

from __future__ import annotations

import random
from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.identity import DECISIONS_SCHEMA, Linked, link_records

Row = dict[str, str]


def record(source_id: str, email: str) -> Row:
    return {"source_system": "crm", "entity": "contacts", "source_id": source_id, "email": email}


def decided(*pairs: tuple[str, str, bool]) -> pl.DataFrame:
    rows = [("crm", "contacts", one, "crm", "contacts", other, same) for one, other, same in pairs]
    return pl.DataFrame(rows, schema=DECISIONS_SCHEMA, orient="row")


def run(rows: list[Row], earlier: Linked | None = None, decisions: pl.DataFrame | None = None) -> Linked:
    known = (earlier.links, earlier.aliases) if earlier else (None, None)
    frame = pl.DataFrame(rows)
    return link_records(frame, known[0], aliases=known[1], home_country="DE", decisions=decisions)


def ids(linked: Linked) -> dict[str, str]:
    return dict(linked.links.select("source_id", "customer_id").iter_rows())


ADA, BOB = record("1", "ada@x.example"), record("2", "bob@x.example")


def test_of_two_customers_that_merge_the_older_id_lives_on_and_the_other_leads_to_it() -> None:
    first = run([BOB])
    second = run([ADA, BOB, record("3", "ada@x.example")], first)
    assert ids(second)["2"] == ids(first)["2"]
    merged = run([ADA, BOB, record("3", "ada@x.example")], second, decided(("1", "2", True)))
    assert set(ids(merged).values()) == {ids(first)["2"]}
    assert merged.aliases.select("alias", "customer_id").rows() == [(ids(second)["1"], ids(first)["2"])]


def test_a_merger_that_is_undone_gives_both_ids_back_and_done_again_takes_the_same_one() -> None:
    rows = [ADA, BOB]
    apart = run(rows)
    merged = run(rows, apart, decided(("1", "2", True)))
    parted = run(rows, merged, decided(("1", "2", False)))
    again = run(rows, parted, decided(("1", "2", True)))
    assert len(set(ids(merged).values())) == 1
    assert ids(parted) == ids(apart)
    assert parted.aliases.is_empty()
    assert ids(again) == ids(merged)
    assert_frame_equal(again.aliases, merged.aliases)


def test_an_alias_of_an_alias_leads_to_who_lives() -> None:
    rows = [ADA, BOB, record("3", "cleo@x.example")]
    apart = run(rows)
    two = run(rows, apart, decided(("2", "3", True)))
    one = run(rows, two, decided(("1", "2", True), ("2", "3", True)))
    living = set(ids(one).values())
    assert len(living) == 1
    assert set(one.aliases["customer_id"]) == living
    assert set(one.aliases["alias"]) == set(ids(apart).values()) - living


def test_people_outrank_the_same_address() -> None:
    rows = [record("1", "us@x.example"), record("2", "us@x.example"), record("3", "us@x.example")]
    linked = run(rows, decisions=decided(("1", "3", False)))
    assert ids(linked)["1"] != ids(linked)["3"]
    assert linked.links["customer_id"].n_unique() == 2


def test_people_outrank_similarity_in_both_directions() -> None:
    person = {"first_name": "Anna", "last_name": "Sommerfeldt", "street": "Weg 5", "postcode": "50667", "city": "Köln"}
    alike = [{**record("1", "a@x.example"), **person}, {**record("2", "b@x.example"), **person}]
    assert len(set(ids(run(alike)).values())) == 1
    assert len(set(ids(run(alike, decisions=decided(("1", "2", False)))).values())) == 2
    assert len(set(ids(run([ADA, BOB], decisions=decided(("1", "2", True)))).values())) == 1


def test_a_decision_on_records_that_are_gone_is_without_effect() -> None:
    assert ids(run([ADA], decisions=decided(("1", "9", True), ("8", "9", False)))) == ids(run([ADA]))


def world(seed: int) -> list[Row]:
    draw = random.Random(seed)
    return [record(str(number), f"p{draw.randrange(40)}@x.example") for number in range(80)]


@pytest.mark.parametrize("seed", range(100))
def test_any_order_of_arrival_gives_the_same_partition(seed: int) -> None:
    rows = world(0)
    whole = run(rows)
    order = random.Random(seed).sample(range(len(rows)), len(rows))
    linked: Linked | None = None
    for _, end in pairwise([0, 27, 54, len(rows)]):
        linked = run([rows[at] for at in order[:end]], linked)
    assert linked is not None
    groups = [
        {frozenset(g) for g in one.links.group_by("customer_id").agg("source_id")["source_id"]}
        for one in (whole, linked)
    ]
    assert groups[0] == groups[1]
    assert ids(run(rows, linked)) == ids(linked)


def test_nobody_gets_another_id_when_a_run_is_repeated() -> None:
    first = run(world(3))
    second = run(world(3), first)
    assert_frame_equal(second.links, first.links)
    assert second.aliases.is_empty()
