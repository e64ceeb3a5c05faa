"""What is shown of customers and their orders, as small frames of aggregates: pure functions of published tables."""

from __future__ import annotations

from datetime import date

import polars as pl

from models.rfm import SEGMENT_TABLE
from pipelines.delivery.report.source import SMALLEST_GROUP, hide_few

ORDER_COLUMNS = ("customer_id", "ordered_on", "net_revenue", "is_purchase")
_YEAR = 12
_MEASURES = ("net_revenue", "buyers")
_COHORTS = 8


def key_figures(kpis: pl.DataFrame, earlier: pl.DataFrame | None) -> pl.DataFrame:
    """metric, value, unit, earlier: the figures of the day beside those of an earlier one (null: there is none)."""
    before = pl.DataFrame(schema={"metric": pl.String, "value": kpis.schema["value"]}) if earlier is None else earlier
    return (
        kpis.select("metric", "value", "unit")
        .join(before.select("metric", earlier="value"), on="metric", how="left")
        .with_columns(pl.col("value", "earlier").cast(pl.Float64))
        .sort("metric")
    )


def monthly(orders: pl.LazyFrame, as_of: date) -> pl.DataFrame:
    """month, is_whole, net_revenue, buyers, and both of the year before: the twelve months up to that of the day.

    `is_whole` is false of a month that had not ended. Figures of a month are null before the first order, and where
    fewer than five people bought.
    """
    buyer = pl.col("customer_id").filter(pl.col("is_purchase"))
    found = (
        orders.filter(pl.col("ordered_on") <= as_of)
        .group_by(month=pl.col("ordered_on").dt.truncate("1mo"))
        .agg(pl.col("net_revenue").sum().cast(pl.Float64), buyers=buyer.drop_nulls().n_unique().cast(pl.Int64))
        .sort("month")
        .collect()
    )
    months = found.select(pl.date_range(pl.col("month").min(), pl.lit(as_of), "1mo").alias("month"))
    filled = months.join(found, on="month", how="left").fill_null(0)
    few = pl.col("buyers").is_between(1, SMALLEST_GROUP - 1)
    known = filled.with_columns(pl.when(~few).then(pl.col(name)).alias(name) for name in _MEASURES)
    earlier = known.select(
        pl.col("month").dt.offset_by("12mo"), *(pl.col(name).alias(f"{name}_before") for name in _MEASURES)
    )
    return (
        pl.select(month=pl.lit(as_of).dt.truncate("1mo").dt.offset_by(pl.format("-{}mo", pl.int_range(_YEAR))))
        .sort("month")
        .join(known, on="month", how="left")
        .join(earlier, on="month", how="left")
        .with_columns(is_whole=pl.col("month").dt.month_end() <= as_of)
        .sort("month")
    )


def yearly_revenue(orders: pl.LazyFrame, as_of: date) -> tuple[float, float | None]:
    """The net revenue of the twelve months up to the day, and of those before; None where that is not all known."""
    year, first = pl.lit(as_of).dt.offset_by("-12mo"), pl.lit(as_of).dt.offset_by("-24mo")
    day = pl.col("ordered_on")
    sums = (
        orders.select(
            last=pl.col("net_revenue").filter((day > year) & (day <= as_of)).sum().cast(pl.Float64),
            before=pl.col("net_revenue").filter((day > first) & (day <= year)).sum().cast(pl.Float64),
            is_known=day.min().dt.offset_by("-1mo") <= first,
        )
        .collect()
        .row(0, named=True)
    )
    return sums["last"], sums["before"] if sums["is_known"] and sums["before"] > 0 else None


def segments(segments: pl.LazyFrame, features: pl.LazyFrame) -> pl.DataFrame:
    """rfm_segment, customers, net_revenue, and the shares of both among buyers; sorted by revenue, leads left out."""
    grouped = (
        segments.filter(pl.col("recency_score").is_not_null())
        .join(features, on="customer_id", how="left")
        .group_by("rfm_segment")
        .agg(customers=pl.len().cast(pl.Int64), net_revenue=pl.col("net_revenue").sum().cast(pl.Float64))
        .sort("net_revenue", "rfm_segment", descending=[True, False])
        .collect()
    )
    shared = grouped.with_columns(
        customer_share=pl.col("customers") / pl.col("customers").sum(),
        revenue_share=pl.col("net_revenue") / pl.col("net_revenue").sum(),
    )
    return hide_few(shared, "customers", "net_revenue", "customer_share", "revenue_share")


def segment_places() -> pl.DataFrame:
    """rfm_segment, left, right, low, high: the rectangle of every segment on the plane of value and recency score."""
    cells = [
        {"rfm_segment": name, "value": value, "recency": recency}
        for recency, names in SEGMENT_TABLE.items()
        for value, name in enumerate(names, start=1)
    ]
    value, recency = pl.col("value"), pl.col("recency")
    return (
        pl.DataFrame(cells)
        .group_by("rfm_segment")
        .agg(left=value.min() - 1, right=value.max(), low=recency.min() - 1, high=recency.max())
        .sort("high", "left", descending=[True, False])
    )


def behaviour(segments: pl.LazyFrame) -> pl.DataFrame:
    """name, sentence, customer_count, net_revenue: the segments of customers who behave alike, the largest first."""
    found = (
        segments.with_columns(pl.col("net_revenue").cast(pl.Float64))
        .sort("customer_count", "name", descending=[True, False])
        .collect()
    )
    return hide_few(found, "customer_count", "net_revenue")


def gains(moves: pl.DataFrame) -> pl.DataFrame:
    """segment, came, left, net: who came to a segment and who left it, the greatest gain first.

    `moves` has from_segment, to_segment and customer_count. Segments to or from which only few went are left out.
    """
    came = moves.group_by(segment="to_segment").agg(came=pl.col("customer_count").sum())
    left = moves.group_by(segment="from_segment").agg(left=pl.col("customer_count").sum())
    return (
        came.join(left, on="segment", how="full", coalesce=True)
        .with_columns(pl.col("came", "left").fill_null(0).cast(pl.Int64))
        .filter(*(~pl.col(name).is_between(1, SMALLEST_GROUP - 1) for name in ("came", "left")))
        .with_columns(net=pl.col("came") - pl.col("left"))
        .sort("net", "segment", descending=[True, False])
    )


def concentration(values: pl.Series, steps: int = 20) -> pl.DataFrame:
    """buyer_share, value_share: what the most valuable share of the buyers brings, in equal steps.

    Empty where a step has fewer than five buyers, or nothing is worth anything.
    """
    ordered = values.cast(pl.Float64).fill_null(0.0).clip(lower_bound=0.0).sort(descending=True)
    total = float(ordered.sum())
    if ordered.len() < steps * SMALLEST_GROUP or total <= 0.0:
        return pl.DataFrame(schema={"buyer_share": pl.Float64, "value_share": pl.Float64})
    running = ordered.cum_sum()
    ends = [round(ordered.len() * step / steps) for step in range(1, steps + 1)]
    return pl.DataFrame(
        {
            "buyer_share": [0.0, *(step / steps for step in range(1, steps + 1))],
            "value_share": [0.0, *(round(float(running[end - 1]) / total, 6) for end in ends)],
        }
    )


def expected_by(values: pl.LazyFrame, by: str) -> pl.DataFrame:
    """`by`, buyers, clv, and the shares of both; those of whom most is expected first."""
    grouped = (
        values.group_by(by)
        .agg(buyers=pl.len().cast(pl.Int64), clv=pl.col("clv").sum().cast(pl.Float64))
        .sort("clv", by, descending=[True, False])
        .collect()
    )
    shared = grouped.with_columns(
        buyer_share=pl.col("buyers") / pl.col("buyers").sum(), clv_share=pl.col("clv") / pl.col("clv").sum()
    )
    return hide_few(shared, "buyers", "clv", "buyer_share", "clv_share")


def _purchases(orders: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    return orders.filter(
        pl.col("is_purchase") & pl.col("customer_id").is_not_null() & (pl.col("ordered_on") <= as_of)
    ).with_columns(first=pl.col("ordered_on").min().over("customer_id"))


def cohorts(orders: pl.LazyFrame, as_of: date) -> pl.DataFrame:
    """cohort (first day of the quarter of the first purchase), customers, age (quarters since), retained, share.

    The last eight cohorts, only quarters that have ended, and only cohorts of at least five people.
    """
    quarter = pl.lit(as_of).dt.offset_by("1d").dt.truncate("1q")
    index = {
        name: pl.col(name).dt.year() * 4 + pl.col(name).dt.quarter().cast(pl.Int32) for name in ("first", "ordered_on")
    }
    active = (
        _purchases(orders, as_of)
        .filter(pl.col("ordered_on") < quarter)
        .select("customer_id", cohort=pl.col("first").dt.truncate("1q"), age=index["ordered_on"] - index["first"])
        .group_by("cohort", "age")
        .agg(retained=pl.col("customer_id").n_unique().cast(pl.Int64))
        .collect()
    )
    sizes = active.filter(pl.col("age") == 0).select("cohort", customers="retained")
    large = sizes.filter(pl.col("customers") >= SMALLEST_GROUP).sort("cohort").tail(_COHORTS + 1)
    last = pl.select(quarter.dt.offset_by("-1q")).item()
    grid = large.join(pl.DataFrame({"age": range(1, _COHORTS + 1)}, schema={"age": pl.Int32}), how="cross").filter(
        pl.col("cohort").dt.offset_by(pl.format("{}q", pl.col("age"))) <= last
    )
    return (
        grid.join(active, on=["cohort", "age"], how="left")
        .with_columns(pl.col("retained").fill_null(0))
        .with_columns(share=pl.col("retained") / pl.col("customers"))
        .sort("cohort", "age")
    )


def second_purchases(orders: pl.LazyFrame, as_of: date) -> tuple[int, float | None]:
    """How many customers have been seen for a year since their first purchase, and which share bought again in it."""
    seen = (
        _purchases(orders, as_of)
        .filter(pl.col("first") <= pl.lit(as_of).dt.offset_by("-12mo"))
        .group_by("customer_id")
        .agg(
            again=(
                (pl.col("ordered_on") > pl.col("first"))
                & (pl.col("ordered_on") <= pl.col("first").dt.offset_by("12mo"))
            ).any()
        )
        .select(pl.len(), pl.col("again").mean())
        .collect()
    )
    customers, share = seen.row(0)
    return customers, share if customers >= SMALLEST_GROUP else None


def new_and_returning(orders: pl.LazyFrame, as_of: date) -> pl.DataFrame:
    """quarter, new, returning: net revenue by quarter, of customers in the quarter of their first purchase and after.

    The last eight quarters that have ended.
    """
    end = pl.lit(as_of).dt.offset_by("1d").dt.truncate("1q")
    is_new = pl.col("first").dt.truncate("1q") == pl.col("ordered_on").dt.truncate("1q")
    money = pl.col("net_revenue")
    return (
        _purchases(orders, as_of)
        .filter(pl.col("ordered_on") < end)
        .group_by(quarter=pl.col("ordered_on").dt.truncate("1q"))
        .agg(
            new=money.filter(is_new).sum().cast(pl.Float64),
            returning=money.filter(~is_new).sum().cast(pl.Float64),
            customers=pl.col("customer_id").n_unique(),
        )
        .filter(pl.col("customers") >= SMALLEST_GROUP)
        .sort("quarter")
        .tail(_COHORTS)
        .collect()
    )


def verdicts(potential: pl.LazyFrame) -> pl.DataFrame:
    """verdict, customers, actual, room: of all categories together, for exhausted, open and unknown."""
    return _potential(potential.filter(pl.col("category") == "*"), "verdict").sort("verdict")


def categories(potential: pl.LazyFrame) -> pl.DataFrame:
    """category, actual, room (of customers of whom it is known to be open), customers, unknown; most room first."""
    single = potential.filter(pl.col("category") != "*")
    known = single.with_columns(room=pl.when(pl.col("verdict") == "open").then(_ROOM).otherwise(0))
    grouped = (
        known.group_by("category")
        .agg(
            customers=(pl.col("verdict") == "open").sum().cast(pl.Int64),
            unknown=(pl.col("verdict") == "unknown").sum().cast(pl.Int64),
            actual=pl.col("actual").sum().cast(pl.Float64),
            room=pl.col("room").sum().cast(pl.Float64),
        )
        .sort("room", "actual", "category", descending=[True, True, False])
        .collect()
    )
    return hide_few(grouped, "customers", "room")


_ROOM = pl.max_horizontal(pl.col("potential") - pl.col("actual"), pl.lit(0))


def _potential(rows: pl.LazyFrame, by: str) -> pl.DataFrame:
    grouped = (
        rows.group_by(by)
        .agg(
            customers=pl.len().cast(pl.Int64),
            actual=pl.col("actual").sum().cast(pl.Float64),
            room=_ROOM.sum().cast(pl.Float64),
        )
        .collect()
    )
    return hide_few(grouped, "customers", "actual", "room")
