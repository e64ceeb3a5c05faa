"""An earlier run's tables as it would have had them, had it known which of its customers are one.

Whoever was two customers then has not changed his segment because the two have been found to be one.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from models.rfm import rfm_segments

_RATES = ("category_count", "average_order_value", "discount_rate", "refund_rate", "web_share")
FEATURES_NEEDED = ("is_business", "recency_days", "purchase_day_count", "net_revenue", *_RATES)


def with_current_ids(frame: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with the customer_id of today where an alias (alias, customer_id) stands for another."""
    known = dict(aliases.select("alias", "customer_id").iter_rows())
    return frame.with_columns(pl.col("customer_id").replace(known))


def merged_features(features: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """Return earlier `features` (customer_id and FEATURES_NEEDED) with one row per customer of today.

    Of customers who are one now purchase days and revenue are added up, and rates averaged by purchase days; of
    their categories nobody knows which they share, so the larger number holds.
    """
    renamed = with_current_ids(features, aliases)
    is_merged = pl.col("customer_id").is_duplicated()
    days = pl.col("purchase_day_count").cast(pl.Float64).fill_null(0.0)
    weighted = {
        name: (pl.col(name).cast(pl.Float64) * days).sum() / days.filter(pl.col(name).is_not_null()).sum()
        for name in _RATES[1:]
    }
    together = (
        renamed.filter(is_merged)
        .sort("customer_id", *FEATURES_NEEDED)
        .group_by("customer_id", maintain_order=True)
        .agg(
            pl.col("is_business").any(),
            pl.col("recency_days").min(),
            pl.col("purchase_day_count").sum(),
            pl.col("net_revenue").sum(),
            pl.col("category_count").max(),
            *(rate.fill_nan(None).alias(name) for name, rate in weighted.items()),
        )
    )
    columns = ["customer_id", *FEATURES_NEEDED]
    alone = renamed.filter(~is_merged).select(columns)
    return pl.concat([alone, together.select(columns).cast(alone.schema)]).sort("customer_id")


def merged_segments(
    segments: pl.DataFrame, features: pl.DataFrame | None, aliases: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """Return customer_id and rfm_segment of an earlier run of the day `as_of`, one row per customer of today.

    Who was one customer keeps what was published; who was several is scored by their `merged_features`. Where there
    are none, none is told of him.
    """
    renamed = with_current_ids(segments.select("customer_id", "rfm_segment"), aliases)
    is_merged = pl.col("customer_id").is_duplicated()
    alone, together = renamed.filter(~is_merged), renamed.filter(is_merged).select("customer_id").unique()
    if features is None:
        return alone.sort("customer_id")
    scored = rfm_segments(features, as_of=as_of).select("customer_id", "rfm_segment")
    return pl.concat([alone, scored.join(together, on="customer_id", how="semi")]).sort("customer_id")
