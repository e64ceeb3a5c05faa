"""Which raw files have passed their expectations already: only newly landed batches are judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from data_quality.contracts import contracts
from data_quality.expectations import ExpectationOutcome, validate_entity
from data_quality.suites import entity_rules
from pipelines.ingest.durable import durable_file

ROWS_AT_ONCE = 2_000_000


def judge_new_files(raw: Path, entity: str) -> list[ExpectationOutcome]:
    """Return the outcome of each rule of an entity over the raw files that have not passed yet.

    Files that break no rule of severity error are remembered, so that the next run need not judge them again.
    """
    memory = raw / "judged" / f"{entity}.json"
    states = {path.stem: _state(path, entity) for path in _raw_files(raw, entity)}
    passed = _read(memory)
    waiting = [path for path in _raw_files(raw, entity) if passed.get(path.stem) != states[path.stem]]
    outcomes = _nothing_new(entity)
    for group in _groups(waiting):
        judged = validate_entity(entity, pl.scan_parquet(group, glob=False))
        outcomes = [_together(*pair) for pair in zip(outcomes, judged, strict=True)]
        if all(outcome.success or outcome.severity == "warning" for outcome in judged):
            passed |= {path.stem: states[path.stem] for path in group}
    with durable_file(memory) as target:
        target.write_text(json.dumps({name: passed[name] for name in states if name in passed}, indent=1))
    return outcomes


def _raw_files(raw: Path, entity: str) -> list[Path]:
    return sorted(path for path in (raw / entity).glob("*.parquet") if path.stem != "_empty")


def _state(path: Path, entity: str) -> str:
    """A name for the file's content and for the rules that it is judged by."""
    rules = "|".join(rule.sentence for rule in entity_rules(contracts()[entity]))
    found = path.stat()
    return hashlib.sha256(f"{found.st_size}|{found.st_mtime_ns}|{rules}".encode()).hexdigest()[:16]


def _groups(files: Sequence[Path]) -> Iterator[list[Path]]:
    """The files in groups that fit into memory: each judgement costs about as much as a hundred thousand rows."""
    group: list[Path] = []
    rows = 0
    for path in files:
        size = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
        if group and rows + size > ROWS_AT_ONCE:
            yield group
            group, rows = [], 0
        group.append(path)
        rows += size
    if group:
        yield group


def _nothing_new(entity: str) -> list[ExpectationOutcome]:
    rules = entity_rules(contracts()[entity])
    return [ExpectationOutcome(rule.sentence, True, rule.severity, 0, 0) for rule in rules]


def _together(left: ExpectationOutcome, right: ExpectationOutcome) -> ExpectationOutcome:
    return ExpectationOutcome(
        sentence=left.sentence if left.success and right.success else (right if left.success else left).sentence,
        success=left.success and right.success,
        severity=left.severity,
        unexpected_count=left.unexpected_count + right.unexpected_count,
        element_count=left.element_count + right.element_count,
    )


def _read(memory: Path) -> dict[str, str]:
    try:
        content = json.loads(memory.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
