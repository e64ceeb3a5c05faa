"""Seconds and peak memory of a process and its children, stage by stage."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECONDS_BETWEEN_SAMPLES = 0.1
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Measurement:
    """One finished process: how long it took, and its memory (with its children's) over time."""

    seconds: float
    exit_status: int
    cpu_seconds: float = 0.0
    """Of all processors together: on a shared machine this tells more than the clock."""
    samples: list[tuple[float, int]] = field(default_factory=list)

    def peak_bytes(self, start: float | None = None, end: float | None = None) -> int:
        """Return the largest resident memory between two moments of the wall clock (seconds since the epoch)."""
        inside = [size for at, size in self.samples if (start or 0) <= at <= (end or float("inf"))]
        return max(inside, default=0)


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measurement:
    """Run a command to its end, sampling the resident memory of its whole process tree."""
    started, before = time.monotonic(), _children_seconds()
    process = subprocess.Popen(command, env=dict(environment) if environment else None)
    samples: list[tuple[float, int]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(SECONDS_BETWEEN_SAMPLES):
            samples.append((time.time(), tree_bytes(process.pid)))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    status = process.wait()
    over.set()
    watcher.join()
    return Measurement(time.monotonic() - started, status, _children_seconds() - before, samples)


def _children_seconds() -> float:
    """Processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tree_bytes(pid: int) -> int:
    """Return the resident memory of a process and all that descend from it, in bytes (Linux)."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            children.setdefault(_parent_of(entry), []).append(int(entry.name))
    family, waiting = 0, [pid]
    while waiting:
        member = waiting.pop()
        family += _resident_bytes(member)
        waiting.extend(children.get(member, ()))
    return family


def _parent_of(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0
