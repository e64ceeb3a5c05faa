"""A company's workspace on disk, and ingest over it as often as a test wants."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

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


def only(rows: tuple[LedgerRow, ...]) -> LedgerRow:
    (row,) = rows
    return row
