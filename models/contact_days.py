"""On which day a contact counts, where the day alone would tell the wrong order of things.

A plan knows all of its day and is carried out after it. But exports may be drawn in the morning, and the mails leave in
the afternoon. Such contacts are the plan's: it would not have asked for them had they been made before, for then the
customer would have had a contact only that day. Dated the day after, they are taken for what came of the plan, and not
for what it knew.

Many contacts are made on account of an order: shops confirm it by mail within seconds, and thank for it in the evening.
Dated the day after, such a contact comes after the order that it answers, which is then no result of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time

import polars as pl

from models.customer_history import History

_KEYS = ("customer_id", "channel", "touched_on")


def after_their_plans(touches: pl.DataFrame, plans: Mapping[date, pl.DataFrame]) -> pl.DataFrame:
    """Return the touches (customer_id, channel, touched_on, direction and others), in the same order, those that one of
    `plans` (by day) asked for and that were made on its very day dated the day after, from its beginning."""
    if not plans:
        return touches
    asked = pl.concat(
        plan.select("customer_id", "channel", touched_on=pl.lit(day), is_asked=pl.col("channel") != "none")
        for day, plan in sorted(plans.items())
    )
    told = touches.join(asked.unique(_KEYS), on=_KEYS, how="left", maintain_order="left")
    is_its_own = pl.col("is_asked").fill_null(value=False) & (pl.col("direction") == "outbound")
    moved = _a_day_later(told, is_its_own)
    if "touched_at" in touches.columns:
        began = pl.col("touched_on").cast(pl.Datetime("us"))
        moved = moved.with_columns(touched_at=pl.when(is_its_own).then(began).otherwise("touched_at"))
    return moved.drop("is_asked")


def after_their_orders(history: History) -> History:
    """Return the history with those of our contacts dated the day after that followed an order of the same customer and
    day. Where only days are known, an order may well have come of a contact of its day: there nothing changes."""
    known = _with_times(history)
    made = known.touches.select("customer_id", at="touched_at")
    is_an_answer = is_after_an_order(made, known) & (known.touches["direction"] == "outbound")
    return replace(known, touches=_a_day_later(known.touches, pl.lit(is_an_answer)))


def is_after_an_order(moments: pl.DataFrame, history: History) -> pl.Series:
    """Return for each of `moments` (customer_id, at) whether the customer had ordered, or given back, before on that
    day.

    An export that names the day alone calls it midnight, of UTC or where the company is: such orders say nothing.
    """
    local = pl.col("ordered_at").dt.replace_time_zone("UTC").dt.convert_time_zone(history.timezone)
    has_time = (pl.col("ordered_at").dt.time() != time()) & (local.dt.time() != time())
    timed = history.orders.lazy().filter(has_time)
    first = timed.group_by("customer_id", day="ordered_on").agg(pl.col("ordered_at").min())
    told = (
        moments.lazy()
        .with_columns(day=pl.col("at").dt.date())
        .join(first, on=["customer_id", "day"], how="left", maintain_order="left")
    )
    return told.select((pl.col("ordered_at") < pl.col("at")).fill_null(value=False)).collect().to_series()


def _with_times(history: History) -> History:
    orders, touches = history.orders, history.touches
    if "ordered_at" not in orders.columns:
        orders = orders.with_columns(ordered_at=pl.col("ordered_on").cast(pl.Datetime("us")))
    began = pl.col("touched_on").cast(pl.Datetime("us"))
    known = pl.coalesce("touched_at", began) if "touched_at" in touches.columns else began
    touches = touches.with_columns(touched_at=known)
    return replace(history, orders=orders, touches=touches)


def _a_day_later(touches: pl.DataFrame, which: pl.Expr) -> pl.DataFrame:
    moved = pl.col("touched_on").dt.offset_by("1d")
    return touches.with_columns(touched_on=pl.when(which).then(moved).otherwise("touched_on"))
