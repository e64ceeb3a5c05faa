"""An invented company to plan contacts for, and a count of everything that a plan must not do."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.contact_plan import ChannelRule, Plan, PlanRules

_MEAN_MARGIN = {"email": 0.5, "sms": 0.7, "phone": 12.0, "post": 3.0, "visit": 90.0}
_COST = {"email": 0.01, "sms": 0.08, "phone": 5.0, "post": 1.2, "visit": 60.0}
_CAPACITY = {"email": None, "sms": 0.2, "phone": 0.01, "post": 0.1, "visit": 0.001}


def rules_for(customers: int) -> PlanRules:
    """Capacities and a budget that are scarce for so many customers."""
    channels = {}
    for name, cost in _COST.items():
        share = _CAPACITY[name]
        channels[name] = ChannelRule(cost, None if share is None else int(share * customers), frequency_cap=3)
    return PlanRules(
        channels, overall_cap=6, cool_down_days=3, budget=0.1 * customers, holdout_share=0.1, explore_share=0.05
    )


def company_to_plan(customers: int, *, seed: int, prefix: str = "C") -> tuple[pl.DataFrame, pl.DataFrame]:
    """Options (customer x channel) and customers, with refusals, complaints, recent contacts and unknown effects."""
    random = np.random.default_rng(seed)
    ids = pl.Series("customer_id", [f"{prefix}{number:07}" for number in range(customers)])
    people = pl.DataFrame(
        {
            "customer_id": ids,
            "is_suppressed": random.random(customers) < 0.05,
            "has_open_complaint": random.random(customers) < 0.02,
            "has_open_followup": np.arange(customers) % 33 == 0,
            "priority": np.where(random.random(customers) < 0.1, 1.5, 1.0),
        }
    )
    options = [
        pl.DataFrame(
            {
                "customer_id": ids,
                "channel": [name] * customers,
                "expected_margin": random.gamma(1.0, mean, customers),
                "is_allowed": random.random(customers) < 0.7,
                "contact_count": random.poisson(0.8, customers),
                "days_since_contact": random.integers(0, 60, customers),
            }
        )
        for name, mean in _MEAN_MARGIN.items()
    ]
    unknown = pl.when(pl.int_range(pl.len()) % 50 == 0).then(None).otherwise("expected_margin")
    known = pl.concat(options).with_columns(expected_margin=unknown)
    return known.with_columns(margin_error=0.3 * pl.col("expected_margin")), people


def violations(plan: Plan, options: pl.DataFrame, customers: pl.DataFrame, rules: PlanRules) -> dict[str, int]:
    """How often the plan breaks each rule, counted anew from what went in."""
    made = plan.contacts.filter(pl.col("channel") != "none")
    totals = options.group_by("customer_id").agg(
        pl.col("contact_count").sum().alias("all_count"), pl.col("days_since_contact").min().alias("days")
    )
    known = (
        made.join(options, on=["customer_id", "channel"], how="left")
        .join(customers, on="customer_id", how="left")
        .join(totals, on="customer_id", how="left")
    )
    per_channel = dict(made.group_by("channel").len().iter_rows())
    caps = {name: rule.frequency_cap for name, rule in rules.channels.items()}
    return {
        "customers twice or missing": abs(plan.contacts["customer_id"].n_unique() - customers.height)
        + plan.contacts.height
        - customers.height,
        "not allowed": known.filter(~pl.col("is_allowed").fill_null(False)).height,
        "suppressed": known.filter("is_suppressed").height,
        "open complaint": known.filter("has_open_complaint").height,
        "open follow-up": known.filter("has_open_followup").height,
        "cool-down": known.filter(pl.col("days") < rules.cool_down_days).height,
        "overall cap": known.filter(pl.col("all_count") >= rules.overall_cap).height,
        "channel cap": known.filter(pl.col("contact_count") >= pl.col("channel").replace_strict(caps)).height,
        "held out": known.filter(pl.col("arm") == "holdout").height,
        "capacity": sum(
            max(per_channel.get(name, 0) - rule.capacity, 0)
            for name, rule in rules.channels.items()
            if rule.capacity is not None
        ),
        "budget": int(rules.budget is not None and made["cost"].sum() > rules.budget + 1e-6),
    }
