"""Orders that seem to stand in two source systems, as where a till passes its orders on to the shop, and numbers that
stand for two orders, as where two shops count alike."""

from __future__ import annotations

import polars as pl


def orders_in_two_systems(orders: pl.LazyFrame) -> dict[str, int]:
    """Return how many orders of one buyer, day, amount and currency two systems hold, by the systems' names.

    They may be two orders after all, so they are told and not dropped.
    """
    day = pl.col("ordered_at").dt.date().alias("day")
    buyer = pl.col("email").str.strip_chars().str.to_lowercase().alias("buyer")
    bought = orders.filter(pl.col("total") > 0).select("source_system", "order_number", buyer, day, "total", "currency")
    groups = (
        bought.drop_nulls(["buyer", "day"])
        .unique()
        .group_by("buyer", "day", "total", "currency")
        .agg(pl.col("source_system").unique().sort().alias("systems"))
        .filter(pl.col("systems").list.len() > 1)
        .select(systems=pl.col("systems").list.join(" and "))
        .group_by("systems")
        .len()
        .sort("systems")
    )
    return dict(groups.collect().iter_rows())


def numbers_of_two_orders(orders: pl.LazyFrame) -> dict[str, int]:
    """Return how many order numbers of each source system stand for orders placed more than a day apart.

    Only the newest of them counts, so the others would be lost without a word. (A day may be a time zone's.)
    """
    days = pl.col("ordered_at").max() - pl.col("ordered_at").min()
    groups = (
        orders.group_by("source_system", "order_number")
        .agg(apart=days)
        .filter(pl.col("apart") > pl.duration(days=1))
        .group_by("source_system")
        .len()
        .sort("source_system")
    )
    return dict(groups.collect().iter_rows())
