"""Which department gets which table, made of which marts, in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from pipelines.delivery import department_rows as made
from pipelines.delivery import outreach_tables
from pipelines.delivery.department_rows import Tables
from pipelines.errors import UserError


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


def _named(columns: list[str]) -> str:
    return f"the column{'s' if len(columns) > 1 else ''} {', '.join(columns)}"


def _mart(name: str) -> Callable[[Tables], pl.LazyFrame]:
    return lambda tables: tables[name]


_CONTACTED = {
    "customers": ("customer_id", "is_suppressed", "email", "phone", "consent_email", "consent_phone"),
    "customer_360": ("customer_id", "best_channel"),
}
_SLIPPING = {
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
    **_CONTACTED,
}

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
        made.segment_summary,
        largest_first=("net_revenue", "customer_count"),
        smallest_first=("rfm_segment",),
    ),
    DepartmentTable(
        "marketing",
        "behaviour",
        {"behaviour_segments": ("name", "customer_group", "sentence", "customer_count", "net_revenue", "learned_on")},
        made.behaviour,
        largest_first=("net_revenue", "customer_count"),
        smallest_first=("behaviour_segment",),
    ),
    DepartmentTable(
        "marketing",
        "segment_moves",
        {"segment_migration": ("segmentation", "from_segment", "to_segment", "customer_count", "is_move")},
        made.segment_moves,
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
        made.next_categories,
        smallest_first=("customer_id", "rank"),
    ),
    DepartmentTable(
        "marketing",
        "campaign_results",
        {
            "campaign_results": (
                *("campaign_id", "channel", "outcome", *made.EFFECTS, "method"),
                *("sent_on", "treated_count", "control_count", "reason"),
            )
        },
        made.campaign_results,
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
        {
            "sales_buyers": ("customer_id",),
            "customer_value": ("customer_id", "clv_low", "clv_high"),
            "customer_360": ("customer_id",),
        },
        made.buyers,
        largest_first=("clv", "net_revenue"),
    ),
    DepartmentTable(
        "sales",
        "accounts",
        {
            "sales_accounts": ("account_id",),
            "account_potential": ("account_id", "category", "potential", "exhaustion", "verdict"),
        },
        made.accounts,
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
        made.potential,
        # open before exhausted, which is no call to anybody however much the few at the top of his like spend
        largest_first=("verdict", "room"),
        smallest_first=("customer_id", "category"),
    ),
    DepartmentTable(
        "sales",
        "white_space",
        {
            "account_potential": ("account_id", "category", "actual", "potential", "verdict", "reason"),
            "accounts": ("account_id", "name"),
        },
        made.white_space,
        largest_first=("room",),
        smallest_first=("account_id", "category"),
    ),
    DepartmentTable("sales", "slipping", _SLIPPING, made.slipping, largest_first=("margin_at_risk",)),
    DepartmentTable(
        "sales",
        "leads",
        {
            "lead_scores": ("customer_id", "conversion_probability", "basis", "is_lead", "reason"),
            **_CONTACTED,
        },
        made.leads,
        largest_first=("conversion_probability",),
    ),
    DepartmentTable(
        "service",
        "followups",
        {"service_followups": ("customer_id", "reason"), "customers": ("customer_id",)},
        made.followups,
        smallest_first=("priority", "due_on", "customer_id"),
    ),
    DepartmentTable("service", "slipping", _SLIPPING, made.slipping, largest_first=("margin_at_risk",)),
    DepartmentTable(
        "data_quality",
        "quarantine",
        {"quarantine": ("file", "line", "entity", "column_name", "value", "reason", "raw_text")},
        made.quarantine,
        smallest_first=("file", "line"),
    ),
)
