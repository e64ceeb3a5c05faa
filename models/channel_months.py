"""What each channel did and cost, month by month: contacts, answers by people, the orders that followed, and what the
contacts have added, as far as it is known.

That an order followed a contact does not mean that it came of it. `added_margin` is what measured campaigns and plans
added (`models.campaign_results`), in the month in which they began; it covers `measured_count` contacts, of which a
long plan makes some in the month after. Where a plan was measured, campaigns of its days are not counted beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from models.campaign_groups import Contacts
from models.campaign_results import ALL_CHANNELS, PLAN_PREFIX

MONTHS_SCHEMA = pl.Schema(
    {
        "month": pl.Date,
        "channel": pl.String,
        "contact_count": pl.Int64,
        "delivered_count": pl.Int64,
        "engaged_count": pl.Int64,
        "cost": pl.Float64,
        "following_order_count": pl.Int64,
        "following_margin": pl.Float64,
        "measured_count": pl.Int64,
        "added_margin": pl.Float64,
        "added_margin_low": pl.Float64,
        "added_margin_high": pl.Float64,
        "return_on_cost": pl.Float64,
        "cumulative_contact_count": pl.Int64,
        "cumulative_cost": pl.Float64,
        "cumulative_following_order_count": pl.Int64,
        "cumulative_following_margin": pl.Float64,
        "cumulative_added_margin": pl.Float64,
    }
)
_CUMULATIVE = ("contact_count", "cost", "following_order_count", "following_margin", "added_margin")


def channel_months(
    contacts: Contacts, results: pl.DataFrame, *, costs: Mapping[str, float], as_of: date, horizon_days: int
) -> pl.DataFrame:
    """Return one row per month and channel with outbound contacts (`MONTHS_SCHEMA`), sorted by channel and month.

    `contacts.touches` also has is_delivered and is_engaged (by people). `costs` is what a contact costs by channel; a
    channel without has no cost. An order follows the channel's last contact with the customer if it comes on one of the
    `horizon_days` that begin with it. `added_margin_low` and `added_margin_high` are the ends of its 95 % interval.
    `return_on_cost` is the margin added per unit of what the measured contacts cost, less one. Nothing after `as_of`
    counts.
    """
    contacts = contacts.until(as_of)
    sent = contacts.sent.lazy()
    month, keys = pl.col("touched_on").dt.truncate("1mo").alias("month"), ["month", "channel"]
    delivered = pl.col("is_delivered").fill_null(False)
    counts = sent.group_by(month, "channel").agg(
        contact_count=pl.len(),
        delivered_count=delivered.sum(),
        engaged_count=(delivered & pl.col("is_engaged").fill_null(False)).sum(),
    )
    each = pl.col("channel").replace_strict(dict(costs), default=None, return_dtype=pl.Float64)
    table = (
        counts.join(_followed(sent, contacts.orders.lazy(), horizon_days), on=keys, how="left")
        .join(_added(results.lazy(), horizon_days), on=keys, how="left")
        .with_columns(pl.col("following_order_count", "following_margin", "measured_count").fill_null(0))
        .with_columns(cost=(each * pl.col("contact_count")).round(2))
        .sort("channel", "month")
    )
    measured_cost = each * pl.col("measured_count")
    gained = pl.when(measured_cost > 0).then(pl.col("added_margin") / measured_cost - 1.0)
    return (
        table.with_columns(
            gained.round(4).alias("return_on_cost"),
            *(
                pl.col(name).cum_sum().forward_fill().over("channel").alias(f"cumulative_{name}")
                for name in _CUMULATIVE
            ),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in MONTHS_SCHEMA.items())
        .collect()
    )


def _followed(sent: pl.LazyFrame, orders: pl.LazyFrame, horizon_days: int) -> pl.LazyFrame:
    """Purchases and their margin by the month of the last contact before them, of each channel."""
    contacted = sent.select("customer_id", "channel", "touched_on").unique().sort("touched_on")
    channels = sent.select("channel").unique()
    bought = orders.filter("is_purchase").join(channels, how="cross").sort("ordered_on")
    followed = bought.join_asof(
        contacted,
        left_on="ordered_on",
        right_on="touched_on",
        by=["customer_id", "channel"],
        tolerance=f"{horizon_days - 1}d",
        check_sortedness=False,
    ).filter(pl.col("touched_on").is_not_null())
    return followed.group_by(pl.col("touched_on").dt.truncate("1mo").alias("month"), "channel").agg(
        following_order_count=pl.len(), following_margin=_exact(pl.col("margin"))
    )


def _added(results: pl.LazyFrame, horizon_days: int) -> pl.LazyFrame:
    """What measured campaigns and plans added, by the month in which they were sent; their errors are independent."""
    is_plan = pl.col("campaign_id").str.starts_with(PLAN_PREFIX)
    month = pl.col("sent_on").dt.truncate("1mo").alias("month")
    known = results.filter(
        pl.col("outcome") == "margin", pl.col("channel") != ALL_CHANNELS, pl.col("effect").is_not_null()
    ).sort("sent_on", "campaign_id")
    plans = known.filter(is_plan).select("channel", "sent_on", begun_on="sent_on")
    since = known.join_asof(
        plans, on="sent_on", by="channel", tolerance=f"{horizon_days - 1}d", check_sortedness=False
    )  # fmt: skip
    counted = since.filter(is_plan | pl.col("begun_on").is_null()).with_columns(month)
    reach = ((pl.col("effect_high") - pl.col("effect_low")) / 2.0 * pl.col("treated_count")) ** 2
    sums = counted.group_by("month", "channel").agg(
        measured_count=pl.col("treated_count").sum(),
        added_margin=_exact(pl.col("effect") * pl.col("treated_count")),
        reach=_exact(reach).sqrt(),
    )
    added = pl.col("added_margin")
    ends = {"added_margin_low": added - pl.col("reach"), "added_margin_high": added + pl.col("reach")}
    return sums.with_columns(end.round(4).alias(name) for name, end in ends.items()).drop("reach")


def _exact(amount: pl.Expr) -> pl.Expr:
    """The sum as decimals: that of floats depends on the order of rows."""
    return amount.cast(pl.Decimal(38, 4)).sum().cast(pl.Float64)
