"""Files that are either wholly there or not there at all, and readable by their owner only."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY_SUFFIX = ".partial"


def private_folder(folder: Path) -> Path:
    """`folder`, made with its parents where they are missing; all that is made is for its owner only, mode 0700.

    A folder that was there before is closed to others too, where it is ours; what belongs to another stays as it is.
    """
    if not folder.parent.exists():
        private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.stat()
    if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
    return folder


@contextmanager
def durable_file(target: Path) -> Iterator[Path]:
    """A temporary path beside `target`; when the block ends well it is synced to disk and takes `target`'s name."""
    private_folder(target.parent)
    temporary = target.with_name(target.name + TEMPORARY_SUFFIX)
    temporary.unlink(missing_ok=True)
    temporary.touch(mode=0o600)
    try:
        yield temporary
        temporary.chmod(0o600)
        _sync(temporary)
        temporary.replace(target)
        _sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed run left half written in `folder` and below."""
    for leftover in sorted(folder.rglob("*" + TEMPORARY_SUFFIX)):
        leftover.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
