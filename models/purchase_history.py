"""Purchase histories in the three numbers that BG/NBD and Gamma-Gamma know a customer by."""

from __future__ import annotations

from datetime import date

import polars as pl

# Money has four places. Sums of it are exact here, so that neither the order of rows nor the threads show in them.
_SPEND_OF_A_DAY = pl.col("net_revenue").cast(pl.Decimal(18, 4)).sum().cast(pl.Float64)
_TOTAL_SPEND = pl.col("spend").sum().round(4)
_REPEAT_SPEND = pl.col("spend").slice(1).sum().round(4) / (pl.len() - 1)


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
        .agg(spend=_SPEND_OF_A_DAY)
        .sort("customer_id", "ordered_on")
    )
    first, last = pl.col("ordered_on").first(), pl.col("ordered_on").last()
    return days.group_by("customer_id", maintain_order=True).agg(
        frequency=(pl.len() - 1).cast(pl.Int64),
        recency=(last - first).dt.total_days() / unit_days,
        age=(pl.lit(as_of) - first).dt.total_days() / unit_days,
        monetary_value=_REPEAT_SPEND.fill_nan(0.0),
    )


def purchase_days(transactions: pl.LazyFrame, *, as_of: date) -> pl.DataFrame:
    """Return customer_id, ordered_on and spend (never below 0), one row per customer and day, sorted by both.

    `transactions` as in `summarise`; those after `as_of` are left out.
    """
    return (
        transactions.filter(pl.col("ordered_on") <= as_of)
        .group_by("customer_id", "ordered_on")
        .agg(spend=_SPEND_OF_A_DAY.clip(0.0))
        .sort("customer_id", "ordered_on")
        .collect()
    )


def less_credit_notes(days: pl.DataFrame, notes: pl.LazyFrame, *, as_of: date) -> pl.DataFrame:
    """Return the `purchase_days` without what was given back later, up to `as_of`, by credit notes of their own.

    `notes` has customer_id, ordered_on and net_revenue, below 0. A note does not say what it is for; it is taken for
    the last purchase before it that was at least as large, else for the last one at all. A day never falls below 0.
    """
    returned = (
        notes.filter(pl.col("ordered_on") <= as_of)
        .group_by("customer_id", returned_on="ordered_on")
        .agg(returned=-_SPEND_OF_A_DAY)
        .join(days.lazy(), on="customer_id")
        .filter(pl.col("ordered_on") <= pl.col("returned_on"))
        .sort(pl.col("spend") >= pl.col("returned"), "ordered_on")
        .group_by("customer_id", "returned_on", maintain_order=True)
        .agg(pl.col("ordered_on", "returned").last())
        .group_by("customer_id", "ordered_on")
        .agg(pl.col("returned").sort().sum())
    )
    return (
        days.lazy()
        .join(returned, on=["customer_id", "ordered_on"], how="left", maintain_order="left")
        .select("customer_id", "ordered_on", (pl.col("spend") - pl.col("returned").fill_null(0.0)).round(4).clip(0.0))
        .collect()
    )


def as_known(days: pl.DataFrame, credit_notes: pl.DataFrame | None, *, at: date) -> pl.DataFrame:
    """Return the `purchase_days` up to `at` as they stood on that day: credit notes of later days take nothing back.

    `credit_notes` as `less_credit_notes` takes them; None where there are none.
    """
    known = days.filter(pl.col("ordered_on") <= at)
    if credit_notes is None or credit_notes.is_empty():
        return known
    return less_credit_notes(known, credit_notes.lazy(), as_of=at)


def margin_rates(transactions: pl.LazyFrame, *, as_of: date) -> pl.DataFrame:
    """Return customer_id and margin_rate, the share of margin in the net revenue of the orders whose margin is known.

    `transactions` has customer_id, ordered_on, net_revenue and margin. Between 0 and 1; customers of whom no margin, or
    no revenue, is known are left out.
    """
    known = transactions.filter(pl.col("ordered_on") <= as_of, pl.col("margin").is_not_null())
    revenue, margin = (
        pl.col(name).cast(pl.Decimal(18, 4)).sum().cast(pl.Float64) for name in ("net_revenue", "margin")
    )
    return (
        known.group_by("customer_id")
        .agg(revenue=revenue, margin=margin)
        .filter(pl.col("revenue") > 0.0)
        .select("customer_id", margin_rate=(pl.col("margin") / pl.col("revenue")).clip(0.0, 1.0))
        .sort("customer_id")
        .collect()
    )


def histories(days: pl.DataFrame, at: date) -> pl.DataFrame:
    """Return what was known at `at` of each customer who had bought by then, sorted by customer_id.

    `days` as `purchase_days` returns them. Columns: customer_id; x (repeat purchase days); t_x, age, silence (since
    the last purchase) and last_gap (between the last two, 0 for one) in days; mean_spend and total_spend of all
    purchase days, repeat_spend (mean of all but the first, 0 for one), last_spend.
    """
    first, last = pl.col("ordered_on").first(), pl.col("ordered_on").last()
    return (
        days.lazy()
        .filter(pl.col("ordered_on") <= at)
        .group_by("customer_id", maintain_order=True)
        .agg(
            x=pl.len().cast(pl.Float64) - 1.0,
            t_x=(last - first).dt.total_days().cast(pl.Float64),
            age=(pl.lit(at) - first).dt.total_days().cast(pl.Float64),
            silence=(pl.lit(at) - last).dt.total_days().cast(pl.Float64),
            last_gap=(last - pl.col("ordered_on").slice(-2).first()).dt.total_days().cast(pl.Float64),
            mean_spend=_TOTAL_SPEND / pl.len(),
            total_spend=_TOTAL_SPEND,
            repeat_spend=_REPEAT_SPEND.fill_nan(0.0),
            last_spend=pl.col("spend").last(),
        )
        .collect()
    )


def what_followed(days: pl.DataFrame, history: pl.DataFrame, after: date, until: date) -> pl.DataFrame:
    """Return orders (purchase days) and spend after `after` up to `until`, one row per row of `history`."""
    later = (
        days.lazy()
        .filter(pl.col("ordered_on").is_between(after, until, closed="right"))
        .group_by("customer_id")
        .agg(orders=pl.len().cast(pl.Float64), spend=_TOTAL_SPEND)
        .collect()
    )
    joined = history.select("customer_id").join(later, on="customer_id", how="left", maintain_order="left")
    return joined.select(pl.col("orders", "spend").fill_null(0.0))
