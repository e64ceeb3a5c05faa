"""Chances of leads come true, follow what is known of a lead, know nothing of the future, or are the average."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.lead_history import LeadHistory
from models.lead_reasons import reasons
from models.leads import LEAD_SCORES_SCHEMA, LeadScores, lead_scores, trial_of
from twin.company import expected_orders, future_orders
from twin.first_contacts import invent_first_contacts

AS_OF = date(2026, 6, 30)


class Known:
    """The twin's leads: what was seen of them, what we make of it, and what is true."""

    def __init__(self, customers: int, seed: int) -> None:
        company, events, orders = invent_first_contacts(customers, seed)
        self.history = LeadHistory(events, orders)
        everybody = company.people.frame.select(customer_id="person_id")
        truth = everybody.with_columns(
            chance=pl.Series(expected_orders(company)),
            buys=pl.Series(future_orders(company) > 0),
            open_chance=pl.Series(company.traits.open_chance),
        )
        self.truth = truth.join(orders, on="customer_id", how="anti")

    def scores(self, as_of: date = AS_OF, language: str = "en") -> LeadScores:
        return lead_scores(self.history, self.truth, as_of=as_of, language=language)


@pytest.fixture(scope="module")
def known() -> Known:
    return Known(16_000, seed=5)


@pytest.fixture(scope="module")
def scores(known: Known) -> LeadScores:
    return known.scores()


def test_chances_beat_the_average_on_held_out_time_and_come_true_in_the_future(
    known: Known, scores: LeadScores
) -> None:
    assert scores.trial is not None
    assert scores.trial.is_better
    assert scores.trial.lift > 1.2
    assert scores.trial.expected == pytest.approx(scores.trial.conversions, rel=0.1)
    joined = scores.table.join(known.truth, on="customer_id")
    ahead = trial_of(joined["conversion_probability"].to_numpy(), joined["buys"].to_numpy())
    assert ahead.expected == pytest.approx(ahead.conversions, rel=0.1)
    assert ahead.brier < ahead.average_brier
    assert joined.select(pl.corr("conversion_probability", "chance", method="spearman")).item() > 0.3


def test_every_lead_is_scored_once_and_told_why(known: Known, scores: LeadScores) -> None:
    table = scores.table
    assert table.schema == LEAD_SCORES_SCHEMA
    assert table["customer_id"].to_list() == sorted(known.truth["customer_id"])
    assert table["conversion_probability"].is_between(0.0, 1.0).all()
    assert table["reason"].null_count() == 0
    likeliest = table.sort("conversion_probability").tail(20)["reason"]
    assert likeliest.str.contains("^Speaks for it: .*(reacted to|belongs to a company|known for)").all()
    german = known.scores(language="de").table["reason"]
    assert not german.str.contains("Speaks|Against|known|average").any()


def test_what_lies_after_the_day_of_the_run_is_not_seen(known: Known) -> None:
    """A chance that knew who bought later would look splendid and be worth nothing."""
    cut = date(2026, 1, 31)
    past = LeadHistory(
        known.history.events.filter(pl.col("known_on") <= cut),
        known.history.first_orders.filter(pl.col("first_order_on") <= cut),
    )
    seen, alone = (lead_scores(one, known.truth, as_of=cut) for one in (known.history, past))
    assert_frame_equal(seen.table, alone.table)
    assert seen.trial == alone.trial


def test_facts_are_those_of_the_day() -> None:
    day = date(2026, 3, 1)
    rows = [
        ("L", date(2026, 1, 1), "record", "crm", 1),
        ("L", date(2026, 2, 1), "mailing", None, 2),
        ("L", date(2026, 2, 1), "reaction", None, 1),
        ("L", date(2026, 2, 10), "deal", None, 2),
        ("L", date(2026, 2, 20), "deal_closed", None, 1),
        ("L", date(2026, 3, 2), "deal", None, 1),
        ("L", date(2026, 3, 5), "yes", None, 1),
        ("B", date(2026, 1, 1), "record", "crm", 1),
    ]
    events = pl.DataFrame(rows, schema=["customer_id", "known_on", "kind", "detail", "event_count"], orient="row")
    orders = pl.DataFrame({"customer_id": ["B", "L"], "first_order_on": [date(2026, 2, 1), date(2026, 3, 10)]})
    history = LeadHistory(events, orders)
    (lead,) = history.as_known_on(day, ("crm",)).iter_rows(named=True)
    assert lead["customer_id"] == "L", "who has bought is no lead any more"
    assert (lead["age_days"], lead["mailings"], lead["reactions"], lead["open_deals"]) == (59, 2, 1, 1)
    assert (lead["from_crm"], lead["has_agreed"]) == (True, False)
    leads = history.as_known_on(day, ())
    assert history.bought_within(leads, day, day + timedelta(days=9)).to_list() == [True]
    assert history.bought_within(leads, day, day + timedelta(days=8)).to_list() == [False]


@pytest.mark.parametrize("customers", [10, 30, 60])
def test_a_handful_of_contacts_gives_no_average(customers: int) -> None:
    """Accident: one contact was known a year ago and did not buy, so the next one is told to buy with 25 %."""
    found = Known(customers, seed=1).scores().table
    assert found.height > 0
    assert found["conversion_probability"].null_count() == found.height
    assert found["basis"].unique().to_list() == ["unknown"]
    assert found["reason"].str.starts_with("Too few have been known").all()


@pytest.mark.parametrize("customers", [2, 200])
def test_too_few_conversions_give_everybody_the_average_with_the_reason(customers: int) -> None:
    few = Known(customers, seed=1)
    found = few.scores()
    assert set(found.table["basis"]) <= {"average"}
    assert found.table["conversion_probability"].n_unique() <= 1
    assert found.table["reason"].str.contains("too few have become buyers").all()
    assert found.table.height == few.truth.height


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Too few have been known"), ("de", "Zu wenige sind lange genug ohne")]
)
def test_where_nobody_was_known_before_no_chance_is_told(language: str, said: str) -> None:
    """Accident: contacts who were all imported today are each told to buy with a chance of one half."""
    events = pl.DataFrame(
        [(name, AS_OF, "record", "crm", 1) for name in ("A", "B")],
        schema=["customer_id", "known_on", "kind", "detail", "event_count"],
        orient="row",
    )
    orders = pl.DataFrame(schema={"customer_id": pl.String, "first_order_on": pl.Date})
    leads = pl.DataFrame({"customer_id": ["A", "B", "undated"]})
    table = lead_scores(LeadHistory(events, orders), leads, as_of=AS_OF, language=language).table
    assert table.schema == LEAD_SCORES_SCHEMA
    assert table["conversion_probability"].to_list() == [None, None, None]
    assert table["basis"].unique().to_list() == ["unknown"]
    assert table["reason"].str.starts_with(said).all()


def test_where_nothing_foretells_who_buys_the_average_is_told() -> None:
    rng = np.random.default_rng(3)
    names = [f"C{number:04}" for number in range(4_000)]
    begin = [AS_OF - timedelta(days=int(days)) for days in rng.integers(800, 1_200, 4_000)]
    events = pl.DataFrame({"customer_id": names, "known_on": begin}).with_columns(
        kind=pl.lit("record"), detail=pl.lit("crm"), event_count=pl.lit(1)
    )
    later = [day + timedelta(days=int(wait)) for day, wait in zip(begin, rng.exponential(900, 4_000), strict=True)]
    orders = pl.DataFrame({"customer_id": names, "first_order_on": later}).filter(pl.col("first_order_on") <= AS_OF)
    leads = events.join(orders, on="customer_id", how="anti")
    found = lead_scores(LeadHistory(events, orders), leads, as_of=AS_OF)
    assert set(found.table["reason"].str.slice(0, 28)) == {"The average of all contacts:"}
    assert found.table["conversion_probability"].to_list()[0] == pytest.approx(1 - np.exp(-365 / 900), abs=0.05)


def test_a_lead_of_whom_no_record_is_dated_has_the_average(known: Known, scores: LeadScores) -> None:
    more = pl.concat([known.truth.select("customer_id"), pl.DataFrame({"customer_id": ["undated"]})])
    found = lead_scores(known.history, more, as_of=AS_OF).table
    row = found.filter(customer_id="undated").row(0, named=True)
    assert (row["basis"], row["known_days"]) == ("average", None)
    assert "not known since when" in row["reason"]
    assert_frame_equal(found.filter(pl.col("customer_id") != "undated"), scores.table)


@pytest.mark.parametrize(("language", "said"), [("en", "No lead any more"), ("de", "Kein Interessent mehr")])
def test_a_company_whose_people_have_bought_has_no_chance_of_a_first_order(
    known: Known, scores: LeadScores, language: str, said: str
) -> None:
    """Accident: sales is told to win a company that has ordered for years, with the average chance of contacts."""
    more = pl.concat([known.truth.select("customer_id"), pl.DataFrame({"customer_id": ["company"]})])
    bought = pl.DataFrame({"customer_id": ["company"], "first_order_on": [date(2025, 1, 1)]})
    history = LeadHistory(known.history.events, pl.concat([known.history.first_orders, bought]))
    found = lead_scores(history, more, as_of=AS_OF, language=language).table
    row = found.filter(customer_id="company").row(0, named=True)
    assert (row["conversion_probability"], row["basis"], row["is_lead"]) == (None, "unknown", False)
    assert row["reason"].startswith(said)
    assert scores.table["is_lead"].all()
    others = found.filter(pl.col("customer_id") != "company")
    assert_frame_equal(others.drop("reason"), scores.table.drop("reason"))


def with_a_rare_fact(known: Known, seed: int) -> LeadHistory:
    """The history, and a deal of 30 contacts by lot, which says nothing of who buys."""
    first_seen = known.history.events.group_by("customer_id").agg(pl.col("known_on").min()).sort("customer_id")
    deals = first_seen.sample(30, seed=seed).with_columns(
        kind=pl.lit("deal"), detail=pl.lit(None, pl.String), event_count=pl.lit(1, pl.Int64)
    )
    return LeadHistory(pl.concat([known.history.events, deals]), known.history.first_orders)


def test_what_is_mere_chance_is_no_reason_and_moves_no_lead_to_the_top(known: Known, scores: LeadScores) -> None:
    """Accident: two of three contacts with a deal happened to buy, so the next one with a deal heads the list."""
    usual = scores.table.select("customer_id", usual="conversion_probability")
    moved, told = [], 0
    for seed in range(8):
        history = with_a_rare_fact(known, seed)
        table = lead_scores(history, known.truth, as_of=AS_OF).table
        has_deal = pl.col("customer_id").is_in(history.events.filter(kind="deal")["customer_id"].to_list())
        dealt = table.filter(has_deal, basis="model").join(usual, on="customer_id")
        moved += (dealt["conversion_probability"] - dealt["usual"]).abs().to_list()
        told += dealt["reason"].str.contains("under way").sum()
    assert len(moved) > 30
    assert np.mean(moved) < 0.05
    assert told < 0.5 * len(moved)


def test_the_days_since_a_mailing_that_was_answered_are_those_since_it_was_sent() -> None:
    """Accident: sales reads of a reaction five days ago where the mailing of twelve days ago was the last one."""
    lead = pl.DataFrame({"days_since_reaction": [5]})
    for language, said in (("en", "sent 12 days ago"), ("de", "das vor 12 Tagen kam")):
        (reason,) = reasons(lead, np.array([[1.0]]), ["days_since_reaction"], language)
        assert said in reason


def test_the_order_of_rows_does_not_matter(known: Known, scores: LeadScores) -> None:
    shuffled = LeadHistory(known.history.events.reverse(), known.history.first_orders.reverse())
    assert_frame_equal(lead_scores(shuffled, known.truth.reverse(), as_of=AS_OF).table, scores.table, abs_tol=1e-7)
