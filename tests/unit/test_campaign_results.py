"""What a campaign did is told where the data can tell it, by the surest way that they allow, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.campaign_groups import Contacts, treated_share
from models.campaign_results import METHODS, RESULTS_SCHEMA, campaign_results
from models.random_groups import draws

DAY, AS_OF = date(2026, 5, 1), date(2026, 6, 30)
PEOPLE, EFFECT, HOLDOUT_SHARE = 3_000, 4.0, 0.3
IDS = pl.Series("customer_id", [f"C{number:05}" for number in range(PEOPLE)])
PLAN_OF = "plan:2026-05-01"


def orders_of(spend: np.ndarray, day: date) -> pl.DataFrame:
    """An order per customer who spends anything."""
    rows = pl.DataFrame({"customer_id": IDS, "margin": spend}).filter(pl.col("margin") > 0)
    return rows.with_columns(ordered_on=pl.lit(day), is_purchase=pl.lit(True), margin=pl.col("margin").round(4))


def touches_of(got_it: np.ndarray, day: date, campaign_id: str | None) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": IDS.filter(pl.Series(got_it))}).with_columns(
        channel=pl.lit("email"),
        campaign_id=pl.lit(campaign_id, pl.String),
        touched_on=pl.lit(day),
        direction=pl.lit("outbound"),
        has_left=pl.lit(False),
    )


def company(got_it: np.ndarray, *, campaign_id: str | None, seed: int = 0) -> Contacts:
    """Good customers buy more, before and after; a contact adds `EFFECT` on average: twice as much to half of them."""
    random = np.random.default_rng(seed)
    worth = random.lognormal(2.0, 0.8, PEOPLE)
    after = np.where(random.random(PEOPLE) < 0.5, worth, 0.0)
    after = after + np.where(got_it & (random.random(PEOPLE) < 0.5), 2.0 * EFFECT, 0.0)
    orders = [orders_of(worth, DAY - timedelta(days=100)), orders_of(after, DAY + timedelta(days=5))]
    everybody = touches_of(np.ones(PEOPLE, dtype=bool), DAY - timedelta(days=200), None)
    touches = pl.concat([everybody, touches_of(got_it, DAY + timedelta(days=1), campaign_id)])
    customers = pl.DataFrame({"customer_id": IDS, "first_seen_on": pl.repeat(date(2024, 1, 1), PEOPLE, eager=True)})
    return Contacts(touches, pl.concat(orders), customers)


def planned() -> tuple[pl.DataFrame, np.ndarray]:
    """A plan that writes to all but its hold-out group, and a tenth that draws lots; and who got mail."""
    is_held_out = draws(IDS, "holdout") < HOLDOUT_SHARE
    explores = ~is_held_out & (draws(IDS, "explore") < 0.2)
    got_it = ~is_held_out & (~explores | (draws(IDS, "lot") < 0.5))
    chance = (1 - HOLDOUT_SHARE) * (0.8 + 0.2 * 0.5)
    plan = pl.DataFrame(
        {
            "plan_id": pl.repeat("2026-05-01", PEOPLE, eager=True),
            "customer_id": IDS,
            "channel": np.where(got_it, "email", "none"),
            "arm": np.where(is_held_out, "holdout", np.where(explores, "explore", "policy")),
            "chance_email": np.full(PEOPLE, chance),
            "chance_none": np.full(PEOPLE, 1 - chance),
        }
    )
    return plan, got_it


def results(
    contacts: Contacts, plans: Mapping[date, pl.DataFrame] | None = None, *, as_of: date = AS_OF, **options: Any
) -> pl.DataFrame:
    return campaign_results(contacts, plans or {}, as_of=as_of, horizon_days=28, **options)


def row(table: pl.DataFrame, campaign_id: str, channel: str, outcome: str = "margin") -> dict[str, object]:
    return table.row(by_predicate=(pl.col("campaign_id") == campaign_id) & (pl.col("channel") == channel)
                     & (pl.col("outcome") == outcome), named=True)  # fmt: skip


def width(found: dict[str, Any]) -> float:
    return float(found["effect_high"] - found["effect_low"])


def test_a_plan_is_measured_against_its_hold_out_group_and_its_channels_by_their_chances() -> None:
    plan, got_it = planned()
    table = results(company(got_it, campaign_id=None), {DAY: plan, DAY + timedelta(days=1): plan})
    assert table.schema == RESULTS_SCHEMA
    assert table.height == 4
    whole, email = row(table, PLAN_OF, "all"), row(table, PLAN_OF, "email")
    assert (whole["method"], email["method"]) == ("holdout", "randomised")
    share = got_it[plan["arm"].to_numpy() != "holdout"].mean()
    assert whole["effect_low"] < EFFECT * share < whole["effect_high"]
    assert email["effect_low"] < EFFECT < email["effect_high"]
    assert whole["treated"] - whole["control"] == pytest.approx(whole["effect"], abs=1e-5)
    assert whole["p_value"] < 0.01
    assert whole["is_final"]


def test_a_plan_that_is_carried_out_on_its_very_day_counts_as_carried_out() -> None:
    """Accident: exports are drawn in the morning, mails leave in the afternoon, and the plan "was not carried out"."""
    plan, got_it = planned()
    same_day = company(got_it, campaign_id=None)
    touches = same_day.touches.with_columns(
        touched_on=pl.when(pl.col("touched_on") > DAY).then(pl.lit(DAY)).otherwise("touched_on")
    )
    table = results(replace(same_day, touches=touches), {DAY: plan})
    assert_frame_equal(table, results(same_day, {DAY: plan}))
    assert row(table, PLAN_OF, "email")["method"] == "randomised"
    others = replace(same_day, touches=touches.with_columns(channel=pl.lit("sms")))
    assert row(results(others, {DAY: plan}), PLAN_OF, "all")["method"] == "cannot_be_told"


def test_a_campaign_that_went_to_the_best_is_not_credited_with_what_they_buy_anyway() -> None:
    """Accident: naively, the campaign seems to bring three times what it does."""
    random = np.random.default_rng(1)
    worth = np.random.default_rng(0).lognormal(2.0, 0.8, PEOPLE)
    got_it = random.random(PEOPLE) < np.clip(worth / 20.0, 0.05, 0.9)
    contacts = company(got_it, campaign_id="mail:spring")
    found = row(results(contacts), "mail:spring", "email")
    assert found["method"] == "doubly_robust"
    assert found["effect_low"] < EFFECT < found["effect_high"]
    after = contacts.orders.filter(pl.col("ordered_on") > DAY)
    spent = (
        pl.DataFrame({"customer_id": IDS}).join(after, on="customer_id", how="left")["margin"].fill_null(0).to_numpy()
    )
    assert spent[got_it].mean() - spent[~got_it].mean() > found["effect_high"]
    assert "no hold-out group" in found["reason"]


def shop_whose_buyers_opt_in(months: int, seed: int) -> Contacts:
    """Each month's mailing goes to most subscribers by lot and does nothing; a third of the buyers subscribe."""
    random = np.random.default_rng(seed)
    rate, subscribed = np.clip(random.gamma(2.0, 0.04, PEOPLE), 0.0, 0.6), random.random(PEOPLE) < 0.35
    touches, orders = [], []
    for month in range(months):
        day = DAY + timedelta(days=30 * month)
        touches.append(touches_of(subscribed & (random.random(PEOPLE) < 0.85), day, f"mail:{month:02}"))
        buys = random.random(PEOPLE) < rate
        orders.append(orders_of(np.where(buys, 20.0, 0.0), day + timedelta(days=10)))
        subscribed = subscribed | (buys & (random.random(PEOPLE) < 0.33))
    customers = pl.DataFrame({"customer_id": IDS, "first_seen_on": pl.repeat(date(2024, 1, 1), PEOPLE, eager=True)})
    return Contacts(pl.concat(touches), pl.concat(orders), customers)


def test_customers_who_subscribe_when_they_buy_make_no_campaign_look_harmful() -> None:
    """Accident: who is reached later because he bought stands in for those who did not get it, and every second
    campaign seems to keep people from buying."""
    end = DAY + timedelta(days=300)
    found = pl.concat([results(shop_whose_buyers_opt_in(10, seed), as_of=end) for seed in range(2)])
    told = found.filter(pl.col("outcome") == "ordered", pl.col("effect").is_not_null())
    assert told.height == 18
    assert told.filter(pl.col("effect_high") < 0.0).height <= 2
    assert abs(float(told["effect"].mean())) < 0.02  # type: ignore[arg-type]
    first = found.filter(campaign_id="mail:00")
    assert first["reason"].str.contains("had reached within the year before").all()


@pytest.mark.parametrize(
    ("share", "days", "word"), [(1.0, 0, "nearly everybody"), (0.5, 20, "more than a week"), (0.004, 0, "too few")]
)
def test_what_the_data_cannot_tell_is_not_told(share: float, days: int, word: str) -> None:
    got_it = np.random.default_rng(1).random(PEOPLE) < share
    contacts = company(got_it, campaign_id="mail:spring")
    later = touches_of(got_it, DAY + timedelta(days=1 + days), "mail:spring")
    found = row(results(replace(contacts, touches=pl.concat([contacts.touches, later]))), "mail:spring", "email")
    assert (found["method"], found["effect"], found["p_value"]) == ("cannot_be_told", None, None)
    assert word in found["reason"]


def test_a_plan_whose_groups_are_not_as_drawn_or_that_nobody_carried_out_tells_nothing() -> None:
    plan, got_it = planned()
    contacts = company(got_it, campaign_id=None)
    lost = plan.filter((pl.col("arm") != "holdout") | (pl.int_range(pl.len()) % 3 > 0))
    assert "not of the sizes" in row(results(contacts, {DAY: lost}), PLAN_OF, "all")["reason"]
    idle = replace(contacts, touches=contacts.touches.filter(pl.col("touched_on") < DAY))
    assert "less than half" in row(results(idle, {DAY: plan}), PLAN_OF, "all")["reason"]
    letters = plan.with_columns(
        channel=pl.when(pl.col("arm") == "explore").then(pl.lit("post")).otherwise("channel"), chance_post=pl.lit(0.1)
    )
    table = results(contacts, {DAY: letters})
    assert row(table, PLAN_OF, "email")["method"] == "randomised"
    assert "less than half" in row(table, PLAN_OF, "post")["reason"]


def test_a_plan_whose_contacts_are_still_to_be_made_is_not_said_to_have_failed() -> None:
    """Accident: in its third week it is said that its days have only begun; and what comes after that day counts."""
    plan, got_it = planned()
    contacts = company(got_it, campaign_id=None)
    later = contacts.touches.with_columns(
        touched_on=pl.when(pl.col("touched_on") > DAY).then(DAY + timedelta(days=25)).otherwise("touched_on")
    )
    seen = results(replace(contacts, touches=later), {DAY: plan}, as_of=DAY + timedelta(days=20))
    assert "so far, less than half" in row(seen, PLAN_OF, "all")["reason"]
    assert row(seen, PLAN_OF, "all")["days_seen"] == 20


def test_a_campaign_of_which_only_a_report_is_there_is_not_passed_over() -> None:
    """Accident: whoever lands a campaign report without its recipients finds no line about it."""
    contacts = company(np.random.default_rng(1).random(PEOPLE) < 0.5, campaign_id="mail:spring")
    days = [DAY, DAY, None, AS_OF + timedelta(days=1)]
    reported = pl.DataFrame(
        {
            "campaign_id": ["mail:spring", "mail:summer", "mail:flow", "mail:to-come"],
            "channel": ["email", "email", "sms", "email"],
            "sent_on": pl.Series(days, dtype=pl.Date),
        }
    )
    table = results(contacts, reported=reported)
    assert set(table["campaign_id"]) == {"mail:spring", "mail:summer", "mail:flow"}
    assert row(table, "mail:spring", "email")["method"] == "doubly_robust"
    summer = row(table, "mail:summer", "email", "ordered")
    assert (summer["method"], summer["effect"], summer["sent_on"]) == ("cannot_be_told", None, DAY)
    assert summer["treated_count"] is None
    assert "no known customer" in str(summer["reason"])
    assert row(table, "mail:flow", "sms")["sent_on"] is None


def test_the_interval_of_a_plans_channel_holds_at_every_look() -> None:
    """Accident: that of the whole plan does, that of its channel, by the same lots, is a third narrower, and people
    look every morning."""
    plan, got_it = planned()
    table = results(company(got_it, campaign_id=None), {DAY: plan})
    email, whole = row(table, PLAN_OF, "email"), row(table, PLAN_OF, "all")
    assert width(email) > 0.8 * width(whole)
    assert "every look" in str(email["reason"])


def test_each_outcome_is_told_in_words_of_its_own() -> None:
    """Accident: "more than without it" stands beside two effects, and nobody knows of which."""
    plan, got_it = planned()
    table = results(company(got_it, campaign_id=None), {DAY: plan})
    assert str(row(table, PLAN_OF, "all")["reason"]).startswith("More margin than without it")
    assert "ordered" in str(row(table, PLAN_OF, "all", "ordered")["reason"])


def months_of_plans(seed: int, *, months: int) -> tuple[Contacts, dict[date, pl.DataFrame]]:
    """A plan a month for all but the same tenth, which do nothing, after a year in which customers bought."""
    random = np.random.default_rng(seed)
    rate, is_held_out = np.clip(random.gamma(2.0, 0.05, PEOPLE), 0.0, 0.7), draws(IDS, "holdout") < 0.1
    touches, orders, plans = [], [], {}
    for month in range(-12, months):
        day = DAY + timedelta(days=30 * month)
        orders.append(orders_of(np.where(random.random(PEOPLE) < rate, 20.0, 0.0), day + timedelta(days=10)))
        got_it = ~is_held_out & (random.random(PEOPLE) < 0.95)
        if month >= 0:
            touches.append(touches_of(got_it, day + timedelta(days=1), None))
            plans[day] = pl.DataFrame(
                {
                    "plan_id": pl.repeat(day.isoformat(), PEOPLE, eager=True),
                    "customer_id": IDS,
                    "channel": np.where(got_it, "email", "none"),
                    "arm": np.where(is_held_out, "holdout", "policy"),
                    "chance_email": np.full(PEOPLE, 0.855),
                    "chance_none": np.full(PEOPLE, 0.145),
                }
            )
    customers = pl.DataFrame({"customer_id": IDS, "first_seen_on": pl.repeat(date(2024, 1, 1), PEOPLE, eager=True)})
    return Contacts(pl.concat(touches), pl.concat(orders), customers), plans


def test_a_later_plan_is_not_adjusted_by_what_earlier_ones_did() -> None:
    """Accident: since the first plan only the hold-out group has had no contacts, so what is known of contacts is the
    hold-out itself; effects of plans that do nothing scatter by half more than their intervals say."""
    later = []
    for seed in range(8):
        contacts, plans = months_of_plans(seed, months=4)
        table = results(contacts, plans, as_of=DAY + timedelta(days=120)).filter(pl.col("outcome") == "margin")
        later.append(table.filter(pl.col("campaign_id") != PLAN_OF))
    found = pl.concat(later)
    assert found.height == 48
    standard_errors = (found["effect_high"] - found["effect_low"]) / 2.0 / 3.03
    assert float((found["effect"] / standard_errors).std()) < 1.2  # type: ignore[arg-type]


def test_the_planned_share_is_read_off_the_lots() -> None:
    assert treated_share(planned()[0]) == pytest.approx(1 - HOLDOUT_SHARE, abs=0.002)


def test_customers_with_another_id_since_do_not_hide_the_planned_share() -> None:
    """Accident: one held-out customer is merged into a record with another lot, and the plan tells nothing any more."""
    plan = planned()[0]
    new_id = pl.when(pl.int_range(pl.len()) % 100 == 0).then("new " + pl.col("customer_id")).otherwise("customer_id")
    renamed = plan.with_columns(customer_id=new_id)
    assert treated_share(renamed) == pytest.approx(1 - HOLDOUT_SHARE, abs=0.01)
    assert treated_share(plan.with_columns(arm=pl.lit("policy"))) > 0.99


def test_the_order_of_rows_does_not_matter_and_german_is_spoken_where_asked_for() -> None:
    plan, got_it = planned()
    contacts = company(got_it, campaign_id="mail:spring")
    turned = Contacts(contacts.touches.reverse(), contacts.orders.reverse(), contacts.customers.reverse())
    assert results(contacts, {DAY: plan}).equals(results(turned, {DAY: plan.reverse()}))
    german = results(contacts, {DAY: plan}, language="de")
    assert set(german["method"]) <= set(METHODS)
    assert german["reason"].str.contains("Kontrollgruppe").any()
