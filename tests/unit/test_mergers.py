"""Customers who have been found to be one are compared with what they were together."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from models.mergers import merged_features, merged_segments, with_current_ids
from models.rfm import rfm_segments
from models.segmentation import EarlierRun, segmentation
from tests.unit.test_segmentation import FIRST, SECOND, shop

ALIASES = pl.DataFrame({"alias": ["C-regulars-00007b"], "customer_id": ["C-regulars-00007"]})


@pytest.fixture(scope="module")
def now() -> pl.DataFrame:
    return shop(200)


@pytest.fixture(scope="module")
def then(now: pl.DataFrame) -> pl.DataFrame:
    """The same customers, but one of them was two: a buyer of one day long ago, and the rest of him."""
    one = now.filter(customer_id="C-regulars-00007")
    days = one["purchase_day_count"][0]
    value = one["average_order_value"][0]
    rest = one.with_columns(
        customer_id=pl.lit("C-regulars-00007b"), purchase_day_count=pl.lit(days - 1), net_revenue=value * (days - 1)
    )
    first = one.with_columns(purchase_day_count=pl.lit(1), recency_days=pl.lit(400), net_revenue=pl.lit(value))
    both = pl.concat([first.cast(now.schema), rest.select(one.columns).cast(now.schema)])
    return pl.concat([now.filter(pl.col("customer_id") != "C-regulars-00007"), both])


def earlier_run(then: pl.DataFrame) -> EarlierRun:
    found = segmentation(then, as_of=FIRST)
    return EarlierRun(FIRST, customers=found.customers, features=then, segments=found.segments)


def test_a_merger_is_no_move(now: pl.DataFrame, then: pl.DataFrame) -> None:
    """Accident: after a night of mergers the migration table shows customers lost and won who are the same people."""
    before = earlier_run(then)
    ways = {"told": before.under_current_ids(ALIASES), "untold": before}
    moved = {}
    for name, earlier in ways.items():
        customers = segmentation(now, as_of=SECOND, earlier=earlier).customers
        row = customers.filter(customer_id="C-regulars-00007").row(0, named=True)
        moved[name] = [row[f"previous_{kind}"] != row[kind] for kind in ("rfm_segment", "behaviour_segment")]
        others = customers.filter(pl.col("customer_id") != "C-regulars-00007")
        assert (others["previous_behaviour_segment"] == others["behaviour_segment"]).all()
    assert moved == {"told": [False, False], "untold": [True, True]}


def test_who_was_one_customer_keeps_what_was_published(then: pl.DataFrame) -> None:
    features = merged_features(then, ALIASES)
    published = rfm_segments(then, as_of=FIRST).with_columns(
        rfm_segment=pl.when(pl.col("customer_id") == "C-tourists-00001")
        .then(pl.lit("as published"))
        .otherwise("rfm_segment")
    )
    told = dict(merged_segments(published, features, ALIASES, as_of=FIRST).iter_rows())
    together = dict(rfm_segments(features, as_of=FIRST).select("customer_id", "rfm_segment").iter_rows())
    assert told.pop("C-tourists-00001") == "as published"
    assert told["C-regulars-00007"] == together["C-regulars-00007"]
    assert set(told) == set(together) - {"C-tourists-00001"}
    unknown = merged_segments(published, None, ALIASES, as_of=FIRST)
    assert "C-regulars-00007" not in unknown["customer_id"].to_list()


def test_purchases_are_added_up_and_rates_weighted() -> None:
    two = pl.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "is_business": [False, True, False],
            "recency_days": [5, None, 9],
            "purchase_day_count": [3, 0, 1],
            "net_revenue": [30.0, 0.0, 50.0],
            "category_count": [2, 0, 1],
            "average_order_value": [10.0, None, 50.0],
            "discount_rate": [0.0, None, 0.4],
            "refund_rate": [0.2, None, 0.0],
            "web_share": [None, None, None],
        },
        schema_overrides={"web_share": pl.Float64},
    )
    aliases = pl.DataFrame({"alias": ["b", "c"], "customer_id": ["a", "a"]})
    row = merged_features(two, aliases).row(0, named=True)
    assert row == {
        "customer_id": "a",
        "is_business": True,
        "recency_days": 5,
        "purchase_day_count": 4,
        "net_revenue": 80.0,
        "category_count": 2,
        "average_order_value": 20.0,
        "discount_rate": pytest.approx(0.1),
        "refund_rate": pytest.approx(0.15),
        "web_share": None,
    }
    assert merged_features(two, aliases.clear()).equals(two.select(list(row)))


def test_an_alias_of_nobody_changes_nothing() -> None:
    frame = pl.DataFrame({"customer_id": ["a"]})
    other = pl.DataFrame({"alias": ["z"], "customer_id": ["y"]})
    assert with_current_ids(frame, other).equals(frame)


def test_a_run_of_an_older_version_is_no_obstacle() -> None:
    segments = pl.DataFrame({"customer_id": ["a", "b"], "rfm_segment": ["loyal", "new"]})
    old = EarlierRun(date(2026, 5, 31), customers=segments, features=pl.DataFrame({"customer_id": ["a"]}))
    assert old.under_current_ids(ALIASES).features is None
    customers = old.under_current_ids(ALIASES).customers
    assert customers is not None
    assert customers.rows() == [("a", "loyal"), ("b", "new")]
