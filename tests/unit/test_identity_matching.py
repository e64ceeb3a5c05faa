"""Who is found although nothing is exactly the same, and who is kept apart although much is."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks.crowd import crowd
from benchmarks.identity import PUBLIC, SHARED, public_figures
from benchmarks.partitions import pair_figures
from models.identity import Linked, link_records
from models.identity.agreement import shipped_agreement
from models.identity.blocking import MOST_PAIRS_PER_RULE, candidate_pairs
from models.identity.comparisons import COMPARISONS
from models.identity.estimation import fit
from models.identity.records import comparable
from models.identity.splink_model import settings

ADDRESS = {"street": "Rosenweg 5", "postcode": "50667", "city": "Köln"}
ANNA = {"first_name": "Anna", "last_name": "Sommerfeldt", **ADDRESS}


SURNAMES = ["Adler", "Brunner", "Cramer", "Dahl", "Ebert", "Falk", "Gerber", "Hinz", "Iversen", "Jost", "Kaul", "Lorch"]


def record(source: str, source_id: str, **fields: str) -> dict[str, str]:
    return {"source_system": source, "entity": "contacts", "source_id": source_id, **fields}


def link(*rows: dict[str, str]) -> Linked:
    return link_records(pl.DataFrame(rows, infer_schema_length=None), home_country="DE")


def is_one(*rows: dict[str, str]) -> bool:
    return link(*rows).links["customer_id"].n_unique() == 1


@pytest.mark.parametrize(
    "other",
    [
        {**ANNA, "last_name": "Sommerfeld"},
        {**ANNA, "first_name": "Dr. Anna"},
        {**ANNA, "first_name": "Sommerfeldt", "last_name": "Anna"},
        {**ANNA, "first_name": "", "last_name": "Sommerfeldt, Anna"},
        {**ANNA, "street": "Rosenweg 5", "city": "KOELN"},
        {**ANNA, "street": "Rosenwg 5"},
    ],
    ids=["a letter", "a title", "swapped", "in one field", "umlaut", "a slip in the street"],
)
def test_the_same_person_written_otherwise_is_found(other: dict[str, str]) -> None:
    assert is_one(record("crm", "1", **ANNA), record("shop", "2", **other))


def test_who_moved_is_known_by_name_and_birth_date() -> None:
    old = {**ANNA, "birth_on": "1971-04-03"}
    new = {**old, "street": "Am Hang 12", "postcode": "80331", "city": "München"}
    assert is_one(record("crm", "1", **old), record("shop", "2", **new))


def test_namesakes_in_one_town_are_two() -> None:
    one = {"first_name": "Anna", "last_name": "Müller", "city": "Köln"}
    assert not is_one(record("crm", "1", **one), record("shop", "2", **one))


def test_namesakes_on_the_road_that_everybody_lives_on_are_two() -> None:
    """Beside another house number, another e-mail address and another phone number, a main street says nothing."""
    people = [
        record("crm", f"{place}", first_name=("Jürgen", "Käthe", "Björn")[place % 3],
               last_name=SURNAMES[place // 3 % 12], street=f"Hauptstr. {place}", postcode=f"{10115 + place}",
               city="Köln", email=f"person{place}@example.org", phone=f"0221 4711{place:02}")
        for place in range(72)
    ]  # fmt: skip
    assert link(*people).links["customer_id"].n_unique() == len(people)


@pytest.mark.parametrize("shared", [{}, {"phone": "0221 471001"}], ids=["address", "address and number"])
def test_people_of_one_household_stay_apart(shared: dict[str, str]) -> None:
    """Common first names are names, and no slips of each other's pen."""
    couples = [
        record(system, f"{number}", first_name=name, last_name=SURNAMES[number], street=f"Rosenweg {number}",
               postcode="50667", city="Köln", email=f"{name}{number}@example.org".lower(), **shared)
        for number in range(12)
        for system, name in (("crm", "Anna"), ("shop", "Bernd"))
    ]  # fmt: skip
    assert link(*couples).links["customer_id"].n_unique() == 24


def test_colleagues_behind_one_switchboard_and_company_stay_apart() -> None:
    office = {"company_name": "Tee Haus GmbH", "phone": "0221 471002"}
    names = [("Anna", "Adler"), ("Bernd", "Bauer"), ("Clara", "Cramer"), ("Dieter", "Dahl")]
    rows = [
        record("crm", f"{first}", first_name=first, last_name=last, email=f"{last}@teehaus.example", **office)
        for first, last in names
    ]
    assert link(*rows).links["customer_id"].n_unique() == len(names)


def test_why_two_records_are_one_is_told_in_words() -> None:
    evidence = link(record("crm", "1", **ANNA), record("shop", "2", **{**ANNA, "email": "anna@example.org"})).evidence
    (tie,) = evidence.select("rule", "agreements").rows()
    assert tie == ("similarity", "the same name; the same address")


def test_a_crowd_is_told_apart() -> None:
    """Two thousand people in three thousand records with slips: the model is fitted to them."""
    records = crowd(3_000)
    links = link_records(records.drop("person"), home_country="DE").links
    known = links.join(records.select("source_id", "person"), on="source_id")
    figures = pair_figures(known["customer_id"], known["person"])
    assert figures.precision > 0.99
    assert figures.recall > 0.97


def test_neither_the_order_of_rows_nor_of_arrival_changes_the_partition() -> None:
    records = crowd(1_200, seed=4).drop("person")
    whole = link_records(records, home_country="DE")
    shuffled = link_records(records.sample(fraction=1, shuffle=True, seed=9), home_country="DE")
    assert_frame_equal(shuffled.links, whole.links)
    assert_frame_equal(shuffled.evidence, whole.evidence)
    half = link_records(records.sample(600, seed=5), home_country="DE")
    later = link_records(records, half.links, aliases=half.aliases, home_country="DE")
    assert partition(later.links) == partition(whole.links)


def test_the_number_of_threads_changes_nothing() -> None:
    """Sums of floats and ties once came out as the threads finished."""
    script = (
        "import sys, duckdb, polars as pl\n"
        "from hashlib import sha256\n"
        "from models.identity import link_records\n"
        "from benchmarks.crowd import crowd\n"
        "connect = duckdb.connect\n"
        "duckdb.connect = lambda *a, **b: connect(*a, config={**b.get('config', {}), 'threads': int(sys.argv[1])})\n"
        "linked = link_records(crowd(1_200, seed=4).drop('person'), home_country='DE')\n"
        "assert pl.thread_pool_size() == int(sys.argv[1])\n"
        "print(sha256((linked.links.write_csv() + linked.evidence.write_csv()).encode()).hexdigest())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script, threads],
            env={**os.environ, "POLARS_MAX_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "4")
    }
    assert len(said) == 1


def test_conditions_use_only_what_all_of_splinks_engines_know() -> None:
    """DuckDB's own jaro_winkler_similarity once kept the settings from running on Spark."""
    known = {"jaro_winkler", "damerau_levenshtein", "coalesce", "length", "substr", "contains"}
    made = settings(COMPARISONS, shipped_agreement(), 1e-5).create_settings_dict("spark")
    conditions = [level["sql_condition"] for one in made["comparisons"] for level in one["comparison_levels"]]
    assert len(conditions) > 2 * len(COMPARISONS)
    used = {name for condition in conditions for name in re.findall(r"(\w+)\(", condition)}
    assert used == known


PROVIDERS = ("gmail.com", "googlemail.com")


@pytest.mark.parametrize(
    ("first_name", "providers", "count"), [("Anna", PROVIDERS, 1), ("Anna", (), 2), (None, PROVIDERS, 2)]
)
def test_a_slip_in_a_provider_s_name_is_evidence_and_no_proof(
    first_name: str | None, providers: tuple[str, ...], count: int
) -> None:
    rows = [
        record("crm", "1", email="sonne77@gmail.com", first_name="Anna", last_name="Müller"),
        record("news", "2", email="sonne77@gogglemail.com")
        | ({"first_name": first_name, "last_name": "Müller"} if first_name else {}),
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    links = link_records(frame, home_country="DE", mail_providers=providers).links
    assert links["customer_id"].n_unique() == count


def partition(links: pl.DataFrame) -> set[frozenset[str]]:
    return {frozenset(ids) for ids in links.group_by("customer_id").agg("source_id")["source_id"]}


def test_a_block_of_thousands_costs_no_more_than_its_budget() -> None:
    """A till's phone number on 50,000 receipts makes more than a thousand million pairs."""
    records = crowd(60_000, number_of_all="+4930901820", with_that_number=50_000).drop("person")
    profiles = comparable(records, "DE").with_columns(profile="record", customer="record")
    pairs, blocks = candidate_pairs(profiles)
    (number,) = (block for block in blocks if block.rule == "number")
    assert number.largest == 50_000
    assert number.largest_kept < 50_000
    assert max(block.pair_count for block in blocks) <= MOST_PAIRS_PER_RULE
    assert pairs.height <= sum(block.pair_count for block in blocks)
    assert pairs.is_unique().all()


@pytest.mark.parametrize(("people", "is_learned"), [(150, False), (900, True)])
def test_parameters_are_learned_only_where_there_is_enough_to_learn_from(people: int, is_learned: bool) -> None:
    profiles = comparable(crowd(people).drop("person"), "DE").with_columns(
        profile=pl.col("record").cast(pl.Int64), customer=pl.col("record").cast(pl.Int64)
    )
    assert (fit(profiles, shipped_agreement()) != shipped_agreement()) is is_learned


def test_what_is_shipped_is_a_distribution_per_comparison() -> None:
    for name, rates in shipped_agreement().rates.items():
        for which in (0, 1):
            assert sum(rate[which] for rate in rates) == pytest.approx(1, abs=1e-6), name


@pytest.mark.public_data
@pytest.mark.parametrize(
    ("data", "f1", "b3"), [(PUBLIC[0], 0.997, 0.997), (PUBLIC[1], 0.83, 0.865)], ids=["febrl", "historical"]
)
def test_public_data_are_matched_better_than_published(data: object, f1: float, b3: float) -> None:
    assert SHARED.exists()
    found = public_figures(data)  # type: ignore[arg-type]
    assert found.f1 >= f1
    assert found.b3_f1 >= b3
