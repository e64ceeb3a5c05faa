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
def test_weighting_by_propensities_restores_everybody(effects_are_the_same: bool) -> None:
    """Accident: logged propensities are wrong, so next month's estimates are, above all where ties were broken.

    Over the lots, the inverse propensities of those who got a channel sum to all who could have got it. Channels that
    promise little are drawn seldom, so their sums scatter: by a standard error of .04 over these companies.
    """
    ratios: dict[str, list[float]] = {"email": [], "sms": [], "post": [], "none": []}
    for seed in range(24):
        options, customers = company_to_plan(6_000, seed=0, prefix=f"{seed}-")
        if effects_are_the_same:
            options = options.with_columns(expected_margin=pl.col("expected_margin").median().over("channel"))
        rules = replace(rules_for(6_000), explore_share=0.3)
        plan = plan_contacts(options, customers, rules, plan_id="2026-11").contacts
        allowed = plan.join(
            _open_channels(options, customers, rules.overall_cap, rules.cool_down_days), on="customer_id"
        )
        for channel, found in ratios.items():
            possible = allowed if channel == "none" else allowed.filter(pl.col("open").list.contains(channel))
            got = possible.filter(pl.col("channel") == channel)
            found.append((1.0 / got["propensity"]).sum() / possible.height)
    assert {name: round(float(np.mean(found)), 3) for name, found in ratios.items()} == pytest.approx(
        dict.fromkeys(ratios, 1.0), abs=0.05
    )


def _open_channels(
    options: pl.DataFrame, customers: pl.DataFrame, overall_cap: int, cool_down_days: int
) -> pl.DataFrame:
    blocked = customers.filter(pl.any_horizontal("is_suppressed", "has_open_complaint", "has_open_followup")).select(
        "customer_id"
    )
    return (
        options.with_columns(
            days=pl.col("days_since_contact").min().over("customer_id"),
            count=pl.col("contact_count").sum().over("customer_id"),
        )
        .filter(
            "is_allowed", pl.col("contact_count") < 3, pl.col("count") < overall_cap, pl.col("days") >= cool_down_days
        )
        .join(blocked, on="customer_id", how="anti")
        .group_by("customer_id")
        .agg(open=pl.col("channel"))
    )


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
