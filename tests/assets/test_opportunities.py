"""The assets of next categories and of potentials."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from models.affinity import NEXT_CATEGORIES_SCHEMA
from pipelines.assets.opportunities import (
    account_potential,
    customer_potential,
    first_orders,
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


def test_white_space_names_what_others_buy_and_leaves_out_who_buys_enough() -> None:
    """Accident: sales calls a company of which the table itself says that it buys all it could, for 32 cents of room,
    and never reads of a category that the company has not tried."""
    rows = [
        ("*", 10.0, 40.0, "open"),
        ("Tea", 10.0, 10.3, "exhausted"),
        ("Cups", 0.0, 20.0, "unknown"),
        ("Mills", 0.0, 0.2, "unknown"),
        ("Wool", 5.0, 9.0, "unknown"),
        ("Pens", 5.0, None, "unknown"),
    ]
    found = pl.LazyFrame(rows, schema=["category", "actual", "potential", "verdict"], orient="row")
    names = pl.LazyFrame({"account_id": ["A"], "name": ["Null AG"]})
    potential = found.with_columns(account_id=pl.lit("A"))
    space = white_space({"accounts": names, "account_potential": potential}).collect()
    assert space.select("category", "room").rows() == [("*", 30.0), ("Cups", 20.0)]


def test_who_buys_for_a_company_is_measured_by_who_buys_for_companies(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """Accident: a buyer with a name and a company is taken for a private person, and private people who order twice a
    year are told to be worth what companies order.

    150 buyers of companies order monthly, 150 private people twice in as long."""
    set_today(workspace)
    buyers = [("company", f"B{n:03}", 30 * day) for n in range(150) for day in range(12)]
    private = [(None, f"P{n:03}", 330 * day) for n in range(150) for day in range(2)]
    rows = pl.DataFrame(
        [*buyers, *private],
        schema={"account_id": pl.String, "customer_id": pl.String, "before": pl.Int64},
        orient="row",
    ).with_columns(order_id=pl.int_range(pl.len()).cast(pl.String), net_revenue=10.0, is_purchase=True)
    fill_warehouse(
        orders=rows.with_columns(ordered_on=pl.lit(AS_OF) - pl.duration(days="before")),
        order_lines=rows.select("order_id", "net_revenue", category=pl.lit("Tea")),
        customers=rows.select("customer_id", "account_id").unique().with_columns(kind=pl.lit("person")),
    )
    assert materialize(customer_potential).success
    found = pl.read_parquet(workspace.analytics / "customer_potential" / "customer_potential.parquet")
    everything = found.filter(category="*").with_columns(is_private=pl.col("customer_id").str.starts_with("P"))
    assert everything.group_by("is_private").agg(pl.col("comparable_count").unique()).sort("is_private").rows() == [
        (False, [150]),
        (True, [150]),
    ]
    assert everything.filter("is_private")["potential_high"].max() <= 30.0  # type: ignore[operator]


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


def test_a_company_has_bought_when_anybody_has_bought_for_it() -> None:
    """Accident: a company that the CRM knows stays a lead for ever, since its orders bear its people's names."""
    orders = pl.DataFrame(
        {
            "customer_id": ["anna", "bert", None, "carl"],
            "account_id": ["A", "A", "B", "C"],
            "ordered_on": [AS_OF, AS_OF.replace(day=1), AS_OF, AS_OF],
            "is_purchase": [True, True, True, False],
        }
    )
    customers = pl.DataFrame(
        {
            "customer_id": ["anna", "bert", "carl", "AG", "B KG", "C GmbH", "idle"],
            "kind": ["person"] * 3 + ["company"] * 4,
            "account_id": ["A", "A", "C", "A", "B", "C", None],
        }
    )
    assert first_orders(orders, customers).rows() == [
        ("AG", AS_OF.replace(day=1)),
        ("B KG", AS_OF),
        ("anna", AS_OF),
        ("bert", AS_OF.replace(day=1)),
    ]
