"""The whole ingest over a landing folder: nothing is lost, nothing counts twice, the content alone decides."""

from __future__ import annotations

import stat
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from data_quality.contracts import DefinitionError, contracts
from pipelines.ingest.ledger import LedgerRow
from tests.unit.companies import CALLS, ORDERS, SAMPLES, Company, only


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_an_empty_landing_folder_gives_empty_tables_of_every_entity(company: Company) -> None:
    report = company.ingest()
    assert (report.rows, report.newest_at) == ((), None)
    for entity, contract in contracts().items():
        assert pq.read_schema(company.raw / entity / "_empty.parquet").names == contract.arrow_schema().names
    assert pq.ParquetFile(company.raw / "load_ledger" / "load_ledger.parquet").metadata.num_rows == 0


def test_raw_tables_have_exactly_the_columns_and_types_of_their_contract(company: Company) -> None:
    for source in SAMPLES.rglob("*.csv"):
        company.land(source, str(source.relative_to(SAMPLES)))
    company.ingest()
    for entity, contract in contracts().items():
        for path in (company.raw / entity).glob("*.parquet"):
            described = duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
            assert [row[:2] for row in described] == [(c.name, c.duckdb_type) for c in contract.raw_columns], path


def test_the_same_content_under_two_names_counts_once_and_is_called_a_copy(company: Company) -> None:
    company.land(ORDERS, "a.csv")
    company.land(ORDERS, "b/again.csv")
    rows = company.ingest().rows
    assert [(row.file, row.entity, row.status) for row in rows] == [
        ("a.csv", "orders", "loaded"),
        ("a.csv", "order_lines", "loaded"),
        ("b/again.csv", "orders", "copy"),
        ("b/again.csv", "order_lines", "copy"),
    ]
    assert rows[2].message == "The same content as a.csv; it counts once."
    assert rows[2].rows_read == 0
    assert company.query("orders", "count(*), sum(total)") == [(3, Decimal("184.8000"))]


def test_a_file_that_was_converted_before_is_not_converted_again(company: Company) -> None:
    company.land(ORDERS)
    first = company.ingest()
    before = company.state()
    second = company.ingest()
    assert len(first.converted) == 2
    assert second.converted == ()
    assert second.rows == first.rows
    assert company.state() == before


def test_a_file_is_converted_anew_when_what_it_depends_on_changes(company: Company) -> None:
    company.land(SAMPLES / "shopify_orders" / "landing" / "orders_export_older.csv")
    assert {row.status for row in company.ingest().rows} == {"loaded"}
    company.currencies = frozenset()
    assert {row.status for row in company.ingest().rows} == {"partly"}


def test_the_order_of_landing_changes_nothing(tmp_path: Path) -> None:
    states = []
    for turn, sources in (("one", [ORDERS, CALLS]), ("two", [CALLS, ORDERS])):
        (tmp_path / turn).mkdir()
        company = Company(tmp_path / turn)
        for source in sources:
            company.land(source)
            company.ingest()
        states.append(company.state())
    assert states[0] == states[1]


def test_raw_mirrors_landing(company: Company) -> None:
    company.land(CALLS)
    orders = company.land(ORDERS)
    company.ingest()
    orders.unlink()
    report = company.ingest()
    assert {entity for entity, _ in report.removed} == {"orders", "order_lines"}
    assert company.query("orders", "count(*)") == [(0,)]
    assert company.query("activities", "count(*)") == [(2,)]
    assert len(list((company.raw / "ledger").glob("*.json"))) == 1


def test_two_campaigns_with_equal_bytes_stay_two(company: Company) -> None:
    """Accident: two mailings opened by the same people are taken for copies: only the name tells the campaign."""
    for campaign in ("May", "June"):
        company.write(f"aggregate_activity/opened/{campaign}.csv", "Email Address\na@example.com\n")
    assert {row.status for row in company.ingest().rows} == {"loaded"}
    assert sorted(company.query("email_events", "campaign_name, event")) == [
        ("June", "opened"), ("June", "sent"), ("May", "opened"), ("May", "sent"),
    ]  # fmt: skip


def test_a_killed_run_is_mended_by_the_next(company: Company) -> None:
    company.land(ORDERS)
    company.ingest()
    sound = company.state()
    (file_id,) = [path.stem for path in (company.raw / "ledger").glob("*.json")]
    (company.raw / "orders" / f"{file_id}.parquet").unlink()
    (company.raw / "orders" / "half.parquet.partial").write_bytes(b"PAR1")
    (company.raw / "orders" / "orphan.parquet").write_bytes(b"PAR1")
    (company.raw / "ledger" / "broken.json").write_text("{")
    (company.root / "scratch").mkdir()
    (company.root / "scratch" / "left over").write_text("a@example.com")
    company.ingest()
    assert company.state() == sound
    assert not (company.root / "scratch").exists()
    assert not list(company.raw.rglob("*.partial"))


def test_everything_written_is_for_the_owner_only(company: Company) -> None:
    company.currencies = frozenset()
    company.land(SAMPLES / "shopify_orders" / "landing" / "orders_export_older.csv")
    company.ingest()
    for path in [*company.raw.rglob("*"), *company.quarantine.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_ledger_table_holds_what_the_report_says(company: Company) -> None:
    company.land(ORDERS)
    company.write("stray.csv", "a,b\n1,2\n")
    report = company.ingest()
    table = pq.ParquetFile(company.raw / "load_ledger" / "load_ledger.parquet").read().to_pylist()
    assert [LedgerRow(**record) for record in table] == list(report.rows)


def test_a_companys_own_mapping_is_looked_at_first(company: Company) -> None:
    mappings = company.root / "mappings"
    mappings.mkdir()
    (mappings / "till.yml").write_text(
        "name: Our till\nvendor: till\n"
        "recognise: {required: [Name, Total]}\n"
        "records:\n"
        "  - entity: orders\n"
        "    only_where_filled: Total\n"
        "    columns: {order_number: Name, ordered_at: Created at, status: {value: paid}, total: Total}\n"
    )
    company.land(ORDERS)
    row = only(company.ingest().rows)
    assert (row.vendor, row.rows_kept) == ("till", 3)


def test_a_wrong_mapping_of_the_company_names_file_and_key(company: Company) -> None:
    mappings = company.root / "mappings"
    mappings.mkdir()
    (mappings / "till.yml").write_text("name: Till\nvendor: till\nrecognise: {required: [A]}\nrecords: []\n")
    with pytest.raises(DefinitionError, match=r"till\.yml: records"):
        company.ingest()


def test_the_newest_event_is_the_newest_of_orders_calls_events_and_campaigns(company: Company) -> None:
    company.land(ORDERS)
    assert str(company.ingest().newest_at) == "2025-01-03 20:30:00"
    company.land(CALLS)
    assert str(company.ingest().newest_at) == "2025-02-02 15:00:00"
