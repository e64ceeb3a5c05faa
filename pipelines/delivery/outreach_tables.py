"""What marketing and sales read of outreach: recommendations, the contact plan, and the list of calls."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

_WHO = ("first_name", "last_name", "company_name")


def best_channel(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """One row per customer who may be contacted: the allowed channel with the best rank, and what is known of it.

    Measured effects are money, reactions are shares; so they stand in columns of their own.
    """
    best = pl.col("rank") == pl.col("rank").min().over("customer_id")
    chosen = tables["next_best_channel"].filter("is_allowed").filter(best)
    is_measured = pl.col("effect_unit") == "margin"
    shown = chosen.select(
        "customer_id",
        "channel",
        "basis",
        reaction_share=pl.when(~is_measured).then("expected_effect"),
        added_margin=pl.when(is_measured).then("expected_effect"),
        added_margin_low=pl.when(is_measured).then("effect_low"),
        added_margin_high=pl.when(is_measured).then("effect_high"),
        reason="reason",
    )
    return _with_names(shown, tables, *_WHO)


def plan(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """One row per customer who gets a contact by the plan, with what is needed to reach him that way."""
    contacts = tables["contact_plan"].filter(pl.col("channel") != "none")
    shown = contacts.select("customer_id", "channel", "arm", "expected_margin", "cost", "reason", "plan_id")
    return _with_names(shown, tables, *_WHO, "email", "phone", "street", "postcode", "city")


def call_list(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """One row per customer whom the plan calls: who it is, the number, what he is worth, and why."""
    calls = tables["contact_plan"].filter(pl.col("channel") == "phone")
    values = tables["customer_value"].select("customer_id", "value_class", "clv")
    named = _with_names(calls.select("customer_id", "expected_margin", "reason"), tables, *_WHO, "phone")
    joined = named.join(values, on="customer_id", how="left")
    return joined.select(pl.exclude("expected_margin", "reason"), "expected_margin", "reason")


def channel_effects(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """One row per channel: what a contact adds, beside the naive difference, and the verdict in words."""
    return tables["channel_effects"].select(
        "channel",
        pl.col("effect").alias("added_margin"),
        pl.col("effect_low").alias("added_margin_low"),
        pl.col("effect_high").alias("added_margin_high"),
        "cost",
        "reason",
        "is_best_for_all",
        "naive_difference",
        "contact_count",
        "overlap_share",
    )


def plan_limits(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """One row per channel and one for the budget: what there is of it, what the plan uses, and what more is worth."""
    return tables["plan_limits"].select(
        "limit_name", "capacity", "used", "open_count", "price", "cost", "frequency_cap", "is_default", "reason"
    )


def what_if(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """One row per lever and amount: the plan as it is, and as it would be with more or less."""
    return tables["what_if"].select(
        "lever",
        "amount",
        "contact_count",
        "cost",
        "added_margin",
        pl.col("added_low").alias("added_margin_low"),
        pl.col("added_high").alias("added_margin_high"),
        "next_price",
        "reason",
    )


def _with_names(table: pl.LazyFrame, tables: Mapping[str, pl.LazyFrame], *wanted: str) -> pl.LazyFrame:
    """The table with the wanted columns of the customer, as far as customers has them, in front."""
    known = [name for name in wanted if name in tables["customers"].collect_schema().names()]
    joined = table.join(tables["customers"].select("customer_id", *known), on="customer_id", how="left")
    return joined.select("customer_id", *known, pl.exclude("customer_id", *known))
