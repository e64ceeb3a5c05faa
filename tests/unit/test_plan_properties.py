"""Whatever the rules and the company: a plan keeps to them, and tiny ones are as good as any that could be made."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from benchmarks.plans import company_to_plan, violations
from models.allocation import NOBODY, Scarcity, allocate
from models.contact_plan import ChannelRule, PlanRules, plan_contacts

CHANNELS = ("email", "sms", "phone", "post")
CHANCES = [f"chance_{name}" for name in (*CHANNELS, "none")]

costs = st.sampled_from([0.0, 0.01, 1.2, 5.0, 60.0])
channel_rules = st.builds(ChannelRule, costs, st.none() | st.integers(0, 6), st.integers(0, 4))
plan_rules = st.builds(
    PlanRules,
    channels=st.fixed_dictionaries(dict.fromkeys(CHANNELS, channel_rules)),
    overall_cap=st.integers(0, 8),
    cool_down_days=st.integers(0, 40),
    budget=st.none() | st.integers(0, 3_000).map(lambda cents: cents / 100),
    holdout_share=st.sampled_from([0.0, 0.1, 0.5]),
    explore_share=st.sampled_from([0.0, 0.05, 0.5, 0.95]),
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    plan_rules, st.integers(1, 40), st.integers(0, 10_000), st.sampled_from(["differ", "are alike", "harm", "unknown"])
)
def test_no_rules_whatever_are_broken(rules: PlanRules, size: int, seed: int, contacts: str) -> None:
    """Accident: some odd mixture of caps, budget and lots lets a contact through, or logs odds that are none."""
    options, customers = company_to_plan(size, seed=seed)
    margin = pl.col("expected_margin")
    shown = {"differ": margin, "are alike": pl.lit(6.0), "harm": -margin, "unknown": pl.lit(None, pl.Float64)}[contacts]
    options = options.with_columns(expected_margin=shown).filter(pl.col("channel") != "visit")
    plan = plan_contacts(options, customers, rules, plan_id="2026-11")
    assert {name: count for name, count in violations(plan, options, customers, rules).items() if count} == {}
    assert plan.contacts["reason"].null_count() == 0
    chances = plan.contacts.select(CHANCES).to_numpy()
    assert chances.min() >= 0.0
    assert chances.sum(axis=1) == pytest.approx(np.ones(size))
    assert plan.contacts["propensity"].min() > 0.0  # type: ignore[operator]
    blocked = plan.obstacles.drop_nulls("obstacle").join(plan.contacts, on="customer_id")
    for name in CHANNELS:
        assert blocked.filter(channel=name)[f"chance_{name}"].sum() == 0.0
    again = plan_contacts(options.reverse(), customers.reverse(), rules, plan_id="2026-11")
    assert_frame_equal(again.contacts, plan.contacts)


def best_of_all(values: np.ndarray, scarcity: Scarcity) -> float:
    """The value of the best plan, by trying every one."""
    channels, customers = values.shape
    best = 0.0
    for choices in itertools.product(range(-1, channels), repeat=customers):
        chosen = np.array(choices)
        rows = np.flatnonzero(chosen != NOBODY)
        value = float(values[chosen[rows], rows].sum())
        if value > best and (scarcity.used(chosen) <= scarcity.limits + 1e-9).all():
            best = value
    return best


def test_tiny_plans_are_as_good_as_the_best_of_all() -> None:
    """Accident: the bound is no bound, or what is good for thousands of customers is poor for a handful."""
    found, best = [], []
    for seed in range(120):
        random = np.random.default_rng(seed)
        channels, customers = random.integers(1, 4), random.integers(1, 6)
        values = random.gamma(1.0, 5.0, (channels, customers)) - 1.0
        values[random.random(values.shape) < 0.3] = -np.inf
        capacities = np.where(random.random(channels) < 0.4, np.inf, random.integers(0, 4, channels))
        paid = np.round(random.random(channels) * random.choice([0.1, 3.0, 10.0], channels), 2)
        scarcity = Scarcity(capacities, paid, float(random.choice([np.inf, 3.0, 12.0])))
        plan = allocate(values, scarcity, random.random(customers))
        found.append(plan.value)
        best.append(best_of_all(values, scarcity))
        assert (scarcity.used(plan.chosen) <= scarcity.limits + 1e-9).all(), seed
        assert plan.value - 1e-6 <= best[-1] <= plan.bound + 1e-6, seed
    assert sum(found) >= 0.99 * sum(best)
    assert np.mean(np.array(found) >= np.array(best) - 1e-6) >= 0.97
