"""Different people whom exact rules chain together: each is alone with his own records, and the chain is reported."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.identity import CUTS_SCHEMA, Linked, link_records
from models.identity.clusters import LARGEST_GROUP, MOST_VALUES

PEOPLE = 3_000
Row = dict[str, Any]


def number(at: int) -> str:
    return f"0151 2{at:07}"


def contact(source: str, at: int, **fields: Any) -> Row:
    return {"source_system": source, "entity": "contacts", "source_id": f"{at}", **fields}


def phone_chain(people: int) -> list[Row]:
    """Everybody is in two systems by his own address, with the number of the next one in the other."""
    named = [{"first_name": "Anna", "last_name": f"Nachname{at}", "email": f"p{at}@x.de"} for at in range(people)]
    shop = [contact("shop", at, phone=number(at), **name) for at, name in enumerate(named)]
    return shop + [contact("crm", at, phone=number(at + 1), **name) for at, name in enumerate(named)]


def number_chain(people: int) -> list[Row]:
    """Nothing is known of anybody but two numbers, one of them the next one's."""
    buyers = [contact("pos", at, phone=number(at), mobile=number(at + 1)) for at in range(people)]
    return [buyer | {"entity": "orders", "source_id": buyer["phone"]} for buyer in buyers]


def address_chain(people: int) -> list[Row]:
    """A shop's buyers, each of whom has ordered by the address of the next one."""
    contacts = [contact("shop", at, email=f"p{at}@x.de") for at in range(people)]
    return contacts + [contact("shop", at, email=f"p{at + 1}@x.de") | {"entity": "orders"} for at in range(people)]


def link(rows: list[Row], **arguments: Any) -> Linked:
    return link_records(pl.DataFrame(rows, infer_schema_length=None), home_country="DE", **arguments)


@pytest.mark.parametrize(
    ("rows", "rule", "records_each"),
    [
        (phone_chain(PEOPLE), "phone", 2),
        (number_chain(PEOPLE), "phone", 1),
        (address_chain(PEOPLE), "email", 2),
    ],
    ids=["by numbers", "by numbers alone", "by addresses"],
)
def test_three_thousand_people_in_a_chain_stay_apart_and_are_reported(
    rows: list[Row], rule: str, records_each: int
) -> None:
    """Accident: one customer of thousands of people, with all their orders and the first one's name."""
    linked = link(rows)
    sizes = linked.links.group_by("customer_id").len()["len"]
    assert (len(sizes), sizes.max()) == (PEOPLE, records_each)
    cut = linked.cuts.select("cut_by", "record_count", "customer_count", "largest_part").rows()
    assert cut == [(rule, len(rows), PEOPLE, records_each)]
    assert linked.cuts.schema == CUTS_SCHEMA
    assert not linked.links["matched_by"].eq(rule).any()


def test_a_cut_chain_depends_on_no_order_and_keeps_its_ids() -> None:
    rows = phone_chain(300)
    linked = link(rows)
    again = link(rows[::-1], previous=linked.links, aliases=linked.aliases)
    assert_frame_equal(again.links, linked.links)
    assert_frame_equal(again.cuts, linked.cuts)


def test_customers_of_an_earlier_chain_get_ids_of_their_own_when_it_grows_too_long() -> None:
    short = link(phone_chain(4))
    assert short.links["customer_id"].n_unique() == 1
    long = link(phone_chain(300), previous=short.links, aliases=short.aliases)
    assert long.links["customer_id"].n_unique() == 300
    assert short.links["customer_id"][0] in long.links["customer_id"]


def test_one_person_with_several_numbers_and_addresses_is_one() -> None:
    """Whoever has moved twice has a chain of his own."""
    rows = [
        contact(f"s{at}", at, email=f"ada{at // 2}@x.de", phone=number((at + 1) // 2), first_name="Ada")
        for at in range(2 * MOST_VALUES)
    ]
    linked = link(rows)
    assert linked.links["customer_id"].n_unique() == 1
    assert linked.cuts.is_empty()


def test_a_loyal_guest_is_one_however_often_he_has_ordered() -> None:
    rows = [
        contact("shop", at, email="ada@x.de", first_name="Ada", last_name="Koch") for at in range(LARGEST_GROUP + 1)
    ]
    assert link(rows).links["customer_id"].n_unique() == 1


def test_an_address_beside_many_names_is_nobody_s_though_all_begin_alike() -> None:
    rows = [
        contact("shop", at, email="order@market.de", first_name=f"Vorname{at}", last_name=f"Nachname{at}")
        for at in range(100)
    ]
    assert link(rows).links["customer_id"].n_unique() == 100


def test_records_that_are_all_one_customer_teach_the_model_nothing_and_break_nothing() -> None:
    """Accident: a model that was sure beforehand reckoned with infinity, and the run failed."""
    rows = [
        contact("crm", at, email=f"p{at // 2}@x.de", phone=number(at), merged_into_source_id="0" if at else None)
        for at in range(600)
    ]
    assert link(rows).links["customer_id"].n_unique() == 1
