"""What lies in landing/: every file, unpacked where it is packed, with its hash or the reason to refuse it."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pipelines.ingest.refusal import RefusalError
from pipelines.ingest.workbook import WORKBOOK_SUFFIXES, read_workbook

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
MAXIMUM_UNPACKED_BYTES = 50 * 2**30
MAXIMUM_RATIO = 200
_RATIO_MATTERS_FROM = 64 * 2**20
_CHUNK_BYTES = 1 << 20
_IGNORED_NAMES = ("thumbs.db", "desktop.ini")
_PARTIAL_SUFFIXES = (".part", ".partial", ".crdownload", ".download", ".tmp")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Landed:
    """One file to read. `name` is its path below landing/, with the member's name where it came out of an archive.

    `path` is where its content can be read; `refusal` says why it cannot, `note` what may be lost of it. `origin` is
    the file in landing/, and `mark` its size and time when it was opened.
    """

    name: str
    path: Path
    sha256: str = ""
    is_parquet: bool = False
    refusal: str | None = None
    note: str = ""
    origin: Path | None = None
    mark: tuple[int, int] | None = None

    @property
    def has_changed(self) -> bool:
        """Whether the file in landing/ is being written to, or gone, since it was opened."""
        return self.origin is not None and _mark(self.origin) != self.mark


def _mark(path: Path) -> tuple[int, int] | None:
    """A file's size and time of change; None where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def landed_files(landing: Path, scratch: Path, *, are_hashed: bool = True) -> Iterator[Landed]:
    """Every file below `landing` by name, and every member of an archive; readable until the next one is asked for.

    Files by themselves are read to their end only to be hashed; who wants no more than their beginnings can do without.
    """
    for path in landed_paths(landing):
        yield from landed_file(path, _shown(path.relative_to(landing)), scratch, is_hashed=are_hashed)


def landed_file(path: Path, name: str, scratch: Path, *, is_hashed: bool = True) -> Iterator[Landed]:
    """One file under the given name: itself, the members of an archive, or the sheets of a workbook."""
    mark = _mark(path)
    for landed in _opened(path, name, scratch, is_hashed=is_hashed):
        yield replace(landed, origin=path, mark=mark)


def _opened(path: Path, name: str, scratch: Path, *, is_hashed: bool) -> Iterator[Landed]:
    try:
        _check_kind(path, name)
        if path.suffix.lower() in WORKBOOK_SUFFIXES:
            yield from _sheets(path, name, path.suffix.lower(), scratch)
        elif path.suffix.lower() == ".zip":
            yield from _members(path, name, scratch)
        elif path.suffix.lower() == ".gz":
            yield from _unzipped(path, name, scratch)
        else:
            yield _plain(path, name, scratch, is_hashed=is_hashed)
    except RefusalError as refusal:
        yield Landed(name, path, refusal=str(refusal))
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        yield Landed(name, path, refusal=_unreadable(path, error))


def landed_paths(folder: Path) -> Iterator[Path]:
    """Files and links below a folder by name; hidden ones are the system's own. A linked folder is not entered."""
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name.lower() in _IGNORED_NAMES:
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from landed_paths(entry)
        else:
            yield entry


def _shown(path: Path) -> str:
    """A path as text, whatever bytes its name holds."""
    return os.fsencode(path.as_posix()).decode("utf-8", errors="replace")


def _check_kind(path: Path, name: str) -> None:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise RefusalError("It is a link, and links are not followed. Put the file itself into landing/.")
    if not stat.S_ISREG(mode):
        raise RefusalError("It is not a regular file. Put an export file into landing/.")
    _check_suffix(name)


def _check_suffix(name: str) -> None:
    suffix = Path(name).suffix.lower()
    if suffix in _PARTIAL_SUFFIXES:
        raise RefusalError(f"A {suffix} file is a download that has not ended. Land the finished file.")
    if suffix not in (*TEXT_SUFFIXES, *WORKBOOK_SUFFIXES, ".parquet", ".zip", ".gz"):
        raise RefusalError(
            f"Files of the kind {suffix or 'without a suffix'} are not read. Export it as CSV and land that."
        )


def _unreadable(path: Path, error: Exception) -> str:
    if path.suffix.lower() in (".zip", ".gz"):
        return "The archive is damaged or was not copied to its end. Export or copy it again."
    return f"The file cannot be read ({type(error).__name__}). Check its permissions, and copy it again."


def _sheets(workbook: Path, name: str, suffix: str, scratch: Path) -> Iterator[Landed]:
    """The sheets of a workbook, each as a text of its own."""
    sheets = read_workbook(workbook, suffix, scratch)
    try:
        for sheet in sheets:
            sheet_name = f"{name}/{sheet.name}"
            if sheet.is_hidden:
                hidden = (
                    "The sheet is hidden, so it was not read. Show it if it holds data, and land the workbook again."
                )
                yield Landed(sheet_name, sheet.path, refusal=hidden)
            else:
                yield Landed(sheet_name, sheet.path, _sha256(sheet.path), note=sheet.lost)
    finally:
        for sheet in sheets:
            sheet.path.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _plain(path: Path, name: str, scratch: Path, *, is_hashed: bool) -> Landed:
    """The file under a name of our own: the engine would take signs in its name for a pattern of names."""
    digest = _sha256(path) if is_hashed else ""
    link = scratch / "landed"
    link.unlink(missing_ok=True)
    link.symlink_to(path.absolute())
    return Landed(name, link, digest, path.suffix.lower() == ".parquet")


def _unzipped(path: Path, name: str, scratch: Path) -> Iterator[Landed]:
    inner = name[: -len(".gz")]
    if Path(inner).suffix.lower() not in TEXT_SUFFIXES:
        raise RefusalError("Of .gz files only packed texts (.csv.gz) are read. Unpack it and land what is inside.")
    with gzip.open(path) as packed:
        yield from _unpacked(packed, name, inner, path.stat().st_size, scratch)


def _members(path: Path, name: str, scratch: Path) -> Iterator[Landed]:
    with zipfile.ZipFile(path) as archive:
        members = sorted((info for info in archive.infolist() if _is_content(info)), key=lambda info: info.filename)
        if not members:
            raise RefusalError("The archive holds no files.")
        if sum(info.file_size for info in members) > MAXIMUM_UNPACKED_BYTES:
            raise RefusalError("Unpacked, the archive would be larger than 50 GB. Land its files by themselves.")
        for info in members:
            yield from _member(archive, info, f"{name}/{info.filename}", scratch)


def _is_content(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.split("/")
    return not info.is_dir() and "__MACOSX" not in parts and not parts[-1].startswith(".")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, scratch: Path) -> Iterator[Landed]:
    path = scratch / "unpacked"
    try:
        _check_suffix(info.filename)
        if info.flag_bits & 0x1:
            raise RefusalError("The archive is locked with a password. Unpack it and land what is inside.")
        if Path(info.filename).suffix.lower() in (".zip", ".gz"):
            raise RefusalError("An archive within an archive is not read. Unpack it and land what is inside.")
        with archive.open(info) as packed:
            for landed in _unpacked(packed, name, info.filename, info.compress_size, scratch):
                yield from _sheets_or_self(landed, info.filename, scratch)
    except RefusalError as refusal:
        yield Landed(name, path, refusal=str(refusal))
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError):
        yield Landed(name, path, refusal="This member of the archive is damaged. Export or copy the archive again.")


def _sheets_or_self(landed: Landed, inner: str, scratch: Path) -> Iterator[Landed]:
    suffix = Path(inner).suffix.lower()
    if suffix in WORKBOOK_SUFFIXES:
        yield from _sheets(landed.path, landed.name, suffix, scratch)
    else:
        yield landed


def _unpacked(packed: _Readable, name: str, inner: str, packed_size: int, scratch: Path) -> Iterator[Landed]:
    target = scratch / "unpacked"
    digest, size = hashlib.sha256(), 0
    try:
        with target.open("wb") as file:
            target.chmod(0o600)
            while chunk := packed.read(_CHUNK_BYTES):
                size += len(chunk)
                _check_size(size, packed_size)
                digest.update(chunk)
                file.write(chunk)
        yield Landed(name, target, digest.hexdigest(), inner.lower().endswith(".parquet"))
    finally:
        target.unlink(missing_ok=True)


def _check_size(size: int, packed_size: int) -> None:
    is_bomb = size > _RATIO_MATTERS_FROM and size > MAXIMUM_RATIO * max(packed_size, 1)
    if is_bomb or size > MAXIMUM_UNPACKED_BYTES:
        raise RefusalError("Unpacked, the file is far larger than an export of that size can be. Land it unpacked.")
