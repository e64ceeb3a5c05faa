"""What the report shows, checked against tables small enough to reckon by hand."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipelines.delivery.numerals import Numerals
from pipelines.delivery.report import customer_figures
from pipelines.delivery.report.source import hide_few

AS_OF = date(2026, 6, 30)


def orders_of(*purchases: tuple[str, date, float]) -> pl.LazyFrame:
    return pl.LazyFrame(purchases, schema=["customer_id", "ordered_on", "net_revenue"], orient="row").with_columns(
        is_purchase=pl.lit(value=True)
    )


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ([40, 9, 4, 0], [40, None, None, 0]),
        ([40, 3, 2], [40, None, None]),
        ([40, 9, 5], [40, 9, 5]),
        ([4], [None]),
    ],
)
def test_a_small_group_is_hidden_and_with_a_single_one_the_next_so_that_no_total_gives_it_away(
    sizes: list[int], shown: list[int | None]
) -> None:
    groups = pl.DataFrame({"people": sizes, "money": [float(size) for size in sizes]})
    hidden = hide_few(groups, "people", "money")
    assert hidden["people"].to_list() == shown
    assert hidden["money"].is_null().to_list() == [size is None for size in shown]


def test_a_year_is_compared_with_the_one_before_only_where_both_are_known() -> None:
    young = orders_of(("a", date(2025, 8, 1), 5.0), ("a", date(2026, 6, 30), 7.0))
    old = orders_of(("a", date(2024, 7, 1), 2.0), ("a", date(2025, 6, 30), 3.0), ("a", date(2025, 7, 1), 7.0))
    assert customer_figures.yearly_revenue(young, AS_OF) == (12.0, None)
    assert customer_figures.yearly_revenue(old, AS_OF) == (7.0, 5.0)


def five(day: date, money: float) -> list[tuple[str, date, float]]:
    return [(name, day, money / 5) for name in "abcde"]


def test_months_without_orders_are_zero_and_those_before_the_first_order_are_unknown() -> None:
    months = customer_figures.monthly(orders_of(*five(date(2025, 5, 9), 40.0), *five(AS_OF, 60.0)), AS_OF)
    assert months["month"].to_list()[0] == date(2025, 7, 1)
    assert months["net_revenue"].to_list() == [0.0] * 11 + [60.0]
    assert months["net_revenue_before"].to_list() == [None] * 10 + [40.0, 0.0]
    assert months["buyers"].to_list() == [0] * 11 + [5]


def test_a_month_of_few_buyers_is_not_told() -> None:
    months = customer_figures.monthly(orders_of(*five(date(2026, 5, 9), 40.0), ("a", AS_OF, 7.0)), AS_OF)
    assert months["net_revenue"].to_list()[-2:] == [40.0, None]
    assert months["buyers"].to_list()[-2:] == [5, None]


def test_a_month_that_has_not_ended_is_told_apart() -> None:
    months = customer_figures.monthly(orders_of(*five(date(2026, 6, 3), 4.0)), date(2026, 6, 29))
    assert months["is_whole"].to_list() == [True] * 11 + [False]


def test_what_the_best_fifth_brings_is_its_share_of_the_whole() -> None:
    curve = customer_figures.concentration(pl.Series([40.0] * 20 + [10.0] * 80))
    assert curve.filter(pl.col("buyer_share") == 0.2)["value_share"].item() == 0.5
    assert curve.row(-1) == (1.0, 1.0)


def test_what_is_expected_of_a_group_is_told_as_a_share_of_all() -> None:
    values = pl.LazyFrame({"clv": [3.0] * 10 + [1.0] * 30 + [9.0] * 4, "kind": ["a"] * 10 + ["b"] * 30 + ["c"] * 4})
    found = customer_figures.expected_by(values, "kind")
    assert found.select("kind", "buyers", "clv").rows() == [("c", None, None), ("a", None, None), ("b", 30, 30.0)]
    assert found["clv_share"].to_list() == [None, None, 30.0 / 96.0]


def test_no_curve_is_shown_whose_steps_are_single_customers() -> None:
    assert customer_figures.concentration(pl.Series([1.0] * 99)).is_empty()


def test_a_cohort_counts_who_came_back_in_each_quarter_that_has_ended() -> None:
    first = [(name, date(2025, 11, 2), 1.0) for name in "abcde"]
    later = [("a", date(2026, 1, 5), 1.0), ("a", date(2026, 1, 6), 1.0), ("b", date(2026, 5, 1), 1.0)]
    few = [(name, date(2026, 2, 2), 1.0) for name in "fghi"]
    found = customer_figures.cohorts(orders_of(*first, *later, *few), AS_OF)
    assert found.select("cohort", "customers", "age", "share").rows() == [
        (date(2025, 10, 1), 5, 1, 0.2),
        (date(2025, 10, 1), 5, 2, 0.2),
    ]


def test_coming_back_is_asked_only_of_those_known_for_a_year() -> None:
    known = [(name, date(2025, 1, 1), 1.0) for name in "abcde"] + [("a", date(2025, 12, 31), 1.0)]
    late = [("b", date(2026, 1, 2), 1.0)]
    young = [("z", date(2026, 1, 1), 1.0), ("z", date(2026, 1, 9), 1.0)]
    assert customer_figures.second_purchases(orders_of(*known, *late, *young), AS_OF) == (5, 0.2)


def test_every_cell_of_the_segment_table_lies_in_the_field_of_its_segment() -> None:
    """The map draws rectangles, so a table whose segments are no rectangles would be drawn wrong."""
    places = customer_figures.segment_places()
    size = (pl.col("right") - pl.col("left")) * (pl.col("high") - pl.col("low"))
    assert places.select(size.sum()).item() == 25


def test_gains_are_what_came_less_what_left_and_nothing_where_few_went() -> None:
    moves = pl.DataFrame(
        [("new", "loyal", 20), ("loyal", "lost", 6), ("lost", "new", 5), ("lost", "cannot_lose", 4)],
        schema=["from_segment", "to_segment", "customer_count"],
        orient="row",
    )
    assert customer_figures.gains(moves).rows() == [("loyal", 20, 6, 14), ("lost", 6, 9, -3), ("new", 5, 20, -15)]


def test_room_counts_only_of_customers_of_whom_it_is_known() -> None:
    rows = [("open", 10.0, 15.0)] * 5 + [("unknown", 10.0, 90.0)] * 6 + [("exhausted", 10.0, 10.0)] * 5
    potential = pl.LazyFrame(rows, schema=["verdict", "actual", "potential"], orient="row").with_columns(
        category=pl.lit("Tea")
    )
    (tea,) = customer_figures.categories(potential).to_dicts()
    assert (tea["actual"], tea["room"], tea["customers"], tea["unknown"]) == (160.0, 25.0, 5, 6)


@pytest.mark.parametrize(
    ("value", "shown"), [(-0.0002, "±0.0%"), (0.0004, "±0.0%"), (0.0006, "+0.1%"), (-0.0251, "\N{MINUS SIGN}2.5%")]
)
def test_a_change_too_small_to_be_shown_has_no_direction(value: float, shown: str) -> None:
    assert Numerals("en").change(value) == shown
