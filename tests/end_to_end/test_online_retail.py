"""A real shop's year goes through the whole batch, and its sums arrive as an independent query finds them."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

pytestmark = [pytest.mark.end_to_end, pytest.mark.public_data]

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))
INDEPENDENT_SUMS = """
    select
        count(*) as lines,
        count(distinct InvoiceNo) as orders,
        count(distinct CustomerID) as customers,
        sum(cast(Quantity as decimal(18, 0)) * cast(UnitPrice as decimal(18, 4))) as net_revenue
    from read_parquet($file)
"""


@pytest.fixture(scope="module")
def retail_workspace(
    public_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    stammkunde: Callable[..., subprocess.CompletedProcess[str]],
) -> Path:
    folder = tmp_path_factory.mktemp("retail")
    (folder / "landing").mkdir()
    shutil.copy(public_data / "online_retail" / "online_retail.parquet", folder / "landing")
    answer = stammkunde("run", "--workspace", folder)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return folder


@pytest.fixture(scope="module")
def retail(retail_workspace: Path, published: Callable[[Path], dict[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    return published(retail_workspace)


def test_rows_customers_and_revenue_are_those_of_the_file(public_data: Path, retail: dict[str, pl.DataFrame]) -> None:
    file = str(public_data / "online_retail" / "online_retail.parquet")
    row = duckdb.connect().execute(INDEPENDENT_SUMS, {"file": file}).fetchone()
    assert row is not None
    lines, orders, customers, net_revenue = row
    assert retail["order_lines"].height == lines
    assert retail["orders"].height == orders
    assert retail["customers"].height == customers
    assert retail["orders"]["net_revenue"].sum() == net_revenue
    assert retail["order_lines"]["net_revenue"].sum() == net_revenue


def test_credit_notes_are_refunds_and_no_purchases(retail: dict[str, pl.DataFrame]) -> None:
    notes = retail["orders"].filter(pl.col("order_id").str.starts_with("online_retail:C"))
    assert notes.height > 3_000
    assert notes.filter((pl.col("gross_revenue") != 0) | (pl.col("net_revenue") > 0)).is_empty()
    assert set(notes["status"]) == {"refunded"}


def test_orders_without_a_customer_keep_their_money(retail: dict[str, pl.DataFrame]) -> None:
    """A quarter of the rows has no customer; dropping them would lose 1.4 million pounds."""
    unknown = retail["orders"].filter(pl.col("customer_id").is_null())
    assert unknown.height > 3_000
    assert unknown["net_revenue"].sum() > 1_000_000


def test_every_buyer_is_valued_and_segmented(retail: dict[str, pl.DataFrame]) -> None:
    buyers = retail["customers"].filter("is_buyer")["customer_id"].sort()
    assert retail["customer_value"]["customer_id"].sort().equals(buyers)
    assert retail["customer_segments"].height == retail["customers"].height


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_runs_on_a_shop_without_newsletter_or_crm(
    notebook: Path, retail_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many tables are empty there; a notebook must show so, and not fail."""
    monkeypatch.setenv("STAMMKUNDE_WORKSPACE", str(retail_workspace))
    names = runpy.run_path(str(notebook))
    assert any(isinstance(value, pl.DataFrame) for value in names.values())
