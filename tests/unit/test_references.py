"""Records that lead nowhere are counted."""

from __future__ import annotations

import polars as pl

from data_quality.contracts import contracts
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
