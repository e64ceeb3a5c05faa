"""Potential is what comparable customers spend, is known to hold where orders are hidden, or is said to be unknown."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import spearmanr

from benchmarks.hidden_orders import ALIKE, AS_OF, coverage, hidden_orders
from models.potential import ALL, FEWEST_COMPARABLE, POTENTIAL_SCHEMA, customer_potential
from twin.purchases import invent_purchases


@pytest.fixture(scope="module")
def usual() -> pl.DataFrame:
    return hidden_orders(5_000, seed=1)


@pytest.fixture(scope="module")
def alike() -> pl.DataFrame:
    return hidden_orders(5_000, seed=1, parameters=ALIKE)


@pytest.mark.parametrize("of_all", [True, False])
def test_nine_in_ten_intervals_hold_what_customers_with_hidden_orders_truly_spend(
    usual: pl.DataFrame, alike: pl.DataFrame, of_all: bool
) -> None:
    for frame in (usual, alike):
        part = frame.filter((pl.col("category") == ALL) == of_all)
        assert coverage(part.filter("hides")) == pytest.approx(0.9, abs=0.04)
        assert coverage(part.filter(~pl.col("hides"))) > 0.95, "what is spent already is always possible"


def test_potential_ranks_customers_better_than_the_most_that_anybody_of_their_segment_spends(
    usual: pl.DataFrame, alike: pl.DataFrame
) -> None:
    for frame in (usual, alike):
        for is_all in (True, False):
            part = frame.filter((pl.col("category") == ALL) == is_all)
            part = part.filter(pl.col("potential").is_not_null())
            ours, theirs = (spearmanr(part[name], part["full"]).statistic for name in ("potential", "segment_most"))
            assert ours > theirs + 0.1


def test_where_customers_are_alike_the_greatest_room_is_where_orders_are_hidden(alike: pl.DataFrame) -> None:
    part = alike.filter(pl.col("category") == ALL, pl.col("potential").is_not_null())
    room = spearmanr(part["potential"] - part["actual"], part["full"] - part["actual"]).statistic
    assert room > 0.15


def test_verdicts_tell_hidden_orders_where_customers_are_alike(alike: pl.DataFrame) -> None:
    """Where customers differ by chance alone, a low number of orders can only mean that some are placed elsewhere."""
    everything = alike.filter(category=ALL).with_columns(has_more=pl.col("full") > 1.25 * pl.col("actual"))
    shares = dict(everything.group_by("verdict").agg(pl.col("has_more").mean()).iter_rows())
    assert shares["exhausted"] < 0.06
    assert shares["open"] > 0.4
    assert shares["exhausted"] < shares["unknown"] < shares["open"]


def test_every_row_keeps_its_order_of_amounts(usual: pl.DataFrame) -> None:
    known = usual.filter(pl.col("potential").is_not_null())
    assert known.filter(pl.col("potential_low") > pl.col("potential") + 1e-9).is_empty()
    assert known.filter(pl.col("potential") > pl.col("potential_high") + 1e-9).is_empty()
    assert known.filter(pl.col("actual") > pl.col("potential_low") + 1e-9).is_empty()
    assert known["exhaustion"].is_between(0.0, 1.0).all()
    assert usual["verdict"].is_in(["exhausted", "open", "unknown"]).all()
    assert usual["reason"].null_count() == 0


def alike_but_one(others: int, days: int, own_days: int, apart: int = 20) -> pl.DataFrame:
    """So many customers who buy Tea for 10 on so many days, and one more, C, on its own number of days."""
    rows = [
        (name, AS_OF - timedelta(days=apart * day), "Tea", 10.0)
        for name, count in [*((f"B{number:04}", days) for number in range(others)), ("C", own_days)]
        for day in range(count)
    ]
    return pl.DataFrame(rows, schema=["customer_id", "ordered_on", "category", "net_revenue"], orient="row")


def potential_of(purchases: pl.DataFrame, language: str = "en") -> pl.DataFrame:
    people = purchases.select("customer_id").unique().with_columns(kind=pl.lit("person"))
    return customer_potential(purchases.lazy(), people, as_of=AS_OF, language=language)


def test_who_buys_less_than_all_others_is_open_and_they_are_exhausted() -> None:
    result = potential_of(alike_but_one(200, days=12, own_days=11)).filter(category=ALL)
    assert result.filter(customer_id="B0000")["verdict"].to_list() == ["exhausted"]
    assert result.filter(customer_id="B0000")["potential"].to_list() == [120.0]
    few = potential_of(alike_but_one(200, days=12, own_days=5)).filter(customer_id="C")
    row = few.filter(category=ALL).row(0, named=True)
    assert row["verdict"] == "open"
    assert row["actual"] == 50.0
    assert row["potential"] == pytest.approx(120.0)
    assert row["exhaustion"] == pytest.approx(50 / 120)


def test_who_has_come_lately_is_not_exhausted() -> None:
    """Accident: everybody who bought for the first time last month is given up, since nobody buys twice in a month."""
    result = potential_of(alike_but_one(200, days=12, own_days=5, apart=10)).filter(category=ALL)
    row = result.row(0, named=True)
    assert (row["customer_id"], row["verdict"]) == ("B0000", "unknown")
    assert row["reason"] == (
        "Bought on 12 days for 120; hardly any of 200 customers who came as lately buys more, but it is too early to "
        "tell what will follow."
    )


@pytest.mark.parametrize("seed", [41, 42])
def test_verdicts_rarely_turn_while_a_customer_does_nothing(seed: int) -> None:
    """Accident: every month other customers are called exhausted, and nobody believes the list any more."""
    invented, lines = invent_purchases(5_000, seed)
    people = invented.people.frame.select("kind", customer_id="person_id")
    before, after = (
        customer_potential(lines.filter(pl.col("ordered_on") <= day).lazy(), people, as_of=day).filter(category=ALL)
        for day in (AS_OF - timedelta(days=28), AS_OF)
    )
    both = before.join(after, on="customer_id", suffix="_after")
    same = both.filter((pl.col("actual") - pl.col("actual_after")).abs() < 0.01)
    assert same.filter(pl.col("verdict") != pl.col("verdict_after")).height < 0.1 * same.height
    assert same.filter(verdict="exhausted", verdict_after="open").is_empty()


def test_one_large_first_order_is_not_expected_every_month() -> None:
    """Accident: a single order of a hundred times the usual value heads the list, with room for ten more of them."""
    purchases = alike_but_one(200, days=12, own_days=1)
    amount = pl.when(pl.col("customer_id") == "C").then(1_000.0).otherwise("net_revenue")
    row = potential_of(purchases.with_columns(net_revenue=amount)).filter(customer_id="C", category=ALL)
    (potential,) = row["potential"]
    assert potential > 2_000.0, "large orders may come again"
    assert potential < 7_000.0, "as often as others order, and as large as ever, they would be 12,000"


def test_too_few_comparable_customers_tell_nothing() -> None:
    result = potential_of(alike_but_one(FEWEST_COMPARABLE - 2, days=12, own_days=5))
    assert set(result["verdict"]) == {"unknown"}
    unknown = ("potential", "potential_low", "potential_high", "exhaustion")
    assert result.select(pl.col(unknown).count()).row(0) == (0, 0, 0, 0)
    assert result["reason"].str.contains("99 customers|few").all()
    assert result.filter(customer_id="C", category=ALL)["actual"].to_list() == [50.0]


def test_companies_are_not_measured_by_private_people() -> None:
    purchases = alike_but_one(200, days=12, own_days=5)
    people = (
        purchases.select("customer_id")
        .unique()
        .with_columns(kind=pl.when(pl.col("customer_id") == "C").then(pl.lit("company")).otherwise(pl.lit("person")))
    )
    result = customer_potential(purchases.lazy(), people, as_of=AS_OF).filter(customer_id="C")
    assert set(result["verdict"]) == {"unknown"}


def test_lines_without_a_category_count_for_all_categories_together() -> None:
    purchases = alike_but_one(200, days=12, own_days=5).with_columns(category=pl.lit(None, pl.String))
    result = potential_of(purchases)
    assert set(result["category"]) == {ALL}
    assert result.filter(customer_id="C")["actual"].to_list() == [50.0]


def test_a_category_that_is_called_like_all_of_them_is_none() -> None:
    """Accident: an export has a * where a product has no category, and two rows stand for all that a customer buys."""
    tea = alike_but_one(200, days=12, own_days=5)
    result = potential_of(pl.concat([tea, tea.with_columns(category=pl.lit(ALL))]))
    assert result.select("customer_id", "category").is_unique().all()
    actual = dict(result.filter(customer_id="C").select("category", "actual").iter_rows())
    assert actual == {ALL: 100.0, "Tea": 50.0}


def test_nothing_comes_of_nothing() -> None:
    result = potential_of(alike_but_one(0, days=0, own_days=0).cast({"ordered_on": pl.Date, "net_revenue": pl.Float64}))
    assert result.is_empty()
    assert result.schema == POTENTIAL_SCHEMA


def test_the_order_of_rows_does_not_matter() -> None:
    invented, lines = invent_purchases(1_500, seed=6)
    people = invented.people.frame.select("kind", customer_id="person_id")
    result = customer_potential(lines.lazy(), people, as_of=AS_OF)
    shuffled = customer_potential(lines.reverse().lazy(), people.reverse(), as_of=AS_OF)
    assert_frame_equal(result, shuffled, abs_tol=1e-9)


def test_one_odd_customer_does_not_change_what_is_expected_of_all_others() -> None:
    """Accident: one order with a voucher for nearly all of it, and all are expected to spend fifty times as much."""
    invented, lines = invent_purchases(1_500, seed=6)
    lines = lines.select("customer_id", "ordered_on", "category", "net_revenue")
    category = lines["category"].sort()[0]
    voucher = pl.DataFrame(
        [("odd", AS_OF, category, 500.0), ("odd", AS_OF, None, -499.99)], schema=lines.schema, orient="row"
    )
    people = invented.people.frame.select("kind", customer_id="person_id")
    more = pl.concat([people, pl.DataFrame({"kind": ["person"], "customer_id": ["odd"]})])
    usual = customer_potential(lines.lazy(), people, as_of=AS_OF)
    beside_it = customer_potential(pl.concat([lines, voucher]).lazy(), more, as_of=AS_OF)
    sums = [
        table.filter(pl.col("category") == category, pl.col("customer_id") != "odd")["potential"].sum()
        for table in (usual, beside_it)
    ]
    assert sums[1] == pytest.approx(sums[0], rel=0.05)


@pytest.mark.parametrize("language", ["en", "de"])
def test_reasons_say_that_there_is_something_to_expect_where_the_potential_does(language: str) -> None:
    """Accident: beside a potential of 220 stands only that others do not buy either."""
    invented, lines = invent_purchases(1_500, seed=6)
    people = invented.people.frame.select("kind", customer_id="person_id")
    result = customer_potential(lines.lazy(), people, as_of=AS_OF, language=language)
    absent = result.filter(pl.col("actual") == 0, pl.col("verdict") == "unknown", pl.col("potential").is_not_null())
    says_some = absent["reason"].str.contains("up to|bis zu")
    assert says_some.any()
    assert (says_some == (absent["potential"].round() > 0)).all()


@pytest.mark.parametrize(
    ("language", "all_goods", "one_category"),
    [("en", "Did not buy within ", "Did not buy it within "), ("de", "Kaufte nichts in ", "Kaufte davon nichts in ")],
)
def test_only_who_bought_nothing_at_all_is_said_to_have_bought_nothing(
    language: str, all_goods: str, one_category: str
) -> None:
    """Accident: a buyer of tea reads in the row of coffee that he bought nothing."""
    invented, lines = invent_purchases(1_500, seed=6)
    people = invented.people.frame.select("kind", customer_id="person_id")
    result = customer_potential(lines.lazy(), people, as_of=AS_OF, language=language)
    absent = result.filter(pl.col("actual") == 0, pl.col("potential_high").is_not_null())
    of_all, of_one = (absent.filter((pl.col("category") == ALL) == is_all)["reason"] for is_all in (True, False))
    assert of_all.len() > 0
    assert of_one.len() > 0
    assert of_all.str.starts_with(all_goods).all()
    assert of_one.str.starts_with(one_category).all()


def test_reasons_speak_german() -> None:
    reason = potential_of(alike_but_one(200, days=12, own_days=5), "de").filter(customer_id="C", category=ALL)["reason"]
    assert reason.to_list() == [
        "Kaufte an 5 Tagen für 50 in 365 Tagen; nach 201 vergleichbaren Kunden sind bis zu 120 zu erwarten."
    ]
