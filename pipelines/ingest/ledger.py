"""The load ledger: for every landed file and entity, how many rows and how much money came in, stayed, and why not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest.durable import durable_file

Status = Literal["loaded", "partly", "empty", "copy", "unknown", "refused", "waiting"]

_AMOUNT = pa.decimal128(38, 4)
LEDGER_SCHEMA = pa.schema(
    [("file", pa.string()), ("sha256", pa.string()), ("vendor", pa.string()), ("entity", pa.string())]
    + [(f"rows_{kind}", pa.int64()) for kind in ("read", "kept", "quarantined", "collapsed")]
    + [(f"amount_{kind}", _AMOUNT) for kind in ("read", "kept", "quarantined")]
    + [("status", pa.string()), ("message", pa.string()), ("file_id", pa.string())]
)


class ImbalanceError(RuntimeError):
    """Rows or money of a file do not add up: a fault of the program, never of the file."""


@dataclass(frozen=True)
class LedgerRow:
    """One landed file x entity. `sha256` and `vendor` are None where the file could not be read or is of no known kind;
    amounts are None for entities without money. `rows_collapsed` counts rows that say nothing of their own about the
    entity: further lines of the same order, or rows without any filled cell."""

    file: str
    sha256: str | None
    vendor: str | None
    entity: str | None
    status: Status
    message: str
    file_id: str | None = None
    rows_read: int = 0
    rows_kept: int = 0
    rows_quarantined: int = 0
    rows_collapsed: int = 0
    amount_read: Decimal | None = None
    amount_kept: Decimal | None = None
    amount_quarantined: Decimal | None = None

    def check_balance(self) -> None:
        """Raise ImbalanceError unless rows and money read are the sum of what became of them."""
        rows = self.rows_kept + self.rows_quarantined + self.rows_collapsed
        money = (self.amount_kept or Decimal(0)) + (self.amount_quarantined or Decimal(0))
        if rows != self.rows_read or money != (self.amount_read or Decimal(0)):
            raise ImbalanceError(
                f"{self.entity}: {self.rows_read} rows read, but {rows} accounted for; "
                f"{self.amount_read} money read, but {money} accounted for."
            )


@dataclass(frozen=True)
class Note:
    """What ingest remembers of a converted file: under which circumstances (fingerprint), and its ledger rows."""

    fingerprint: str
    rows: tuple[LedgerRow, ...]

    @property
    def entities(self) -> tuple[str, ...]:
        """The entities of which the file gave at least one row."""
        return tuple(row.entity for row in self.rows if row.entity and row.rows_kept)

    @property
    def has_quarantine(self) -> bool:
        """Whether rows of the file are in quarantine."""
        return any(row.rows_quarantined for row in self.rows)


def read_note(path: Path) -> Note | None:
    """The note at `path`, or None where there is none, or none that this version understands."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Note(content["fingerprint"], tuple(_row(row) for row in content["rows"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def write_note(path: Path, note: Note) -> None:
    """Write the note, whole or not at all."""
    content = {"fingerprint": note.fingerprint, "rows": [asdict(row) for row in note.rows]}
    with durable_file(path) as temporary:
        temporary.write_text(json.dumps(content, default=str, indent=1), encoding="utf-8")


def write_ledger(path: Path, rows: Iterable[LedgerRow]) -> None:
    """Write the rows as one Parquet table, in their order."""
    records = [asdict(row) for row in rows]
    with durable_file(path) as temporary:
        pq.write_table(pa.Table.from_pylist(records, schema=LEDGER_SCHEMA), temporary, compression="zstd")


def _row(content: dict[str, Any]) -> LedgerRow:
    known = {field.name for field in fields(LedgerRow)}
    if set(content) != known:
        raise ValueError("a note of another version")
    amounts = {
        name: None if content[name] is None else Decimal(content[name]) for name in known if name.startswith("amount_")
    }
    return LedgerRow(**{**content, **amounts})
