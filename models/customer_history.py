"""What is known of customers on a day, as features, and what they brought after it. Nothing later counts as known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from models.channels import CHANNELS

# Who has never bought, or was never contacted, counts as if it were so many days ago.
LONG_AGO = 1_095
CONTACT_DAYS, REACTION_DAYS, YEAR = 90, 180, 365

CONTACT_FEATURES = ("reaction_count", *(f"{channel}_count" for channel in CHANNELS))
FEATURES = (
    "purchase_count",
    "purchase_count_year",
    "margin_year",
    "margin_per_purchase",
    "days_since_purchase",
    "days_known",
    "is_company",
    *CONTACT_FEATURES,
)
# Frequency, recency and age as purchase models know them (`models.purchase_history`), null before the first order.
PACE = ("x", "t_x", "age")


@dataclass(frozen=True)
class History:
    """The tables that outreach is learned from, as of one day; rows in any order.

    `orders`: customer_id, ordered_on, margin, is_purchase. `touches`: customer_id, channel, touched_on, direction,
    is_delivered, is_engaged. `customers`: customer_id, first_seen_on, is_company, and what `models.channels` asks for
    (consent_email, consent_phone, consent_sms, consent_post, is_suppressed, has_email, has_phone, has_address); for a
    plan also has_open_complaint, has_open_followup and priority. `plans` holds earlier contact plans by the day of
    their making, with the chances that they were drawn with. Where `orders` has ordered_at and `touches` touched_at
    too, in UTC without a zone, they tell which came first on a day; days alone are midnight, of UTC or of `timezone`.
    """

    orders: pl.DataFrame
    touches: pl.DataFrame
    customers: pl.DataFrame
    plans: Mapping[date, pl.DataFrame] = field(default_factory=dict)
    timezone: str = "UTC"

    @property
    def contacts(self) -> pl.LazyFrame:
        """The touches that were ours to make."""
        return self.touches.lazy().filter(pl.col("direction") == "outbound", pl.col("customer_id").is_not_null())


def features_at(moments: pl.DataFrame, history: History) -> pl.DataFrame:
    """Return `moments` (customer_id, day, and any others) with `FEATURES` and `PACE` beside them, in the same order.

    All features are finite numbers. Money is that of the orders' margin.
    """
    keys = moments.lazy().select("customer_id", "day").unique()
    known = history.customers.lazy().select("customer_id", "first_seen_on", "is_company")
    found = (
        keys.join(_bought(keys, history.orders), on=["customer_id", "day"], how="left")
        .join(_touched(keys, history.touches), on=["customer_id", "day"], how="left")
        .join(known, on="customer_id", how="left")
        .with_columns(
            pl.col("days_since_purchase").fill_null(LONG_AGO).clip(0, LONG_AGO),
            days_known=(pl.col("day") - pl.col("first_seen_on")).dt.total_days().fill_null(0).clip(0, LONG_AGO),
        )
        .select("customer_id", "day", *(pl.col(name).cast(pl.Float64).fill_null(0.0) for name in FEATURES), *PACE)
    )
    joined = moments.lazy().join(found, on=["customer_id", "day"], how="left", maintain_order="left")
    return joined.collect()


def margins_after(moments: pl.DataFrame, orders: pl.DataFrame, days: int) -> pl.Series:
    """Return the margin of each customer's orders in the so many days after each of `moments` (customer_id, day)."""
    return _after(moments, orders, days, exact_sum("margin"))


def purchases_after(moments: pl.DataFrame, orders: pl.DataFrame, days: int) -> pl.Series:
    """Return how often each customer bought in the so many days after each of `moments` (customer_id, day)."""
    return _after(moments, orders, days, pl.col("is_purchase").sum().cast(pl.Float64))


def _after(moments: pl.DataFrame, orders: pl.DataFrame, days: int, total: pl.Expr) -> pl.Series:
    keys = moments.lazy().select("customer_id", "day").unique()
    found = (
        keys.join(orders.lazy(), on="customer_id")
        .filter(_days_between("day", "ordered_on").is_between(1, days))
        .group_by("customer_id", "day")
        .agg(total.alias("outcome"))
    )
    rows = moments.lazy().select("customer_id", "day")
    joined = rows.join(found, on=["customer_id", "day"], how="left", maintain_order="left")
    return joined.select(pl.col("outcome").fill_null(0.0)).collect().to_series()


def contacts_after(moments: pl.DataFrame, history: History, days: int, acting_days: int) -> pl.DataFrame:
    """Return how often each customer was contacted in the so many days after each of `moments` (customer_id, day), but
    for its first `own_days`: a column per channel. A contact of the last days counts as far as it can act until the
    end, which takes `acting_days`."""
    keys = ["customer_id", "day", "own_days"]
    ago = _days_between("day", "touched_on")
    found = (
        moments.lazy()
        .select(keys)
        .unique()
        .join(history.contacts.select("customer_id", "channel", "touched_on"), on="customer_id")
        .filter(ago > pl.col("own_days"), ago <= days)
        .with_columns(share=((days + 1 - ago) / acting_days).clip(upper_bound=1.0))
        .group_by(keys)
        .agg(pl.col("share").filter(channel=channel).sort().sum().alias(f"later_{channel}") for channel in CHANNELS)
    )
    joined = moments.lazy().select(keys).join(found, on=keys, how="left", maintain_order="left")
    return joined.select(pl.col(f"later_{channel}").fill_null(0.0) for channel in CHANNELS).collect()


def exact_sum(column: str) -> pl.Expr:
    """The sum as decimals: that of floats depends on the order of rows."""
    return pl.col(column).cast(pl.Decimal(38, 4)).sum().cast(pl.Float64)


def _bought(keys: pl.LazyFrame, orders: pl.DataFrame) -> pl.LazyFrame:
    ago = _days_between("ordered_on", "day")
    is_recent = pl.col("ago") < YEAR
    past = keys.join(orders.lazy(), on="customer_id").with_columns(ago=ago).filter(pl.col("ago") >= 0)
    return (
        past.group_by("customer_id", "day")
        .agg(
            purchase_count=pl.col("is_purchase").sum(),
            purchase_count_year=(pl.col("is_purchase") & is_recent).sum(),
            margin=exact_sum("margin"),
            margin_year=pl.col("margin").filter(is_recent).cast(pl.Decimal(38, 4)).sum().cast(pl.Float64),
            days_since_purchase=pl.col("ago").filter("is_purchase").min(),
            x=pl.col("ago").filter("is_purchase").n_unique() - 1.0,
            age=pl.col("ago").filter("is_purchase").max().cast(pl.Float64),
        )
        .with_columns(pl.col("x").replace(-1.0, None), t_x=pl.col("age") - pl.col("days_since_purchase"))
        .with_columns(margin_per_purchase=pl.col("margin") / pl.col("purchase_count").clip(1))
    )


def _touched(keys: pl.LazyFrame, touches: pl.DataFrame) -> pl.LazyFrame:
    is_contact = (pl.col("direction") == "outbound") & (pl.col("ago") < CONTACT_DAYS)
    past = (
        keys.join(touches.lazy().filter(pl.col("customer_id").is_not_null()), on="customer_id")
        .with_columns(ago=_days_between("touched_on", "day"))
        .filter(pl.col("ago").is_between(0, REACTION_DAYS - 1))
    )
    counts = {f"{channel}_count": (is_contact & (pl.col("channel") == channel)).sum() for channel in CHANNELS}
    return past.group_by("customer_id", "day").agg(reaction_count=pl.col("is_engaged").fill_null(False).sum(), **counts)


def _days_between(earlier: str, later: str) -> pl.Expr:
    return (pl.col(later) - pl.col(earlier)).dt.total_days()
