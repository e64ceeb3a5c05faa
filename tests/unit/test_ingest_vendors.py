"""Each vendor's export in its true layout, and the canonical rows that must come of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data_quality.contracts import contracts
from pipelines.ingest.batch import IngestReport, ingest
from pipelines.ingest.settings import IngestSettings

EXPORTS = Path(__file__).resolve().parents[1] / "fixtures" / "exports"

Row = dict[str, Any]
at = datetime.fromisoformat


class Ingested:
    """The fixtures of one vendor, ingested into a folder of their own."""

    def __init__(self, folder: Path, vendor: str) -> None:
        self.raw = folder / "raw"
        settings = IngestSettings("EUR", "DE", "Europe/Berlin", folder / "scratch", frozenset({"USD", "GBP"}))
        self.report: IngestReport = ingest(EXPORTS / vendor, self.raw, folder / "quarantine", settings)

    def rows(self, entity: str, **where: str) -> list[Row]:
        """The filled cells of the rows, in the order of the file, lineage left out."""
        columns = ", ".join(column.name for column in contracts()[entity].columns)
        condition = " AND ".join(f"{name} = '{value}'" for name, value in where.items()) or "true"
        result = duckdb.sql(
            f"SELECT {columns} FROM read_parquet('{self.raw}/{entity}/*.parquet') WHERE {condition} "
            "ORDER BY file_id, file_line"
        )
        names = result.columns
        return [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in result.fetchall()]

    def row(self, entity: str, **where: str) -> Row:
        (found,) = self.rows(entity, **where)
        return found


@pytest.fixture(scope="module")
def shopify(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    return Ingested(tmp_path_factory.mktemp("shopify"), "shopify")


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    return Ingested(tmp_path_factory.mktemp("hubspot"), "hubspot")


@pytest.fixture(scope="module")
def mailchimp(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    return Ingested(tmp_path_factory.mktemp("mailchimp"), "mailchimp")


@pytest.mark.parametrize("vendor", ["shopify", "hubspot", "mailchimp", "online_retail"])
def test_every_file_of_a_vendor_is_loaded_and_balances(vendor: str, tmp_path: Path) -> None:
    report = Ingested(tmp_path, vendor).report
    assert report.rows
    assert {(row.status, row.vendor) for row in report.rows} == {("loaded", vendor)}
    for row in report.rows:
        row.check_balance()


def test_a_shopify_order_keeps_its_total_once_however_many_lines_it_has(shopify: Ingested) -> None:
    """Accident: a forward-filled Total is summed over the lines of an order and multiplies revenue."""
    assert shopify.row("orders", order_number="#1001") == {
        "order_number": "#1001",
        "ordered_at": at("2025-01-01 18:11:18"),
        "status": "paid",
        "sales_channel": "web",
        "currency": "EUR",
        "total": Decimal("114.9000"),
        "subtotal": Decimal("110.0000"),
        "discount": Decimal("10.0000"),
        "shipping": Decimal("4.9000"),
        "tax": Decimal("18.3500"),
        "refunded": Decimal("0.0000"),
        "is_tax_included": True,
        "email": "Erika.Mustermann@example.com",
        "phone": "0351 123456",
        "first_name": "Erika Maria",
        "last_name": "Mustermann",
        "street": "Hauptstr. 5",
        "postcode": "01067",
        "city": "Dresden",
        "country": "DE",
        "accepts_marketing": True,
    }
    (ledger,) = [row for row in shopify.report.rows if (row.file, row.entity) == ("orders_export.csv", "orders")]
    assert (ledger.rows_read, ledger.rows_kept, ledger.rows_collapsed) == (4, 3, 1)
    assert ledger.amount_kept == Decimal("184.80")


def test_shopify_lines_are_numbered_within_their_order_and_net_of_their_discount(shopify: Ingested) -> None:
    lines = shopify.rows("order_lines", order_number="#1001")
    assert [(line["line_no"], line["sku"], line["amount"]) for line in lines] == [
        (1, "TEE-1", Decimal("70.0000")),
        (2, "KAN-1", Decimal("50.0000")),
    ]
    assert shopify.row("order_lines", order_number="#1003")["amount"] == Decimal("45.0000")


def test_a_shopify_order_knows_its_fate(shopify: Ingested) -> None:
    fates = {row["order_number"]: row["status"] for row in shopify.rows("orders")}
    assert fates == {
        "#1001": "paid",
        "#1002": "refunded",
        "#1003": "cancelled",
        "#2001": "paid",
        "#2002": "partially_refunded",
    }
    assert shopify.row("orders", order_number="#1003")["cancelled_at"] == at("2025-01-04 07:00:00")


def test_a_shopify_order_without_email_keeps_the_phone_as_its_buyer(shopify: Ingested) -> None:
    order = shopify.row("orders", order_number="#1002")
    assert "email" not in order
    assert (order["phone"], order["last_name"], order["city"]) == ("+43 1 234567", "Cher", "Wien")


def test_tax_on_top_is_told_from_tax_included_by_the_sums(shopify: Ingested) -> None:
    """Accident: tax is taken off prices that never contained it."""
    assert shopify.row("orders", order_number="#2001")["is_tax_included"] is False
    assert shopify.row("orders", order_number="#2002")["is_tax_included"] is False  # without tax the file decides


def test_a_shopify_customer_id_loses_its_apostrophe_and_a_dutch_name_does_not(shopify: Ingested) -> None:
    erika, piet = shopify.rows("contacts")
    assert (erika["source_id"], erika["postcode"], erika["phone"]) == ("7210448301122", "01067", "+49351123456")
    assert (erika["consent_email"], erika["consent_sms"]) == (True, False)
    assert piet["last_name"] == "'t Hooft"
    assert (piet["consent_email"], piet.get("consent_sms")) == (False, None)


def test_a_shopify_product_is_a_variant_and_a_row_of_pictures_is_none(shopify: Ingested) -> None:
    assert shopify.row("products") == {
        "sku": "TEE-1",
        "product": "Tee Assam",
        "category": "Tee",
        "price": Decimal("35.0000"),
        "cost": Decimal("12.5000"),
    }


def test_a_hubspot_contact_of_the_default_view(hubspot: Ingested) -> None:
    assert hubspot.row("contacts", source_id="151") == {
        "source_id": "151",
        "email": "erika@firma.example",
        "phone": "+49 30 1234567",
        "first_name": "Erika",
        "last_name": "Müller",
        "company_name": "Firma GmbH",
        "company_source_id": "9001",
        "created_at": at("2024-06-01 06:00:00"),
        "updated_at": at("2025-02-01 09:15:00"),
    }
    assert hubspot.row("contacts", source_id="152")["created_at"] == at("2024-12-24 17:30:00")


def test_any_hubspot_opt_out_is_a_no_and_none_is_not_a_yes(hubspot: Ingested) -> None:
    """Accident: "Unsubscribed from all email: false" is read as consent."""
    consent = {row["source_id"]: row.get("consent_email") for row in hubspot.rows("contacts")}
    assert consent == {"151": None, "152": None, "201": False, "202": False, "203": None}
    assert hubspot.row("contacts", source_id="203")["suppression_reason"] == "bounced"


def test_the_first_associated_company_is_the_primary_one(hubspot: Ingested) -> None:
    contact = hubspot.row("contacts", source_id="201")
    assert (contact["company_source_id"], contact["birth_on"]) == ("9001", date(1980, 5, 6))
    assert hubspot.row("deals", source_id="501")["contact_source_id"] == "151"


def test_a_hubspot_deal_is_won_or_open_by_its_stage(hubspot: Ingested) -> None:
    won, still_open = hubspot.rows("deals")
    assert (won["is_won"], won["amount"], won["closed_at"]) == (True, Decimal("12500.5"), at("2025-02-10 11:00:00"))
    assert "is_won" not in still_open


def test_a_planned_close_date_does_not_make_a_deal_export_new(hubspot: Ingested) -> None:
    horizons = duckdb.sql(f"SELECT DISTINCT file_horizon FROM '{hubspot.raw}/deals/*.parquet'").fetchall()
    assert horizons == [(at("2025-02-20 11:00:00"),)]


def test_hubspot_companies_tickets_and_calls(hubspot: Ingested) -> None:
    company = hubspot.row("accounts", source_id="9001")
    assert (company["name"], company["employee_count"], company["annual_revenue"]) == (
        "Firma GmbH",
        50,
        Decimal(1250000),
    )
    complaint, question = hubspot.rows("tickets")
    assert (complaint["is_open"], complaint["is_complaint"], complaint["contact_source_id"]) == (True, True, "151")
    assert (question["is_open"], question.get("is_complaint")) == (False, None)
    reached, missed = hubspot.rows("activities")
    assert (reached["channel"], reached["direction"], reached["is_reached"]) == ("phone", "outbound", True)
    assert (reached["contact_source_id"], reached["occurred_at"]) == ("151", at("2025-02-01 09:15:00"))
    assert (missed["direction"], missed["is_reached"]) == ("inbound", False)


def test_the_file_that_a_mailchimp_member_comes_from_is_the_consent(mailchimp: Ingested) -> None:
    members = {row["source_id"]: row for row in mailchimp.rows("contacts")}
    subscribed = members["erika.mustermann@example.com"]
    assert (subscribed["consent_email"], subscribed["consent_at"]) == (True, at("2023-05-01 10:02:11"))
    assert (subscribed["email"], subscribed["tags"]) == ("Erika.Mustermann@Example.com", "VIP,Blog")
    unsubscribed = members["ben@bauer.example"]
    assert (unsubscribed["consent_email"], unsubscribed["consent_at"]) == (False, at("2024-03-01 12:00:00"))
    cleaned = members["weg@example.com"]
    assert (cleaned.get("consent_email"), cleaned["suppression_reason"]) == (None, "bounced")
    assert "consent_email" not in members["kauft.nur@example.com"]


def test_a_mailchimp_campaign_with_an_american_date_and_grouped_thousands(mailchimp: Ingested) -> None:
    assert mailchimp.row("campaigns") == {
        "source_id": "abc123",
        "name": "Newsletter Juni",
        "channel": "email",
        "subject": "Sommer, Sonne",
        "audience": "Kunden",
        "sent_at": at("2018-06-09 19:30:00"),
        "recipient_count": 1234,
    }


def test_mailchimp_activity_takes_campaign_and_event_from_folder_and_file(mailchimp: Ingested) -> None:
    events = mailchimp.rows("email_events")
    assert {event["campaign_name"] for event in events} == {"Newsletter Juni"}
    told = sorted(
        (event["email"][0], event["event"], event.get("occurred_at")) for event in events if "occurred_at" not in event
    )
    assert [(who, what) for who, what, _ in told] == [
        ("a", "clicked"), ("a", "opened"), ("a", "sent"), ("b", "opened"), ("b", "sent"),
        ("c", "sent"), ("d", "bounced"), ("d", "sent"),
    ]  # fmt: skip
    opened, clicked = sorted(
        (event for event in events if "occurred_at" in event), key=lambda event: event["occurred_at"]
    )
    assert (opened["event"], opened["occurred_at"]) == ("opened", at("2018-06-09 20:01:02"))
    assert (clicked["event"], clicked["url"]) == ("clicked", "https://shop.example/tee?x=1")


def test_a_german_csv_in_windows_1252_with_decimal_commas(tmp_path: Path) -> None:
    """Accident: 11.062,06 is read as eleven, and umlauts are spoilt."""
    retail = Ingested(tmp_path, "online_retail")
    assert retail.rows("order_lines")[0]["product"] == "Herz für Teelicht – weiß"
    assert [(row["order_number"], row["status"], row["total"]) for row in retail.rows("orders")] == [
        ("536365", "paid", Decimal("35.6400")),
        ("C536379", "refunded", Decimal("-27.5000")),
        ("A563185", "adjustment", Decimal("11062.0600")),
    ]
    assert retail.row("orders", order_number="536365")["buyer_source_id"] == "17850"
    assert retail.row("orders", order_number="C536379")["ordered_at"] == at(
        "2011-07-01 08:41:00"
    )  # British summer time


@pytest.mark.public_data
def test_the_real_online_retail_data_keep_every_line_and_every_penny(public_data: Path, tmp_path: Path) -> None:
    """541,909 lines worth 9,747,747.934 in 25,900 invoices: https://archive.ics.uci.edu/dataset/352/online+retail"""
    settings = IngestSettings("GBP", "GB", "Europe/London", tmp_path / "scratch")
    report = ingest(public_data / "online_retail", tmp_path / "raw", tmp_path / "quarantine", settings)
    loaded = {row.entity: row for row in report.rows if row.status == "loaded"}
    assert loaded["order_lines"].rows_kept == 541_909
    assert loaded["orders"].rows_kept == 25_900
    for row in loaded.values():
        assert row.amount_read == row.amount_kept == Decimal("9747747.934")
    assert report.newest_at == at("2011-12-09 12:50:00")
