"""Workbooks: each sheet becomes a text file of its own, read by a child process within limits."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pipelines.ingest.durable import private_folder
from pipelines.ingest.refusal import RefusalError

OPEN_XML_SUFFIXES = (".xlsx", ".xlsm")
WORKBOOK_SUFFIXES = (*OPEN_XML_SUFFIXES, ".xlsb", ".xls", ".ods")
MAXIMUM_UNPACKED_BYTES = 1 << 30
MAXIMUM_RATIO = 100
"""Spreadsheets pack 5 to 20 times; what packs a hundred times is made to burst."""
_RATIO_MATTERS_FROM = 16 << 20
_READER = Path(__file__).with_name("workbook_reader.py")
_READER_MEMORY = 3 << 30
_READER_SECONDS = 300
_SAVE_AS_XLSX = "save it as .xlsx to see which."
_SAVE_AS_CSV = "Save the sheet as CSV UTF-8 and land that."


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook as CSV in UTF-8; the lines of `path` are the rows of the sheet. `lost` says what of the
    workbook does not arrive; it is empty where all does."""

    name: str
    path: Path
    is_hidden: bool
    lost: str = ""


def read_workbook(workbook: Path, suffix: str, scratch: Path) -> list[Sheet]:
    """The sheets of a workbook, written into `scratch`.

    Raises RefusalError where the workbook is locked, damaged, or larger than a workbook can honestly be.
    """
    _check(workbook, suffix)
    shutil.rmtree(scratch / "sheets", ignore_errors=True)
    folder = private_folder(scratch / "sheets")
    named = folder / f"workbook{suffix}"
    named.symlink_to(workbook.resolve())
    found = json.loads(_run_reader(named, folder))
    return [
        Sheet(one["name"], folder / one["file"], one["is_hidden"], _lost(suffix, one["error_count"])) for one in found
    ]


def _lost(suffix: str, error_count: int | None) -> str:
    """What of a workbook does not arrive, as a sentence for people; `error_count` is None where nobody can tell."""
    if error_count is None:
        return f"Errors such as #N/A arrive from {suffix} as empty cells; where it holds formulas, save it as .xlsx."
    if not error_count:
        return ""
    if error_count == 1:
        return f"1 cell of the workbook holds an error such as #N/A, and arrives as empty; {_SAVE_AS_XLSX}"
    return f"{error_count} cells of the workbook hold errors such as #N/A, and arrive as empty; {_SAVE_AS_XLSX}"


def _check(workbook: Path, suffix: str) -> None:
    with workbook.open("rb") as file:
        beginning = file.read(8)
    if suffix == ".xls":
        return
    if beginning.startswith(b"\xd0\xcf\x11\xe0"):
        raise RefusalError("The workbook is locked with a password. Save it without one and land that.")
    try:
        with zipfile.ZipFile(workbook) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        raise RefusalError("The workbook is damaged or was not copied to its end. Export or copy it again.") from None
    unpacked = sum(member.file_size for member in members)
    packed = max(sum(member.compress_size for member in members), 1)
    is_bomb = unpacked > _RATIO_MATTERS_FROM and unpacked > MAXIMUM_RATIO * packed
    if is_bomb or unpacked > MAXIMUM_UNPACKED_BYTES:
        raise RefusalError(f"Unpacked, the workbook is far larger than a workbook of that size can be. {_SAVE_AS_CSV}")


def _run_reader(workbook: Path, folder: Path) -> str:
    """What the reader printed. Its own words are left out of every message: they may quote cells."""
    limits = [str(_READER_MEMORY), str(_READER_SECONDS)]
    # -P, and a path for a module: no module in the user's current folder is ever run in place of ours.
    command = [sys.executable, "-P", str(_READER), str(workbook), str(folder), *limits]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_READER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise RefusalError(f"The workbook could not be read within {_READER_SECONDS} seconds. {_SAVE_AS_CSV}") from None
    if done.returncode:
        raise RefusalError(f"The workbook is damaged, or too large to be read in bounded memory. {_SAVE_AS_CSV}")
    return done.stdout
