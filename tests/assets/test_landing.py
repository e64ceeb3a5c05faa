"""From landing/ to raw entities, as Dagster sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import dagster as dg
import polars as pl

from pipelines.assets.landing import landing
from pipelines.workspace import Workspace

HEADER = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku"
)
ORDERS = f"""{HEADER}
#1,ann@example.com,paid,EUR,20.00,4.90,0,24.90,2026-03-01 10:00:00 +0100,2,Tea,10.00,T1
#2,bob@example.com,paid,EUR,15.50,0,0,15.50,2026-03-04 23:30:00 +0100,1,Pot,15.50,P1
#3,eve@example.com,paid,EUR,oops,0,0,oops,2026-03-02 10:00:00 +0100,1,Cup,5.00,C1
"""


def context(workspace: Workspace) -> dict[str, object]:
    return pl.read_parquet(workspace.raw / "run_context" / "run_context.parquet").row(0, named=True)


def test_the_run_takes_the_day_of_the_newest_order_for_today(workspace: Workspace, materialize: Callable) -> None:
    (workspace.landing / "orders.csv").write_text(ORDERS)
    assert materialize(landing).success
    assert context(workspace)["as_of"] == date(2026, 3, 4)
    assert context(workspace)["base_currency"] == "EUR"


def test_a_day_that_was_asked_for_comes_first(workspace: Workspace, materialize: Callable) -> None:
    (workspace.landing / "orders.csv").write_text(ORDERS)
    assert materialize(landing, as_of="2026-03-31").success
    assert context(workspace)["as_of"] == date(2026, 3, 31)


def test_settings_reach_sql_as_tables(workspace: Workspace, materialize: Callable) -> None:
    (workspace.landing / "orders.csv").write_text(ORDERS)
    (workspace.root / "settings.yml").write_text("exchange_rates: {USD: 0.9}\nmargins: {Tea: 0.55}\n")
    assert materialize(landing).success
    rates = pl.read_parquet(workspace.raw / "exchange_rates" / "exchange_rates.parquet")
    margins = pl.read_parquet(workspace.raw / "margins" / "margins.parquet")
    assert dict(rates.select("currency", "rate").iter_rows()) == {"EUR": Decimal(1), "USD": Decimal("0.9")}
    assert dict(margins.iter_rows()) == {"*": Decimal("0.4"), "Tea": Decimal("0.55")}


def test_rates_of_the_file_reach_sql_with_their_days(workspace: Workspace, materialize: Callable) -> None:
    (workspace.landing / "orders.csv").write_text(ORDERS.replace("#2,bob@example.com,paid,EUR", "#2,b@x.de,paid,USD"))
    (workspace.root / "settings.yml").write_text("currency: EUR\n")
    (workspace.root / "exchange_rates.csv").write_text("currency,valid_from,rate\nUSD,2026-03-04,0.9\n")
    assert materialize(landing).success
    rates = pl.read_parquet(workspace.raw / "exchange_rates" / "exchange_rates.parquet")
    assert rates.rows() == [
        ("EUR", date.min, date.max, Decimal(1)),
        ("USD", date(2026, 3, 4), date.max, Decimal("0.9")),
    ]
    orders = pl.read_parquet(sorted((workspace.raw / "orders").glob("*.parquet")))
    assert sorted(orders["order_number"]) == ["#1", "#2"]


def test_metadata_counts_what_was_kept_and_what_not_and_names_nobody(
    workspace: Workspace, materialize: Callable
) -> None:
    (workspace.landing / "orders.csv").write_text(ORDERS)
    result: dg.ExecuteInProcessResult = materialize(landing)
    (orders,) = (
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["raw", "orders"])
    )
    assert orders.metadata["dagster/row_count"].value == 2
    assert orders.metadata["rows_quarantined"].value == 1
    assert "@example.com" not in str([event.event_specific_data for event in result.all_events])


def test_an_empty_landing_is_a_sentence_that_says_what_to_do(
    workspace: Workspace, materialize: Callable, sentence_of_failure: Callable
) -> None:
    (workspace.landing / "menu.csv").write_text("dish,price\nsoup,4.50\n")
    result = materialize(landing)
    assert not result.success
    assert "menu.csv" in sentence_of_failure(result)
    assert "stammkunde inspect" in sentence_of_failure(result)


def test_a_wrong_mapping_file_is_named(
    workspace: Workspace, materialize: Callable, sentence_of_failure: Callable
) -> None:
    workspace.mappings.mkdir()
    (workspace.mappings / "till.yml").write_text("name: Till\nvendor: Our Till\n")
    (workspace.landing / "orders.csv").write_text(ORDERS)
    result = materialize(landing)
    assert not result.success
    assert "till.yml" in sentence_of_failure(result)
    assert "vendor" in sentence_of_failure(result)
