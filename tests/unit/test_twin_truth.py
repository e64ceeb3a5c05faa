"""What the twin calls true is true of its files, and follows from its parameters."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from scipy.special import hyp2f1

from twin import Parameters, TwinSummary, write_company
from twin.clock import local_text
from twin.company import Company, expected_orders, future_orders, invent_company
from twin.newsletters import send_newsletters
from twin.reactions import react

END = date(2026, 6, 30)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> TwinSummary:
    return write_company(tmp_path_factory.mktemp("twin"), customers=600, seed=5)


@pytest.fixture(scope="module")
def company() -> Company:
    return invent_company(Parameters(), customers=40_000, seed=2, end=END)


def fingerprints(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def column(files: list[Path], name: str) -> set[str]:
    """All distinct values of one column of some files, in lower case."""
    frames = [pl.read_csv(file, infer_schema=False, glob=False, columns=[name]) for file in files]
    return set(pl.concat(frames)[name].str.to_lowercase().drop_nulls())


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    write_company(tmp_path / "one", customers=120, seed=9)
    write_company(tmp_path / "two", customers=120, seed=9)
    assert fingerprints(tmp_path / "one") == fingerprints(tmp_path / "two")


def test_another_seed_gives_another_company(tmp_path: Path) -> None:
    write_company(tmp_path / "one", customers=120, seed=9)
    write_company(tmp_path / "two", customers=120, seed=10)
    one, two = fingerprints(tmp_path / "one"), fingerprints(tmp_path / "two")
    assert one["landing/shopify/customers_export.csv"] != two["landing/shopify/customers_export.csv"]


def test_a_folder_that_holds_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "own.csv").write_text("mine")
    with pytest.raises(FileExistsError, match="already holds files"):
        write_company(tmp_path, customers=120)
    assert (tmp_path / "landing" / "own.csv").read_text() == "mine"


def test_every_record_of_the_truth_is_in_the_files_and_the_other_way_round(written: TwinSummary) -> None:
    records = pl.read_parquet(written.truth / "records.parquet")
    assert records.select("source_system", "entity", "source_id").is_unique().all()
    shop, crm = written.landing / "shopify", written.landing / "hubspot"
    order_files = list(shop.glob("orders_export_*.csv"))
    orders = pl.concat(pl.read_csv(file, infer_schema=False, columns=["Email", "Phone"]) for file in order_files)
    found = {
        ("shopify", "contacts"): {each.strip("'") for each in column([shop / "customers_export.csv"], "Customer ID")},
        ("shopify", "orders"): set(orders.select(pl.coalesce(pl.col("Email").str.to_lowercase(), "Phone")).to_series()),
        ("hubspot", "contacts"): column(list(crm.glob("*contacts*")), "Record ID"),
        ("hubspot", "accounts"): column(list(crm.glob("*companies*")), "Record ID"),
        ("mailchimp", "contacts"): column(list(written.landing.glob("mailchimp/audience/*.csv")), "Email Address"),
    }
    for (system, entity), ids in found.items():
        expected = records.filter(source_system=system, entity=entity)["source_id"]
        assert set(expected) == ids, (system, entity)
    assert records.height == sum(len(ids) for ids in found.values())


def test_all_that_identity_must_solve_is_planted(written: TwinSummary) -> None:
    records = pl.read_parquet(written.truth / "records.parquet")
    planted = {"typo", "street typo", "nickname", "title", "name in one field", "move", "marriage"}
    planted |= {"switchboard", "mistyped e-mail", "company rename", "second record"}
    seldom = {"role address"}  # none in so small a company
    assert planted <= set(records["trap"].drop_nulls()) <= planted | seldom
    people = pl.read_parquet(written.truth / "people.parquet")
    families = people.filter(pl.len().over("household_id") > 1)
    assert families.filter(pl.col("phone").is_not_null() & pl.col("phone").is_duplicated()).height > 0
    former = pl.read_parquet(written.truth / "companies.parquet")["former_name"]
    assert 0 < former.null_count() < former.len()


def test_every_person_is_in_some_file(written: TwinSummary) -> None:
    people = pl.read_parquet(written.truth / "people.parquet")
    records = pl.read_parquet(written.truth / "records.parquet")
    unseen = people.join(records, left_on="person_id", right_on="true_id", how="anti")
    # A household that shares a phone and nothing else is one record; its people cannot be told apart.
    assert unseen["email"].is_null().all()
    assert unseen.height <= 0.005 * people.height


def test_many_people_are_in_several_systems_under_different_keys(written: TwinSummary) -> None:
    records = pl.read_parquet(written.truth / "records.parquet").filter(pl.col("entity") != "accounts")
    per_person = records.group_by("true_id").agg(pl.col("source_system").n_unique(), pl.len())
    assert (per_person["source_system"] >= 2).mean() > 0.6
    mails = pl.read_parquet(written.truth / "people.parquet")
    second = records.join(mails, left_on="source_id", right_on="second_email", how="semi")
    assert second.height > 10


def test_repeat_orders_follow_the_bg_nbd_expectation(company: Company) -> None:
    """Equation 9 of Fader, Hardie and Lee (2005), averaged over the true ages of the customers."""
    parameters, buyers = company.parameters, np.flatnonzero(company.presence.is_buyer)
    t = company.calendar.days - company.traits.first_order[buyers]
    r, alpha, a, b = (
        parameters.rate_shape,
        parameters.rate_scale_days,
        parameters.leave_alpha,
        parameters.leave_beta,
    )
    hyper = hyp2f1(r, b, a + b - 1, t / (alpha + t))
    expected = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * hyper)
    in_time = company.own.person[company.own.day < company.calendar.days]
    simulated = np.bincount(in_time, minlength=company.people.count)[buyers] - 1
    standard_error = simulated.std() / np.sqrt(simulated.size)
    assert abs(simulated.mean() - expected.mean()) < 4 * standard_error


def test_future_orders_are_on_average_the_expected_ones(company: Company) -> None:
    is_buyer = company.presence.is_buyer
    expected, realised = expected_orders(company)[is_buyer], future_orders(company)[is_buyer]
    standard_error = (realised - expected).std() / np.sqrt(realised.size)
    assert abs((realised - expected).mean()) < 4 * standard_error
    assert realised[~company.is_alive_on(company.calendar.days)[is_buyer]].sum() == 0


def test_leads_buy_as_often_as_their_truth_says(company: Company) -> None:
    is_lead = ~company.presence.is_buyer
    bought = (future_orders(company) > 0)[is_lead]
    chance = expected_orders(company)[is_lead]
    assert abs(bought.mean() - chance.mean()) < 4 * np.sqrt((chance * (1 - chance)).sum()) / chance.size


def test_mean_order_value_is_the_persons_own(written: TwinSummary) -> None:
    """Articles have fixed prices; the choice among them must not shift what people spend."""
    people = pl.read_parquet(written.truth / "people.parquet")
    orders = pl.read_parquet(written.truth / "orders.parquet").join(people, on="person_id")
    ratio = (orders["goods"].cast(pl.Float64) / orders["mean_order_value"]).to_numpy()
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / np.sqrt(ratio.size) + 0.02


def test_added_orders_are_as_many_as_the_true_effects_say(company: Company) -> None:
    newsletter = send_newsletters(company)
    expected = variance = realised = 0.0
    for mailing in newsletter.mailings[:-2]:
        day = company.calendar.days - (company.calendar.end - mailing.sent_at) / 86_400
        reached = mailing.recipients[mailing.is_delivered]
        effect = np.where(company.is_alive_on(int(day)), company.traits.email_effect, 0.0)[reached]
        expected, variance = expected + effect.sum(), variance + (effect * (1 - effect)).sum()
        realised += mailing.is_moved.sum()
    assert abs(realised - expected) < 4 * np.sqrt(variance) + 0.01 * expected


def test_who_is_held_out_is_left_to_chance(company: Company) -> None:
    """A comparison with the held-out members is only fair when they are like the others."""
    newsletter = send_newsletters(company)
    effect = company.traits.email_effect
    for mailing in newsletter.mailings:
        share = mailing.held_out.size / (mailing.held_out.size + mailing.recipients.size)
        assert abs(share - company.parameters.held_out_share) < 0.02
    held = np.concatenate([effect[mailing.held_out] for mailing in newsletter.mailings])
    mailed = np.concatenate([effect[mailing.recipients] for mailing in newsletter.mailings])
    assert abs(held.mean() / mailed.mean() - 1) < 0.05


def test_nobody_gets_mail_after_leaving(company: Company) -> None:
    gone: set[int] = set()
    for mailing in send_newsletters(company).mailings:
        assert gone.isdisjoint(mailing.recipients.tolist())
        gone.update(mailing.recipients[mailing.is_leaving | mailing.is_hard_bounce].tolist())
    assert gone


def test_machine_events_are_planted_and_in_the_files(written: TwinSummary) -> None:
    machines = pl.read_parquet(written.truth / "machine_events.parquet")
    campaigns = pl.read_parquet(written.truth / "campaigns.parquet")
    assert set(machines.select("event", "machine").unique().iter_rows()) == {
        ("opened", "scanner"),
        ("clicked", "scanner"),
        ("opened", "privacy_proxy"),
    }
    delay = machines.join(campaigns.select("campaign_number", "sent_at"), on="campaign_number").select(
        "machine", (pl.col("occurred_at") - pl.col("sent_at")).dt.total_seconds().alias("seconds")
    )
    assert delay.filter(machine="scanner")["seconds"].is_between(1, 30).mean() > 0.5
    assert delay.filter(machine="scanner")["seconds"].max() < 1_800
    assert delay["seconds"].min() > 0
    folder = written.landing / "mailchimp" / "account_export" / "granular_activity"
    for event, kind in (("opened", "opens"), ("clicked", "clicks")):
        expected = machines.filter(event=event).select(
            pl.col("title").str.to_lowercase().str.replace_all(" ", "-"),
            "email",
            pl.col("occurred_at").dt.strftime("%F %T"),
        )
        found = {
            (file.stem, mail.lower(), moment)
            for file in (folder / kind).glob("*.csv")
            for mail, moment in pl.read_csv(file, infer_schema=False, columns=["Email", "Timestamp"]).iter_rows()
        }
        assert set(expected.iter_rows()) <= found
        assert len(found) > expected.unique().height


def test_people_do_not_read_like_machines(company: Company) -> None:
    mailing = send_newsletters(company).mailings[10]
    opens, _ = react(company, mailing)
    delay = opens.moment - mailing.sent_at
    by_person = opens.machine == 0
    assert delay[by_person].min() >= 60
    assert 3_600 < np.median(delay[by_person]) < 6 * 3_600
    assert np.median(delay[opens.machine == 2]) < 1_800


def test_a_company_without_scanners_and_proxies_has_no_machine_events(tmp_path: Path) -> None:
    parameters = replace(Parameters(), scanner_share=0.0, business_scanner_share=0.0, privacy_proxy_share=0.0)
    write_company(tmp_path, customers=120, parameters=parameters)
    assert pl.read_parquet(tmp_path / "truth" / "machine_events.parquet").is_empty()


def test_truth_of_orders_agrees_with_that_of_people(written: TwinSummary) -> None:
    people = pl.read_parquet(written.truth / "people.parquet").sort("person_id")
    orders = pl.read_parquet(written.truth / "orders.parquet")
    assert set(orders["cause"].unique()) == {"own", "email", "phone"}
    counted = orders.group_by("person_id").len().sort("person_id")
    assert counted["len"].to_list() == people.filter(pl.col("order_count") > 0)["order_count"].to_list()
    assert (people["order_count"] > 0).to_list() == people["is_buyer"].to_list()


def test_channel_effects_differ_by_person_and_kind(written: TwinSummary) -> None:
    effects = pl.read_parquet(written.truth / "true_channel_effects.parquet")
    people = pl.read_parquet(written.truth / "people.parquet").select("person_id", "kind", "is_alive")
    joined = effects.join(people, on="person_id")
    assert joined.height == 2 * people.height
    mean = {(k, c): v for k, c, v in joined.group_by("kind", "channel").agg(pl.mean("added_orders")).iter_rows()}
    assert mean["company", "phone"] > mean["person", "phone"]
    assert mean["company", "email"] < mean["person", "email"]
    assert joined.filter(~pl.col("is_alive"))["added_orders_at_end"].sum() == 0


def test_local_text_agrees_with_the_time_zone_database() -> None:
    """Around both changes of the clocks, and on ordinary days."""
    begin = int(datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC")).timestamp())
    moments = np.arange(begin, begin + 8 * 366 * 86_400, 1_800)
    berlin = ZoneInfo("Europe/Berlin")
    expected = [f"{datetime.fromtimestamp(moment, berlin):%Y-%m-%d %H:%M:%S %z}" for moment in moments[::7].tolist()]
    assert local_text(moments[::7], "offset").to_list() == expected


def test_the_history_ends_with_the_day_asked_for(tmp_path: Path) -> None:
    end = date(2025, 3, 30)
    summary = write_company(tmp_path, customers=400, end=end)
    placed = pl.read_parquet(summary.truth / "orders.parquet")["placed_at"]
    assert placed.max() < datetime(2025, 3, 30, 22)  # noqa: DTZ001 - the truth has UTC without a zone
    assert placed.max() > datetime(2025, 3, 23) - timedelta(days=3)  # noqa: DTZ001
    newest = max(
        moment
        for file in summary.landing.rglob("*.csv")
        for moment in re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", file.read_text(encoding="utf-8"))
    )
    assert newest <= "2025-03-31 00:00"


@pytest.mark.parametrize("seed", range(4))
def test_the_smallest_company_can_be_written(tmp_path: Path, seed: int) -> None:
    """Ten people may mean no company, no call and no phone at all."""
    assert write_company(tmp_path, customers=10, seed=seed).customers == 10


def test_a_company_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="9 customers"):
        write_company(tmp_path, customers=9)
