"""Files that are either wholly there or not there at all, and readable by their owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY_SUFFIX = ".partial"


def private_folder(folder: Path) -> Path:
    """`folder`, made with its parents where it is missing; mode 0700."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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
