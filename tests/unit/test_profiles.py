"""What is unusual about a landed file beside earlier ones."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from data_quality.contracts import contracts
from data_quality.profiles import Profile, differences, profile, stability_index
from pipelines.batch_history import series_of, unusual_files
from pipelines.ingest.ledger import LEDGER_SCHEMA

USUAL = Profile(1000, {"email": 0.95}, {"status": {"paid": 0.9, "refunded": 0.1}}, 50.0)


def test_forty_per_cent_fewer_contacts_than_last_time_are_told() -> None:
    (said,) = differences("contacts", Profile(600, {"email": 0.95}), [USUAL])
    assert said.startswith("600 rows are 40% fewer than the 1,000 of earlier files")


@pytest.mark.parametrize("rows", [701, 1000, 5000])
def test_a_list_that_shrinks_a_little_or_grows_is_usual(rows: int) -> None:
    assert differences("contacts", Profile(rows, {"email": 0.95}), [USUAL]) == ()


def test_few_slices_of_orders_say_nothing() -> None:
    assert differences("orders", Profile(10), [USUAL, USUAL]) == ()
    assert len(differences("orders", Profile(10), [USUAL] * 3)) == 1


def test_a_column_that_is_no_longer_filled_is_told() -> None:
    assert differences("contacts", Profile(1000, {"email": 0.5}), [USUAL]) == (
        "email is filled in 50% of the rows instead of 95%",
    )


def test_other_codes_and_a_hundredfold_amount_are_told() -> None:
    new = Profile(1000, {"email": 0.95}, {"status": {"paid": 0.4, "refunded": 0.6}}, 5000.0)
    codes, amounts = differences("orders", new, [USUAL] * 3)
    assert codes == "status is distributed otherwise than before: 'paid' 40% instead of 90%"
    assert amounts.startswith("the median amount is 100 times the usual one")


def test_the_stability_index_is_that_of_its_definition() -> None:
    """0.1 ln(0.6/0.5) - 0.1 ln(0.4/0.5), computed by hand."""
    assert stability_index({"a": 0.5, "b": 0.5}, {"a": 0.6, "b": 0.4}) == pytest.approx(0.0405465, abs=1e-6)


def test_files_of_one_series_differ_in_numbers_only() -> None:
    assert series_of("shopify", "orders_2026-01.csv") == series_of("shopify", "Orders_2026-02 (1).csv")
    assert series_of("mailchimp", "subscribed.csv") != series_of("mailchimp", "cleaned.csv")


def write_contacts(raw: Path, *files: tuple[str, int]) -> None:
    """The raw files and the ledger of landed files with so many contacts each."""
    schema = contracts()["contacts"].arrow_schema()
    (raw / "contacts").mkdir(parents=True, exist_ok=True)
    (raw / "load_ledger").mkdir(exist_ok=True)
    for name, rows in files:
        records = [
            {"source_system": "s", "file_id": name, "file_line": n, "email": f"secret{n}@example.com"}
            for n in range(rows)
        ]
        table = pl.DataFrame([{column: row.get(column) for column in schema.names} for row in records]).to_arrow()
        pq.write_table(table.cast(schema), raw / "contacts" / f"{name}.parquet")
    ledger = [{"file": f"people_{name}.csv", "vendor": "s", "entity": "contacts", "file_id": name} for name, _ in files]
    table = pl.DataFrame([{column: row.get(column) for column in LEDGER_SCHEMA.names} for row in ledger]).to_arrow()
    pq.write_table(table.cast(LEDGER_SCHEMA), raw / "load_ledger" / "load_ledger.parquet")


def test_a_truncated_list_is_told_at_every_run_until_a_whole_one_follows(tmp_path: Path) -> None:
    """A warning that is shown once is a warning that nobody saw."""
    write_contacts(tmp_path, ("1", 100))
    assert unusual_files(tmp_path, "contacts") == {}
    write_contacts(tmp_path, ("1", 100), ("2", 60))
    for _ in range(2):
        assert list(unusual_files(tmp_path, "contacts")) == ["people_2.csv"]
    write_contacts(tmp_path, ("1", 100), ("2", 60), ("3", 101))
    assert unusual_files(tmp_path, "contacts") == {}


def test_what_is_remembered_of_files_holds_no_value_of_a_person(tmp_path: Path) -> None:
    write_contacts(tmp_path, ("1", 60))
    unusual_files(tmp_path, "contacts")
    kept = (tmp_path / "profiles" / "contacts.json").read_text()
    assert "secret" not in kept
    assert json.loads(kept)["s|peoplecsv"][0]["profile"]["filled"]["email"] == 1.0


def test_an_empty_file_has_a_profile() -> None:
    empty = pl.from_arrow(contracts()["orders"].arrow_schema().empty_table())
    assert isinstance(empty, pl.DataFrame)
    assert profile(contracts()["orders"], empty.lazy()).rows == 0
