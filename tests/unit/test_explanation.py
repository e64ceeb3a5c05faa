"""What `stammkunde explain` says, from published tables alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import UserError
from pipelines.explanation import explain, in_words


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    def record(system: str, source_id: str, by: str, probability: float) -> dict[str, object]:
        key = {"source_system": system, "entity": "contacts", "source_id": source_id}
        return {**key, "customer_id": "C1", "matched_by": by, "match_probability": probability}

    frames = {
        "customer_links": [record("crm", "1", "new", 1.0), record("shop", "2", "similarity", 0.97)],
        "customer_aliases": [{"alias": "C0", "customer_id": "C1"}],
        "link_evidence": [
            {"customer_id": "C1", "source_system_l": "crm", "entity_l": "contacts", "source_id_l": "1",
             "source_system_r": "shop", "entity_r": "contacts", "source_id_r": "2", "rule": "similarity",
             "probability": 0.97, "agreements": "the same name", "differences": "another e-mail address"}
        ],
        "customer_provenance": [
            {"customer_id": "C1", "field": "city", "record": "shop:contacts:2", "rule": "most trusted"}
        ],
        "consent_ledger": [
            {"customer_id": "C1", "email": "a@x.example", "channel": "email", "is_allowed": False,
             "stated_at": date(2026, 5, 1), "source_system": "crm", "source_id": "1", "evidence": "contact"}
        ],
    }  # fmt: skip
    for name, rows in frames.items():
        pl.DataFrame(rows).write_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


def test_everything_is_said_in_words(tables: Path) -> None:
    said = "\n".join(in_words(explain(tables, "C1")))
    for sentence in (
        "Customer C1 is made of 2 records.",
        "Earlier ids: C0.",
        "shop:contacts:2  joined by similarity, probability 97.0%",
        "crm:contacts:1 and shop:contacts:2: the same name; but another e-mail address (probability 97.0%).",
        "city: shop:contacts:2 (most trusted)",
        "email: no on 2026-05-01, by crm (contact)",
        "crm:contacts:1;shop:contacts:2;different;YOUR NAME;2026-01-31",
    ):
        assert sentence in said


def test_an_earlier_id_leads_to_the_customer(tables: Path) -> None:
    found = explain(tables, "C0")
    assert (found.customer_id, found.former) == ("C1", "C0")
    assert "C0 was merged into this customer." in in_words(found)


def test_an_unknown_id_is_told_what_to_do(tables: Path) -> None:
    with pytest.raises(UserError, match="No customer has or had the id C9"):
        explain(tables, "C9")
