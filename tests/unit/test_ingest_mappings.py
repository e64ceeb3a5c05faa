"""What a mapping file can say: aliases, packed cells, rows of another kind, sums of cells, and what stands twice."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.ingest.batch import ingest
from pipelines.ingest.ledger import LedgerRow
from pipelines.ingest.settings import IngestSettings

ORDERS = """\
name: Our shop
vendor: our_shop
aliases: {Number: [Nummer, Bestell-Nr.]}
recognise: {required: [Number, Date, Total]}
records:
  - entity: orders
    only_where: {Kind: [sale, ""]}
    columns:
      order_number: Number
      ordered_at: Date
      status: {value: paid}
      total: {plus: [Total, Tax], less: Voucher}
"""
PACKED = """\
name: Packed
vendor: packed
recognise: {required: [Number, Date, Total, Item *]}
records:
  - entity: orders
    columns: {order_number: Number, ordered_at: Date, status: {value: paid}, total: Total}
  - entity: order_lines
    belongs_to: orders
    unpack: {cells: "Item *", fields: "|", names: ":"}
    columns:
      order_number: Number
      line_no: {field: "#"}
      sku: {field: sku}
      quantity: {field: qty}
      amount: {field: total}
"""
LINES = """\
name: Lines
vendor: lines
recognise: {required: [Number, Date, Total, Sku]}
records:
  - entity: orders
    one_per: Number
    columns: {order_number: Number, ordered_at: Date, status: {value: paid}, total: Total}
  - entity: order_lines
    belongs_to: orders
    columns:
      order_number: Number
      line_no: {position_within: Number}
      sku: Sku
      quantity: Quantity
      amount: Amount
"""


class Company:
    """A landing folder with one mapping of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("landing", "mappings"):
            (root / folder).mkdir()

    def ingest(self, mapping: str, text: str, name: str = "orders.csv") -> dict[str | None, LedgerRow]:
        (self.root / "mappings" / "own.yml").write_text(mapping, encoding="utf-8")
        (self.root / "landing" / name).write_text(text, encoding="utf-8")
        settings = IngestSettings("EUR", "DE", "Europe/Berlin", self.root / "scratch", mappings=self.root / "mappings")
        report = ingest(self.root / "landing", self.root / "raw", self.root / "quarantine", settings)
        for row in report.rows:
            row.check_balance()
        return {row.entity: row for row in report.rows}

    def rows(self, entity: str, columns: str) -> list[tuple[object, ...]]:
        return duckdb.sql(
            f"SELECT {columns} FROM read_parquet('{self.root}/raw/{entity}/*.parquet') ORDER BY ALL"
        ).fetchall()

    def reasons(self) -> list[tuple[object, ...]]:
        return duckdb.sql(
            f"SELECT entity, line, reason FROM read_parquet('{self.root}/quarantine/*.parquet') ORDER BY ALL"
        ).fetchall()


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_a_localised_label_serves_as_the_header_it_stands_for(company: Company) -> None:
    company.ingest(ORDERS, "Bestell-Nr.;Date;Total;Tax;Voucher\n1;2025-01-02;10,00;1,90;\n")
    assert company.rows("orders", "order_number, total") == [("1", Decimal("11.9000"))]


def test_amounts_of_a_row_are_added_and_one_that_cannot_be_read_leaves_no_sum(company: Company) -> None:
    text = "Number;Date;Total;Tax;Voucher\n1;2025-01-02;10,00;1,90;5,00\n2;2025-01-02;10,00;none;\n3;2025-01-02;;;\n"
    loaded = company.ingest(ORDERS, text)["orders"]
    assert company.rows("orders", "order_number, total") == [("1", Decimal("6.9000"))]
    assert (loaded.rows_kept, loaded.rows_quarantined) == (1, 2)


def test_rows_of_another_kind_hold_no_record(company: Company) -> None:
    text = "Number;Date;Total;Kind\n1;2025-01-02;10,00;Sale\n2;2025-01-02;10,00;offer\n3;2025-01-02;10,00;\n"
    loaded = company.ingest(ORDERS, text)["orders"]
    assert company.rows("orders", "order_number") == [("1",), ("3",)]
    assert (loaded.rows_read, loaded.rows_collapsed) == (3, 1)


def test_packed_cells_give_a_record_each_and_the_ledger_counts_them(company: Company) -> None:
    text = (
        "Number,Date,Total,Item 1,Item 2\n"
        "1,2025-01-02,30,sku:A|qty:2|total:20.00,sku:B|qty:1|total:10.00\n"
        "2,2025-01-03,5,sku:C|qty:1|total:5.00,\n"
    )
    lines = company.ingest(PACKED, text)["order_lines"]
    assert company.rows("order_lines", "order_number, line_no, sku, quantity, amount") == [
        ("1", 1, "A", 2.0, Decimal("20.0000")),
        ("1", 2, "B", 1.0, Decimal("10.0000")),
        ("2", 1, "C", 1.0, Decimal("5.0000")),
    ]
    assert (lines.rows_read, lines.rows_kept, lines.amount_kept) == (3, 3, Decimal("35.0000"))


def test_a_packed_record_that_cannot_be_read_is_quarantined(company: Company) -> None:
    lines = company.ingest(PACKED, "Number,Date,Total,Item 1\n1,2025-01-02,30,nonsense\n")["order_lines"]
    assert (lines.rows_read, lines.rows_quarantined) == (1, 1)


def test_json_and_patterns_are_unpacked_too(company: Company) -> None:
    packed = PACKED.replace('{cells: "Item *", fields: "|", names: ":"}', "{cells: Items, json: true}")
    company.ingest(
        packed.replace("Item *", "Items"),
        'Number;Date;Total;Items\n1;2025-01-02;30;"[{""sku"": ""A"", ""qty"": 2, ""total"": ""20.00""}]"\n',
    )
    assert company.rows("order_lines", "sku, quantity, amount") == [("A", 2.0, Decimal("20.0000"))]
    told = "{cells: Items, records: ', ', pattern: '^(?P<qty>[0-9]+)× (?P<sku>.+?) (?P<total>[0-9.]+)$'}"
    packed = PACKED.replace('{cells: "Item *", fields: "|", names: ":"}', told).replace("Item *", "Items")
    company.ingest(packed, "Number;Date;Total;Items\n1;2025-01-02;30;2× Tea 20.00, 1× Pot 10.00\n")
    assert company.rows("order_lines", "line_no, sku, amount") == [
        (1, "Tea", Decimal("20.0000")),
        (2, "Pot", Decimal("10.0000")),
    ]


def test_an_order_whose_rows_disagree_on_the_total_is_quarantined(company: Company) -> None:
    text = (
        "Number,Date,Total,Sku,Quantity,Amount\n1,2025-01-02,30,A,1,20\n1,2025-01-02,30,B,1,10\n"
        "2,2025-01-02,5,A,1,5\n2,2025-01-02,6,B,1,1\n"
    )
    loaded = company.ingest(LINES, text)
    assert company.rows("orders", "order_number, total") == [("1", Decimal("30.0000"))]
    assert company.rows("order_lines", "order_number, line_no") == [("1", 1), ("1", 2)]
    assert loaded["orders"].rows_quarantined == loaded["order_lines"].rows_quarantined == 2
    assert {reason for entity, _, reason in company.reasons() if entity == "orders"} == {
        'Total: "5" differs between the rows of one order',
        'Total: "6" differs between the rows of one order',
    }


SHOP = LINES.replace("total: Total}", "total: Total, subtotal: Goods}")


@pytest.mark.parametrize(
    ("goods", "kept", "told"),
    [("20", 1, "1 row repeats another one of the file exactly"), ("40", 2, ""), ("7", 2, "nothing tells")],
)
def test_a_repeated_order_line_counts_by_the_orders_own_subtotal(
    company: Company, goods: str, kept: int, told: str
) -> None:
    """Accident: a line that is merely said twice is sold twice, or a second piece is taken for an echo of the first."""
    line = f"1,2025-01-02,{goods},{goods},A,1,20\n"
    loaded = company.ingest(SHOP, "Number,Date,Total,Goods,Sku,Quantity,Amount\n" + line + line)["order_lines"]
    assert (loaded.rows_read, loaded.rows_kept, loaded.rows_collapsed) == (2, kept, 2 - kept)
    assert told in loaded.message
    assert told or not loaded.message


def test_a_line_after_a_repeated_one_keeps_its_number(company: Company) -> None:
    twice = "1,2025-01-02,30,30,A,1,20\n" * 2
    company.ingest(SHOP, "Number,Date,Total,Goods,Sku,Quantity,Amount\n" + twice + "1,2025-01-02,30,30,B,1,10\n")
    assert company.rows("order_lines", "line_no, sku") == [(1, "A"), (2, "B")]


def test_an_order_that_stands_twice_counts_once_and_one_that_differs_is_quarantined(company: Company) -> None:
    text = "Number;Date;Total\n1;2025-01-02;10\n2;2025-01-02;20\n1;2025-01-02;10\n2;2025-01-02;21\n3;2025-01-02;1\n"
    loaded = company.ingest(ORDERS, text)["orders"]
    assert company.rows("orders", "order_number") == [("1",), ("3",)]
    assert (loaded.rows_kept, loaded.rows_collapsed, loaded.rows_quarantined) == (2, 1, 2)
    assert loaded.amount_quarantined == 41
    assert all("stands twice in the file with different content" in str(reason) for *_, reason in company.reasons())
