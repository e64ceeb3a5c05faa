"""A bad row goes to quarantine with its place and a reason, and costs nothing but itself."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.companies import CALLS, ORDERS, SAMPLES, Company, only


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_an_order_in_a_currency_without_a_rate_is_quarantined_with_its_lines(company: Company) -> None:
    """Accident: foreign money is counted one to one."""
    company.currencies = frozenset()
    company.land(SAMPLES / "shopify_orders" / "landing" / "orders_export_older.csv")
    orders, lines = company.ingest().rows
    assert (orders.rows_quarantined, orders.amount_quarantined, lines.rows_quarantined) == (2, Decimal("69.40"), 2)
    assert orders.message == (
        "2 of 2 rows are in quarantine: Currency is a currency without an exchange rate in settings.yml or "
        "exchange_rates.csv (2)."
    )
    reasons = {(row[1], row[4]) for row in company.quarantined()}
    assert reasons == {
        ("orders", 'Currency: "USD" is a currency without an exchange rate in settings.yml or exchange_rates.csv'),
        ("order_lines", "Its record in orders is in quarantine"),
    }


def test_bad_rows_are_quarantined_with_line_column_reason_and_raw_text(company: Company) -> None:
    text = ORDERS.read_text().replace(",20.00,", ",20.0O,", 1).replace("2025-01-03 23:30:00 +0300", "yesterday", 1)
    company.write("orders.csv", text)
    orders, _ = company.ingest().rows
    assert (orders.status, orders.rows_read, orders.rows_kept, orders.rows_quarantined) == ("partly", 4, 1, 2)
    assert (orders.amount_read, orders.amount_quarantined) == (Decimal("184.80"), Decimal("69.90"))
    found = [
        (line, column, reason) for _, entity, line, column, reason, _ in company.quarantined() if entity == "orders"
    ]
    assert found == [
        (5, "Subtotal", 'Subtotal: "20.0O" is not an amount'),
        (6, "Created at", 'Created at: "yesterday" is not a date or time'),
    ]
    raw_texts = [raw for _, _, _, _, _, raw in company.quarantined()]
    assert all(isinstance(raw, str) and raw in text for raw in raw_texts)


def test_rows_broken_in_form_cost_only_themselves(company: Company) -> None:
    header, first, second = CALLS.read_text().splitlines()
    stray = '"803","A stray " mark, never closed","2025-02-03 10:00\n'
    company.write(
        "calls.csv", "\n".join([header, first, "too,short", stray + second, "", second.replace("802", "804")]) + "\n"
    )
    row = only(company.ingest().rows)
    assert (row.status, row.rows_read, row.rows_kept, row.rows_quarantined) == ("partly", 5, 3, 2)
    assert [(line, raw) for _, _, line, _, _, raw in company.quarantined()] == [(3, "too,short"), (4, stray.rstrip())]
    assert sorted(company.query("activities", "source_id, file_line")) == [("801", 2), ("802", 5), ("804", 7)]


def test_lines_are_numbered_as_an_editor_does_even_after_line_breaks_in_cells(company: Company) -> None:
    company.land(ORDERS)
    company.ingest()
    assert sorted(company.query("order_lines", "file_line, order_number, line_no")) == [
        (2, "#1001", 1), (4, "#1001", 2), (5, "#1002", 1), (6, "#1003", 1),
    ]  # fmt: skip


CONTACTS = "Record ID,First Name,Last Name,Email,Phone Number,City,Date of birth\n"


def test_a_row_whose_address_stands_in_another_cell_has_moved(company: Company) -> None:
    """Accident: a cell too many here, one too few there, and the name is taken for the address."""
    sound = "1,Ann,Lee,ann@example.com,0301,Ulm,\n2,Bo,Day,k.A.,0302,Ulm,\n"
    company.write("contacts.csv", CONTACTS + sound + "3,,Carl,Ohne,carl@example.com,Ulm,\n")
    row = only(company.ingest().rows)
    assert (row.rows_kept, row.rows_quarantined) == (2, 1)
    assert [(line, column) for _, _, line, column, _, _ in company.quarantined()] == [(4, "Email")]


def test_ids_that_a_spreadsheet_has_rounded_are_no_ids(company: Company) -> None:
    """Accident: somebody opens the export in Excel and saves it, and all customers become one: 5.5E+12."""
    rows = '5.5E+12,Ann,Lee,ann@example.com,,Ulm,\n2,Bo,Day,bo@example.com,"4,91764E+12",Ulm,\n'
    company.write("contacts.csv", CONTACTS + rows)
    row = only(company.ingest().rows)
    assert (row.rows_kept, row.rows_quarantined) == (1, 1)
    assert "source_id" not in row.message
    assert "spreadsheet has rounded" in row.message
    assert '1 cell of "Phone Number" cannot be read, and counts as empty.' in row.message
    assert company.query("contacts", "source_id, phone") == [("2", None)]


def test_what_cannot_be_read_and_is_not_needed_is_told(company: Company) -> None:
    """Accident: birth dates in a form that nobody knows vanish without a word."""
    company.write("contacts.csv", CONTACTS + "1,Ann,Lee,,,,31.02.1990\n2,Bo,Day,,,,bald\n3,Cy,Day,,,,1.3.1990\n")
    row = only(company.ingest().rows)
    assert (row.status, row.rows_kept) == ("loaded", 3)
    assert '2 cells of "Date of birth" cannot be read, and count as empty.' in row.message
