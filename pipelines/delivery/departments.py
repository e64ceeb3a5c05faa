"""Which department gets which table, made of which marts, in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from pipelines.delivery import outreach_tables
from pipelines.errors import UserError

Tables = Mapping[str, pl.LazyFrame]


class DeliveryError(UserError):
    """A department's table cannot be made of the marts; the message says which mart or column is missing."""


@dataclass(frozen=True)
class DepartmentTable:
    """One table of a department: its file name, what it is made of, and by what its rows are ordered."""

    department: str
    name: str
    needs: Mapping[str, tuple[str, ...]]
    """The marts that it is made of, with the columns that it cannot do without."""
    make: Callable[[Tables], pl.LazyFrame]
    largest_first: tuple[str, ...] = ()
    smallest_first: tuple[str, ...] = field(default=("customer_id",))

    def of(self, tables: Tables) -> pl.LazyFrame:
        """The table, its rows in a total order; raises DeliveryError where a mart or a column is missing."""
        self._check(tables)
        return self._ordered(self.make(tables))

    def _check(self, tables: Tables) -> None:
        file = f"{self.department}/{self.name}"
        for mart, columns in self.needs.items():
            if mart not in tables:
                raise DeliveryError(
                    f"{file} is made of the table {mart}, which is not among the delivered ones: "
                    f"{', '.join(sorted(tables)) or 'none'}. Add a dbt model of that name to models/marts."
                )
            found = tables[mart].collect_schema().names()
            if missing := [column for column in columns if column not in found]:
                raise DeliveryError(
                    f"{file} needs {_named(missing)} of the table {mart}, which has {', '.join(found)}. "
                    f"Add {'them' if len(missing) > 1 else 'it'} to the dbt model {mart}."
                )

    def _ordered(self, table: pl.LazyFrame) -> pl.LazyFrame:
        """Ordered by the columns meant for it that are there, then by all others, so that no tie is left open."""
        names = table.collect_schema().names()
        down = [name for name in self.largest_first if name in names]
        up = [name for name in self.smallest_first if name in names]
        rest = [name for name in names if name not in (*down, *up)]
        descending = [True] * len(down) + [False] * (len(up) + len(rest))
        return table.sort([*down, *up, *rest], descending=descending, nulls_last=True)


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
    return _with_customer(open_to_all, tables, "first_name", "last_name", "company_name")


def buyers(tables: Tables) -> pl.LazyFrame:
    """One row per buyer, by rank of value, with his room to buy more, its verdict, and what he may buy next."""
    found = tables["sales_buyers"]
    names = found.collect_schema().names()
    if {"company_name", "account_name"} <= set(names):
        found = found.with_columns(account_name=pl.coalesce("account_name", "company_name")).drop("company_name")
    more = [name for name in ("potential", "exhaustion", "potential_verdict", "next_category") if name not in names]
    whole = tables["customer_360"]
    known = [name for name in more if name in whole.collect_schema().names()]
    joined = found.join(whole.select("customer_id", *known), on="customer_id", how="left")
    return _first("value_rank", joined)


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
        .select(*keys, *about, *(pl.col(name).alias(f"{prefix}_{name}") for name in _EFFECTS), "reason")
        for outcome, prefix in (("ordered", "order"), ("margin", "margin"))
    }
    orders = parts["ordered"].select(*keys, pl.col("^order_.*$"))
    joined = parts["margin"].join(orders, on=keys, how="left")
    return joined.select(*keys, *about, pl.col("^order_.*$"), pl.col("^margin_.*$"), "reason")


_EFFECTS = ("effect", "effect_low", "effect_high")


def potential(tables: Tables) -> pl.LazyFrame:
    """One row per customer and category of which is known whether there is room, with the room in money."""
    told = _with_room(tables["customer_potential"])
    return _with_customer(told, tables, "first_name", "last_name", "company_name")


def white_space(tables: Tables) -> pl.LazyFrame:
    """One row per company and category in which it is expected to buy more than it does."""
    names = tables["accounts"].select("account_id", "name")
    told = _with_room(tables["account_potential"]).filter(pl.col("room") > 0)
    return told.join(names, on="account_id", how="left").select("account_id", "name", pl.exclude("account_id", "name"))


def leads(tables: Tables) -> pl.LazyFrame:
    """One row per customer without an order whom sales may contact, with what is needed to reach him."""
    suppressed = tables["customers"].filter("is_suppressed").select("customer_id")
    open_to_all = tables["lead_scores"].join(suppressed, on="customer_id", how="anti")
    who = ("kind", "first_name", "last_name", "company_name", "email", "phone", "city")
    return _with_customer(open_to_all, tables, *who)


def _with_room(potentials: pl.LazyFrame) -> pl.LazyFrame:
    known = potentials.filter(pl.col("verdict") != "unknown")
    return known.with_columns(room=pl.col("potential") - pl.col("actual"))


def slipping(tables: Tables) -> pl.LazyFrame:
    """One row per customer who is overdue by his own rhythm and may be contacted, with what his silence costs."""
    suppressed = tables["customers"].filter("is_suppressed").select("customer_id")
    columns = ("value_class", "margin_at_risk", "overdue_days", "usual_gap_days", "recency_days", "clv", "reason")
    late = tables["customer_value"].filter("is_slipping").join(suppressed, on="customer_id", how="anti")
    who = ("first_name", "last_name", "company_name", "email", "phone")
    return _with_customer(late.select("customer_id", *columns), tables, *who)


def followups(tables: Tables) -> pl.LazyFrame:
    """One row per customer and reason, with what is needed to reach the customer."""
    who = ("first_name", "last_name", "company_name", "email", "phone")
    return _with_customer(tables["service_followups"], tables, *who)


def quarantine(tables: Tables) -> pl.LazyFrame:
    """One row per row that was left out: where it stands, what is wrong with it, and how it reads."""
    return tables["quarantine"].select("file", "line", "column_name", "value", "reason", "entity", "vendor", "raw_text")


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


def _named(columns: list[str]) -> str:
    return f"the column{'s' if len(columns) > 1 else ''} {', '.join(columns)}"


def _mart(name: str) -> Callable[[Tables], pl.LazyFrame]:
    return lambda tables: tables[name]


DEPARTMENT_TABLES = (
    DepartmentTable(
        "marketing",
        "segments",
        {"marketing_segments": ("customer_id", "rfm_segment")},
        _mart("marketing_segments"),
        largest_first=("clv", "net_revenue"),
    ),
    DepartmentTable(
        "marketing",
        "segment_summary",
        {
            "marketing_segments": ("customer_id", "rfm_segment", "net_revenue"),
            "customer_value": ("customer_id", "clv"),
        },
        segment_summary,
        largest_first=("net_revenue", "customer_count"),
        smallest_first=("rfm_segment",),
    ),
    DepartmentTable(
        "marketing",
        "behaviour",
        {"behaviour_segments": ("name", "customer_group", "sentence", "customer_count", "net_revenue", "learned_on")},
        behaviour,
        largest_first=("net_revenue", "customer_count"),
        smallest_first=("behaviour_segment",),
    ),
    DepartmentTable(
        "marketing",
        "segment_moves",
        {"segment_migration": ("segmentation", "from_segment", "to_segment", "customer_count", "is_move")},
        segment_moves,
        largest_first=("customer_count", "net_revenue"),
        smallest_first=("segmentation", "from_segment", "to_segment"),
    ),
    DepartmentTable(
        "marketing",
        "best_channel",
        {
            "next_best_channel": ("customer_id", "channel", "rank", "is_allowed", "effect_unit"),
            "customers": ("customer_id",),
        },
        outreach_tables.best_channel,
    ),
    DepartmentTable(
        "marketing",
        "plan",
        {"contact_plan": ("customer_id", "channel", "arm", "expected_margin"), "customers": ("customer_id",)},
        outreach_tables.plan,
        largest_first=("expected_margin",),
    ),
    DepartmentTable(
        "marketing",
        "channel_effects",
        {"channel_effects": ("channel", "effect", "reason")},
        outreach_tables.channel_effects,
        smallest_first=("channel",),
    ),
    DepartmentTable(
        "marketing",
        "plan_limits",
        {"plan_limits": ("limit_name", "capacity", "used", "price", "reason")},
        outreach_tables.plan_limits,
        smallest_first=("limit_name",),
    ),
    DepartmentTable(
        "marketing",
        "what_if",
        {"what_if": ("lever", "amount", "added_margin", "reason")},
        outreach_tables.what_if,
        smallest_first=("lever", "amount"),
    ),
    DepartmentTable(
        "sales",
        "call_list",
        {
            "contact_plan": ("customer_id", "channel", "expected_margin", "reason"),
            "customers": ("customer_id",),
            "customer_value": ("customer_id", "value_class", "clv"),
        },
        outreach_tables.call_list,
        largest_first=("expected_margin", "clv"),
    ),
    DepartmentTable(
        "marketing",
        "next_categories",
        {
            "next_categories": ("customer_id", "rank", "category", "probability", "lift", "reason"),
            "customers": ("customer_id", "is_suppressed"),
        },
        next_categories,
        smallest_first=("customer_id", "rank"),
    ),
    DepartmentTable(
        "marketing",
        "campaign_results",
        {
            "campaign_results": (
                *("campaign_id", "channel", "outcome", *_EFFECTS, "method"),
                *("sent_on", "treated_count", "control_count", "reason"),
            )
        },
        campaign_results,
        largest_first=("sent_on",),
        smallest_first=("campaign_id", "channel"),
    ),
    DepartmentTable(
        "marketing",
        "channel_months",
        {"channel_months": ("month", "channel", "contact_count")},
        _mart("channel_months"),
        largest_first=("month",),
        smallest_first=("channel",),
    ),
    DepartmentTable(
        "sales",
        "buyers",
        {"sales_buyers": ("customer_id",), "customer_360": ("customer_id",)},
        buyers,
        largest_first=("clv", "net_revenue"),
    ),
    DepartmentTable(
        "sales",
        "accounts",
        {
            "sales_accounts": ("account_id",),
            "account_potential": ("account_id", "category", "potential", "exhaustion", "verdict"),
        },
        accounts,
        largest_first=("net_revenue", "order_count"),
        smallest_first=("account_id",),
    ),
    DepartmentTable(
        "sales",
        "potential",
        {
            "customer_potential": ("customer_id", "category", "actual", "potential", "verdict", "reason"),
            "customers": ("customer_id",),
        },
        potential,
        largest_first=("room",),
        smallest_first=("customer_id", "category"),
    ),
    DepartmentTable(
        "sales",
        "white_space",
        {
            "account_potential": ("account_id", "category", "actual", "potential", "verdict", "reason"),
            "accounts": ("account_id", "name"),
        },
        white_space,
        largest_first=("room",),
        smallest_first=("account_id", "category"),
    ),
    DepartmentTable(
        "sales",
        "slipping",
        {
            "customer_value": (
                "customer_id",
                "is_slipping",
                "value_class",
                "margin_at_risk",
                "overdue_days",
                "usual_gap_days",
                "recency_days",
                "clv",
                "reason",
            ),
            "customers": ("customer_id", "is_suppressed"),
        },
        slipping,
        largest_first=("margin_at_risk",),
    ),
    DepartmentTable(
        "sales",
        "leads",
        {
            "lead_scores": ("customer_id", "conversion_probability", "basis", "reason"),
            "customers": ("customer_id", "is_suppressed"),
        },
        leads,
        largest_first=("conversion_probability",),
    ),
    DepartmentTable(
        "service",
        "followups",
        {"service_followups": ("customer_id", "reason"), "customers": ("customer_id",)},
        followups,
        smallest_first=("priority", "due_on", "customer_id"),
    ),
    DepartmentTable(
        "data_quality",
        "quarantine",
        {"quarantine": ("file", "line", "entity", "column_name", "value", "reason", "raw_text")},
        quarantine,
        smallest_first=("file", "line"),
    ),
)
