"""The whole ingest over a landing folder: nothing is lost, nothing counts twice, nothing bad stops the rest."""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import zipfile
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from data_quality.contracts import DefinitionError, contracts
from pipelines.ingest.batch import IngestReport, ingest
from pipelines.ingest.ledger import LedgerRow
from pipelines.ingest.settings import IngestSettings

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
CALLS = SAMPLES / "hubspot_calls" / "landing" / "hubspot-crm-exports-calls-2025-03-01.csv"
ORDERS = SAMPLES / "shopify_orders" / "landing" / "orders_export.csv"
CUSTOMERS = SAMPLES / "shopify_customers" / "landing" / "customers_export.csv"


class Company:
    """A workspace's folders, and ingest over them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.landing, self.raw, self.quarantine = root / "landing", root / "raw", root / "quarantine"
        self.landing.mkdir()
        self.currencies = frozenset({"USD"})

    def settings(self) -> IngestSettings:
        return IngestSettings(
            "EUR", "DE", "Europe/Berlin", self.root / "scratch", self.currencies, self.root / "mappings"
        )

    def land(self, source: Path, name: str | None = None) -> Path:
        target = self.landing / (name or source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        return target

    def write(self, name: str, text: str, encoding: str = "utf-8") -> Path:
        target = self.landing / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode(encoding))
        return target

    def ingest(self) -> IngestReport:
        report = ingest(self.landing, self.raw, self.quarantine, self.settings())
        for row in report.rows:
            row.check_balance()
        return report

    def query(self, entity: str, what: str) -> list[tuple[object, ...]]:
        return duckdb.sql(f"SELECT {what} FROM read_parquet('{self.raw}/{entity}/*.parquet')").fetchall()

    def quarantined(self) -> list[tuple[object, ...]]:
        columns = "file, entity, line, column_name, reason, raw_text"
        return duckdb.sql(
            f"SELECT {columns} FROM read_parquet('{self.quarantine}/*.parquet') ORDER BY file, line, entity"
        ).fetchall()

    def state(self) -> dict[str, bytes]:
        """Every file that ingest wrote, without the ledger."""
        files = [*self.raw.rglob("*.parquet"), *self.quarantine.rglob("*.parquet")]
        return {
            str(path.relative_to(self.root)): path.read_bytes() for path in files if "load_ledger" not in path.parts
        }


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def only(rows: tuple[LedgerRow, ...]) -> LedgerRow:
    (row,) = rows
    return row


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


def test_an_unknown_file_names_the_nearest_preset_and_what_is_missing(company: Company) -> None:
    company.land(CALLS)
    company.write(
        "stray.csv", "Name,Created at,Financial Status,Currency,Lineitem quantity,Lineitem name,Lineitem price\n"
    )
    known, unknown = company.ingest().rows
    assert (known.status, unknown.status) == ("loaded", "unknown")
    assert 'nearest is Shopify orders (shopify_orders), which also needs "Total"' in unknown.message


def test_a_file_that_cannot_be_read_is_refused_with_a_sentence_and_stops_nothing(company: Company) -> None:
    company.land(CALLS)
    company.write("broken.zip", "PK\x03\x04 this is no archive")
    company.write("broken.csv.gz", "no gzip either")
    company.write("broken.parquet", "PAR1 nor this")
    company.write("report.pdf", "%PDF")
    company.write("sheet.xlsx", "PK")
    company.write("empty.csv", "")
    (company.landing / "link.csv").symlink_to(ORDERS)
    os.mkfifo(company.landing / "pipe.csv")
    rows = {row.file: row for row in company.ingest().rows}
    assert {name: row.status for name, row in rows.items()} == {
        "broken.csv.gz": "refused",
        "broken.parquet": "refused",
        "broken.zip": "refused",
        "empty.csv": "empty",
        CALLS.name: "loaded",
        "link.csv": "refused",
        "pipe.csv": "refused",
        "report.pdf": "refused",
        "sheet.xlsx": "refused",
    }
    assert rows["broken.zip"].message == (
        "The archive is damaged or was not copied to its end. Export or copy it again."
    )
    assert all(row.message.endswith(".") for row in rows.values() if row.status != "loaded")


def test_members_of_an_archive_are_files_and_bad_ones_do_not_spoil_the_good(company: Company) -> None:
    with zipfile.ZipFile(company.landing / "audience.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted((SAMPLES / "mailchimp_audience" / "landing").glob("*_members_*.csv")):
            archive.write(source, source.name)
        archive.writestr("__MACOSX/._x.csv", "resource fork")
        archive.writestr("../../escape.csv", "Email Address,OPTIN_TIME\nz@example.com,2024-01-01 00:00:00\n")
        archive.writestr("inner.zip", "PK")
    rows = {row.file: row.status for row in company.ingest().rows}
    assert rows["audience.zip/subscribed_members_export_1234.csv"] == "loaded"
    assert rows["audience.zip/../../escape.csv"] == "loaded"
    assert rows["audience.zip/inner.zip"] == "refused"
    assert len(rows) == 6
    assert not (company.root.parent / "escape.csv").exists()
    assert company.query("contacts", "count(*), count_if(consent_email)") == [(5, 1)]


def test_an_archive_that_unpacks_beyond_measure_is_refused(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.ingest.landed._RATIO_MATTERS_FROM", 1_000)
    (company.landing / "bomb.csv.gz").write_bytes(gzip.compress(b"Email Address\n" + b"a" * 1_000_000))
    row = only(company.ingest().rows)
    assert (row.status, row.message.startswith("Unpacked, the file is far larger")) == ("refused", True)


def test_a_packed_file_gives_what_the_plain_one_gives(company: Company) -> None:
    (company.landing / "orders_export.csv.gz").write_bytes(gzip.compress(ORDERS.read_bytes()))
    assert {row.status for row in company.ingest().rows} == {"loaded"}
    assert company.query("orders", "count(*), sum(total)") == [(3, Decimal("184.8000"))]


def test_names_that_are_patterns_or_quotes_are_just_names(company: Company) -> None:
    """Accident: orders[1].csv is read as orders1.csv, which is what such a name means to the engine."""
    company.land(ORDERS, "orders[1]*'\"; drop.csv")
    company.write("orders1.csv", "nothing")
    assert [row.status for row in company.ingest().rows] == ["unknown", "loaded", "loaded"]
    assert company.query("orders", "count(*)") == [(3,)]


def test_an_order_in_a_currency_without_a_rate_is_quarantined_with_its_lines(company: Company) -> None:
    """Accident: foreign money is counted one to one."""
    company.currencies = frozenset()
    company.land(SAMPLES / "shopify_orders" / "landing" / "orders_export_older.csv")
    orders, lines = company.ingest().rows
    assert (orders.rows_quarantined, orders.amount_quarantined, lines.rows_quarantined) == (2, Decimal("69.40"), 2)
    assert orders.message == (
        "2 of 2 rows are in quarantine: Currency is a currency without an exchange rate in settings.yml (2)."
    )
    reasons = {(row[1], row[4]) for row in company.quarantined()}
    assert reasons == {
        ("orders", 'Currency: "USD" is a currency without an exchange rate in settings.yml'),
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
