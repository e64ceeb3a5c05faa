"""Records that lead nowhere, sources that fell silent and orders that two systems hold are counted."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from data_quality.contracts import contracts
from data_quality.doubles import numbers_of_two_orders, orders_in_two_systems
from data_quality.freshness import stale_sources
from data_quality.references import REFERENCES, Reference, leading_nowhere

CONTACT_OF_TICKET = Reference("tickets", "contact_source_id", "contacts")


def test_only_records_of_exported_sources_can_lead_nowhere() -> None:
    tickets = pl.LazyFrame(
        {
            "source_system": ["hubspot"] * 4 + ["salesforce"],
            "contact_source_id": ["1", "2", "1;2", None, "9"],
        }
    )
    contacts = pl.LazyFrame({"source_system": ["hubspot", "hubspot", "shopify"], "source_id": ["1", "1", "2"]})
    assert leading_nowhere(CONTACT_OF_TICKET, tickets, contacts) == 1


def test_every_reference_names_columns_of_the_contracts() -> None:
    for one in REFERENCES:
        assert contracts()[one.entity].column(one.column)
        assert contracts()[one.to_entity].column(one.to_column)


def test_mailings_of_a_campaign_that_no_report_names_lead_nowhere() -> None:
    """Accident: a campaign is renamed, and its openings are nobody's."""
    reference = next(one for one in REFERENCES if one.entity == "email_events")
    events = pl.LazyFrame({"source_system": "mailchimp", "campaign_name": ["Sommer_2025!", "sommer 2025", "Herbst"]})
    campaigns = pl.LazyFrame({"source_system": ["mailchimp"], "name": ["Sommer 2025"]})
    assert leading_nowhere(reference, events, campaigns) == 1


def test_a_source_that_was_not_exported_for_weeks_is_stale() -> None:
    """Accident: somebody forgets the shop's export, and every customer seems to fall asleep."""
    newest = pl.DataFrame(
        {
            "vendor": ["shopify", "shopify", "hubspot"],
            "newest_on": [date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)],
        }
    )
    assert stale_sources(newest, date(2025, 4, 4)) == []
    assert stale_sources(newest, date(2025, 4, 5)) == [("shopify", date(2025, 2, 1))]


def test_orders_that_two_systems_hold_are_told_by_buyer_day_and_amount() -> None:
    """Accident: the till sends its orders to the shop, both are exported, and the revenue doubles."""
    noon = datetime(2025, 3, 8, 12)  # noqa: DTZ001 - UTC, as the tables have it
    rows = [
        ("shopify", "1", "Ann@example.com", "10.00"),
        ("shopify", "1", "Ann@example.com", "10.00"),
        ("till", "77", "ann@example.com ", "10.00"),
        ("shopify", "2", "bo@example.com", "10.00"),
        ("shopify", "3", "bo@example.com", "10.00"),
        ("till", "78", "cy@example.com", "0.00"),
        ("shopify", "4", "cy@example.com", "0.00"),
        ("till", "79", None, "5.00"),
        ("shopify", "5", None, "5.00"),
    ]
    orders = pl.DataFrame(rows, schema=["source_system", "order_number", "email", "total"], orient="row").lazy()
    typed = orders.with_columns(
        pl.col("total").cast(pl.Decimal(18, 4)), ordered_at=pl.lit(noon), currency=pl.lit("EUR")
    )
    assert orders_in_two_systems(typed) == {"shopify and till": 1}


def test_a_number_that_two_orders_share_is_told() -> None:
    """Accident: two shops of one vendor number their orders alike, and the orders of one of them vanish."""
    rows = [
        ("shopify", "1", datetime(2025, 3, 8, 12)),  # noqa: DTZ001 - UTC, as the tables have it
        ("shopify", "1", datetime(2025, 3, 8, 23)),  # noqa: DTZ001
        ("shopify", "2", datetime(2025, 3, 8, 12)),  # noqa: DTZ001
        ("shopify", "2", datetime(2024, 9, 1, 12)),  # noqa: DTZ001
        ("till", "2", datetime(2024, 1, 1, 12)),  # noqa: DTZ001
    ]
    orders = pl.LazyFrame(rows, schema=["source_system", "order_number", "ordered_at"], orient="row")
    assert numbers_of_two_orders(orders) == {"shopify": 1}
