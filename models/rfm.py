"""Recency, frequency, monetary value: scores from 1 to 5 and the segments that marketers know by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from models.sentences import number, sentence

RFM_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "as_of": pl.Date,
        "recency_score": pl.Int64,
        "frequency_score": pl.Int64,
        "monetary_score": pl.Int64,
        "rfm_segment": pl.String,
        "previous_rfm_segment": pl.String,
        "reason": pl.String,
    }
)

# Recency score -> the segments of value scores 1 to 5, where the value score is the mean of the frequency and the
# monetary score, halves rounded up. Every cell stands here once, so every buyer has exactly one segment.
SEGMENT_TABLE: dict[int, tuple[str, str, str, str, str]] = {
    5: ("new", "potential_loyalist", "potential_loyalist", "champions", "champions"),
    4: ("promising", "potential_loyalist", "potential_loyalist", "loyal", "loyal"),
    3: ("about_to_sleep", "about_to_sleep", "needs_attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "cannot_lose"),
    1: ("lost", "lost", "at_risk", "at_risk", "cannot_lose"),
}
LEAD = "lead"
# What days since the last purchase, and purchase days, score where there is nobody to compare with: the least values
# that score one less, and one more.
_LONG_AGO = (30, 90, 180, 365)
_OFTEN = (2, 3, 5, 9)
# From so many on, buyers are scored by one another alone.
_ENOUGH_TO_COMPARE = 25

_REASONS = {
    "en": {
        "lead": "Has not bought yet.",
        "buyer": "Days since the last purchase: {recency} ({r} of 5); purchase days: {days} ({f} of 5); "
        "net revenue: {money} ({m} of 5).",
    },
    "de": {
        "lead": "Hat noch nicht gekauft.",
        "buyer": "Tage seit dem letzten Kauf: {recency} ({r} von 5); Kauftage: {days} ({f} von 5); "
        "Nettoumsatz: {money} ({m} von 5).",
    },
}


def rfm_segments(
    features: pl.DataFrame, *, as_of: date, previous: pl.DataFrame | None = None, language: str = "en"
) -> pl.DataFrame:
    """Return one row per customer with scores and segment, sorted by customer_id (`RFM_SCHEMA`).

    `features` has customer_id, recency_days, purchase_day_count and net_revenue. Scores compare buyers with
    buyers: 5 is most recent, most frequent, most valuable. The fewer there are to compare with, the more fixed
    numbers of days count instead. A customer without a purchase has no scores and is a `lead`. `previous` is an
    earlier result, from which previous_rfm_segment is taken. `language` is en or de.
    """
    is_buyer = pl.col("purchase_day_count").fill_null(0) > 0
    scored = (
        features.lazy()
        .with_columns(is_buyer=is_buyer)
        .with_columns(
            recency_score=_recency_score(),
            frequency_score=_frequency_score(),
            monetary_score=_score(_rank(pl.col("net_revenue"))),
        )
    )
    earlier = (
        pl.LazyFrame(schema={"customer_id": pl.String, "previous_rfm_segment": pl.String})
        if previous is None
        else previous.lazy().select("customer_id", previous_rfm_segment="rfm_segment")
    )
    return (
        scored.with_columns(value_score=(pl.col("frequency_score") + pl.col("monetary_score") + 1) // 2)
        .join(_segment_names(), on=["recency_score", "value_score"], how="left")
        .join(earlier, on="customer_id", how="left")
        .with_columns(as_of=pl.lit(as_of), rfm_segment=pl.col("rfm_segment").fill_null(LEAD), reason=_reason(language))
        .select(pl.col(name).cast(dtype) for name, dtype in RFM_SCHEMA.items())
        .sort("customer_id")
        .collect()
    )


def _recency_score() -> pl.Expr:
    """Score of the days since the last purchase.

    A rank among two says little, and one among many who all bought on the same day nothing: the fewer different days
    there are, the more counts how long ago that is.
    """
    days = pl.col("recency_days").cast(pl.Int64)
    by_itself = 5 - _reached(days, [limit + 1 for limit in _LONG_AGO])
    return _score(_mixed(_rank(-days), by_itself, pl.when("is_buyer").then(days).drop_nulls().n_unique()))


def _frequency_score() -> pl.Expr:
    """Score of the purchase days; a single one is no frequency and scores 1, however many customers have no more."""
    days = pl.col("purchase_day_count").cast(pl.Int64)
    score = _score(_mixed(_rank(days), 1 + _reached(days, _OFTEN), pl.col("is_buyer").sum()))
    return pl.when(pl.col("is_buyer") & (days == 1)).then(pl.lit(1, pl.Int64)).otherwise(score)


def _rank(value: pl.Expr) -> pl.Expr:
    """Which share of the buyers lies below a value, half of its equals included; a missing value is the lowest."""
    ranked = pl.when("is_buyer").then(pl.when("is_buyer").then(value).rank("average").fill_null(1.0))
    return (ranked - 0.5) / pl.col("is_buyer").sum()


def _mixed(rank: pl.Expr, score_by_itself: pl.Expr, compared: pl.Expr) -> pl.Expr:
    """The rank where enough are compared, the middle of the score by itself where there is but one."""
    alone = ((_ENOUGH_TO_COMPARE - compared.cast(pl.Int64)) / (_ENOUGH_TO_COMPARE - 1)).clip(0.0, 1.0)
    return alone * (score_by_itself - 0.5) / 5 + (1.0 - alone) * rank


def _score(share_below: pl.Expr) -> pl.Expr:
    """The fifth in which a share lies, 1 to 5; equal shares get equal scores."""
    return (share_below * 5).floor().cast(pl.Int64).clip(0, 4) + 1


def _reached(days: pl.Expr, limits: Sequence[int]) -> pl.Expr:
    """How many of the limits a number of days reaches; an unknown one counts for many."""
    return pl.sum_horizontal((days >= limit).fill_null(value=True).cast(pl.Int64) for limit in limits)


def _reason(language: str) -> pl.Expr:
    phrases = _REASONS[language]
    said = sentence(
        phrases["buyer"],
        recency=pl.col("recency_days").fill_null(0),
        days=pl.col("purchase_day_count"),
        money=number(pl.col("net_revenue").cast(pl.Float64).fill_null(0.0), language),
        r=pl.col("recency_score"),
        f=pl.col("frequency_score"),
        m=pl.col("monetary_score"),
    )
    return pl.when("is_buyer").then(said).otherwise(pl.lit(phrases["lead"]))


def _segment_names() -> pl.LazyFrame:
    cells = [
        (recency, value, segment)
        for recency, segments in SEGMENT_TABLE.items()
        for value, segment in enumerate(segments, start=1)
    ]
    schema = {"recency_score": pl.Int64, "value_score": pl.Int64, "rfm_segment": pl.String}
    return pl.LazyFrame(cells, schema=schema, orient="row")
