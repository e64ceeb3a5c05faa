"""More money or more calls never make the best plan worse, and the published plan is what a simulation starts from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from benchmarks.plans import company_to_plan, rules_for
from models.contact_plan import ChannelRule, Plan, PlanRules, plan_contacts
from models.plan_limits import plan_limits
from models.what_if import (
    WHAT_IF_SCHEMA,
    Offers,
    Solved,
    as_planned,
    next_sentence,
    offers,
    solve,
    what_if,
    where_next,
    with_limits,
)
from pipelines.cli import main
from pipelines.outreach_settings import OutreachSettings
from pipelines.plan_summary import plan_sentences

CUSTOMERS = 800
DEFAULTS = {"email": True, "phone": False, "post": True, "budget": False}


@pytest.fixture(scope="module")
def rules() -> PlanRules:
    asked = rules_for(CUSTOMERS)
    known = {name: rule for name, rule in asked.channels.items() if name in ("email", "phone", "post")}
    return replace(asked, channels=known, explore_share=0.0)


@pytest.fixture(scope="module")
def published(rules: PlanRules) -> dict[str, pl.DataFrame]:
    options, customers = company_to_plan(CUSTOMERS, seed=1)
    plan: Plan = plan_contacts(options, customers, rules, plan_id="2026-11")
    channels = options.join(plan.obstacles, on=["customer_id", "channel"])
    return {
        "next_best_channel": channels,
        "contact_plan": plan.contacts,
        "channel_effects": pl.DataFrame({"channel": ["email", "phone"], "planned_error": [0.1, 2.0]}),
        "plan_limits": plan_limits(plan, rules, DEFAULTS, currency="EUR", language="en"),
        "kpis": pl.DataFrame({"metric": ["net_revenue"], "unit": ["EUR"]}),
    }


def test_the_simulation_of_no_change_is_the_plan(published: dict[str, pl.DataFrame], rules: PlanRules) -> None:
    """Accident: the published tables lack what the plan was made of, and the curve starts elsewhere."""
    same = as_planned(rules, published["plan_limits"])
    assert same.channels == rules.channels
    offered = offers(*(published[name] for name in ("next_best_channel", "contact_plan", "channel_effects")), rules)
    found, plan = solve(offered, same), published["contact_plan"].filter(pl.col("channel") != "none")
    assert found.cost == pytest.approx(plan["cost"].sum(), rel=0.02)
    assert found.margin == pytest.approx(plan["expected_margin"].sum(), rel=0.02)


def test_more_never_adds_less_and_the_interval_holds_the_doubt(
    published: dict[str, pl.DataFrame], rules: PlanRules
) -> None:
    offered = offers(*(published[name] for name in ("next_best_channel", "contact_plan", "channel_effects")), rules)
    table = what_if(offered, rules, currency="EUR", language="de")
    assert table.schema == WHAT_IF_SCHEMA
    assert set(table["lever"]) == {"plan", "budget", "email", "phone", "post"}
    for lever in ("budget", "phone"):
        rows = table.filter(lever=lever).sort("amount")
        net = rows["added_margin"] - rows["cost"]
        assert (net.diff().drop_nulls() > -0.01 * net.max()).all()  # type: ignore[operator]
    calls = solve(offered, with_limits(rules, capacities={"phone": 10})).contacts["phone"]
    assert calls <= 10
    plan = table.filter("is_plan").row(0, named=True)
    assert plan["added_low"] < plan["added_margin"] < plan["added_high"]
    assert "Der nächste EUR" in plan["reason"]


@pytest.fixture(scope="module")
def offered(published: dict[str, pl.DataFrame], rules: PlanRules) -> Offers:
    return offers(*(published[name] for name in ("next_best_channel", "contact_plan", "channel_effects")), rules)


def test_the_next_money_goes_where_it_brings_most_and_not_where_a_contact_does(rules: PlanRules) -> None:
    """Accident: a call that adds 4 EUR and costs 8 outdoes an EUR of the budget that adds 3."""
    channels = {"phone": ChannelRule(8.0, 10, 1), "email": ChannelRule(0.0, 10, 1)}
    priced = replace(rules, channels=channels)

    def where(**prices: float) -> tuple[str, float] | None:
        every = {"phone": 0.0, "email": 0.0, "budget": 0.0, **prices}
        return where_next(Solved({}, 0.0, 0.0, 0.0, 0.0, every), priced)

    assert where(phone=4.0, budget=3.0) == ("budget", 3.0)
    assert where(phone=4.0, budget=0.4) == ("phone", 4.0)
    assert where(phone=4.0, budget=3.0, email=0.2) == ("email", 0.2)
    assert where(phone=0.001) is None


def test_where_the_next_money_goes_is_said_in_the_words_of_people(offered: Offers, rules: PlanRules) -> None:
    """Accident: "Der nächste EUR gehört in phone"."""
    few_calls = with_limits(replace(rules, budget=None), capacities={"phone": 1})
    found = solve(offered, few_calls)
    assert next_sentence(found, few_calls, "EUR", "de").startswith("Der nächste EUR gehört in mehr Anrufe: ")
    assert next_sentence(found, few_calls, "EUR", "en").startswith("The next EUR belongs in more calls: ")


def test_a_channel_of_which_there_is_none_has_the_price_of_its_first_contact(offered: Offers, rules: PlanRules) -> None:
    """Accident: without any e-mails hundreds of EUR are lost, and it is said that no further contact adds anything."""
    free = replace(rules, budget=None)
    worth = offered.margins - rules.scarcity.costs[:, None]  # nobody counts for more than another
    offered = replace(offered, worth=np.where(np.isnan(worth), -np.inf, worth))
    nothing = with_limits(free, capacities={"email": 0, "phone": 0, "post": 0})
    found = solve(offered, nothing)
    assert found.margin == 0.0
    name, price = where_next(found, nothing) or ("", 0.0)
    opened = with_limits(nothing, capacities={name: 1})
    one = solve(offered, opened)
    assert one.margin - one.cost == pytest.approx(price)
    fewer = with_limits(free, capacities={"phone": 0})
    with_first = solve(offered, with_limits(free, capacities={"phone": 1}))
    without = solve(offered, fewer)
    gain = (with_first.margin - with_first.cost) - (without.margin - without.cost)
    assert without.prices["phone"] == pytest.approx(gain, rel=0.05)


def test_the_curve_lies_where_the_budget_matters(offered: Offers, rules: PlanRules) -> None:
    """Accident: with a budget of a hundred times what the plan needs, every amount of the curve says the same."""
    needed = solve(offered, replace(rules, budget=None)).cost
    for budget in (100.0 * needed, 0.0, None):
        table = what_if(offered, replace(rules, budget=budget), currency="EUR", language="en")
        curve = table.filter(lever="budget").sort("amount")
        assert curve["amount"].max() == pytest.approx(2.0 * needed, rel=0.01)
        assert curve["added_margin"].n_unique() >= 4


def test_a_scarce_channel_has_its_price_in_words(published: dict[str, pl.DataFrame]) -> None:
    said = dict(published["plan_limits"].select("limit_name", "reason").iter_rows())
    assert said["phone"].startswith("One more call is worth ")
    assert "shipped default" in said["post"]
    assert said["email"] == "No limit is set."


def test_a_channel_with_a_cap_of_zero_is_said_to_be_closed(rules: PlanRules) -> None:
    options, customers = company_to_plan(200, seed=2)
    closed = replace(rules, channels={**rules.channels, "post": ChannelRule(1.2, 50, 0)})
    plan = plan_contacts(options, customers, closed, plan_id="2026-11")
    limits = plan_limits(plan, closed, DEFAULTS, currency="EUR", language="de")
    assert "niemand" in limits.filter(limit_name="post")["reason"].item()


def test_shipped_caps_are_told_as_shipped_ones(rules: PlanRules) -> None:
    """Accident: nobody knows why a customer gets no second call: a cap that no one has set keeps him from it."""
    options, customers = company_to_plan(200, seed=2)
    plan = plan_contacts(options, customers, rules, plan_id="2026-11")
    caps = OutreachSettings.model_validate({"phone": {"cap": 2}}).default_caps
    told = plan_limits(plan, rules, DEFAULTS, caps, currency="EUR", language="en").select("limit_name", "reason")
    said = dict(told.iter_rows())
    assert (
        said["email"] == "No limit is set. The cap per customer is the shipped default; set your own in settings.yml."
    )
    assert "Capacity and cap per customer are the shipped defaults" in said["post"]
    assert "shipped" not in said["phone"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"overall_cap": 0}, {"email": "Closed", "phone": "Closed", "post": "Closed"}),
        (
            {"budget": 0.0},
            {"budget": "It is zero", "email": "What there is", "phone": "What there", "post": "What there"},
        ),
        ({"budget": 1.0}, {"phone": "What there is of the budget does not pay", "post": "What there is"}),
    ],
)
def test_whatever_silences_a_channel_is_said(
    changed: dict[str, float], said: dict[str, str], rules: PlanRules, tmp_path: Path
) -> None:
    """Accident: with no money at all the plan is empty, and everybody reads that nothing more of it is needed."""
    options, customers = company_to_plan(200, seed=2)
    silenced = replace(rules, holdout_share=0.0, **changed)  # type: ignore[arg-type]
    plan = plan_contacts(options, customers, silenced, plan_id="2026-11")
    plan.contacts.write_parquet(tmp_path / "contact_plan.parquet")
    limits = plan_limits(plan, silenced, DEFAULTS, currency="EUR", language="en")
    limits.write_parquet(tmp_path / "plan_limits.parquet")
    warned = dict(sentence.split(": ", 1) for sentence in plan_sentences(tmp_path)[1:])
    assert sorted(warned) == sorted(said)
    assert all(warned[name].startswith(start) for name, start in said.items())
    assert not limits.filter(pl.col("limit_name").is_in(list(said)))["reason"].str.contains("Not all of it").any()
    closed = plan.obstacles.filter(pl.col("obstacle") == "closed")["channel"].unique()
    assert set(closed) == set(said) - {"budget"}
    assert plan.contacts["reason"].str.contains("zero or used up").any()


def test_a_capacity_that_is_used_up_is_not_said_to_be_unneeded(rules: PlanRules) -> None:
    """Accident: in the third week "nothing is left of its limit. Not all of it is needed", and "capacity is zero"."""
    options, customers = company_to_plan(200, seed=2)
    left = replace(rules, channels={**rules.channels, "phone": replace(rules.channels["phone"], capacity=0)})
    plan = plan_contacts(options, customers, left, plan_id="2026-11")
    limits = plan_limits(plan, rules, DEFAULTS, currency="EUR", language="en")
    assert limits.filter(limit_name="phone")["reason"].item().startswith("Used up")


def test_simulate_answers_from_the_published_tables_and_writes_nothing(
    published: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    folder = tmp_path / "exports" / "latest" / "tables"
    folder.mkdir(parents=True)
    for name, table in published.items():
        table.write_parquet(folder / f"{name}.parquet")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    call = ["simulate", "--workspace", str(tmp_path), "--budget", "40", "--calls", "3"]
    told = CliRunner().invoke(main, call)
    assert told.exit_code == 0, told.output
    assert "As published" in told.output
    found = json.loads(CliRunner().invoke(main, [*call, "--json"]).output)
    assert found["what_if"]["cost"] <= 40
    assert found["what_if"]["contacts"]["phone"] <= 3
    assert found["what_if"]["margin"] < found["as_is"]["margin"]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_the_closing_summary_tells_of_closed_channels(rules: PlanRules, tmp_path: Path) -> None:
    """Accident: a slip in settings.yml silences a channel, and nobody notices."""
    options, customers = company_to_plan(200, seed=2)
    closed = replace(rules, channels={**rules.channels, "post": ChannelRule(1.2, 0, 1)})
    plan = plan_contacts(options, customers, closed, plan_id="2026-11")
    plan.contacts.write_parquet(tmp_path / "contact_plan.parquet")
    limits = plan_limits(plan, closed, DEFAULTS, currency="EUR", language="en")
    limits.write_parquet(tmp_path / "plan_limits.parquet")
    told, *warned = plan_sentences(tmp_path)
    assert told.startswith("Contact plan of 2026-11: ")
    assert warned == ["post: Closed: capacity or cap is zero, so nobody is contacted this way. The capacity is the "
                      "shipped default; set your own in settings.yml."]  # fmt: skip
    assert plan_sentences(tmp_path / "absent") == []


def test_a_handful_of_calls_among_many_customers_is_not_lost(tmp_path: Path) -> None:
    """Accident: of 25,000 customers a sample is looked at, and in four fifths of one call nobody can be called."""
    rules = replace(rules_for(25_000), explore_share=0.0, budget=None)
    rules = replace(rules, channels={name: rules.channels[name] for name in ("email", "phone")})
    options, customers = company_to_plan(25_000, seed=3)
    options = options.filter(pl.col("channel").is_in(["email", "phone"]))
    plan = plan_contacts(options, customers, rules, plan_id="2026-11")
    folder = tmp_path / "exports" / "latest" / "tables"
    folder.mkdir(parents=True)
    tables = {
        "next_best_channel": options.join(plan.obstacles, on=["customer_id", "channel"]),
        "contact_plan": plan.contacts,
        "channel_effects": pl.DataFrame({"channel": ["email", "phone"], "planned_error": [0.1, 2.0]}),
        "plan_limits": plan_limits(plan, rules, DEFAULTS, currency="EUR", language="en"),
    }
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    call = ["simulate", "--workspace", str(tmp_path), "--calls", "1", "--json"]
    assert json.loads(CliRunner().invoke(main, call).output)["what_if"]["contacts"]["phone"] == 1


@pytest.mark.parametrize("odd", ["nan", "-1", "viel"])
def test_what_is_no_amount_is_said_to_be_none(odd: str, tmp_path: Path) -> None:
    """Accident: nan lies in every range, and a budget of it is no limit at all."""
    answer = CliRunner().invoke(main, ["simulate", "--workspace", str(tmp_path), "--budget", odd])
    assert answer.exit_code == 2
    assert "--budget" in answer.output


def test_a_change_for_the_worse_is_no_gain(published: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    """Accident: "the change adds EUR -527"."""
    folder = tmp_path / "exports" / "latest" / "tables"
    folder.mkdir(parents=True)
    for name, table in published.items():
        table.write_parquet(folder / f"{name}.parquet")
    call = ["simulate", "--workspace", str(tmp_path), "--budget", "0"]
    told = CliRunner().invoke(main, call).output
    assert "takes away EUR" in told
    assert "The next EUR belongs in the budget" in told
    assert json.loads(CliRunner().invoke(main, [*call, "--json"]).output)["next"]["limit"] == "budget"


def test_simulate_without_a_plan_says_what_to_do(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["simulate", "--workspace", str(tmp_path)])
    assert answer.exit_code == 2
    assert "stammkunde run" in answer.output
