"""Rates by day: read as people write them in English and German, and never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.errors import SettingsError
from pipelines.exchange_rates import RatePeriod, check_base, rate_periods, read_rates
from pipelines.ingest.batch import ingest
from pipelines.ingest.settings import ingest_settings
from pipelines.workspace import Workspace

ENGLISH = "currency,valid_from,rate\nUSD,2026-01-01,0.9\nGBP,2026-01-01,1.171\nUSD,2026-02-01,0.8\n"
GERMAN = "Währung;Gültig ab;Kurs\r\nUSD;01.01.2026;0,9\r\nGBP;01.01.2026;1,171\r\n\r\nUSD;01.02.2026;0,8\r\n"
ORDERS = "Bestellnummer;Bestelldatum;Gesamtbetrag;Währung;E-Mail"


def rates(folder: Path, text: str, encoding: str = "utf-8") -> list[tuple[str, date, Decimal]]:
    path = folder / "exchange_rates.csv"
    path.write_bytes(text.encode(encoding))
    return [(one.currency, one.valid_from, one.rate) for one in read_rates(path)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(ENGLISH, "utf-8"), (GERMAN, "utf-8-sig"), (GERMAN, "cp1252"), (GERMAN, "utf-16")],
)
def test_english_and_german_files_say_the_same(tmp_path: Path, text: str, encoding: str) -> None:
    """Accident: 1,171 is read as a thousand, or a file that Excel saved is not read at all."""
    assert rates(tmp_path, text, encoding) == [
        ("GBP", date(2026, 1, 1), Decimal("1.171")),
        ("USD", date(2026, 1, 1), Decimal("0.9")),
        ("USD", date(2026, 2, 1), Decimal("0.8")),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("usd;01.01.2026;0,9", ["line 3", "'usd'", "three capital letters"]),
        ("CHF;01/02/2026;0,9", ["line 3", "'01/02/2026'", "2026-01-31", "31.01.2026"]),
        ("CHF;31.02.2026;0,9", ["line 3", "'31.02.2026'"]),
        ("CHF;01.01.2026;0.9", ["line 3", "'0.9'", "same decimal sign"]),
        ("CHF;01.01.2026;1.017,90", ["line 3", "'1.017,90'", "thousands"]),
        ("CHF;01.01.2026;0", ["line 3", "'0'", "above 0"]),
        ("CHF;01.01.2026;-1", ["line 3", "'-1'", "above 0"]),
        ("CHF;01.01.2026;", ["line 3", "the rate is ''"]),
        ("CHF;01.01.2026", ["line 3", "2 cells", "3 columns"]),
        ("USD;2026-01-01;0,8", ["line 3", "USD", "2026-01-01", "line 2"]),
    ],
)
def test_a_wrong_line_is_named_with_what_is_allowed(tmp_path: Path, line: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        rates(tmp_path, f"Währung;Gültig ab;Kurs\nUSD;01.01.2026;0,9\n{line}\n")
    for word in ["exchange_rates.csv", *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize("header", ["", "currency;rate", "currency;valid_from;rate;units", "USD;01.01.2026;0,9"])
def test_columns_that_are_not_known_are_refused(tmp_path: Path, header: str) -> None:
    """Accident: a column that says `per 100 units` is overlooked, and all amounts are a hundredfold."""
    with pytest.raises(SettingsError, match=r"exchange_rates.csv, line 1: found .* valid_from"):
        rates(tmp_path, f"{header}\n")


def test_a_rate_holds_until_the_next_and_that_of_the_settings_before_the_first(tmp_path: Path) -> None:
    rates(tmp_path, ENGLISH)
    dated = read_rates(tmp_path / "exchange_rates.csv")
    assert rate_periods({"USD": Decimal("0.7"), "SEK": Decimal("0.09")}, dated, "EUR") == [
        RatePeriod("EUR", date.min, date.max, Decimal(1)),
        RatePeriod("GBP", date(2026, 1, 1), date.max, Decimal("1.171")),
        RatePeriod("SEK", date.min, date.max, Decimal("0.09")),
        RatePeriod("USD", date.min, date(2025, 12, 31), Decimal("0.7")),
        RatePeriod("USD", date(2026, 1, 1), date(2026, 1, 31), Decimal("0.9")),
        RatePeriod("USD", date(2026, 2, 1), date.max, Decimal("0.8")),
    ]


def test_rates_of_another_base_are_refused(tmp_path: Path) -> None:
    """Accident: most orders are in dollars, so dollars become the base, and the rates of euros turn upside down."""
    rates(tmp_path, ENGLISH)
    dated = read_rates(tmp_path / "exchange_rates.csv")
    check_base({"EUR": Decimal(1)}, dated, "EUR")
    with pytest.raises(SettingsError, match=r"exchange_rates.csv, line 2: USD .* base currency"):
        check_base({}, dated, "USD")
    with pytest.raises(SettingsError, match=r"settings.yml: USD has the rate 0.9"):
        check_base({"USD": Decimal("0.9")}, (), "USD")


def test_an_order_before_the_first_rate_is_quarantined_and_not_taken_as_one(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.create_folders()
    (tmp_path / "settings.yml").write_text("currency: EUR\n")
    rates(tmp_path, ENGLISH)
    rows = ["1;31.12.2025;10,00;USD;a@b.de", "2;01.01.2026;20,00;USD;a@b.de", "3;01.01.2020;30,00;EUR;a@b.de"]
    (workspace.landing / "orders.csv").write_text("\n".join([ORDERS, *rows, ""]), encoding="utf-8")
    report = ingest(workspace.landing, workspace.raw, workspace.quarantine, ingest_settings(workspace))
    (orders,) = report.rows
    assert (orders.rows_kept, orders.rows_quarantined, orders.amount_quarantined) == (2, 1, Decimal(10))
    assert "no exchange rate for so early a day in settings.yml or exchange_rates.csv" in orders.message
