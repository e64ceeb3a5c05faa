"""What the published contact plan comes to: how many contacts, which channels are closed, who is contacted."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from models.plan_limits import BUDGET
from pipelines.published import PublishedTables


def plan_sentences(tables: Path) -> list[str]:
    """Return the plan in a sentence, and one for each channel through which nobody can be contacted, and the budget.

    Nothing where no plan is published.
    """
    if not (tables / "contact_plan.parquet").exists():
        return []
    plan = pl.read_parquet(tables / "contact_plan.parquet", columns=["plan_id", "channel", "arm"])
    counts = dict(plan.filter(pl.col("channel") != "none").group_by("channel").len().sort("channel").iter_rows())
    held_out = plan.filter(pl.col("arm") == "holdout").height
    made = ", ".join(f"{count:,} by {channel}" for channel, count in counts.items()) or "none"
    started = plan.select(pl.col("plan_id").first()).item() or ""
    said = f"Contact plan of {started}: {sum(counts.values()):,} contacts ({made}); {held_out:,} customers held out."
    return [said, *_closed(pl.read_parquet(tables / "plan_limits.parquet"))]


def contacted_records(tables: PublishedTables) -> pl.DataFrame:
    """source_system, source_id, channel: each record of each customer whom the published plan contacts."""
    plan = tables["contact_plan"].filter(pl.col("channel") != "none").select("customer_id", "channel")
    links = tables["customer_links"].select("customer_id", "source_system", "source_id")
    return plan.join(links, on="customer_id").select("source_system", "source_id", "channel").collect()


def _closed(limits: pl.DataFrame) -> list[str]:
    budget = pl.col("capacity").filter(pl.col("limit_name") == BUDGET).first()
    is_nothing = (pl.col("capacity") == 0) | (pl.col("frequency_cap") == 0) | (pl.col("cost") > budget)
    rows = (
        limits.filter(is_nothing.fill_null(value=False)).sort("limit_name").select("limit_name", "reason").iter_rows()
    )
    return [f"{name}: {reason}" for name, reason in rows]
