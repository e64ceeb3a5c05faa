"""A published plan is carried out, people respond, and the next month's exports measure it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

pytestmark = pytest.mark.end_to_end

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Published = Callable[[Path], dict[str, pl.DataFrame]]


@pytest.fixture(scope="module")
def month_later(finished_company: Path, stammkunde: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished company when all that its plan does is seen: 28 days on, with that day published, too."""
    company = tmp_path_factory.mktemp("month_later") / "company"
    shutil.copytree(finished_company, company, symlinks=True)
    for call in (("demo", "--next-month"), ("run", "--as-of", "2026-07-28")):
        answer = stammkunde(*call, "--workspace", company)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    return company


def test_a_published_plan_is_measured_by_the_next_months_exports(
    finished_company: Path, month_later: Path, published: Published
) -> None:
    """Accident: nobody ever learns whether a plan worked, or its lots are forgotten and customers are compared that
    were chosen for being good ones."""
    plan, after = published(finished_company)["contact_plan"], published(month_later)
    (plan_id,) = plan["plan_id"].unique()
    results = after["campaign_results"].filter(campaign_id=f"plan:{plan_id}", outcome="margin")
    whole, email = (results.row(by_predicate=pl.col("channel") == name, named=True) for name in ("all", "email"))
    assert whole["method"] == "holdout"
    assert whole["control_count"] == plan.filter(arm="holdout").height
    assert whole["effect_low"] < whole["effect"] < whole["effect_high"]
    assert email["treated_count"] == plan.filter(channel="email").height
    mailed = set(plan.filter(channel="email")["customer_id"])
    began = datetime.combine(date.fromisoformat(plan_id.removeprefix("plan:")), time())
    reached = after["touches"].filter((pl.col("channel") == "email") & (pl.col("touched_at") > began))
    assert len(mailed & set(reached["customer_id"])) > 0.9 * len(mailed) > 90
    assert after["channel_effects"].filter(channel="email")["logged_share"].item() > 0.0
    held_out = set(after["contact_plan"].filter(arm="holdout")["customer_id"])
    assert set(plan.filter(arm="holdout")["customer_id"]) <= held_out


def test_moves_between_segments_are_told_from_one_publication_to_the_next(
    finished_company: Path, month_later: Path, published: Published
) -> None:
    before, after = published(finished_company)["customer_segments"], published(month_later)
    former = dict(before.select("customer_id", "rfm_segment").iter_rows())
    segments = after["customer_segments"].select("customer_id", "rfm_segment", "previous_rfm_segment")
    known = segments.filter(pl.col("customer_id").is_in(list(former)))
    assert known.height > 0.95 * len(former)
    assert known["previous_rfm_segment"].to_list() == [former[customer] for customer in known["customer_id"]]
    moved = known.filter(pl.col("rfm_segment") != pl.col("previous_rfm_segment")).height
    told = after["segment_migration"].filter(pl.col("segmentation") == "rfm")
    assert 0 < moved <= told.filter("is_move")["customer_count"].sum()
    assert told["customer_count"].sum() == after["customers"].height
    for kind in ("rfm", "behaviour"):
        columns = {end: pl.col(f"{name}_segment").fill_null("no_segment") for end, name in
                   (("from_segment", f"previous_{kind}"), ("to_segment", kind))}  # fmt: skip
        counted = after["customer_segments"].group_by(**columns).agg(customer_count=pl.len().cast(pl.Int64))
        listed = after["segment_migration"].filter(segmentation=kind).select(counted.columns)
        assert_frame_equal(listed.cast(counted.schema), counted, check_row_order=False)
