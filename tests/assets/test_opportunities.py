"""The assets of next categories and of potentials."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from models.affinity import NEXT_CATEGORIES_SCHEMA
from pipelines.assets.opportunities import (
    account_potential,
    customer_potential,
    lines_of_purchases,
    next_categories,
)
from pipelines.delivery.department_rows import white_space
from pipelines.warehouse import Warehouse
from pipelines.workspace import Workspace
from tests.assets.workspaces import AS_OF, FOUR_ORDERS, set_today


def test_next_categories_come_from_purchases_alone(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """A cancelled order says nothing of what a customer likes, an order of nobody belongs to nobody, and an order
    without lines is worth what it is worth."""
    set_today(workspace)
    fill_warehouse(**FOUR_ORDERS)
    bought = lines_of_purchases(Warehouse(workspace.database)).sort("net_revenue").rows()
    assert bought == [("C1", AS_OF, "Tea", 1.0), ("C2", AS_OF, None, 9.0)]
    assert materialize(next_categories).success
    written = pl.read_parquet(workspace.analytics / "next_categories" / "next_categories.parquet")
    assert written.is_empty()
    assert written.schema == NEXT_CATEGORIES_SCHEMA


def test_the_white_space_of_a_company_is_what_comparable_companies_buy_beyond_what_its_people_do(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """Accident: two colleagues who buy by turns are measured apart, and their company by private people, who buy more.

    200 companies, each with two buyers, buy tea twelve times a year and one buys it five times, and cups once. A
    hundred private people buy tea thirty times."""
    set_today(workspace)
    companies = [(f"A{n:03}", f"A{n:03}-{day % 2}", "Tea", 30 * day) for n in range(200) for day in range(12)]
    few = [("B", f"B-{day % 2}", "Tea", 80 * day) for day in range(5)]
    people = [(None, f"P{n:03}", "Tea", 10 * day) for n in range(100) for day in range(30)]
    rows = pl.DataFrame(
        [*companies, *few, ("B", None, "Cups", 3), *people],
        schema={"account_id": pl.String, "customer_id": pl.String, "category": pl.String, "before": pl.Int64},
        orient="row",
    ).with_columns(order_id=pl.int_range(pl.len()).cast(pl.String), net_revenue=10.0, is_purchase=True)
    orders = rows.with_columns(ordered_on=pl.lit(AS_OF) - pl.duration(days="before")).drop("before", "category")
    fill_warehouse(orders=orders, order_lines=rows.select("order_id", "category", "net_revenue"))
    assert materialize(account_potential).success
    found = pl.read_parquet(workspace.analytics / "account_potential" / "account_potential.parquet")
    assert found.filter(account_id="B", category="Tea").select("actual", "potential", "verdict").rows() == [
        (50.0, pytest.approx(120.0), "open")
    ]
    assert found.filter(account_id="B", category="*")["actual"].to_list() == [60.0], "the company's own order counts"
    assert found["potential"].max() <= 130.0, "no company is expected to buy as private people do"  # type: ignore[operator]
    names = pl.LazyFrame({"account_id": ["B", "A000"], "name": ["Beh GmbH", "Null AG"]})
    space = white_space({"accounts": names, "account_potential": found.lazy()}).collect()
    tea = space.filter(category="Tea")
    assert tea.select("account_id", "name", "room").rows() == [("B", "Beh GmbH", pytest.approx(70.0))]
    assert (space["room"] > 0).all()


def test_potential_is_written_for_customers_and_for_companies(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    set_today(workspace)
    fill_warehouse(**FOUR_ORDERS)
    assert materialize(customer_potential, account_potential).success
    customers, accounts = (
        pl.read_parquet(workspace.analytics / name / f"{name}.parquet")
        for name in ("customer_potential", "account_potential")
    )
    assert customers.select("customer_id", "category", "actual", "verdict").rows() == [
        ("C1", "*", 1.0, "unknown"),
        ("C1", "Tea", 1.0, "unknown"),
        ("C2", "*", 9.0, "unknown"),
    ]
    assert accounts.select("account_id", "category", "actual").rows() == [("A1", "*", 9.0)]
