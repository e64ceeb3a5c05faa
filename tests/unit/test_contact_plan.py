"""Nobody gets a contact that something stands against, and what the plan did can be measured afterwards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks.plans import company_to_plan, rules_for, violations
from models.contact_plan import PLAN_SCHEMA, ChannelRule, plan_contacts

CUSTOMERS = 20_000


def test_a_plan_breaks_no_rule_and_is_nearly_the_best() -> None:
    """Accident: somebody is called who refused, complained, was called yesterday, or is the eleventh for ten slots."""
    options, customers = company_to_plan(CUSTOMERS, seed=1)
    rules = rules_for(CUSTOMERS)
    plan = plan_contacts(options, customers, rules, plan_id="2026-11")
    assert {name: count for name, count in violations(plan, options, customers, rules).items() if count} == {}
    assert 0.0 <= plan.gap <= 0.005
    assert plan.contacts.select(PLAN_SCHEMA.names()).schema == PLAN_SCHEMA
    assert plan.contacts["reason"].null_count() == 0
    used = dict(plan.limits.select("limit", "used").iter_rows())
    assert used["budget"] > 0.99 * 0.1 * CUSTOMERS
    assert used["budget"] == pytest.approx(plan.contacts["cost"].sum())


def test_a_reason_says_where_the_effect_of_its_channel_is_not_proven() -> None:
    """Accident: sales are promised 27 euros by a call of which nobody knows whether it brings anything."""
    options, customers = company_to_plan(2_000, seed=1)
    rules = replace(rules_for(2_000), holdout_share=0.0, explore_share=0.0)
    made = plan_contacts(options, customers, rules, plan_id="2026-11", unproven=["phone"]).contacts
    told = made.filter(pl.col("channel") != "none").with_columns(pl.col("reason").str.contains("not proven"))
    assert set(told.filter(channel="phone")["reason"]) == {True}
    assert set(told.filter(pl.col("channel") != "phone")["reason"]) == {False}


def test_many_small_plans_break_no_rule() -> None:
    """Accident: rounding lets an explorer take the one sales call that the policy has given away."""
    for seed in range(25):
        options, customers = company_to_plan(150, seed=seed)
        rules = replace(rules_for(150), explore_share=0.4)
        plan = plan_contacts(options, customers, rules, plan_id=str(seed))
        assert sum(violations(plan, options, customers, rules).values()) == 0, seed


def test_the_order_of_rows_does_not_matter() -> None:
    """Accident: two runs on the same day call different people."""
    options, customers = company_to_plan(2_000, seed=2)
    plans = [
        plan_contacts(table, people, rules_for(2_000), plan_id="2026-11").contacts
        for table, people in (
            (options, customers),
            (options.sample(fraction=1.0, shuffle=True, seed=3), customers.reverse()),
        )
    ]
    assert_frame_equal(plans[0], plans[1])


def test_the_holdout_group_stays_and_the_explorers_change() -> None:
    """Accident: everybody is contacted within a year, and no group is left to compare with."""
    options, customers = company_to_plan(5_000, seed=4)
    november, december = (
        plan_contacts(options, customers, rules_for(5_000), plan_id=month).contacts for month in ("2026-11", "2026-12")
    )
    held_out, explorers = (
        [set(plan.filter(pl.col("arm") == arm)["customer_id"]) for plan in (november, december)]
        for arm in ("holdout", "explore")
    )
    assert held_out[0] == held_out[1]
    assert 400 <= len(held_out[0]) <= 600
    assert len(explorers[0] & explorers[1]) < len(explorers[0]) / 2


@pytest.mark.parametrize("effects_are_the_same", [False, True])
def test_as_many_get_a_channel_as_its_logged_chances_sum_to(effects_are_the_same: bool) -> None:
    """Accident: logged propensities are wrong, so next month's estimates are, above all where ties were broken.

    That must hold over the lots among those who were likely to get the channel and among those who were not: seldom
    chances weigh most in what is estimated.
    """
    names = ("email", "sms", "phone", "post", "none")
    counts = {(name, is_likely): np.zeros(2) for name in names for is_likely in (False, True)}
    for seed in range(24):
        options, customers = company_to_plan(6_000, seed=0, prefix=f"{seed}-")
        if effects_are_the_same:
            options = options.with_columns(expected_margin=pl.col("expected_margin").median().over("channel"))
        rules = replace(rules_for(6_000), explore_share=0.3)
        plan = plan_contacts(options, customers, rules, plan_id="2026-11").contacts
        for name in names:
            got, chance = (plan["channel"] == name).to_numpy(), plan[f"chance_{name}"].to_numpy()
            assert plan["propensity"].to_numpy()[got] == pytest.approx(chance[got])
            for is_likely in (False, True):
                rows = (chance > 0.1) == is_likely
                counts[name, is_likely] += got[rows].sum(), chance[rows].sum()
    often = {key: count for key, count in counts.items() if count[1] > 300}
    assert len(often) >= 7
    for key, (found, expected) in often.items():
        assert found == pytest.approx(expected, abs=4 * np.sqrt(expected)), key


def test_nobody_is_logged_to_have_had_a_chance_of_what_could_not_be_had() -> None:
    """Accident: money for no call, or explorers who took the only one, and the held out are logged to have been likely
    to be called: next month each of them counts for many."""
    phone, got, logged = ChannelRule(5.0, 1, 3), 0, 0.0
    for seed in range(40):
        options, customers = company_to_plan(300, seed=0, prefix=f"{seed}-")
        asked = rules_for(300)
        poor = replace(asked, budget=3.0, explore_share=0.3)
        plan = plan_contacts(options, customers, poor, plan_id="2026-11").contacts
        assert plan["chance_phone"].max() == 0.0
        scarce = replace(asked, channels={**asked.channels, "phone": phone}, budget=None, explore_share=0.1)
        plan = plan_contacts(options, customers, scarce, plan_id="2026-11").contacts
        others = plan.filter(pl.col("arm") == "holdout")
        got += plan.filter(channel="phone").height
        logged += others["chance_phone"].sum()
    assert got == 40
    assert logged < 40 * 0.2


def test_who_could_only_be_contacted_in_unknown_ways_is_not_told_that_it_would_not_pay() -> None:
    """Accident: "no contact adds more than it costs" is said of letters that were never sent."""
    options, customers = company_to_plan(500, seed=6)
    letters = options.filter(channel="post").with_columns(expected_margin=pl.lit(None, pl.Float64))
    plan = plan_contacts(letters, customers, rules_for(500), plan_id="2026-11")
    told = plan.contacts.filter(channel="none", arm="policy")["reason"].value_counts()
    assert told.filter(pl.col("reason").str.starts_with("Nothing is known yet"))["count"].item() > 100
    assert told.filter(pl.col("reason").str.starts_with("No contact is expected")).is_empty()


def test_a_closed_channel_is_said_and_nobody_gets_it() -> None:
    """Accident: a capacity of zero is read as no limit, or empties the plan without a word."""
    options, customers = company_to_plan(500, seed=5)
    rules = replace(rules_for(500), channels={"phone": ChannelRule(5.0, 0, 3)}, holdout_share=0.0)
    plan = plan_contacts(options, customers, rules, plan_id="2026-11")
    assert plan.contacts["channel"].unique().to_list() == ["none"]
    assert plan.contacts["reason"].str.contains("closed").sum() > 100
    assert plan.limits.filter(pl.col("limit") == "phone").select("capacity", "used", "open_count").row(0) == (
        0.0,
        0.0,
        0,
    )


def test_unknown_effects_are_explored_and_never_taken_for_something() -> None:
    """Accident: a channel without any evidence is given to everybody, or can never gather evidence."""
    options, customers = company_to_plan(2_000, seed=6)
    unknown = options.with_columns(expected_margin=pl.lit(None, pl.Float64))
    plan = plan_contacts(unknown, customers, replace(rules_for(2_000), explore_share=0.2), plan_id="2026-11").contacts
    assert plan.filter(pl.col("arm") == "policy")["channel"].unique().to_list() == ["none"]
    assert plan.filter(pl.col("arm") == "explore", pl.col("channel") == "email").height > 20


@pytest.mark.parametrize(
    "wrong", [{"holdout_share": 1.0}, {"explore_share": -0.1}, {"channels": {"sms": ChannelRule(-1.0, 1, 1)}}]
)
def test_impossible_rules_are_refused(wrong: dict[str, object]) -> None:
    """Accident: a slip of the pen holds everybody out, or pays for each message."""
    with pytest.raises(ValueError, match="must"):
        replace(rules_for(10), **wrong)  # type: ignore[arg-type]
