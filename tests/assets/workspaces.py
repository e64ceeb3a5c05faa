"""What assets find in a workspace: the day of the run, and what was published before."""

from __future__ import annotations

from datetime import date

import polars as pl

from pipelines.workspace import Workspace

AS_OF = date(2026, 6, 30)

FOUR_ORDERS = {
    "orders": pl.DataFrame(
        {
            "order_id": ["1", "2", "3", "4"],
            "customer_id": ["C1", "C1", None, "C2"],
            "account_id": [None, None, None, "A1"],
            "net_revenue": [1.0, 2.0, 3.0, 9.0],
            "is_purchase": [True, False, True, True],
        }
    ).with_columns(ordered_on=AS_OF),
    "order_lines": pl.DataFrame(
        {"order_id": ["1", "2", "3"], "category": ["Tea", "Cups", "Tea"], "net_revenue": [1.0, 2.0, 3.0]}
    ),
    "customers": pl.DataFrame({"customer_id": ["C1", "C2"], "kind": ["person", "person"], "account_id": [None, "A1"]}),
}


def set_today(workspace: Workspace) -> None:
    (workspace.raw / "run_context").mkdir()
    pl.DataFrame({"as_of": [AS_OF]}).write_parquet(workspace.raw / "run_context" / "run_context.parquet")


def publish(workspace: Workspace, day: str, name: str, table: pl.DataFrame) -> None:
    folder = workspace.exports / day / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    table.write_parquet(folder / f"{name}.parquet")
