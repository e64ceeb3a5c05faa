"""A company that writes letters and text messages: its files, its truth, its months, and what is learned of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.biased_history import estimates
from twin import MessageParameters, Parameters, TwinSummary, write_company
from twin.messages import LETTER, TEXT, WRITTEN
from twin.months import World, begin, play, write_world
from twin.next_month import write_next_month
from twin.orders import CAUSES

WRITING = Parameters(crm_share=0.9, lead_crm_share=0.9, messages=MessageParameters(text_share=0.9))
FILES = {"post": "*-postal-mail-*", "sms": "*-communications-*"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> TwinSummary:
    return write_company(tmp_path_factory.mktemp("twin"), customers=600, seed=5, parameters=WRITING)


@pytest.fixture(scope="module")
def world() -> World:
    return begin(4_000, seed=1, parameters=WRITING)


def exported(landing: Path, channel: str) -> pl.DataFrame:
    (file,) = (landing / "hubspot").glob(FILES[channel])
    return pl.read_csv(file, infer_schema=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_company_that_writes_none_has_nothing_of_them(tmp_path: Path) -> None:
    """Accident: an option changes the companies of those who do not use it."""
    plain = write_company(tmp_path, customers=120, seed=9)
    assert not [file for pattern in FILES.values() for file in plain.landing.rglob(pattern)]
    assert not (plain.truth / "messages.parquet").exists()
    assert "messages" not in json.loads((plain.truth / "parameters.json").read_text())
    assert set(pl.read_parquet(plain.truth / "true_channel_effects.parquet")["channel"]) == {"email", "phone"}
    shop = pl.read_csv(plain.landing / "shopify" / "customers_export.csv", infer_schema=False)
    assert set(shop["Accepts SMS Marketing"]) == {"no"}
    with pytest.raises(ValueError, match="email, phone; found post"):
        play(begin(120, seed=9), {"post": np.arange(20)})


def test_messages_leave_people_mailings_and_calls_as_they_were(tmp_path: Path) -> None:
    one = write_company(tmp_path / "one", customers=200, seed=9)
    two = write_company(tmp_path / "two", customers=200, seed=9, parameters=Parameters(messages=MessageParameters()))
    assert contents(one.landing / "mailchimp") == contents(two.landing / "mailchimp")
    for kind in ("companies", "calls", "deals"):
        (before,), (after,) = (list(each.landing.glob(f"hubspot/*-{kind}-*")) for each in (one, two))
        assert before.read_bytes() == after.read_bytes()
    assert two.orders > one.orders


def test_every_message_of_the_truth_is_in_the_exports_with_its_contact(written: TwinSummary) -> None:
    messages = pl.read_parquet(written.truth / "messages.parquet")
    records = pl.read_parquet(written.truth / "records.parquet").filter(source_system="hubspot", entity="contacts")
    for channel, no in (("post", "Returned"), ("sms", "Not delivered")):
        found = exported(written.landing, channel).join(
            records, left_on="Associated Contact IDs", right_on="source_id", how="left"
        )
        own = messages.filter(channel=channel)
        outcome = pl.when("is_delivered").then(pl.lit("")).otherwise(pl.lit(no))
        expected = own.select("message_id", "person_id", "campaign", outcome.alias("outcome")).sort("message_id")
        assert found.select("Record ID", "true_id", "Campaign", "Outcome").sort("Record ID").rows() == expected.rows()
        assert 0 < own.filter("is_delivered").height < own.height
        assert own["campaign"].n_unique() == 4
    assert set(exported(written.landing, "sms")["Channel type"]) == {"SMS"}


def test_text_messages_go_to_those_who_agreed_and_no_letter_to_anybody_without_an_address(written: TwinSummary) -> None:
    messages = pl.read_parquet(written.truth / "messages.parquet")
    records = pl.read_parquet(written.truth / "records.parquet").select("source_id", "true_id")
    (file,) = (written.landing / "hubspot").glob("*-contacts-*")
    contacts = pl.read_csv(file, infer_schema=False).join(records, left_on="Record ID", right_on="source_id")
    agreed = contacts.filter(pl.col("Consent to Text Messages") == "true")["true_id"]
    assert set(messages.filter(channel="sms")["person_id"]) <= set(agreed)
    assert 0 < agreed.len() < 0.5 * contacts.height
    assert (contacts["Street Address"] != "").all()
    assert set(messages["person_id"]) <= set(contacts["true_id"])
    shop = pl.read_csv(written.landing / "shopify" / "customers_export.csv", infer_schema=False).with_columns(
        source_id=pl.col("Customer ID").str.strip_chars("'")
    )
    in_shop = shop.filter(pl.col("Accepts SMS Marketing") == "yes").join(records, on="source_id")["true_id"]
    both = set(shop.join(records, on="source_id")["true_id"]) & set(contacts["true_id"])
    assert set(in_shop) & both == set(agreed) & both


def test_truth_counts_the_orders_that_messages_brought(written: TwinSummary) -> None:
    messages = pl.read_parquet(written.truth / "messages.parquet")
    orders = pl.read_parquet(written.truth / "orders.parquet")
    for channel in WRITTEN:
        brought = messages.filter("brought_order", channel=channel)
        caused = orders.filter(cause=channel)
        assert brought.height > 0
        assert sorted(caused["person_id"]) == sorted(brought["person_id"])
        assert messages[caused["cause_number"]].select("person_id").rows() == caused.select("person_id").rows()
    effects = pl.read_parquet(written.truth / "true_channel_effects.parquet")
    assert effects.height == 4 * written.customers
    assert effects.group_by("channel").agg(pl.mean("added_orders")).filter(pl.col("added_orders") <= 0).is_empty()


@pytest.mark.parametrize("channel", WRITTEN)
def test_messages_bring_as_much_as_their_truth_says(world: World, channel: str) -> None:
    """In the months played, where everybody who can be reached is written to."""
    later = play(world, {channel: np.arange(world.company.people.count)})
    reached = world.can_be_reached(channel)
    assert set(later.messages.person[world.messages.person.size :]) == set(np.flatnonzero(reached))
    expected = world.added_margin(channel)[reached].sum()
    brought = later.orders.cause[world.orders.count :] == CAUSES.index(channel)
    net = (later.orders.subtotal - later.orders.refunded)[world.orders.count :][brought] / 1.19 * 0.4 / 100
    assert brought.sum() >= 5
    assert abs(net.sum() - expected) < 4 * np.sqrt((net**2).sum())


def test_the_demo_carries_out_planned_messages_with_the_parameters_it_was_drawn_from(tmp_path: Path) -> None:
    """Accident: a company of other parameters is played on as another company."""
    write_company(tmp_path / "demo", 150, seed=4, parameters=WRITING)
    world = begin(150, seed=4, parameters=WRITING)
    records = pl.read_parquet(tmp_path / "demo" / "truth" / "records.parquet").filter(entity="contacts")
    contacts = [records.select("source_system", "source_id", channel=pl.lit(channel)) for channel in WRITTEN]
    numbers = world.company.people.frame["person_id"]
    known = np.flatnonzero(numbers.is_in(records["true_id"].implode()).to_numpy())
    for _ in range(2):
        write_next_month(tmp_path / "demo", pl.concat(contacts))
        world = play(world, dict.fromkeys(WRITTEN, known))
    write_world(tmp_path / "played", world)
    assert contents(tmp_path / "demo" / "landing") == contents(tmp_path / "played" / "landing")
    for channel, kind in zip(WRITTEN, (LETTER, TEXT), strict=True):
        planned = exported(tmp_path / "demo" / "landing", channel).filter(pl.col("Activity date") > "2026-07-01")
        assert planned.height == np.isnan(world.messages.propensity[world.messages.channel == kind]).sum()
        assert planned.height > 0


@pytest.mark.parametrize("seed", range(4))
def test_the_smallest_company_can_write(tmp_path: Path, seed: int) -> None:
    """Ten people may mean nobody who agreed to text messages."""
    assert write_company(tmp_path, customers=10, seed=seed, parameters=WRITING).customers == 10


def test_the_effect_of_letters_sent_by_lot_is_found_near_the_truth() -> None:
    """From orders and contacts alone, though letters go to buyers only, who buy more than others."""
    strong = replace(WRITING, messages=MessageParameters(rounds=8, letter_share=0.5, letter_effect_mean=0.3))
    (letters,) = (found for found in estimates(1, strong, customers=2_000) if found.channel == "post")
    assert letters.is_covered
    assert abs(letters.ours - letters.truth) < 0.3 * letters.truth
