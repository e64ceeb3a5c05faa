"""How the departments' tables are made of the marts: who is in them, and what stands beside him."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

Tables = Mapping[str, pl.LazyFrame]
_NAMES = ("first_name", "last_name", "company_name")
_RANGE = ("clv_low", "clv_high")
EFFECTS = ("effect", "effect_low", "effect_high")


def segment_summary(tables: Tables) -> pl.LazyFrame:
    """One row per segment: how many customers it has, their revenue and what is expected of them."""
    values = tables["customer_value"].select("customer_id", "clv")
    return (
        tables["marketing_segments"]
        .join(values, on="customer_id", how="left")
        .group_by("rfm_segment")
        .agg(
            pl.len().alias("customer_count"),
            _sum("net_revenue").alias("net_revenue"),
            (_sum("net_revenue").cast(pl.Float64) / pl.col("net_revenue").count()).alias("average_net_revenue"),
            _sum("clv").alias("total_clv"),
            (_sum("clv").cast(pl.Float64) / pl.col("clv").count()).alias("average_clv"),
        )
    )


def behaviour(tables: Tables) -> pl.LazyFrame:
    """One row per behaviour segment: what sets it apart, how many customers it has and what they brought."""
    columns = ("customer_group", "sentence", "customer_count", "net_revenue", "learned_on")
    return tables["behaviour_segments"].select(pl.col("name").alias("behaviour_segment"), *columns)


def segment_moves(tables: Tables) -> pl.LazyFrame:
    """One row per kind of segment, from and to, of customers who moved since the last day that was published."""
    columns = ("segmentation", "from_segment", "to_segment", "customer_count", "net_revenue", "previous_as_of")
    return tables["segment_migration"].filter("is_move").select(columns)


def next_categories(tables: Tables) -> pl.LazyFrame:
    """One row per customer whom marketing may contact and category that he may take up next."""
    suppressed = tables["customers"].filter("is_suppressed").select("customer_id")
    open_to_all = tables["next_categories"].join(suppressed, on="customer_id", how="anti")
    return _with_customer(open_to_all, tables, *_NAMES)


def buyers(tables: Tables) -> pl.LazyFrame:
    """One row per buyer, by rank of value, with how sure that is, his room to buy more, and what he may buy next."""
    ranges = tables["customer_value"].select("customer_id", *_RANGE)
    found = tables["sales_buyers"].join(ranges, on="customer_id", how="left")
    names = found.collect_schema().names()
    if {"company_name", "account_name"} <= set(names):
        found = found.with_columns(account_name=pl.coalesce("account_name", "company_name")).drop("company_name")
    more = [name for name in ("potential", "exhaustion", "potential_verdict", "next_category") if name not in names]
    whole = tables["customer_360"]
    known = [name for name in more if name in whole.collect_schema().names()]
    joined = found.join(whole.select("customer_id", *known), on="customer_id", how="left")
    columns = [name for name in joined.collect_schema().names() if name not in _RANGE]
    at = columns.index("clv") + 1 if "clv" in columns else len(columns)
    return _first("value_rank", joined.select(*columns[:at], *_RANGE, *columns[at:]))


def accounts(tables: Tables) -> pl.LazyFrame:
    """One row per company, with its room to buy more over all categories, where that is known."""
    room = (
        tables["account_potential"]
        .filter(pl.col("category") == "*")
        .select("account_id", "potential", "exhaustion", potential_verdict="verdict")
    )
    return tables["sales_accounts"].join(room, on="account_id", how="left")


def _first(column: str, table: pl.LazyFrame) -> pl.LazyFrame:
    """The table with a column moved to the front, where it has it."""
    names = table.collect_schema().names()
    return table.select(column, pl.exclude(column)) if column in names else table


def campaign_results(tables: Tables) -> pl.LazyFrame:
    """One row per campaign or plan and channel: what it added to orders and to margin."""
    keys = ["campaign_id", "channel"]
    about = ("sent_on", "treated_count", "control_count", "method")
    parts = {
        outcome: tables["campaign_results"]
        .filter(pl.col("outcome") == outcome)
        .select(*keys, *about, *(pl.col(name).alias(f"{prefix}_{name}") for name in EFFECTS), "reason")
        for outcome, prefix in (("ordered", "order"), ("margin", "margin"))
    }
    orders = parts["ordered"].select(*keys, pl.col("^order_.*$"))
    joined = parts["margin"].join(orders, on=keys, how="left")
    return joined.select(*keys, *about, pl.col("^order_.*$"), pl.col("^margin_.*$"), "reason")


def potential(tables: Tables) -> pl.LazyFrame:
    """One row per customer and category of which is known whether there is room, with the room in money."""
    told = _with_room(tables["customer_potential"].filter(pl.col("verdict") != "unknown"))
    return _with_customer(told, tables, *_NAMES)


def white_space(tables: Tables) -> pl.LazyFrame:
    """One row per company and category in which it is expected to buy more, or buys nothing as some others do."""
    names = tables["accounts"].select("account_id", "name")
    is_missed = (pl.col("category") != "*") & (pl.col("actual") == 0) & (pl.col("verdict") == "unknown")
    found = tables["account_potential"].filter((pl.col("verdict") == "open") | is_missed)
    told = _with_room(found).filter(pl.col("room").round() > 0)
    return told.join(names, on="account_id", how="left").select("account_id", "name", pl.exclude("account_id", "name"))


def leads(tables: Tables) -> pl.LazyFrame:
    """One row per customer with a first order ahead whom sales may contact, with what is needed to reach him."""
    scored = tables["lead_scores"].filter("is_lead").drop("is_lead")
    return _to_contact(scored, tables, "kind", *_NAMES, "email", "phone", "city")


def _with_room(potentials: pl.LazyFrame) -> pl.LazyFrame:
    return potentials.with_columns(room=pl.col("potential") - pl.col("actual"))


def slipping(tables: Tables) -> pl.LazyFrame:
    """One row per customer who is overdue by his own rhythm and may be contacted, with what his silence costs."""
    columns = ("value_class", "margin_at_risk", "overdue_days", "usual_gap_days", "recency_days", "clv", "reason")
    late = tables["customer_value"].filter("is_slipping").select("customer_id", *columns)
    return _to_contact(late, tables, *_NAMES, "email", "phone")


def followups(tables: Tables) -> pl.LazyFrame:
    """One row per customer and reason, with what is needed to reach the customer."""
    return _with_customer(tables["service_followups"], tables, *_NAMES, "email", "phone")


def quarantine(tables: Tables) -> pl.LazyFrame:
    """One row per row that was left out: where it stands, what is wrong with it, and how it reads."""
    return tables["quarantine"].select("file", "line", "column_name", "value", "reason", "entity", "vendor", "raw_text")


def _to_contact(table: pl.LazyFrame, tables: Tables, *wanted: str) -> pl.LazyFrame:
    """The rows of customers who may be contacted, with columns of the customer and the best channel that is allowed.

    An address that he has refused to be contacted at is not there to be used.
    """
    refused = {
        address: pl.when(pl.col(consent).fill_null(value=True)).then(address)
        for address, consent in (("email", "consent_email"), ("phone", "consent_phone"))
    }
    open_to_all = tables["customers"].filter(~pl.col("is_suppressed")).with_columns(**refused)
    channels = tables["customer_360"].select("customer_id", "best_channel")
    reached = table.join(open_to_all.select("customer_id"), on="customer_id").join(
        channels, on="customer_id", how="left"
    )
    found = _with_customer(reached, {**tables, "customers": open_to_all}, *wanted)
    names = [name for name in wanted if name in found.collect_schema().names()]
    return found.select("customer_id", *names, "best_channel", pl.exclude("customer_id", *names, "best_channel"))


def _with_customer(table: pl.LazyFrame, tables: Tables, *wanted: str) -> pl.LazyFrame:
    """The table with those of the wanted columns of the customer that it lacks and customers has."""
    present = table.collect_schema().names()
    known = tables["customers"].collect_schema().names()
    added = [name for name in wanted if name in known and name not in present]
    joined = table.join(tables["customers"].select("customer_id", *added), on="customer_id", how="left")
    return joined.select("customer_id", *added, pl.exclude("customer_id", *added))


def _sum(column: str) -> pl.Expr:
    """The sum of what is known, null where nothing is. As decimals: a sum of floats depends on the order of rows."""
    money = pl.col(column).cast(pl.Decimal(38, 4))
    return pl.when(pl.col(column).count() > 0).then(money.sum())
