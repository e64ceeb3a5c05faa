"""Customer value rests on the court's ruling, claims nothing on too few data, and its intervals hold."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.court_table import COURT_SCHEMA, value_court
from models.lifetime_value import VALUE_SCHEMA, Valuation, customer_value
from models.naive_rules import NAIVE
from models.purchase_history import less_credit_notes, margin_rates, purchase_days, what_followed
from models.value_candidates import Forecasts, forecasts
from twin.purchases import invent_purchases

END = date(2026, 6, 30)
AS_OF = END - timedelta(days=365)
NO_MARGINS = pl.DataFrame(schema={"customer_id": pl.String, "margin_rate": pl.Float64})


@pytest.fixture(scope="module")
def bought() -> pl.DataFrame:
    """Purchase days of an invented shop, with the year that follows AS_OF."""
    return purchase_days(invent_purchases(8_000, seed=1, end=END)[1].lazy(), as_of=END)


@pytest.fixture(scope="module")
def shop(bought: pl.DataFrame) -> Valuation:
    return customer_value(bought.filter(pl.col("ordered_on") <= AS_OF), at_forty_percent(bought), as_of=AS_OF)


def at_forty_percent(days: pl.DataFrame) -> pl.DataFrame:
    return days.select(pl.col("customer_id").unique().sort(), margin_rate=0.4)


def purchases_of(rows: list[tuple[str, int, float]]) -> pl.DataFrame:
    """Purchase days of (customer, days before AS_OF, spend)."""
    found = [(customer, AS_OF - timedelta(days=before), spend) for customer, before, spend in rows]
    schema = {"customer_id": pl.String, "ordered_on": pl.Date, "spend": pl.Float64}
    return pl.DataFrame(found, schema=schema, orient="row").sort("customer_id", "ordered_on")


def test_the_table_rests_on_the_winner_and_holds_together(shop: Valuation, bought: pl.DataFrame) -> None:
    value = shop.table
    assert value.schema == VALUE_SCHEMA
    assert shop.ruling is not None
    assert set(value["model"]) == {shop.model} == {shop.ruling.value_winner}
    assert shop.orders_model == shop.ruling.winner
    assert not {shop.model, shop.orders_model} & set(NAIVE)
    brings = value["expected_orders"] * value["expected_spend"]
    assert ((brings - value["expected_revenue"]).abs() < 1e-6).all()
    assert value["customer_id"].to_list() == sorted(
        bought.filter(pl.col("ordered_on") <= AS_OF)["customer_id"].unique()
    )
    assert value.filter(~pl.col("clv").is_between("clv_low", "clv_high")).is_empty()
    for share in ("p_alive", "churn_risk"):
        assert value.filter(~pl.col(share).is_between(0.0, 1.0) | pl.col(share).is_null()).is_empty()


def test_four_in_five_buyers_bring_what_their_interval_says(shop: Valuation, bought: pl.DataFrame) -> None:
    """Measured 83 % in the year that followed (companies of half the size: 80 to 86 %, with the error of the total).

    Intervals of the silent cannot cover less than they do, since 0 alone covers most of them.
    """
    seen = what_followed(bought, shop.table, AS_OF, END)
    margin = seen["spend"] * 0.4
    is_within = (margin >= shop.table["clv_low"]) & (margin <= shop.table["clv_high"])
    assert 0.77 <= is_within.mean() <= 0.86  # type: ignore[operator]
    assert (shop.table["churn_risk"].mean() - (seen["orders"] == 0).mean()) == pytest.approx(0.0, abs=0.06)  # type: ignore[operator]
    assert shop.table["clv"].sum() == pytest.approx(margin.sum(), rel=0.15)


def test_slipping_customers_are_late_and_not_yet_lost(shop: Valuation, bought: pl.DataFrame) -> None:
    value = shop.table.with_columns(came=what_followed(bought, shop.table, AS_OF, END)["orders"] > 0)
    slipping, regular = value.filter("is_slipping"), value.filter(~pl.col("is_slipping"), pl.col("overdue_days") == 0)
    assert 0.02 < slipping.height / value.height < 0.2
    assert (slipping["overdue_days"] > 0).all()
    assert (slipping["frequency"] >= 2).all()
    assert (slipping["margin_at_risk"] > 0.0).all()
    assert value.filter(~pl.col("is_slipping"))["margin_at_risk"].null_count() == value.height - slipping.height
    assert 0.05 < slipping["came"].mean() < 0.6 * regular["came"].mean()  # type: ignore[operator]


def test_the_next_order_comes_by_its_day_in_one_of_two_cases(shop: Valuation, bought: pl.DataFrame) -> None:
    following = bought.filter(pl.col("ordered_on") > AS_OF).group_by("customer_id").agg(pl.col("ordered_on").min())
    expected = shop.table.filter(pl.col("next_order_on").is_not_null()).join(following, on="customer_id", how="left")
    assert (expected["next_order_on"] > AS_OF).all()
    came = expected.select((pl.col("ordered_on") <= pl.col("next_order_on")).fill_null(False).mean()).item()
    assert came == pytest.approx(0.5, abs=0.08)


def test_who_rather_stays_away_has_no_next_order_and_who_rather_comes_has_one(
    shop: Valuation, bought: pl.DataFrame
) -> None:
    """Accident: a low risk of no order, but no next order within the horizon; more come than orders are expected."""
    short = customer_value(bought.filter(pl.col("ordered_on") <= AS_OF), NO_MARGINS, as_of=AS_OF, horizon_days=90)
    for found, horizon in ((shop, 365), (short, 90)):
        comes = pl.col("churn_risk") <= 0.5
        agrees = (comes == pl.col("next_order_on").is_not_null()) & (
            1.0 - pl.col("churn_risk") <= pl.col("expected_orders") + 1e-9
        )
        assert found.table.filter(~agrees).is_empty()
        assert 0.05 < found.table.select(comes.mean()).item() < 0.95
        assert found.table["next_order_on"].max() <= AS_OF + timedelta(days=horizon)  # type: ignore[operator]
    by_risk = shop.table.drop_nulls("next_order_on").sort("churn_risk")["next_order_on"]
    assert by_risk.head(200).mean() < by_risk.tail(200).mean()  # type: ignore[operator]


def test_the_best_customers_hold_four_fifths_of_all_value(shop: Valuation) -> None:
    value = shop.table
    share = {name: value.filter(pl.col("value_class") <= name)["clv"].sum() / value["clv"].sum() for name in "ABC"}
    assert share["A"] == pytest.approx(0.80, abs=0.01)
    assert share["B"] == pytest.approx(0.95, abs=0.01)
    by_class = value.group_by("value_class").agg(low=pl.col("clv").min(), high=pl.col("clv").max()).sort("value_class")
    assert (by_class["low"].to_numpy()[:2] > by_class["high"].to_numpy()[1:]).all()


def test_the_court_is_published_with_its_losers(shop: Valuation) -> None:
    court = value_court(shop)
    assert court.schema == COURT_SCHEMA
    assert set(court["candidate"]) >= {*NAIVE, "bg_nbd", "boosted_trees", "blend"}
    assert court.select("origin", "candidate", "target").is_unique().all()
    used = {"orders": shop.orders_model, "spend": shop.model}
    assert set(court.filter("is_winner").select("target", "candidate").iter_rows()) == set(used.items())
    assert court.filter(pl.col("rmse").is_null() != pl.col("note").is_not_null()).is_empty()
    winner = court.filter("is_winner", target="spend")
    assert winner["coverage"].unique().to_list() == [shop.coverage]


def few(*, customers: int) -> pl.DataFrame:
    random = np.random.default_rng(2)
    rows = [
        (f"c{number:03}", int(before), 50.0)
        for number in range(customers)
        for before in random.choice(400, 4, replace=False)
    ]
    return purchases_of(rows)


def test_few_buyers_get_the_plain_rule_and_no_claims() -> None:
    found = customer_value(few(customers=60), NO_MARGINS, as_of=AS_OF, language="de")
    assert found.model == "past_rate"
    assert found.ruling is None
    assert set(found.table["model"]) == {"past_rate"}
    assert found.table.select("p_alive", "clv_low", "clv_high", "churn_risk").null_count().row(0) == (60,) * 4
    assert found.table["next_order_on"].is_not_null().any(), "by the rule's rhythm"
    assert found.table["clv"].min() > 0  # type: ignore[operator]
    assert found.table["reason"].str.contains("Einfache Regel, weil die Historie zu kurz").all()
    assert value_court(found).is_empty()
    assert value_court(found).schema == COURT_SCHEMA


def test_value_is_margin_where_a_margin_is_known() -> None:
    days = few(customers=30)
    revenue = customer_value(days, NO_MARGINS, as_of=AS_OF).table
    half = pl.DataFrame({"customer_id": ["c000", "c001"], "margin_rate": [0.5, 0.3]})
    margin = customer_value(days, half, as_of=AS_OF).table
    ratio = (margin["clv"] / revenue["clv"]).to_list()
    assert ratio[:2] == pytest.approx([0.5, 0.3])
    assert ratio[2:] == pytest.approx([0.4] * 28), "the usual rate of those of whom it is known"


def test_discounting_lowers_value_by_the_monthly_rate() -> None:
    plain, discounted = (
        customer_value(few(customers=30), NO_MARGINS, as_of=AS_OF, discount_rate=rate).table["clv"].sum()
        for rate in (0.0, 0.10)
    )
    assert discounted / plain == pytest.approx(1.10**-0.5, abs=0.001)


def test_whoever_bought_on_one_day_alone_bears_a_statement_too() -> None:
    """A new shop's first day, an order for nothing, one that was taken back: no division by zero, nothing below 0."""
    orders = pl.LazyFrame(
        {
            "customer_id": ["a", "b", "c", "c", "later"],
            "ordered_on": [AS_OF, AS_OF, AS_OF, AS_OF, END],
            "net_revenue": [10.0, 0.0, 20.0, -25.0, 9.0],
            "margin": [4.0, None, 1.0, 1.0, None],
        }
    )
    found = customer_value(purchase_days(orders, as_of=AS_OF), margin_rates(orders, as_of=AS_OF), as_of=AS_OF)
    assert found.table.select("customer_id", "frequency", "recency_days", "monetary_value", "is_slipping").rows() == [
        (customer, 0, 0, 0.0, False) for customer in "abc"
    ]
    assert (found.table["clv"] >= 0.0).all()
    assert found.table["clv"].is_finite().all()
    assert set(found.table["value_class"]) == {"C"}


def test_who_gets_everything_for_nothing_is_worth_nothing() -> None:
    """Samples and orders taken back alone: no court of money without money, and no division by it."""
    with np.errstate(all="raise"):
        found = customer_value(few(customers=150).with_columns(spend=0.0), NO_MARGINS, as_of=AS_OF, horizon_days=90)
    assert found.ruling is None
    assert (found.table["clv"] == 0.0).all()
    assert (found.table["expected_orders"] > 0.0).all()


def test_nobody_is_worth_nothing() -> None:
    found = customer_value(purchases_of([]), NO_MARGINS, as_of=AS_OF)
    assert found.table.is_empty()
    assert found.table.schema == VALUE_SCHEMA
    assert value_court(found).is_empty()


def test_neither_the_order_of_rows_nor_of_margins_changes_the_result(bought: pl.DataFrame) -> None:
    some = bought.filter(pl.col("ordered_on") <= date(2024, 12, 31), pl.col("customer_id") < "P0000900")
    orders = some.rename({"spend": "net_revenue"})
    mixed = orders.sample(fraction=1.0, shuffle=True, seed=4)
    first, second = (
        customer_value(
            purchase_days(rows.lazy(), as_of=date(2024, 12, 31)),
            at_forty_percent(some).sample(fraction=1.0, shuffle=True, seed=seed),
            as_of=date(2024, 12, 31),
        ).table
        for seed, rows in enumerate((orders, mixed))
    )
    assert_frame_equal(first, second, check_exact=True)


def test_reasons_name_what_mattered(shop: Valuation) -> None:
    reasons = shop.table["reason"]
    assert reasons.null_count() == 0
    is_lost = pl.col("expected_orders") < 0.05
    once = shop.table.filter(~is_lost, pl.col("frequency") == 0)["reason"][0]
    assert re.fullmatch(
        r"Bought once, \d+ days ago; .* orders of \d+\.\d\d each may be expected within 365 days\.", once
    )
    late = shop.table.filter("is_slipping")["reason"]
    assert late.str.ends_with("Overdue: so long a silence is unusual for this customer.").all()
    lost = shop.table.filter(is_lost)["reason"]
    assert len(lost) > 0
    assert lost.str.contains("; hardly another order is to be expected within 365 days.", literal=True).all()
    assert not reasons.str.contains(" 0.0 more", literal=True).any()


def test_credit_notes_take_back_what_was_bought_before_them() -> None:
    """Accident: a wholesaler's largest order, called off by a note of its own, stays in what he is worth."""
    days = purchases_of([("a", 90, 900.0), ("a", 60, 50.0), ("a", 10, 70.0), ("b", 5, 20.0), ("c", 5, 30.0)])
    notes = pl.LazyFrame(
        [("a", 30, -900.0), ("a", 20, -20.0), ("a", 0, -20.0), ("b", 1, -35.0), ("c", 9, -30.0), ("nobody", 1, -5.0)],
        schema={"customer_id": pl.String, "before": pl.Int64, "net_revenue": pl.Float64},
        orient="row",
    ).with_columns(ordered_on=AS_OF - pl.duration(days="before"))
    left = less_credit_notes(days, notes, as_of=AS_OF)
    assert left.select("customer_id", "spend").rows() == [
        ("a", 0.0),
        ("a", 30.0),
        ("a", 50.0),
        ("b", 0.0),
        ("c", 30.0),
    ]
    assert_frame_equal(left.drop("spend"), days.drop("spend"))
    assert less_credit_notes(days, notes, as_of=AS_OF - timedelta(days=30))["spend"][1] == 50.0


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Nobody has bought a second time yet"), ("de", "Noch niemand hat ein zweites Mal gekauft")],
)
def test_where_nobody_came_back_the_reason_says_that_more_is_unknown(language: str, said: str) -> None:
    """Accident: "0.0 more orders may be expected" reads as a finding, though nobody could come back yet."""
    days = purchases_of([(f"c{number:03}", number % 3, 40.0) for number in range(150)])
    assert customer_value(days, NO_MARGINS, as_of=AS_OF, language=language).table["reason"].str.contains(said).all()


def test_a_winner_that_does_not_fit_today_is_named_as_the_reason(
    bought: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accident: the reason blames the model's forecasts, though they were better than the rule's."""
    some = bought.filter(pl.col("ordered_on") <= AS_OF, pl.col("customer_id") < "P0001500")

    def none_today(days: pl.DataFrame, at: date, horizon: int, **rest: Any) -> Forecasts:
        made = forecasts(days, at, horizon, **rest)
        return replace(made, orders={name: orders for name, orders in made.orders.items() if name in NAIVE})

    monkeypatch.setattr("models.lifetime_value.forecasts", none_today)
    found = customer_value(some, NO_MARGINS, as_of=AS_OF, language="en")
    assert found.ruling is not None
    assert found.ruling.winner not in NAIVE
    assert found.model == found.ruling.rule
    assert found.table["reason"].str.ends_with("does not fit today.").all()


def test_what_drops_out_in_court_leaves_a_note_with_its_day() -> None:
    """All spend the same, so that Gamma-Gamma fits nowhere; the court's earlier days are told apart from today."""
    random = np.random.default_rng(3)
    rows = [(f"c{n:03}", int(day), 50.0) for n in range(200) for day in random.choice(900, 4, replace=False)]
    found = customer_value(purchases_of(rows), NO_MARGINS, as_of=AS_OF)
    assert found.ruling is not None
    missing = [note for note in found.notes if "Gamma-Gamma does not converge" in note]
    assert len(missing) == 1 + len(found.ruling.hearings)
    assert any(note.startswith(f"As of {found.ruling.hearings[0].origin}: ") for note in missing)
    told = value_court(found).filter(candidate="gamma_gamma")
    assert set(told["target"]) == {"spend"}
    assert told["origin"].to_list() == [*sorted(hearing.origin for hearing in found.ruling.hearings), AS_OF]
    assert told["note"].str.contains("does not converge").all()
    assert not told["is_winner"].any()


def test_a_shop_that_nobody_buys_from_any_more_is_told_by_the_models_that_fit() -> None:
    """Accident: trees that saw nobody buy again foretell orders of 0.00 each."""
    random = np.random.default_rng(0)
    rows = [
        (f"c{number:03}", 400 + int(before), 30.0)
        for number in range(300)
        for before in random.choice(400, int(random.integers(1, 6)), replace=False)
    ]
    found = customer_value(purchases_of(rows), NO_MARGINS, as_of=AS_OF)
    assert "Boosted trees have nothing to learn from: nobody bought again." in found.notes
    assert found.table["expected_spend"].to_list() == pytest.approx([30.0] * found.table.height)
