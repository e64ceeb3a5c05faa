"""One opened file into the folders for raw tables and for quarantine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from data_quality.contracts import contracts
from pipelines.ingest.convert import Converted, convert
from pipelines.ingest.opening import Opened
from pipelines.ingest.quarantine import Identity, Quarantine
from pipelines.ingest.settings import IngestSettings

CONVERSION_VERSION = "7"
"""Part of every fingerprint: raise it when the conversion itself changes, so that files are converted anew."""


@dataclass(frozen=True)
class Loader:
    """Converts files with one engine into one pair of folders."""

    connection: duckdb.DuckDBPyConnection
    raw: Path
    quarantine: Path
    settings: IngestSettings

    def load(self, opened: Opened, work: Path) -> Converted:
        """Write raw tables and quarantine of one file; returns its ledger rows and the words that nothing knows.

        Raises RefusalError where the file lacks what it needs, and ImbalanceError where rows or money do not add up.
        """
        identity = Identity(opened.landed.name, opened.landed.sha256, file_id(opened), opened.preset.vendor)
        source, facts, notes = opened.source(self.connection, self.settings.country, self.settings.timezone, work)
        quarantine = Quarantine(self.connection)
        found = convert(
            self.connection, source, opened.preset, facts, identity, self.raw, quarantine, self.settings.currencies
        )
        target = self.quarantine / f"{identity.file_id}.parquet"
        if any(row.rows_quarantined for row in found.rows):
            quarantine.write(target, source, work, identity, found.horizon)
        else:
            target.unlink(missing_ok=True)
        rows = tuple(replace(row, message=" ".join(filter(None, [row.message, *notes]))) for row in found.rows)
        return replace(found, rows=rows)

    def fingerprint(self, opened: Opened) -> str:
        """A hash of everything on which the conversion's result depends."""
        preset = opened.preset
        circumstances = [CONVERSION_VERSION, opened.landed.name, opened.landed.sha256, preset.slug, preset.fingerprint]
        circumstances += [repr(contracts()[entity]) for entity in preset.entities]
        circumstances += [self.settings.country, self.settings.timezone, *_rated(self.settings)]
        return hashlib.sha256("\n".join(circumstances).encode("utf-8", errors="replace")).hexdigest()


def _rated(settings: IngestSettings) -> list[str]:
    return [settings.base_currency] + [
        f"{currency} since {first}" for currency, first in sorted(settings.currencies.since.items())
    ]


def file_id(opened: Opened) -> str:
    """The file's id: the hash of its content, and a mark where its name carries meaning of its own."""
    if not opened.recognised.path_facts:
        return opened.landed.sha256
    facts = json.dumps(opened.recognised.path_facts, sort_keys=True, ensure_ascii=False)
    return f"{opened.landed.sha256}-{hashlib.sha256(facts.encode()).hexdigest()[:8]}"
