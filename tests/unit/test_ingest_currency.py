"""A shop in pounds must not see all its orders quarantined because nobody wrote a settings file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.ingest.batch import ingest
from pipelines.ingest.currency import usual_currency
from pipelines.ingest.preset_files import shipped_presets
from pipelines.ingest.settings import ingest_settings
from pipelines.workspace import Workspace
from tests.unit.companies import Company

HEADER = "Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price"


def land(folder: Path, name: str, *currencies: str) -> None:
    rows = [
        f"#{n},a{n}@example.com,paid,{code},10,2026-01-01 10:00:00 +0100,1,Tea,10" for n, code in enumerate(currencies)
    ]
    (folder / name).write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.create_folders()
    return workspace


def usual(workspace: Workspace) -> str | None:
    return usual_currency(workspace.landing, shipped_presets(), workspace.raw / "scratch")


def test_the_currency_of_most_orders_is_the_usual_one(workspace: Workspace) -> None:
    land(workspace.landing, "a.csv", "USD", "GBP")
    land(workspace.landing, "b.csv", "gbp", "GBP", "GBP")
    assert usual(workspace) == "GBP"


def test_a_preset_may_know_the_currency(workspace: Workspace) -> None:
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    (workspace.landing / "retail.csv").write_text(
        f"{header}\n536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850,UK\n"
    )
    assert usual(workspace) == "GBP"


def test_files_that_are_only_inspected_count_as_if_they_had_landed(workspace: Workspace, tmp_path: Path) -> None:
    """Who looks at his first export in pounds must not read that all of it would be left out."""
    (tmp_path / "downloads").mkdir()
    land(tmp_path / "downloads", "mine.csv", "GBP")
    looked_at = [tmp_path / "downloads" / "mine.csv"]
    assert ingest_settings(workspace, also=looked_at).base_currency == "GBP"
    land(workspace.landing, "a.csv", *["USD"] * 50)
    assert ingest_settings(workspace, also=looked_at).base_currency == "USD"
    landed_too = workspace.landing / "b.csv"
    land(workspace.landing, "b.csv", *["CHF"] * 40)
    assert ingest_settings(workspace, also=[landed_too]).base_currency == "USD"


def test_equal_shares_are_decided_by_the_alphabet_and_not_by_the_name_of_the_file(workspace: Workspace) -> None:
    land(workspace.landing, "a.csv", "USD")
    land(workspace.landing, "b.csv", "CHF")
    assert usual(workspace) == "CHF"


def test_without_orders_there_is_none_and_settings_come_first(workspace: Workspace) -> None:
    assert usual(workspace) is None
    assert ingest_settings(workspace).base_currency == "EUR"
    land(workspace.landing, "a.csv", "USD")
    assert ingest_settings(workspace).base_currency == "USD"
    (workspace.root / "settings.yml").write_text("currency: GBP\n")
    assert ingest_settings(Workspace(workspace.root)).base_currency == "GBP"


def test_a_currency_without_a_rate_is_named_in_the_ledger(workspace: Workspace) -> None:
    """Pounds in a workspace of euros must be refused by name, never taken as one to one."""
    land(workspace.landing, "a.csv", "EUR", "USD")
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    row = "536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850,UK"
    (workspace.landing / "retail.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    (workspace.root / "settings.yml").write_text("currency: EUR\n")
    report = ingest(workspace.landing, workspace.raw, workspace.quarantine, ingest_settings(workspace))
    orders = {row.file: row for row in report.rows if row.entity == "orders"}
    assert orders["a.csv"].rows_quarantined == 1
    assert "GBP" in orders["retail.csv"].message
    assert "settings.yml" in orders["retail.csv"].message
    assert orders["retail.csv"].amount_quarantined == Decimal("15.30")


def money_of(company: Company, text: str) -> tuple[list[tuple[object, ...]], list[str]]:
    company.write("orders.csv", text)
    company.ingest()
    return company.query("orders", "order_number, total"), [str(row[4]) for row in company.quarantined()]


@pytest.mark.parametrize("amount", ["7,00 $", "£7,00", "7,00 CHF", "US$ 7,00", "7 kr", "7,00 Fr."])
def test_a_sign_of_another_currency_is_never_taken_for_the_base(tmp_path: Path, amount: str) -> None:
    """Accident: seven pounds are booked as seven euros."""
    rows = f"Bestellnummer;Datum;Gesamtbetrag\n1;01.02.2025;5,00 €\n2;01.02.2025;{amount}\n3;01.02.2025;EUR 0,50\n"
    kept, reasons = money_of(Company(tmp_path), rows)
    assert kept == [("1", Decimal("5.0000")), ("3", Decimal("0.5000"))]
    assert reasons == [
        f'Gesamtbetrag: "{amount}" is not in EUR, in which amounts are where no column says their currency'
    ]


def test_a_sign_must_fit_the_currency_that_its_row_names(tmp_path: Path) -> None:
    header = "Bestellnummer;Datum;Gesamtbetrag;Währung\n"
    rows = "1;01.02.2025;$5,00;USD\n2;01.02.2025;5,00 €;USD\n3;01.02.2025;€ 3,00;\n"
    kept, reasons = money_of(Company(tmp_path), header + rows)
    assert kept == [("1", Decimal("5.0000")), ("3", Decimal("3.0000"))]
    assert reasons == ['Gesamtbetrag: "5,00 €" names another currency than its row']


def test_a_price_of_another_currency_leaves_out_its_order(tmp_path: Path) -> None:
    """Accident: a total that is reckoned from pieces and prices forgets the sign of the prices."""
    rows = "Bestellnummer;Datum;Artikelnummer;Menge;Einzelpreis\n1;01.02.2025;A;2;$5,00\n2;01.02.2025;A;2;5,00 €\n"
    kept, reasons = money_of(Company(tmp_path), rows)
    assert kept == [("2", Decimal("10.0000"))]
    assert any("2 x $5,00" in reason for reason in reasons)


def test_euros_in_words_and_discounts_below_zero_are_read_as_they_are_meant(tmp_path: Path) -> None:
    company = Company(tmp_path)
    rows = "1;01.02.2025;5,00;€;-1,00;\n2;01.02.2025;6,00;Euro;1,00;2,00-\n3;01.02.2025;7,00;eur;;(3,00)\n"
    company.write("orders.csv", "Bestellnummer;Datum;Gesamtbetrag;Währung;Rabatt;Erstattet\n" + rows)
    company.ingest()
    assert company.query("orders", "currency, discount, refunded") == [
        ("EUR", Decimal("1.0000"), None),
        ("EUR", Decimal("1.0000"), Decimal("2.0000")),
        ("EUR", None, Decimal("3.0000")),
    ]
