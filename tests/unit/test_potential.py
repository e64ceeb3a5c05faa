"""Potential is what comparable customers spend, is known to hold where orders are hidden, or is said to be unknown."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import spearmanr

from models.potential import ALL, FEWEST_COMPARABLE, POTENTIAL_SCHEMA, customer_potential
from models.rfm import rfm_segments
from twin.parameters import Parameters
from twin.purchases import invent_purchases

AS_OF = date(2026, 6, 30)
# Nobody leaves, and everybody buys about once a month: what is missing can only have been hidden.
ALIKE = Parameters(rate_shape=12.0, rate_scale_days=360.0, leave_alpha=0.01, leave_beta=10.0)


def company(seed: int, parameters: Parameters | None = None) -> pl.DataFrame:
    """Potential of the twin's customers, of half of whom a random part of the orders is hidden, beside the truth.

    `full` is what they spend in all, `hides` whether any of it is hidden.
    """
    invented, lines = invent_purchases(5_000, seed, parameters=parameters)
    people = invented.people.frame.select("kind", customer_id="person_id")
    rng = np.random.default_rng(seed)
    share = np.where(rng.random(people.height) < 0.5, rng.random(people.height), 1.0)
    shares = people.select("customer_id").with_columns(share=pl.Series(share))
    orders = lines.select("order_id", "customer_id").unique().sort("order_id")
    seen = orders.join(shares, on="customer_id", how="left", maintain_order="left")
    seen = seen.filter(pl.Series(rng.random(orders.height)) < pl.col("share")).select("order_id")
    shown = lines.join(seen, on="order_id", how="semi")
    result = customer_potential(shown.lazy(), people, as_of=AS_OF).join(named_segments(shown), on="customer_id")
    year = lines.filter(pl.col("ordered_on") > AS_OF - timedelta(days=365))
    whole = pl.concat([year, year.with_columns(category=pl.lit(ALL))]).group_by("customer_id", "category")
    full = whole.agg(full=pl.col("net_revenue").sum())
    joined = result.join(full, on=["customer_id", "category"], how="left").join(shares, on="customer_id")
    return joined.with_columns(pl.col("full").fill_null(0.0), hides=pl.col("share") < 1.0)


def named_segments(shown: pl.DataFrame) -> pl.DataFrame:
    features = shown.group_by("customer_id").agg(
        recency_days=(pl.lit(AS_OF) - pl.col("ordered_on").max()).dt.total_days(),
        purchase_day_count=pl.col("ordered_on").n_unique(),
        net_revenue=pl.col("net_revenue").sum(),
    )
    return rfm_segments(features, as_of=AS_OF).select("customer_id", "rfm_segment")


def covered(frame: pl.DataFrame) -> float:
    cent = 0.01
    inside = pl.col("full").is_between(pl.col("potential_low") - cent, pl.col("potential_high") + cent)
    return float(frame.select(inside.mean()).item())


@pytest.fixture(scope="module")
def usual() -> pl.DataFrame:
    return company(1).filter(pl.col("actual") > 0)


@pytest.fixture(scope="module")
def alike() -> pl.DataFrame:
    return company(1, ALIKE).filter(pl.col("actual") > 0)


@pytest.mark.parametrize("of_all", [True, False])
def test_nine_in_ten_intervals_hold_what_customers_with_hidden_orders_truly_spend(
    usual: pl.DataFrame, alike: pl.DataFrame, of_all: bool
) -> None:
    for frame in (usual, alike):
        part = frame.filter((pl.col("category") == ALL) == of_all)
        assert covered(part.filter("hides")) == pytest.approx(0.9, abs=0.04)
        assert covered(part.filter(~pl.col("hides"))) > 0.95, "what is spent already is always possible"


def test_potential_ranks_customers_better_than_the_most_that_anybody_of_their_segment_spends(
    usual: pl.DataFrame, alike: pl.DataFrame
) -> None:
    most = pl.col("actual").max().over("rfm_segment", "category").alias("most")
    for frame in (usual, alike):
        for is_all in (True, False):
            part = frame.with_columns(most).filter((pl.col("category") == ALL) == is_all)
            part = part.filter(pl.col("potential").is_not_null())
            ours, theirs = (spearmanr(part[name], part["full"]).statistic for name in ("potential", "most"))
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


def alike_but_one(others: int, days: int, own_days: int) -> pl.DataFrame:
    """So many customers who buy Tea for 10 on so many days, and one more, C, on its own number of days."""
    rows = [
        (name, AS_OF - timedelta(days=10 * day), "Tea", 10.0)
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


def test_reasons_speak_german() -> None:
    reason = potential_of(alike_but_one(200, days=12, own_days=5), "de").filter(customer_id="C", category=ALL)["reason"]
    assert reason.to_list() == [
        "Kaufte an 5 Tagen für 50 in 365 Tagen; nach 201 vergleichbaren Kunden sind bis zu 120 zu erwarten."
    ]
