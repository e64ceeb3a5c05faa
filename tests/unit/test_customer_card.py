"""The card of one customer: the right one, whole, and harmless to the terminal."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.customer_card import PARTS

MONEY = pl.Decimal(18, 4)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    tables = tmp_path / "exports" / "latest" / "tables"
    tables.mkdir(parents=True)
    customers = pl.DataFrame(
        {
            "customer_id": ["c1", "c2", "c3"],
            "kind": ["person"] * 3,
            "first_name": ["Anna", "[bold]Bo\x1b[2J", "Cem"],
            "last_name": ["Meier", "Berg", None],
            "email": ["anna@example.org", "bo@example.org", None],
            "account_id": ["a1", None, None],
            "rfm_segment": ["champions", "lost", "lead"],
            "previous_rfm_segment": ["loyal", "lost", None],
            "is_suppressed": [False, True, False],
            "consent_email": [True, False, None],
            "order_count": [7, 1, 0],
            "net_revenue": pl.Series([Decimal("1234.5"), Decimal(1), None], dtype=MONEY),
            "clv": pl.Series([Decimal("99.5"), Decimal(1), None], dtype=MONEY),
            "clv_low": pl.Series([Decimal(80), None, None], dtype=MONEY),
            "clv_high": pl.Series([Decimal(120), None, None], dtype=MONEY),
        }
    )
    customers.write_parquet(tables / "customer_360.parquet")
    customers.select("customer_id", "email").write_parquet(tables / "customers.parquet")
    statements = pl.DataFrame(
        {
            "customer_id": ["c1", "c1", "c1"],
            "channel": ["email", "email", "email"],
            "is_allowed": [True, False, True],
            "stated_at": pl.Series([date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 4)]).cast(pl.Datetime),
            "source_system": ["till", "till", "mailchimp"],
        }
    )
    statements.write_parquet(tables / "consent_ledger.parquet")
    for day, segment in (("2026-01-31", "new"), ("2026-02-28", "new"), ("2026-03-31", "champions")):
        earlier = tmp_path / "exports" / day / "tables"
        earlier.mkdir(parents=True)
        own = {"customer_id": ["c1"], "as_of": [date.fromisoformat(day)], "rfm_segment": [segment]}
        pl.DataFrame(own).write_parquet(earlier / "customer_segments.parquet")
    days = [date(2026, 1, day) for day in range(1, 9)]
    written = {
        "customer_sources": {
            "customer_id": ["c1", "c3", "c1", "c2"],
            "source_system": ["mailchimp", "mailchimp", "till", "till"],
            "entity": ["contacts"] * 4,
            "source_id": ["old@example.org", "cem@example.org", "77", "77"],
            "matched_by": ["new"] * 4,
        },
        "orders": {
            "customer_id": ["c1"] * 8,
            "account_id": ["a1"] * 8,
            "order_id": [f"shop:{day.day}" for day in days],
            "ordered_at": pl.Series(days).cast(pl.Datetime),
            "ordered_on": days,
            "net_revenue": [Decimal(day.day) for day in days],
        },
        "service_followups": {"customer_id": ["c1"], "reason": ["refund"], "due_on": days[:1], "priority": [1]},
        "accounts": {
            "account_id": ["a1", "a2"],
            "name": ["Acme", "Twin"],
            "domain": ["acme.example", "Twin"],
            "customer_count": [3, 0],
            "net_revenue": [Decimal(9), Decimal(0)],
        },
        "account_potential": {
            "account_id": ["a1"] * 8,
            "category": ["*", *"ABCDEFG"],
            "actual": [9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
            "potential": [20.0, 9.0, None, None, None, None, None, None],
            "verdict": ["open", *["unknown"] * 7],
        },
        "customer_aliases": {"alias": ["c0"], "customer_id": ["c1"]},
        "kpis": {"metric": ["net_revenue"], "unit": ["EUR"]},
    }
    for name, columns in written.items():
        pl.DataFrame(columns).write_parquet(tables / f"{name}.parquet")
    return tmp_path


def show(workspace: Path, *arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(main, ["show", "--workspace", str(workspace), *arguments])


@pytest.mark.parametrize("wanted", ["c1", "ANNA@example.org", "old@example.org", "c0"])
def test_a_customer_is_found_by_number_old_or_new_and_by_any_address_that_a_source_knows(
    workspace: Path, wanted: str
) -> None:
    card = json.loads(show(workspace, wanted, "--json").stdout)
    assert card["customer"]["customer_id"] == "c1"
    assert card["account"]["name"] == "Acme"


def test_the_newest_orders_come_first_and_only_a_few(workspace: Path) -> None:
    card = json.loads(show(workspace, "c1", "--json").stdout)
    assert [order["order_id"] for order in card["orders"]] == ["shop:8", "shop:7", "shop:6", "shop:5", "shop:4"]
    assert card["orders"][0]["ordered_at"] == "2026-01-08T00:00:00"


def test_only_published_tables_are_on_the_card(workspace: Path) -> None:
    card = json.loads(show(workspace, "c1", "--json").stdout)
    parts = set(card) - {"customer", "account", "segment_history"}
    assert parts == {"sources", "orders", "followups", "consent_statements"}
    assert parts < set(PARTS)


def test_the_card_says_who_it_is_what_he_is_worth_and_what_to_do(workspace: Path) -> None:
    shown = show(workspace, "c1").stdout
    for words in (
        "Anna Meier",
        "Champions (before Loyal)",
        "EUR\xa099.50",
        "80.00 – EUR\xa0120.00",
        "ask after a refund",
        "yes (mailchimp, 2025-03-04)",
        "2026-01-31 New → 2026-03-31 Champions",
    ):
        assert words in shown
    assert "DO NOT CONTACT" not in shown


@pytest.mark.parametrize("wanted", ["a1", "acme", "ACME.example"])
def test_a_company_is_found_by_number_name_or_web_domain(workspace: Path, wanted: str) -> None:
    card = json.loads(show(workspace, wanted, "--json").stdout)
    assert card["account"]["account_id"] == "a1"
    assert [buyer["customer_id"] for buyer in card["buyers"]] == ["c1"]
    assert card["followups"] == [{"customer_id": "c1", "reason": "refund", "due_on": "2026-01-01", "priority": 1}]
    assert len(card["potential"]) == 8


def test_a_companys_card_shows_where_there_is_room_first(workspace: Path) -> None:
    shown = show(workspace, "acme").stdout
    assert "Acme  a1  ·  company" in shown
    assert "Anna" in shown
    places = [shown.index(f"│ {category} ") for category in ("all categories", "A", "G", "F")]
    assert places == sorted(places)
    assert "│ B " not in shown, "six are enough for a screen"


def test_the_card_speaks_the_language_of_the_settings(workspace: Path) -> None:
    (workspace / "settings.yml").write_text("language: de\n")
    shown = show(workspace, "c1").stdout
    assert "Beste Kunden" in shown
    assert "1.234,50\xa0EUR" in shown


def test_names_neither_style_nor_steer_the_terminal(workspace: Path) -> None:
    """A name could clear the screen, or hide that this person must not be contacted."""
    shown = show(workspace, "c2").stdout
    assert "[bold]Bo\N{REPLACEMENT CHARACTER}[2J Berg" in shown
    assert "\x1b" not in shown
    assert "DO NOT CONTACT" in shown


def test_who_is_not_meant_clearly_is_a_mistake_of_the_call(workspace: Path) -> None:
    for wanted, sentence in (("nobody", "No customer has this number"), ("77", "Name one of them: c1, c2.")):
        answer = show(workspace, wanted)
        assert answer.exit_code == 2
        assert sentence in answer.stderr


def test_without_a_published_run_the_next_step_is_said(tmp_path: Path) -> None:
    answer = show(tmp_path, "c1")
    assert answer.exit_code == 2
    assert "stammkunde run" in answer.stderr
