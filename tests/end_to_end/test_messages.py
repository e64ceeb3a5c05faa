"""Letters and text messages from a CRM's export to the plan, and the planned ones into the next exports."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from twin import MessageParameters, Parameters, write_company

pytestmark = pytest.mark.end_to_end

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Published = Callable[[Path], dict[str, pl.DataFrame]]

LETTERS_A_WEEK = 10
WRITING = Parameters(
    crm_share=0.95,
    lead_crm_share=0.95,
    phone_share=0.9,
    campaign_count=6,
    messages=MessageParameters(
        letter_share=0.5, text_share=0.5, text_consent_share=0.8, letter_effect_mean=0.3, text_effect_mean=0.3
    ),
)


@pytest.fixture(scope="module")
def writing_company(stammkunde: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company that writes letters, few a week from now on, and text messages, after one batch."""
    folder = tmp_path_factory.mktemp("writing") / "company"
    write_company(folder, customers=300, seed=7, parameters=WRITING)
    (folder / "settings.yml").write_text(f"outreach: {{post: {{per_week: {LETTERS_A_WEEK}}}}}\n")
    answer = stammkunde("run", "--workspace", folder)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return folder


def exported(company: Path, pattern: str) -> pl.DataFrame:
    (file,) = (company / "landing" / "hubspot").glob(pattern)
    return pl.read_csv(file, infer_schema=False)


def test_messages_are_touches_that_are_not_engaged_with_and_those_that_came_back_not_delivered(
    writing_company: Path, published: Published
) -> None:
    """Accident: letters and text messages are lost, or taken for answered because they were sent."""
    truth = pl.read_parquet(writing_company / "truth" / "messages.parquet")
    touches = published(writing_company)["touches"].filter(pl.col("channel").is_in(["post", "sms"]))
    counts = ["channel", "is_delivered"]
    assert touches.group_by(counts).len().sort(counts).rows() == truth.group_by(counts).len().sort(counts).rows()
    assert touches["customer_id"].null_count() == 0
    assert not touches["is_engaged"].any()
    assert set(touches["direction"]) == {"outbound"}
    campaigns = {f"hubspot:{title.lower().replace(' ', '-')}" for title in truth["campaign"]}
    assert set(touches["campaign_id"]) == campaigns


def test_effects_of_messages_are_told_and_they_are_planned_as_consent_and_settings_allow(
    writing_company: Path, published: Published
) -> None:
    tables = published(writing_company)
    effects = tables["channel_effects"].filter(pl.col("channel").is_in(["post", "sms"]))
    assert (effects["contact_count"] > 30).all()
    assert (effects["planned_margin"] > effects["cost"]).all()
    plan = tables["contact_plan"]
    planned = dict(plan.group_by("channel").len().iter_rows())
    assert planned["post"] == 4 * LETTERS_A_WEEK
    assert planned["sms"] > 0
    customers = tables["customers"].select("customer_id", "consent_sms")
    assert plan.filter(channel="sms").join(customers, on="customer_id")["consent_sms"].all()


def test_planned_messages_are_in_the_next_months_exports(
    writing_company: Path, stammkunde: Command, published: Published
) -> None:
    plan = published(writing_company)["contact_plan"]
    answer = stammkunde("demo", "--next-month", "--workspace", writing_company)
    assert answer.returncode == 0, answer.stderr
    for channel, pattern in (("post", "*-postal-mail-*"), ("sms", "*-communications-*")):
        new = exported(writing_company, pattern).filter(pl.col("Activity date") > "2026-07-01")
        planned = plan.filter(channel=channel).height
        assert 0.8 * planned <= new.height <= 1.2 * planned
