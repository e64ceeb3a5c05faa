"""One ingest: everything in landing/ becomes raw Parquet, quarantine and ledger; nothing else stays there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from data_quality.contracts import contracts
from pipelines.ingest.durable import durable_file, private_folder, remove_leftovers
from pipelines.ingest.engine import engine
from pipelines.ingest.event_days import event_days, newest_credible
from pipelines.ingest.landed import Landed, landed_files
from pipelines.ingest.ledger import ImbalanceError, LedgerRow, Note, Status, read_note, write_ledger, write_note
from pipelines.ingest.loading import Loader, file_id
from pipelines.ingest.opening import Opened, open_landed
from pipelines.ingest.presets import Preset
from pipelines.ingest.recognise import Unknown
from pipelines.ingest.refusal import RefusalError
from pipelines.ingest.settings import IngestSettings
from pipelines.quoting import file_literal

EMPTY_TABLE = "_empty"


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did. `newest_at` is the newest credible order, activity, e-mail event or campaign, in UTC.

    `converted` and `removed` name the raw files (entity, file_id) that this run wrote or took away.
    """

    rows: tuple[LedgerRow, ...]
    newest_at: datetime | None
    converted: tuple[tuple[str, str], ...] = ()
    removed: tuple[tuple[str, str], ...] = ()

    @property
    def troubled(self) -> tuple[LedgerRow, ...]:
        """The rows that a person should look at: of unknown, refused, waiting and partly loaded files."""
        return tuple(row for row in self.rows if row.status in ("partly", "unknown", "refused", "waiting"))


@dataclass(frozen=True)
class _Batch:
    """One ingest under way, and what it has seen so far."""

    loader: Loader
    presets: tuple[Preset, ...]
    notes: dict[str, Note] = field(default_factory=dict)
    rows: list[LedgerRow] = field(default_factory=list)
    converted: list[tuple[str, str]] = field(default_factory=list)


def ingest(landing: Path, raw: Path, quarantine: Path, settings: IngestSettings) -> IngestReport:
    """Bring `raw` and `quarantine` in line with `landing`; what is unchanged is not converted again.

    A file that is bad or unknown is a row of the ledger and never an exception. Raises DefinitionError where a file of
    the company's own mappings is wrong, and OSError where the workspace cannot be written.
    """
    if not landing.exists():
        private_folder(landing)  # one that is there keeps its mode: others may be meant to drop files into it
    for folder in (raw, quarantine):
        remove_leftovers(private_folder(folder))
    presets = settings.presets()
    with (
        scratch_folder(settings.scratch) as scratch,
        engine(scratch / "spill", settings.memory_limit, settings.threads) as connection,
    ):
        batch = _Batch(Loader(connection, raw, quarantine, settings), presets)
        for landed in landed_files(landing, scratch):
            batch.rows.extend(_take_whole(batch, landed, scratch))
        removed = _remove_orphans(batch)
        _write_empty_tables(raw)
        write_ledger(raw / "load_ledger" / "load_ledger.parquet", batch.rows)
        return IngestReport(tuple(batch.rows), newest_event(connection, raw), tuple(batch.converted), removed)


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """`folder`, empty, for as long as the block lasts; what a killed run left in it is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield private_folder(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def newest_event(connection: duckdb.DuckDBPyConnection, raw: Path) -> datetime | None:
    """The newest order, activity, e-mail event or campaign in `raw` whose date can be believed, in UTC.

    Without any of these it is the newest time in the data at all, and None where there is none.
    """
    if found := newest_credible(event_days(connection, raw)):
        return found.newest_at
    newest = " UNION ALL ".join(
        f"SELECT max(file_horizon) AS any_at FROM read_parquet({file_literal(raw / entity)} || '/*.parquet')"
        for entity in contracts()
    )
    row = connection.execute(f"SELECT max(any_at) FROM ({newest}) AS newest").fetchone()
    return row[0] if row else None


def _take_whole(batch: _Batch, landed: Landed, scratch: Path) -> list[LedgerRow]:
    """The ledger rows of one landed file; one that changed while it was read is left for the next run.

    What was read of it is in no note any more, so that it is taken out of raw with the other orphans.
    """
    known = set(batch.notes)
    rows = _take(batch, landed, scratch)
    if not landed.has_changed:
        return rows
    for identity in set(batch.notes) - known:
        del batch.notes[identity]
    message = "The file changed or went away while it was read; it waits for the next run."
    return [_without_records(landed, "waiting", message)]


def _take(batch: _Batch, landed: Landed, scratch: Path) -> list[LedgerRow]:
    """The ledger rows of one landed file, which is in raw afterwards where it can be."""
    if landed.refusal:
        return [_without_records(landed, "refused", landed.refusal)]
    work = private_folder(scratch / "work")
    try:
        opened = open_landed(landed, batch.presets, work)
        if opened is None:
            return [_without_records(landed, "empty", "The file is empty.")]
        if isinstance(opened, Unknown):
            return [_without_records(landed, "unknown", opened.message)]
        return _take_recognised(batch, opened, work)
    except RefusalError as refusal:
        return [_without_records(landed, "refused", str(refusal))]
    except ImbalanceError:
        message = "Its rows or money do not add up after reading, so it is left out. This is a fault of the program."
        return [_without_records(landed, "refused", message)]
    except OSError as error:
        if landed.origin is not None and landed.origin.exists():
            raise
        return [_without_records(landed, "refused", f"The file went away while it was read ({type(error).__name__}).")]
    except (duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.InterruptException):
        raise  # the machine's fault: to go on without a good file would publish too little
    except duckdb.Error as error:
        message = f"The file could not be converted ({type(error).__name__}). Run `stammkunde inspect` on it."
        return [_without_records(landed, "refused", message)]
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _without_records(landed: Landed, status: Status, message: str) -> LedgerRow:
    return LedgerRow(landed.name, landed.sha256 or None, None, None, status, message)


def _take_recognised(batch: _Batch, opened: Opened, work: Path) -> list[LedgerRow]:
    identity = file_id(opened)
    if identity in batch.notes:
        return _copies(opened, identity, batch.notes[identity])
    note_path = batch.loader.raw / "ledger" / f"{identity}.json"
    fingerprint = batch.loader.fingerprint(opened)
    note = read_note(note_path)
    if note is None or note.fingerprint != fingerprint or not _is_complete(batch, identity, note):
        note_path.unlink(missing_ok=True)
        note = Note(fingerprint, batch.loader.load(opened, work).rows)
        write_note(note_path, note)
        batch.converted.extend((entity, identity) for entity in note.entities)
    batch.notes[identity] = note
    return list(note.rows)


def _copies(opened: Opened, identity: str, first: Note) -> list[LedgerRow]:
    message = f"The same content as {first.rows[0].file}; it counts once."
    landed, preset = opened.landed, opened.preset
    return [
        LedgerRow(landed.name, landed.sha256, preset.vendor, entity, "copy", message, identity)
        for entity in preset.entities
    ]


def _is_complete(batch: _Batch, identity: str, note: Note) -> bool:
    """Whether everything that the note speaks of is still there."""
    files = [batch.loader.raw / entity / f"{identity}.parquet" for entity in note.entities]
    files += [batch.loader.quarantine / f"{identity}.parquet"] if note.has_quarantine else []
    return all(file.is_file() for file in files)


def _remove_orphans(batch: _Batch) -> tuple[tuple[str, str], ...]:
    """Take away what no landed file accounts for; returns the raw files taken away."""
    notes, raw, removed = batch.notes, batch.loader.raw, []
    for path in sorted((raw / "ledger").glob("*.json")):
        if path.stem not in notes:
            path.unlink()
    for path in sorted(batch.loader.quarantine.glob("*.parquet")):
        if path.stem not in notes or not notes[path.stem].has_quarantine:
            path.unlink()
    for entity in contracts():
        for path in sorted((raw / entity).glob("*.parquet")):
            if path.stem != EMPTY_TABLE and (path.stem not in notes or entity not in notes[path.stem].entities):
                path.unlink()
                removed.append((entity, path.stem))
    return tuple(removed)


def _write_empty_tables(raw: Path) -> None:
    """A table without rows for every entity, so that a pattern of names always finds one with all columns."""
    for entity, contract in contracts().items():
        with durable_file(raw / entity / f"{EMPTY_TABLE}.parquet") as temporary:
            pq.write_table(contract.arrow_schema().empty_table(), temporary)
