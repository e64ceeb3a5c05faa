"""From a history to recommendations and a plan: nothing is known too early, and nothing is claimed without evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks.twin_history import END, twin_history
from models.channel_effects import CHANNEL_EFFECTS_SCHEMA
from models.channels import CHANNELS
from models.contact_plan import ChannelRule, PlanRules
from models.customer_history import CONTACT_FEATURES, FEATURES, PACE, History, features_at
from models.decision_points import LATER, as_decisions, decision_points
from models.decision_rounds import CHANCES
from models.outreach import NEXT_BEST_CHANNEL_SCHEMA, Outreach, Policy, outreach, plan_start

TODAY = date(2026, 6, 30)
RULES = PlanRules(
    channels={
        "email": ChannelRule(0.01, None, 4),
        "sms": ChannelRule(0.08, 100, 2),
        "phone": ChannelRule(2.0, 20, 1),
        "post": ChannelRule(1.2, 50, 1),
    },
    overall_cap=6,
    cool_down_days=3,
    budget=None,
    holdout_share=0.1,
    explore_share=0.1,
)


@pytest.fixture(scope="module")
def history() -> History:
    return twin_history(300, seed=3)[1]


@pytest.fixture(scope="module")
def found(history: History) -> Outreach:
    return outreach(history, as_of=END, policy=Policy(RULES))


def carried_out(plan: pl.DataFrame, made_on: date) -> pl.DataFrame:
    """The contacts of a plan, made two days after it, as touches that nobody answered."""
    day = pl.lit(made_on + timedelta(days=2))
    return plan.select(
        "customer_id",
        "channel",
        touched_at=day.cast(pl.Datetime("us")),
        touched_on=day,
        direction=pl.lit("outbound"),
        is_delivered=pl.lit(value=True),
        is_engaged=pl.lit(value=False),
    )


def test_every_customer_has_channels_and_a_place_in_the_plan(history: History, found: Outreach) -> None:
    customers = history.customers.height
    assert found.next_best_channel.schema == NEXT_BEST_CHANNEL_SCHEMA
    assert found.next_best_channel.height == len(CHANNELS) * customers
    assert found.channel_effects.schema == CHANNEL_EFFECTS_SCHEMA
    assert found.channel_effects["channel"].to_list() == list(CHANNELS)
    assert found.plan.contacts["customer_id"].n_unique() == found.plan.contacts.height == customers
    assert found.next_best_channel["reason"].null_count() == 0


def test_the_plan_doubts_the_channels_whose_effect_is_not_shown(found: Outreach) -> None:
    unproven = found.channel_effects.filter(~pl.col("verdict").is_in(["pays", "adds"]))["channel"]
    chosen = found.plan.contacts.filter(pl.col("channel") != "none", arm="policy")
    assert chosen.height > 10
    said = chosen.select(pl.col("reason").str.contains("not proven"), pl.col("channel").is_in(unproven.implode()))
    assert said["reason"].to_list() == said["channel"].to_list()


def test_channels_without_a_contrast_are_said_to_be_unknown(found: Outreach) -> None:
    """Accident: an effect is claimed for letters that were never sent."""
    letters = found.next_best_channel.filter(channel="post")
    assert set(letters["basis"]) == {"default"}
    assert letters["expected_margin"].null_count() == letters.height
    assert found.plan.contacts.filter(pl.col("channel") == "post", pl.col("arm") == "policy").is_empty()
    assert found.channel_effects.filter(channel="post")["verdict"].item() == "unknown"


def test_without_the_gates_leave_the_measured_effect_is_the_same_for_all(found: Outreach) -> None:
    measured = found.next_best_channel.filter(pl.col("basis") == "uplift")
    assert not found.evidence.ruling.is_personal
    assert "email" in measured["channel"]
    shown = measured.group_by("channel").agg(pl.col("expected_effect").n_unique())
    assert set(shown["expected_effect"]) == {1}


def test_the_best_single_channel_for_all_is_the_first_for_all(
    history: History, found: Outreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accident: the gate chooses the e-mail for all, the call is ranked first by a cent, and "the best single channel
    for all" is second."""
    email, phone = (found.evidence.found["email"], replace(found.evidence.found["email"], arm="phone"))
    arms = ("none", "email", "phone")
    measured = {"email": replace(email, effect=2.50), "phone": replace(phone, effect=4.51)}
    ruling = replace(found.evidence.ruling, is_personal=False, best_arm=1)
    evidence = replace(found.evidence, arms=arms, found=measured, returns={}, ruling=ruling)
    monkeypatch.setattr("models.outreach.learn_effects", lambda *_, **__: evidence)
    ranked = outreach(history, as_of=END, policy=Policy(RULES)).next_best_channel.filter("is_allowed")
    both = ranked.filter(pl.len().over("customer_id") == 3, channel="email")
    assert both.height > 20
    assert set(both["rank"]) == {1}
    assert both["reason"].str.contains("the best single channel for all").all()


def test_nothing_after_the_day_is_known_on_the_day(history: History, found: Outreach) -> None:
    """Accident: tomorrow's order makes today's customer look promising."""
    later = END + timedelta(days=1)
    customer = history.customers["customer_id"][0]
    noon = datetime.combine(later, time(12))
    order = {"customer_id": customer, "ordered_at": noon, "ordered_on": later, "margin": 5_000.0, "is_purchase": True}
    touch = {"customer_id": customer, "channel": "phone", "touched_at": noon, "touched_on": later}
    touch |= {"direction": "outbound", "is_delivered": True, "is_engaged": True}
    told = replace(
        history,
        orders=pl.concat([history.orders, pl.DataFrame(order, schema=history.orders.schema)]),
        touches=pl.concat([history.touches, pl.DataFrame(touch, schema=history.touches.schema)]),
    )
    again = outreach(told, as_of=END, policy=Policy(RULES))
    assert_frame_equal(again.next_best_channel, found.next_best_channel)
    assert_frame_equal(again.plan.contacts, found.plan.contacts)


def test_features_of_a_decision_are_those_of_its_day(history: History) -> None:
    """Accident: features of a decision of last year tell what was bought since."""
    points = decision_points(history, as_of=END, horizon_days=28, period_days=28)
    day = points["day"].unique().sort()[3]
    past = History(
        orders=history.orders.filter(pl.col("ordered_on") <= day),
        touches=history.touches.filter(pl.col("touched_on") <= day),
        customers=history.customers,
    )
    then = points.filter(pl.col("day") == day)
    assert_frame_equal(
        features_at(then.select("customer_id", "day"), past), then.select("customer_id", "day", *FEATURES, *PACE)
    )


def test_the_order_of_rows_does_not_matter(history: History, found: Outreach) -> None:
    shuffled = History(
        *(
            table.sample(fraction=1.0, shuffle=True, seed=1)
            for table in (history.orders, history.touches, history.customers)
        )
    )
    again = outreach(shuffled, as_of=END, policy=Policy(RULES))
    assert_frame_equal(again.next_best_channel, found.next_best_channel)
    assert_frame_equal(again.plan.contacts, found.plan.contacts)


def test_a_plan_that_was_carried_out_is_learned_from_with_its_own_chances(history: History) -> None:
    """Accident: estimated propensities are put in the place of known ones; or a plan that nobody followed counts."""
    made_on = END - timedelta(days=40)
    plan = outreach(history, as_of=made_on, policy=Policy(RULES)).plan.contacts
    contacts = carried_out(plan.filter(pl.col("channel") != "none"), made_on)
    followed = replace(history, touches=pl.concat([history.touches, contacts]), plans={made_on: plan})
    points = decision_points(followed, as_of=END, horizon_days=28, period_days=28)
    logged = points.drop_nulls(list(CHANCES))
    assert set(logged["day"]) == {made_on}
    assert np.allclose(logged.select(CHANCES).to_numpy().sum(axis=1), 1.0)
    decisions = as_decisions(points)
    assert decisions.is_logged.sum() == logged.height > 5
    # all contacts of its period are what the plan decided; after an observed week, others follow
    assert logged.select(pl.sum_horizontal(LATER).sum()).item() == 0.0
    assert points.filter(pl.col(CHANCES[0]).is_null()).select(pl.sum_horizontal(LATER).sum()).item() > 0.0
    ignored = replace(history, plans={made_on: plan.with_columns(channel=pl.lit("post"))})
    assert decision_points(ignored, as_of=END, horizon_days=28, period_days=28).drop_nulls(list(CHANCES)).is_empty()


def test_a_channel_of_a_plan_that_nobody_carried_out_shows_no_effect(history: History) -> None:
    """Accident: "a letter adds 0.76 of margin, measured over all customers", and not one was ever sent."""
    made_on = END - timedelta(days=40)
    rules = replace(RULES, explore_share=0.5)
    plan = outreach(history, as_of=made_on, policy=Policy(rules)).plan.contacts
    contacts = carried_out(plan.filter(channel="email"), made_on)
    followed = replace(history, touches=pl.concat([history.touches, contacts]), plans={made_on: plan})
    assert plan.filter(channel="post").height > 10
    found = outreach(followed, as_of=END, policy=Policy(RULES))
    letters = found.channel_effects.row(by_predicate=pl.col("channel") == "post", named=True)
    assert (letters["verdict"], letters["contact_count"], letters["effect"]) == ("unknown", 0, None)
    logged = found.evidence.points.drop_nulls(list(CHANCES))
    assert {"email", "none"} == set(logged["arm"])
    assert np.allclose(logged.select("chance_none", "chance_email").to_numpy().sum(axis=1), 1.0)


def test_what_earlier_plans_did_does_not_tell_who_is_held_out(history: History) -> None:
    """Accident: whoever had no mail for months is known to be held out, and so the hold-out compares with nobody."""
    days = END - timedelta(days=80), END - timedelta(days=40)
    plan = outreach(history, as_of=days[0], policy=Policy(RULES)).plan.contacts
    contacts = pl.concat(carried_out(plan.filter(channel="email"), day) for day in days)
    plans = {day: plan.with_columns(plan_id=pl.lit(f"{day}")) for day in days}
    followed = replace(history, touches=pl.concat([history.touches, contacts]), plans=plans)
    points = decision_points(followed, as_of=END, horizon_days=28, period_days=28)
    second = points.filter(pl.col(CHANCES[0]).is_not_null(), day=days[1])
    before = features_at(second.select("customer_id", day=pl.lit(days[0])), history)
    assert second.height > 100
    assert_frame_equal(second.select(CONTACT_FEATURES), before.select(CONTACT_FEATURES))


def test_a_plan_runs_on_until_its_period_is_over(history: History, found: Outreach) -> None:
    """Accident: every night grants the capacity of a whole period anew, and contacts people again."""
    plans = {END: found.plan.contacts}
    running = replace(history, plans=plans)
    assert plan_start(running, as_of=END + timedelta(days=10), period_days=28) == END
    assert plan_start(running, as_of=END + timedelta(days=28), period_days=28) == END + timedelta(days=28)
    made = carried_out(found.plan.contacts.filter(pl.col("channel") == "phone"), END - timedelta(days=1))
    later = replace(running, touches=pl.concat([history.touches, made]))
    next_week = outreach(later, as_of=END + timedelta(days=8), policy=Policy(RULES)).plan
    limit = next_week.limits.filter(pl.col("limit") == "phone")["capacity"].item()
    assert limit == 20 - made.height
    again = next_week.contacts.filter(pl.col("channel") != "none").join(made, on="customer_id", how="semi")
    assert made.height > 0
    assert again.is_empty()


def test_contacts_of_the_plans_own_day_are_the_plans(history: History, found: Outreach) -> None:
    """Accident: the plan is made of this morning's exports and carried out this afternoon. A week later its customers
    are contacted again, with all calls granted anew; and what it did is never learned from."""
    chosen = found.plan.contacts.filter(pl.col("channel") != "none")
    made = carried_out(chosen, END - timedelta(days=2))
    followed = replace(history, touches=pl.concat([history.touches, made]), plans={END: found.plan.contacts})
    next_week = outreach(followed, as_of=END + timedelta(days=8), policy=Policy(RULES)).plan
    again = next_week.contacts.filter(pl.col("channel") != "none").join(chosen, on="customer_id", how="semi")
    assert again.is_empty()
    calls = chosen.filter(channel="phone").height
    assert calls > 0
    assert next_week.limits.filter(limit="phone")["capacity"].item() == 20 - calls
    points = outreach(followed, as_of=END + timedelta(days=29), policy=Policy(RULES)).evidence.points
    logged = points.filter(pl.col("day") == END)
    assert logged[CHANCES[0]].null_count() == 0 < logged.height
    before = features_at(logged.select("customer_id", "day"), history)
    assert_frame_equal(logged.select(CONTACT_FEATURES), before.select(CONTACT_FEATURES))


@pytest.mark.parametrize(("days_ago", "visits", "obstacle"), [(1, 1, "cool_down"), (10, 6, "overall_cap")])
def test_visits_are_contacts_too(history: History, found: Outreach, days_ago: int, visits: int, obstacle: str) -> None:
    """Accident: the field sales were there yesterday, and today the shop calls."""
    chosen = found.plan.contacts.filter(pl.col("channel") != "none")
    visit = carried_out(chosen, END - timedelta(days=days_ago + 2)).with_columns(channel=pl.lit("visit"))
    visited = replace(history, touches=pl.concat([history.touches, *[visit] * visits]))
    plan = outreach(visited, as_of=END, policy=Policy(RULES)).plan
    again = plan.contacts.filter(pl.col("channel") != "none").join(chosen, on="customer_id", how="semi")
    assert chosen.height > 50
    assert again.is_empty()
    assert obstacle in set(plan.obstacles.join(chosen, on="customer_id", how="semi")["obstacle"])


def test_a_company_without_contacts_gets_a_plan_by_lot_alone() -> None:
    """Accident: a shop without a newsletter export stops the batch."""
    people = twin_history(60, seed=4)[1]
    empty = replace(people, touches=people.touches.clear())
    found = outreach(empty, as_of=TODAY, policy=Policy(RULES), language="de")
    assert set(found.next_best_channel["basis"]) == {"default"}
    assert set(found.channel_effects["verdict"]) == {"unknown"}
    assert found.plan.contacts.filter(pl.col("arm") == "policy")["channel"].unique().to_list() == ["none"]
