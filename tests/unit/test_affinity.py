"""Next categories follow from what customers bought, beat the most popular ones, or are not told."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.affinity import NEXT_CATEGORIES_SCHEMA, NextCategories, next_categories
from twin.purchases import invent_purchases

AS_OF = date(2026, 6, 30)
PAIRS = {"Tea": "Cups", "Coffee": "Mills", "Seeds": "Spades", "Wool": "Needles", "Paper": "Pens", "Flour": "Tins"}


@pytest.fixture(scope="module")
def lines() -> pl.DataFrame:
    return invent_purchases(3_000, seed=4)[1]


@pytest.fixture(scope="module")
def told(lines: pl.DataFrame) -> NextCategories:
    return next_categories(lines.lazy(), as_of=AS_OF)


def paired(customers: int, *, are_linked: bool, seed: int = 1) -> pl.DataFrame:
    """Customers of 1,200 days who begin with one category and take up its pair, or one at random, a year later.

    The last of them have bought only the first, and lately at that.
    """
    rng = np.random.default_rng(seed)
    firsts, seconds = list(PAIRS), list(PAIRS.values())
    rows = []
    for number in range(customers):
        first = firsts[number % 6]
        second = PAIRS[first] if are_linked else seconds[int(rng.integers(6))]
        start = AS_OF - timedelta(days=int(rng.integers(30, 1_200)))
        rows += [
            (f"C{number:04}", start, first),
            (f"C{number:04}", start + timedelta(days=int(rng.integers(30, 400))), second),
        ]
    frame = pl.DataFrame(rows, schema=["customer_id", "ordered_on", "category"], orient="row")
    return frame.filter(pl.col("ordered_on") <= AS_OF)


def test_who_bought_one_of_a_pair_is_told_the_other() -> None:
    purchases = paired(1_500, are_linked=True)
    told = next_categories(purchases.lazy(), as_of=AS_OF)
    first = told.table.filter(rank=1).join(purchases, on="customer_id", suffix="_bought")
    alone = first.filter(pl.len().over("customer_id") == 1)
    assert alone.height > 100
    hits = alone["category"] == alone["category_bought"].replace_strict(PAIRS, default=None)
    assert hits.mean() > 0.95
    assert alone["lift"].min() > 1.5
    (sentence,) = alone.filter(category="Cups")["reason"].str.replace(r"[0-9.]+ times", "N times").unique()
    assert (
        sentence
        == "What this customer buys, above all Tea, makes Cups N times as likely as for others who buy as much."
    )


def test_nothing_is_told_where_purchases_say_no_more_than_popularity() -> None:
    told = next_categories(paired(1_500, are_linked=False).lazy(), as_of=AS_OF)
    assert told.trials
    assert not any(trial.is_better for trial in told.trials[1:2])
    assert told.table.is_empty()


@pytest.mark.parametrize("customers", [0, 1, 40])
def test_nothing_is_told_of_a_company_too_small_to_try_it(customers: int) -> None:
    purchases = paired(1_500, are_linked=True).filter(pl.col("customer_id") < f"C{customers:04}")
    told = next_categories(purchases.lazy(), as_of=AS_OF)
    assert told.trials == ()
    assert told.table.schema == NEXT_CATEGORIES_SCHEMA
    assert told.table.is_empty()


def test_the_twins_next_categories_beat_the_most_popular_ones(told: NextCategories) -> None:
    """Whoever loves coffee likes tea second best: the twin's truth, which the most popular categories do not see."""
    everybody = told.trials[0]
    assert everybody.customers > 300
    assert everybody.is_better
    assert everybody.lift > 1.03


def test_nobody_is_told_what_he_bought_lately(told: NextCategories, lines: pl.DataFrame) -> None:
    lately = lines.filter(pl.col("ordered_on") > AS_OF - timedelta(days=365)).select("customer_id", "category")
    assert told.table.join(lately, on=["customer_id", "category"]).is_empty()
    assert told.table.height > 1_000


def test_a_category_that_is_called_like_all_of_them_is_nobodys_next_one(lines: pl.DataFrame) -> None:
    """Accident: an export has a * where a product has no category, and customers are told to buy all categories."""
    known = lines["category"].drop_nulls().unique().sort()
    star = pl.when(pl.col("category") == known[0]).then(pl.lit("*")).otherwise("category").alias("category")
    without = lines.filter(pl.col("category") != known[0])
    found, expected = (next_categories(some.lazy(), as_of=AS_OF).table for some in (lines.with_columns(star), without))
    assert found.height > 0
    assert "*" not in found["category"]
    assert_frame_equal(found, expected)


def test_ranks_follow_the_probability_and_each_category_comes_once(told: NextCategories) -> None:
    table = told.table
    assert table.schema == NEXT_CATEGORIES_SCHEMA
    assert table["rank"].is_between(1, 3).all()
    assert table.select("customer_id", "category").is_unique().all()
    ordered = table.sort("customer_id", "rank")
    assert_frame_equal(ordered, table)
    falls = ordered.select((pl.col("probability").diff() <= 1e-9).over("customer_id").fill_null(True))
    assert falls.to_series().all()
    assert table["reason"].null_count() == 0


def test_probabilities_are_those_that_come_true() -> None:
    """A third more or less than promised, and a mailing planned by them goes to the wrong people."""
    lines, cut = invent_purchases(8_000, seed=3)[1], date(2025, 6, 30)
    told = next_categories(lines.filter(pl.col("ordered_on") <= cut).lazy(), as_of=cut).table
    until = cut + timedelta(days=int(told["within_days"][0]))
    later = lines.filter(pl.col("ordered_on").is_between(cut, until, closed="right"))
    hits = told.join(later.select("customer_id", "category").unique(), on=["customer_id", "category"])
    assert hits.height / told["probability"].sum() == pytest.approx(1.0, abs=0.1)
    likely = pl.col("probability") > told["probability"].quantile(0.8)
    promised, came = told.filter(likely)["probability"].sum(), hits.filter(likely).height
    assert came / promised == pytest.approx(1.0, abs=0.15)


def test_the_order_of_rows_does_not_matter(lines: pl.DataFrame, told: NextCategories) -> None:
    shuffled = lines.sample(fraction=1.0, shuffle=True, seed=7)
    again = next_categories(shuffled.lazy(), as_of=AS_OF).table
    assert_frame_equal(again, told.table, abs_tol=1e-9)


def test_what_lies_after_the_day_of_the_run_is_not_seen(lines: pl.DataFrame) -> None:
    cut = date(2025, 9, 30)
    seen = next_categories(lines.lazy(), as_of=cut)
    alone = next_categories(lines.filter(pl.col("ordered_on") <= cut).lazy(), as_of=cut)
    assert seen.trials == alone.trials
    assert_frame_equal(seen.table, alone.table)


@pytest.mark.parametrize(
    ("language", "little", "only", "before"),
    [("en", "says little", " only ", "^Has bought "), ("de", "sagt wenig", " nur ", "^Hat .* schon gekauft")],
)
def test_no_reason_contradicts_the_lift_beside_it(
    lines: pl.DataFrame, language: str, little: str, only: str, before: str
) -> None:
    """Accident: "what he has bought says little about it" beside a lift of 0.4, or of what he has bought before."""
    table = next_categories(lines.lazy(), as_of=AS_OF, language=language).table
    bought = lines.filter(pl.col("ordered_on") <= AS_OF).select("customer_id", "category").unique()
    rows = table.join(bought.with_columns(is_earlier=True), on=["customer_id", "category"], how="left")
    reason, lift = pl.col("reason"), pl.col("lift")
    is_little = reason.str.contains(little)
    assert rows.filter(is_little).height > 100
    assert rows.filter(is_little & ~lift.is_between(1 / 1.1, 1.1)).is_empty()
    assert rows.filter(is_little & pl.col("is_earlier")).is_empty()
    assert rows.filter(reason.str.contains(only) != (lift <= 1 / 1.1)).is_empty()
    assert rows.filter(reason.str.contains(before) & pl.col("is_earlier").is_null()).is_empty()


def test_reasons_speak_german_with_a_decimal_comma(lines: pl.DataFrame) -> None:
    reasons = next_categories(lines.lazy(), as_of=AS_OF, language="de").table["reason"]
    assert reasons.str.contains(r"^Was dieser Kunde kauft, vor allem \w+, macht \w+ [1-9],[0-9]-mal").any()
    assert not reasons.str.contains("customer").any()
