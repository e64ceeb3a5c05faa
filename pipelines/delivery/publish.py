"""Putting a folder of exports in place: completely or not at all.

`exports/<as_of>` and `exports/latest` are relative symbolic links to real folders below `exports/.versions`.
Replacing a link is one atomic step of the file system, so whoever reads sees the old exports or the new ones,
whenever a run is killed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipelines.errors import UserError

LATEST = "latest"
_VERSIONS = ".versions"
_BUILDING = ".building-"
_NEW_LINK = ".new-"


class PublicationError(UserError):
    """The exports cannot be put in place; the message says why and what to do."""


@contextmanager
def publication(exports: Path, as_of: date) -> Iterator[Path]:
    """An empty folder to write the exports of one run into; leaving the block puts it in place.

    After a clean exit `exports/<as_of>` and then `exports/latest` lead to the new folder, its files are private
    (0600, folders 0700) and on the disk, and versions that no link leads to any more are gone. After an exception
    the folder is removed and nothing else has changed. `latest` is the run that succeeded last, even if it was
    for an earlier day. One publication at a time: the caller holds the workspace's lock.

    Raises PublicationError if something that is not a link of ours stands where a link must go.
    """
    versions = exports / _VERSIONS
    links = (exports / as_of.isoformat(), exports / LATEST)
    _refuse_foreign(links)
    versions.mkdir(mode=0o700, parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=versions))
    try:
        yield building
        _make_private_and_durable(building)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    version = versions / f"{as_of.isoformat()}-{_next_number(versions, as_of)}"
    building.rename(version)
    _sync(versions)
    for link in links:
        _point(link, version)
    remove_leftovers(exports)


def published_before(exports: Path, as_of: date) -> Path | None:
    """The folder of the last published day before `as_of`, or None; a run that is repeated for a day finds the same."""
    days = sorted(path for path in exports.glob("????-??-??") if path.name < as_of.isoformat())
    return next((day for day in reversed(days) if (day / "tables").is_dir()), None)


def remove_leftovers(exports: Path) -> list[str]:
    """Removes what killed runs left behind and versions that no link leads to; gives the names of what went.

    Call it at the start of a run, under the workspace's lock. Never touches what `latest` or a day leads to.
    """
    versions = exports / _VERSIONS
    if not versions.is_dir():
        return []
    entries = list(exports.iterdir())
    links = [entry for entry in entries if entry.is_symlink()]
    unfinished = [link for link in links if link.name.startswith(_NEW_LINK)]
    in_use = {link.readlink().name for link in links if link not in unfinished}
    unused = [version for version in versions.iterdir() if version.is_dir() and version.name not in in_use]
    for link in unfinished:
        link.unlink()
    for version in unused:
        shutil.rmtree(version)
    return sorted(entry.name for entry in (*unfinished, *unused))


def _refuse_foreign(links: tuple[Path, ...]) -> None:
    for link in links:
        if link.exists() and not link.is_symlink():
            raise PublicationError(
                f"exports/{link.name} is not a link that a run has made, so it is left alone. "
                "Move it to another place and run again."
            )


def _next_number(versions: Path, as_of: date) -> int:
    """One more than the highest number of this day, so that a name in use is never taken."""
    taken = (version.name.removeprefix(f"{as_of.isoformat()}-") for version in versions.iterdir())
    return 1 + max((int(number) for number in taken if number.isdecimal()), default=0)


def _point(link: Path, version: Path) -> None:
    """Makes the link lead to the version in one atomic step."""
    new = link.with_name(f"{_NEW_LINK}{link.name}")
    new.unlink(missing_ok=True)
    new.symlink_to(Path(_VERSIONS) / version.name, target_is_directory=True)
    new.replace(link)
    _sync(link.parent)


def _make_private_and_durable(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o700 if path.is_dir() else 0o600)
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    """Waits until a file, or a folder's list of entries, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
