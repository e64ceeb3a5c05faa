"""The list of everything in a folder of exports, so that a reader can tell that it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class DeliveredFile:
    """One file: its path within the folder, its rows and columns (none for what is not a table), its SHA-256."""

    file: str
    rows: int | None
    columns: tuple[str, ...]
    sha256: str


def delivered_file(path: Path, folder: Path, rows: int | None = None, columns: Iterable[str] = ()) -> DeliveredFile:
    """The entry of a file that has been written."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return DeliveredFile(path.relative_to(folder).as_posix(), rows, tuple(columns), digest)


def write_manifest(folder: Path, as_of: date, tables: Iterable[DeliveredFile]) -> tuple[DeliveredFile, ...]:
    """Writes manifest.json and gives its entries, in the order of the paths.

    Files of the folder that are not among the tables, such as a report, are listed without rows. Call it last.
    """
    entries = {table.file: table for table in tables}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in entries and name != MANIFEST:
            entries[name] = delivered_file(path, folder)
    files = tuple(entries[name] for name in sorted(entries))
    content = {"as_of": as_of.isoformat(), "files": [asdict(file) for file in files]}
    (folder / MANIFEST).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return files
