"""Scores are fair to ties and small companies, and the segment table leaves no cell out."""

from __future__ import annotations

import itertools
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from models.rfm import LEAD, RFM_SCHEMA, SEGMENT_TABLE, rfm_segments

AS_OF = date(2025, 12, 31)
SCORES = ["recency_score", "frequency_score", "monetary_score"]


def customers(rows: list[tuple[int | None, int, float | None]]) -> pl.DataFrame:
    """customer_features of customers with (recency_days, purchase_day_count, net_revenue)."""
    schema = {"recency_days": pl.Int64, "purchase_day_count": pl.Int64, "net_revenue": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        customer_id=pl.format("C{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(4))
    )


def test_the_table_names_each_cell_once_and_uses_every_segment() -> None:
    assert sorted(SEGMENT_TABLE) == [1, 2, 3, 4, 5]
    assert all(len(row) == 5 for row in SEGMENT_TABLE.values())
    assert {segment for row in SEGMENT_TABLE.values() for segment in row} == {
        "champions",
        "loyal",
        "potential_loyalist",
        "new",
        "promising",
        "needs_attention",
        "about_to_sleep",
        "at_risk",
        "cannot_lose",
        "hibernating",
        "lost",
    }


def test_a_hundred_different_customers_fall_into_even_fifths() -> None:
    result = rfm_segments(customers([(day, 2 + day, float(day)) for day in range(100)]), as_of=AS_OF)
    for score in SCORES:
        assert result[score].value_counts(sort=False).sort(score)["count"].to_list() == [20] * 5
    assert result["recency_score"][0] == 5
    assert result["monetary_score"][0] == 1


def test_a_single_purchase_is_no_frequency_even_if_most_have_no_more() -> None:
    """With average ranks alone, 80 % of one-time buyers would score 3, and nobody would ever be `new`."""
    result = rfm_segments(customers([(d, 1, 10.0) for d in range(80)] + [(d, 4, 10.0) for d in range(20)]), as_of=AS_OF)
    assert result["frequency_score"].unique().sort().to_list() == [1, 5]


@pytest.mark.parametrize(
    ("recency", "days", "scores", "segment"),
    [
        (0, 1, (5, 1, 3), "potential_loyalist"),
        (31, 2, (4, 2, 3), "potential_loyalist"),
        (10, 12, (5, 5, 3), "champions"),
        (120, 1, (3, 1, 3), "about_to_sleep"),
        (400, 9, (1, 5, 3), "at_risk"),
        (400, 1, (1, 1, 3), "lost"),
    ],
)
def test_the_only_customer_is_scored_by_himself(
    recency: int, days: int, scores: tuple[int, int, int], segment: str
) -> None:
    """Accident: the one customer of a company is about to sleep, though he bought today."""
    single = rfm_segments(customers([(recency, days, 50.0)]), as_of=AS_OF)
    assert single.select(*SCORES, "rfm_segment").row(0) == (*scores, segment)


def test_few_customers_are_scored_by_days_and_by_one_another() -> None:
    pair = rfm_segments(customers([(3, 2, 50.0), (9, 3, 20.0)]), as_of=AS_OF)
    assert pair.select(SCORES).rows() == [(5, 2, 4), (5, 3, 2)]
    apart = rfm_segments(customers([(3, 2, 50.0), (500, 9, 20.0)]), as_of=AS_OF)
    assert apart.select(SCORES).rows() == [(5, 2, 4), (1, 5, 2)]


def test_many_who_bought_on_the_same_day_are_scored_by_how_long_ago_it_was() -> None:
    """Accident: after a shop's first day everybody is about to sleep, for by ranks all are in the middle."""
    today, long_ago = (
        rfm_segments(customers([(day, 1, float(money)) for money in range(60)]), as_of=AS_OF) for day in (0, 500)
    )
    assert set(today["recency_score"]) == {5}
    assert set(today["rfm_segment"]) <= {"new", "potential_loyalist"}
    assert set(long_ago["recency_score"]) == {1}


def test_one_customer_more_hardly_moves_the_others() -> None:
    """Accident: all change their segments on the day on which a company has enough customers for ranks."""
    rows = [(13 * number % 200, 2 + number % 6, float(7 * number % 90)) for number in range(40)]
    scored = [rfm_segments(customers(rows[:count]), as_of=AS_OF) for count in range(1, 41)]
    for fewer, more in itertools.pairwise(scored):
        for score in SCORES:
            moved = (fewer[score] != more.head(fewer.height)[score]).mean()
            assert fewer.height < 20 or moved <= 0.2  # type: ignore[operator]


def test_who_never_bought_is_a_lead_and_does_not_move_the_others() -> None:
    buyers = [(day, 2 + day, float(day)) for day in range(10)]
    result = rfm_segments(customers([*buyers, (None, 0, None), (None, 0, 0.0)]), as_of=AS_OF)
    assert result["rfm_segment"].to_list()[-2:] == [LEAD, LEAD]
    assert result.tail(2).select(SCORES).null_count().row(0) == (2, 2, 2)
    assert_frame_equal(result.head(10), rfm_segments(customers(buyers), as_of=AS_OF))


def test_the_earlier_segment_is_kept_beside_the_new_one() -> None:
    frame = customers([(day, 2, float(day)) for day in range(5)])
    earlier = rfm_segments(frame.head(3), as_of=date(2025, 11, 30))
    result = rfm_segments(frame, as_of=AS_OF, previous=earlier)
    assert result["previous_rfm_segment"].to_list() == [*earlier["rfm_segment"].to_list(), None, None]
    assert result["as_of"].unique().to_list() == [AS_OF]


def test_reasons_name_the_values_behind_the_scores() -> None:
    frame = customers([(3, 2, 50.4), (None, 0, None)])
    english, german = (rfm_segments(frame, as_of=AS_OF, language=code)["reason"].to_list() for code in ("en", "de"))
    assert english == [
        "Days since the last purchase: 3 (5 of 5); purchase days: 2 (2 of 5); net revenue: 50 (3 of 5).",
        "Has not bought yet.",
    ]
    assert german[0] == "Tage seit dem letzten Kauf: 3 (5 von 5); Kauftage: 2 (2 von 5); Nettoumsatz: 50 (3 von 5)."


purchases = st.tuples(st.integers(0, 9), st.integers(0, 4), st.floats(-100, 100).map(lambda value: round(value)))


@settings(max_examples=40, deadline=None)
@given(st.lists(purchases, min_size=1, max_size=40))
def test_every_customer_has_one_segment_and_equals_have_equal_scores(rows: list[tuple[int, int, float]]) -> None:
    frame = customers([(recency if days else None, days, money) for recency, days, money in rows])
    result = rfm_segments(frame, as_of=AS_OF)
    assert result.schema == RFM_SCHEMA
    assert result["customer_id"].to_list() == frame["customer_id"].to_list()
    assert result["rfm_segment"].null_count() == 0
    buyers = result.join(frame, on="customer_id").filter(pl.col("purchase_day_count") > 0)
    for value, score in zip(["recency_days", "purchase_day_count", "net_revenue"], SCORES, strict=True):
        assert buyers.group_by(value).agg(pl.col(score).n_unique())[score].to_list() == [1] * buyers[value].n_unique()
        assert buyers[score].is_between(1, 5).all()
        assert buyers.sort(value)[score].is_sorted(descending=value == "recency_days")


@pytest.mark.parametrize("seed", [1, 2])
def test_row_order_does_not_matter(seed: int) -> None:
    frame = customers([(day % 7, 1 + day % 3, float(day % 11)) for day in range(50)])
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    assert_frame_equal(rfm_segments(shuffled, as_of=AS_OF), rfm_segments(frame, as_of=AS_OF))
