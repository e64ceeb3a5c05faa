"""The loop of outreach closes: a plan is carried out, and the next one is learned from it with its own chances."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.closed_loop import WAYS, known_history, played_year, shipped_policy
from models.decision_points import decision_points
from models.decision_rounds import CHANCES
from models.outreach import outreach
from twin.months import begin, play


def test_a_plan_that_was_played_is_seen_in_the_next_history_and_learned_from() -> None:
    policy, world = shipped_policy(300), begin(300, seed=1)
    before = world.today
    plan = outreach(known_history(world, {}), as_of=before, policy=policy).plan.contacts
    names = plan["customer_id"].to_list()
    mailed = [names.index(name) for name in plan.filter(channel="email")["customer_id"]]
    later = play(world, {"email": np.array(mailed, dtype=np.int64)})
    history = known_history(later, {before: plan})
    made = history.touches.filter(pl.col("touched_on") > before, channel="email")
    assert set(made["customer_id"]) == set(plan.filter(channel="email")["customer_id"])
    points = decision_points(history, as_of=later.today, horizon_days=28, period_days=28)
    assert points.filter(pl.col("day") == before)[CHANCES[0]].null_count() == 0
    assert (points["day"] == before).any()


def test_a_year_counts_what_each_way_truly_adds_and_none_adds_more_than_the_oracle() -> None:
    year = played_year(300, seed=1, months=2)
    assert set(year.value) == set(WAYS)
    assert 0.0 < year.value["ours"] <= year.value["oracle"]
    assert year.value["mail to all"] <= year.value["oracle"]
