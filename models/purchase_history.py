"""Purchase histories in the three numbers that BG/NBD and Gamma-Gamma know a customer by."""

from __future__ import annotations

from datetime import date

import polars as pl


def summarise(transactions: pl.LazyFrame, *, as_of: date, unit_days: float = 1.0) -> pl.LazyFrame:
    """Return frequency, recency, age and monetary_value per customer, as BG/NBD and Gamma-Gamma define them.

    `transactions` has customer_id, ordered_on (date) and net_revenue. All purchases of a day are one; those after
    `as_of` are left out. frequency counts repeat purchases; recency is the time from the first to the last one and
    age that from the first one to `as_of`, in units of `unit_days`; monetary_value is the mean of the repeat
    purchases, 0 without one.
    """
    days = (
        transactions.filter(pl.col("ordered_on") <= as_of)
        .group_by("customer_id", "ordered_on")
        .agg(spend=pl.col("net_revenue").sum().cast(pl.Float64))
        .sort("customer_id", "ordered_on")
    )
    first, last = pl.col("ordered_on").first(), pl.col("ordered_on").last()
    return days.group_by("customer_id", maintain_order=True).agg(
        frequency=(pl.len() - 1).cast(pl.Int64),
        recency=(last - first).dt.total_days() / unit_days,
        age=(pl.lit(as_of) - first).dt.total_days() / unit_days,
        monetary_value=pl.col("spend").slice(1).mean().fill_null(0.0),
    )
