"""Which raw files have passed their expectations already: only newly landed batches are judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from data_quality.contracts import contracts
from data_quality.expectations import ExpectationOutcome, validate_entity
from data_quality.rules import entity_rules
from pipelines.ingest.durable import durable_file

ROWS_AT_ONCE = 2_000_000


def judge_new_files(raw: Path, entity: str) -> list[ExpectationOutcome]:
    """Return the outcome of each rule of an entity over the raw files that have not been judged yet.

    Files that break no rule of severity error are remembered, so that the next run need not judge them again; what
    they were warned of is remembered too, and said at every run until the files are others.
    """
    memory = raw / "judged" / f"{entity}.json"
    states = {path.stem: _state(path, entity) for path in _raw_files(raw, entity)}
    groups = [group for group in _read(memory) if _still_holds(group, states)]
    known = {name for group in groups for name in group["files"]}
    outcomes = _nothing_new(entity)
    for paths in _groups([path for path in _raw_files(raw, entity) if path.stem not in known]):
        judged = validate_entity(entity, pl.scan_parquet(paths, glob=False))
        outcomes = [_together(*pair) for pair in zip(outcomes, judged, strict=True)]
        if all(outcome.success or outcome.severity == "warning" for outcome in judged):
            files = {path.stem: states[path.stem] for path in paths}
            groups.append({"files": files, "warned": {one.sentence: _counts(one) for one in judged if not one.success}})
    remembered = [
        _warned(outcome, [group for group in groups if not known.isdisjoint(group["files"])]) for outcome in outcomes
    ]
    with durable_file(memory) as target:
        target.write_text(json.dumps([_kept(group, states) for group in groups], indent=1))
    return remembered


def _still_holds(group: dict[str, Any], states: Mapping[str, str]) -> bool:
    """Whether what was found of files judged together is still so. Any of them may be the one that was warned of, so
    a group with a warning holds only as a whole."""
    same = [states.get(name) == state for name, state in group["files"].items()]
    gone = [name not in states for name in group["files"]]
    if group["warned"]:
        return all(same)
    return any(same) and all(one or left for one, left in zip(same, gone, strict=True))


def _kept(group: dict[str, Any], states: Mapping[str, str]) -> dict[str, Any]:
    return {**group, "files": {name: state for name, state in group["files"].items() if name in states}}


def _counts(outcome: ExpectationOutcome) -> list[int]:
    return [outcome.unexpected_count, outcome.element_count]


def _warned(outcome: ExpectationOutcome, groups: Sequence[dict[str, Any]]) -> ExpectationOutcome:
    """The outcome together with what earlier runs have warned of."""
    for group in groups:
        if counts := group["warned"].get(outcome.sentence):
            earlier = ExpectationOutcome(outcome.sentence, False, outcome.severity, *counts)
            outcome = _together(outcome, earlier)
    return outcome


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


def _read(memory: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(memory.read_text())
    except (FileNotFoundError, ValueError):
        return []
    return content if isinstance(content, list) else []
