"""Results read what earlier runs published, in today's customers."""

from __future__ import annotations

from datetime import date

import polars as pl

from pipelines.publications import earlier_plans, published_before
from pipelines.workspace import Workspace

AS_OF = date(2026, 6, 30)


def publish_plan(workspace: Workspace, day: str, rows: list[tuple[str, str, str]]) -> None:
    folder = workspace.exports / day / "tables"
    folder.mkdir(parents=True)
    plan = pl.DataFrame(rows, schema=["customer_id", "channel", "arm"], orient="row")
    plan.with_columns(plan_id=pl.lit(day)).write_parquet(folder / "contact_plan.parquet")


def test_plans_of_earlier_days_are_read_and_not_that_of_the_day_itself(workspace: Workspace) -> None:
    """Otherwise a run that is repeated would measure its own plan."""
    for day in ("2026-05-31", "2026-06-30", "latest"):
        publish_plan(workspace, day, [("C1", "email", "policy")])
    assert [day for day, _ in published_before(workspace.exports, "contact_plan", AS_OF)] == [date(2026, 5, 31)]
    assert list(published_before(workspace.exports, "orders", AS_OF)) == []


def test_a_plan_is_read_in_todays_customers(workspace: Workspace) -> None:
    """Two who have become one stay if they had the same part in the plan; nobody knows the part of the others."""
    rows = [
        ("C1", "email", "policy"), ("C2", "email", "policy"),
        ("C3", "email", "policy"), ("C4", "none", "holdout"),
        ("C5", "none", "holdout"),
    ]  # fmt: skip
    publish_plan(workspace, "2026-05-31", rows)
    aliases = pl.DataFrame({"alias": ["C2", "C4", "C5"], "customer_id": ["C1", "C3", "C9"]})
    (plan,) = earlier_plans(workspace.exports, AS_OF, aliases).values()
    assert plan.select("customer_id", "arm").rows() == [("C1", "policy"), ("C9", "holdout")]
