"""What would become of a file, without changing anything."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pipelines.ingest.dialect import header_candidates
from pipelines.ingest.durable import private_folder
from pipelines.ingest.encoding import as_utf8
from pipelines.ingest.engine import engine
from pipelines.ingest.landed import Landed, landed_file
from pipelines.ingest.ledger import LedgerRow, Status
from pipelines.ingest.loading import Loader
from pipelines.ingest.opening import Opened, open_landed
from pipelines.ingest.proposal import propose, propose_words
from pipelines.ingest.recognise import Unknown
from pipelines.ingest.refusal import RefusalError
from pipelines.ingest.settings import IngestSettings

SHOWN_REJECTS = 10


@dataclass(frozen=True)
class MappedColumn:
    """A header of the file, and the canonical column that takes its value from it."""

    header: str
    entity: str
    column: str


@dataclass(frozen=True)
class RejectedRow:
    """A row that would go to quarantine. `reason` holds what stands in the file, so it is for the owner's eyes only."""

    entity: str
    line: int
    reason: str


@dataclass(frozen=True)
class Inspection:
    """What would become of one file. `dialect` and `encoding` are None for Parquet and for files of no known kind;
    `proposal` is the text of a mapping file, or of an addition to one."""

    file: str
    status: Status
    message: str
    vendor: str | None = None
    preset: str | None = None
    encoding: str | None = None
    dialect: str | None = None
    proposal: str | None = None
    header_line: int | None = None
    mapped: tuple[MappedColumn, ...] = ()
    unmapped: tuple[str, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()


def inspect(files: Iterable[Path], settings: IngestSettings) -> list[Inspection]:
    """One inspection per file, or per member of an archive; at most ten rejected rows of each are shown.

    Works in a temporary folder of the system; `settings.scratch` is not touched. Raises DefinitionError where a file of
    the company's own mappings is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="stammkunde-") as folder:
        scratch = Path(folder)
        with engine(scratch / "spill", settings.memory_limit, settings.threads) as connection:
            loader = Loader(connection, scratch / "raw", scratch / "quarantine", settings)
            return [found for file in files for found in _inspections(loader, file, scratch)]


def _inspections(loader: Loader, file: Path, scratch: Path) -> Iterator[Inspection]:
    # The folder is part of the name, because some presets know a file by the folder that the vendor put it in.
    name = file.absolute().as_posix().lstrip("/")
    for landed in landed_file(file, name, scratch):
        with tempfile.TemporaryDirectory(dir=scratch) as work:
            found = _inspect(loader, landed, private_folder(Path(work)))
        yield replace(found, file=landed.name.removeprefix(name.removesuffix(file.name)))


def _inspect(loader: Loader, landed: Landed, work: Path) -> Inspection:
    if landed.refusal:
        return Inspection(landed.name, "refused", landed.refusal)
    try:
        opened = open_landed(landed, loader.settings.presets(), work)
        if opened is None:
            return Inspection(landed.name, "empty", "The file is empty.")
        if isinstance(opened, Unknown):
            return Inspection(landed.name, "unknown", opened.message, proposal=_proposal(landed, work))
        return _converted(loader, opened, work)
    except RefusalError as refusal:
        return Inspection(landed.name, "refused", str(refusal))
    except duckdb.Error as error:
        return Inspection(landed.name, "refused", f"The file could not be converted ({type(error).__name__}).")


def _proposal(landed: Landed, work: Path) -> str | None:
    """A mapping file for a text that no preset fits."""
    if landed.is_parquet:
        return None
    text = as_utf8(landed.path, work / "utf8")
    return propose(text.path, header_candidates(text.path), Path(landed.name).name)


def _converted(loader: Loader, opened: Opened, work: Path) -> Inspection:
    converted = loader.load(opened, work)
    rows = converted.rows
    mapped = tuple(_mapped(opened))
    known = {column.header for column in mapped}
    statuses = {row.status for row in rows}
    status: Status = "partly" if "partly" in statuses else ("loaded" if "loaded" in statuses else "empty")
    return Inspection(
        opened.landed.name,
        status=status,
        message=" ".join(dict.fromkeys(row.message for row in rows if row.message)),
        vendor=opened.preset.vendor,
        preset=opened.preset.slug,
        encoding=opened.text.encoding if opened.text else None,
        dialect=opened.header.dialect.in_words if opened.text else None,
        proposal=propose_words(opened.preset, converted.unknown_words),
        header_line=opened.header.first_line if opened.text else None,
        mapped=mapped,
        unmapped=tuple(header for header in opened.header.cells if header and header not in known),
        ledger=rows,
        rejected=tuple(_rejected(loader.quarantine, rows)),
    )


def _mapped(opened: Opened) -> Iterator[MappedColumn]:
    seen = set()
    for records in opened.preset.records:
        for column, rules in records.columns.items():
            for position in (at for rule in rules for cell in rule.cells for at in opened.header.find(cell)):
                found = MappedColumn(opened.header.cells[position], records.entity, column)
                if found not in seen:
                    seen.add(found)
                    yield found


def _rejected(quarantine: Path, rows: tuple[LedgerRow, ...]) -> Iterator[RejectedRow]:
    path = quarantine / f"{rows[0].file_id}.parquet"
    if not path.exists():
        return
    table = pq.ParquetFile(path).read(columns=["entity", "line", "reason"]).slice(0, SHOWN_REJECTS)
    for record in table.to_pylist():
        yield RejectedRow(**record)
