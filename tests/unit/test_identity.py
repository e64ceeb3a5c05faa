"""One customer per person: what ties records together, what must not, and which id survives."""

from __future__ import annotations

import random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.identity import LINKS_SCHEMA, RECORD_KEY, link_records
from models.identity.sure_links import SHARED_EMAIL_IDS, SHARED_EMAIL_NAMES

COLUMNS = [
    "source_system",
    "entity",
    "source_id",
    "email",
    "phone",
    "mobile",
    "country",
    "first_name",
    "last_name",
    "company_name",
    "postcode",
    "merged_into_source_id",
]
BERLIN, MUNICH, MOBILE = "030 23125101", "089 23125102", "0151 23125103"


def record(source: str, source_id: str, **fields: str) -> dict[str, str]:
    return {"source_system": source, "entity": "contacts", "source_id": source_id, **fields}


def link(*rows: dict[str, str], previous: pl.DataFrame | None = None) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String))
    return link_records(frame, previous, home_country="DE").links


def customers(links: pl.DataFrame) -> list[set[str]]:
    """The source ids of each customer."""
    groups = links.group_by("customer_id").agg("source_id").sort(pl.col("source_id").list.sort().list.first())
    return [set(ids) for ids in groups["source_id"]]


def rules(links: pl.DataFrame) -> dict[str, str]:
    return dict(links.select("source_id", "matched_by").iter_rows())


def test_the_same_address_in_other_letters_is_one_customer() -> None:
    links = link(record("hubspot", "1", email="Ada@Example.de "), record("mailchimp", "ada", email="ada@example.de"))
    assert customers(links) == [{"1", "ada"}]
    assert rules(links) == {"1": "new", "ada": "email"}
    assert links["email_normalised"].unique().to_list() == ["ada@example.de"]
    assert links["match_probability"].to_list() == [1.0, 1.0]


def test_the_same_number_in_other_writing_is_one_customer() -> None:
    links = link(
        record("hubspot", "1", phone="+49 (0)151 / 23125103"),
        record("shopify", "2", mobile=MOBILE),
        record("pos", "3", phone="0049-151-23125103", country="AT"),
    )
    assert customers(links) == [{"1", "2", "3"}]
    assert rules(links) == {"1": "new", "2": "phone", "3": "phone"}
    assert links["phone_normalised"].unique().to_list() == ["+4915123125103"]


def test_a_vendors_own_id_ties_its_contact_to_its_orders() -> None:
    buyer = record("shopify", "77", email="other@example.de") | {"entity": "orders"}
    links = link(record("shopify", "77", email="ada@example.de"), buyer, record("hubspot", "77"))
    assert links.group_by("customer_id").len()["len"].sort().to_list() == [1, 2]
    assert links.sort("source_system", "entity")["matched_by"].to_list() == ["new", "new", "source_id"]


def test_friends_of_friends_are_one_customer_and_the_strongest_rule_is_named() -> None:
    links = link(
        record("a", "1", email="ada@example.de"),
        record("b", "2", email="ada@example.de", phone=MOBILE),
        record("c", "3", phone=MOBILE),
    )
    assert customers(links) == [{"1", "2", "3"}]
    assert rules(links) == {"1": "new", "2": "email", "3": "phone"}


def test_what_is_no_address_and_no_number_ties_nobody() -> None:
    """'unknown' in a mandatory field once made one customer of thousands."""
    links = link(
        record("a", "1", email="unknown", phone="0000"),
        record("b", "2", email="unknown", phone="0000"),
        record("c", "3", email="", phone="-"),
        record("d", "4", email="", phone="-"),
    )
    assert len(customers(links)) == 4
    assert links["email_normalised"].null_count() == 4
    assert links["phone_normalised"].null_count() == 4


def test_colleagues_behind_one_switchboard_stay_apart() -> None:
    links = link(
        record("hubspot", "1", email="ada@firm.de", phone=BERLIN),
        record("hubspot", "2", email="bob@firm.de", phone=BERLIN),
        record("shopify", "3", email="cleo@firm.de", phone=BERLIN),
    )
    assert len(customers(links)) == 3


def test_a_household_with_one_number_stays_apart_across_systems() -> None:
    links = link(
        record("hubspot", "1", email="ada@example.de", phone=BERLIN, first_name="Ada"),
        record("shopify", "2", email="ole@example.de", phone=BERLIN, first_name="Ole"),
    )
    assert len(customers(links)) == 2


def test_a_guest_who_left_only_a_number_joins_its_owner() -> None:
    guest = record("shopify", "+4915123125103", phone="+4915123125103") | {"entity": "orders"}
    links = link(record("shopify", "1", email="ada@example.de", phone=MOBILE, first_name="Ada"), guest)
    assert customers(links) == [{"+4915123125103", "1"}]


def test_a_role_address_of_one_person_identifies() -> None:
    links = link(
        record("hubspot", "1", email="info@firm.de", first_name="Ada"),
        record("mailchimp", "info@firm.de", email="info@firm.de"),
    )
    assert len(customers(links)) == 1


@pytest.mark.parametrize(
    "second",
    [
        record("hubspot", "2", email="info@firm.de"),
        record("shopify", "2", email="info@firm.de", first_name="Bob"),
    ],
    ids=["another id of the same source", "another first name"],
)
def test_a_role_address_of_several_people_does_not(second: dict[str, str]) -> None:
    assert len(customers(link(record("hubspot", "1", email="info@firm.de", first_name="Ada"), second))) == 2


@pytest.mark.parametrize("shared", [{"email": "koch@x.de"}, {"phone": BERLIN}], ids=["an address", "a number"])
@pytest.mark.parametrize("other", ["Andreas", "Alexander"])
def test_a_couple_whose_names_begin_alike_stays_two(shared: dict[str, str], other: str) -> None:
    """One letter was all that told first names apart, and Anna's orders were her husband's."""
    own = ({}, {}) if "email" in shared else ({"email": "a@x.de"}, {"email": "b@x.de"})
    anna = record("shop", "1", first_name="Anna", last_name="Koch", **shared, **own[0])
    husband = record("crm", "2", first_name=other, last_name="Koch", **shared, **own[1])
    assert len(customers(link(anna, husband))) == 2


@pytest.mark.parametrize("written", ["Ana", "A.", "Anna Maria", "ANNA"])
def test_one_name_written_in_several_ways_is_one(written: str) -> None:
    links = link(
        record("shop", "1", email="koch@x.de", first_name="Anna", last_name="Koch"),
        record("crm", "2", email="koch@x.de", first_name=written, last_name="Koch"),
    )
    assert len(customers(links)) == 1


def test_colleagues_whose_names_begin_alike_are_not_one_by_their_role_address() -> None:
    links = link(
        record("shop", "1", email="info@firm.de", first_name="Anna", last_name="Koch"),
        record("crm", "2", email="info@firm.de", first_name="Anton", last_name="Berg"),
    )
    assert len(customers(links)) == 2


def test_an_ordinary_address_on_two_ids_of_one_source_is_a_duplicate() -> None:
    links = link(record("hubspot", "1", email="ada@example.de"), record("hubspot", "2", email="ada@example.de"))
    assert len(customers(links)) == 1


def test_a_tills_address_identifies_nobody_but_a_loyal_guest_stays_whole() -> None:
    count = SHARED_EMAIL_IDS + 1
    till = link(*(record("pos", f"{number}", email="till@shop.de") for number in range(count)))
    assert len(customers(till)) == count
    guest = link(*(record("shop", f"{n}", email="ada@example.de", first_name="Ada") for n in range(count)))
    assert len(customers(guest)) == 1
    names = link(
        *(record(f"s{n}", f"{n}", email="x@shop.de", first_name="ABCDEFGHIJ"[n]) for n in range(SHARED_EMAIL_NAMES + 1))
    )
    assert len(customers(names)) == SHARED_EMAIL_NAMES + 1


def test_accented_names_begin_like_plain_ones() -> None:
    links = link(
        record("a", "1", phone=MOBILE, first_name="Änne"),
        record("b", "2", phone=MOBILE, first_name=" anne"),
    )
    assert len(customers(links)) == 1


def test_a_company_record_is_tied_to_nothing() -> None:
    company = record("hubspot", "1", email="ada@example.de", phone=MOBILE) | {"entity": "accounts"}
    links = link(company, record("hubspot", "1", email="ada@example.de", phone=MOBILE), record("b", "2", phone=MOBILE))
    assert links.group_by("customer_id").len()["len"].sort().to_list() == [1, 2]
    assert links.filter(pl.col("entity") == "accounts")["matched_by"].to_list() == ["new"]


def test_a_buyer_who_names_nobody_is_the_company_of_that_name_and_place() -> None:
    """A company that orders by fax: its orders belong to the company of the CRM, and not to a customer beside it."""
    company = record("crm", "1", company_name="Tee-Haus GmbH", postcode="50667") | {"entity": "accounts"}
    fax = record("shop", "K1", company_name="TEE HAUS", postcode="50667") | {"entity": "orders"}
    elsewhere = record("shop", "K2", company_name="Tee-Haus GmbH", postcode="10115") | {"entity": "orders"}
    ada = record("shop", "K3", company_name="Tee-Haus GmbH", postcode="50667", first_name="Ada") | {"entity": "orders"}
    assert customers(link(company, fax, elsewhere, ada)) == [{"1", "K1"}, {"K2"}, {"K3"}]


def test_a_company_s_comparable_name_goes_along() -> None:
    links = link(
        record("crm", "1", company_name="Müller & Söhne GmbH & Co. KG"), record("crm", "2", company_name="privat")
    )
    assert links["company_normalised"].to_list() == ["muller sohne", None]


def test_customers_keep_their_id_when_records_join() -> None:
    first = link(record("b", "2", email="ada@example.de"))
    second = link(record("a", "1", email="ada@example.de"), record("b", "2", email="ada@example.de"), previous=first)
    assert second["customer_id"].unique().to_list() == first["customer_id"].to_list()
    assert second["customer_id"].str.contains("^C[0-9a-f]{16}$").all()


def test_when_customers_merge_the_id_with_most_records_survives() -> None:
    ada, bob = record("a", "1", email="ada@x.de"), record("b", "2", email="bob@x.de")
    bob_again = record("c", "3", email="bob@x.de")
    first = link(ada, bob, bob_again)
    kept = first.filter(pl.col("source_id") == "3")["customer_id"].item()
    bridge = record("a", "1", email="bob@x.de")
    assert link(bridge, bob, bob_again, previous=first)["customer_id"].unique().to_list() == [kept]


def test_when_a_customer_is_parted_the_larger_part_keeps_the_id() -> None:
    """The smaller part holds the record that once gave the id, and must not be given the same one again."""
    first = link(*(record(source, source, email="ada@x.de") for source in "abc"))
    old = first["customer_id"][0]
    parted = [
        record("a", "a", email="bob@x.de"),
        record("b", "b", email="ada@x.de"),
        record("c", "c", email="ada@x.de"),
    ]
    second = link(*parted, previous=first)
    assert second.filter(pl.col("source_id") != "a")["customer_id"].to_list() == [old, old]
    assert second.filter(pl.col("source_id") == "a")["customer_id"].item() != old
    assert_frame_equal(link(*parted, previous=second), second)


def test_a_record_that_left_does_not_disturb_the_others() -> None:
    first = link(record("a", "1", email="ada@x.de"), record("b", "2", email="ada@x.de"))
    second = link(record("b", "2", email="ada@x.de"), previous=first)
    assert second["customer_id"].to_list() == first["customer_id"].to_list()[1:]


def crowd(seed: int) -> pl.DataFrame:
    """A few hundred records that share addresses and numbers at random."""
    draw = random.Random(seed)
    rows = [
        {
            "source_system": draw.choice(["hubspot", "shopify", "mailchimp"]),
            "entity": draw.choice(["contacts", "orders", "accounts"]),
            "source_id": str(number // 2),
            "email": draw.choice([None, f"p{draw.randrange(150)}@x.de", "info@x.de"]),
            "phone": draw.choice([None, f"0151 231{draw.randrange(150):05}"]),
            "mobile": draw.choice([None, None, f"0151 231{draw.randrange(150):05}"]),
            "country": draw.choice([None, "DE"]),
            "first_name": draw.choice([None, "Ada", "Bob"]),
        }
        for number in range(400)
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)).unique(RECORD_KEY, maintain_order=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_row_order_does_not_matter_and_every_record_has_one_customer(seed: int) -> None:
    records = crowd(seed)
    earlier = link_records(crowd(seed + 10), home_country="DE").links
    links = link_records(records, earlier, home_country="DE").links
    assert links.schema == LINKS_SCHEMA
    assert_frame_equal(links.select(RECORD_KEY), records.select(RECORD_KEY).sort(RECORD_KEY))
    assert links.select("customer_id", "matched_by").null_count().row(0) == (0, 0)
    new = links.filter(pl.col("matched_by") == "new")
    assert new["customer_id"].is_unique().all()
    assert new.height == links["customer_id"].n_unique()
    shuffled = records.sample(fraction=1.0, shuffle=True, seed=seed)
    assert_frame_equal(link_records(shuffled, earlier.reverse(), home_country="DE").links, links)
    assert_frame_equal(link_records(records, links, home_country="DE").links, links)


def test_a_repeated_key_is_refused_with_the_count() -> None:
    with pytest.raises(ValueError, match=r"1 of 2 source records repeat the key"):
        link(record("a", "1"), record("a", "1"))


def test_no_record_gives_an_empty_table() -> None:
    links = link()
    assert links.schema == LINKS_SCHEMA
    assert links.is_empty()


def test_a_record_that_its_system_merged_into_another_is_the_same_customer() -> None:
    """Accident: calls and tickets of the old id belong to nobody."""
    links = link(
        record("crm", "old", email="a@example.de", merged_into_source_id="new"),
        record("crm", "new", email="b@example.de"),
        record("crm", "other", email="c@example.de", merged_into_source_id="gone"),
    )
    assert customers(links) == [{"new", "old"}, {"other"}]
