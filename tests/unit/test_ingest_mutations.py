"""Every sample, written otherwise or damaged: the same canonical rows, or an open word about what is not the same."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from data_quality.contracts import contracts
from pipelines.ingest.batch import IngestReport, ingest
from pipelines.ingest.ledger import LedgerRow
from pipelines.ingest.preset_files import shipped_presets
from pipelines.ingest.settings import IngestSettings
from tests.unit.mutations import DAMAGE, File, Written, mutated, read_sample, written

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
PRESETS = {preset.slug: preset for preset in shipped_presets()}
MUTATIONS_IN_ALL = int(os.environ.get("STAMMKUNDE_MUTATIONS", "2050"))
_SHOWN = 12

Cells = tuple[Any, ...]
Rows = dict[str, list[tuple[int, Cells]]]
"""Per entity: the line on which each canonical row stands, and its cells without lineage."""


@dataclass
class Outcome:
    """What ingest made of one file."""

    rows: Rows = field(default_factory=lambda: defaultdict(list))
    quarantined: list[tuple[int, int]] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)

    @property
    def message(self) -> str:
        return " ".join(row.message for row in self.ledger)

    @property
    def is_unread(self) -> bool:
        return all(row.status in ("refused", "unknown", "empty") and row.message for row in self.ledger)

    def tells_of(self, line: int) -> bool:
        return any(first <= line <= last for first, last in self.quarantined)


@pytest.mark.parametrize("slug", sorted(PRESETS))
def test_a_mutated_sample_is_never_read_otherwise_without_a_word(slug: str, tmp_path: Path) -> None:
    """Accident: a delimiter, an encoding, a decimal comma or a cut line changes what a customer bought, in silence."""
    failures, unread, neutral = [], 0, 0
    for sample in sample_files(slug):
        cases = list(mutations_of(sample, slug))
        base, *outcomes = outcomes_of(sample, slug, [written(case) for _, case in cases], tmp_path / sample.name)
        _, starts = read_sample(sample, PRESETS[slug])
        known = by_record(base.rows, tuple(starts.items()))
        for (seed, case), outcome in zip(cases, outcomes, strict=True):
            is_neutral = not set(case.chain) & set(DAMAGE)
            neutral += is_neutral
            unread += is_neutral and outcome.is_unread
            told = silent_difference(case, written(case), known, outcome)
            if told:
                failures.append(f"{seed} {'+'.join(case.chain)}: {told}")
    assert not failures, f"{len(failures)} silent differences:\n" + "\n".join(failures[:_SHOWN])
    assert unread <= neutral * 0.2, f"{unread} of {neutral} files that only look different were not read"


def sample_files(slug: str) -> list[Path]:
    """The text files of a preset's sample."""
    return sorted(path for path in (SAMPLES / slug / "landing").rglob("*") if path.suffix in (".csv", ".tsv", ".txt"))


def mutations_of(sample: Path, slug: str) -> Iterator[tuple[str, File]]:
    """This sample's share of all mutations, each with its seed; none twice and none without effect."""
    file, _ = read_sample(sample, PRESETS[slug])
    files_in_all = sum(len(sample_files(name)) for name in PRESETS)
    wanted, seen, number = -(-MUTATIONS_IN_ALL // max(files_in_all, 1)), {sample.read_bytes()}, 0
    while wanted and number < 50_000:
        seed = f"{slug}/{sample.name}/{number}"
        number += 1
        case = mutated(file, seed)
        content = written(case).content
        if case.chain and content not in seen:
            seen.add(content)
            wanted -= 1
            yield seed, case


def outcomes_of(sample: Path, slug: str, cases: list[Written], folder: Path) -> list[Outcome]:
    """What ingest makes of the sample itself and of each mutation, all landed at once under the sample's own path."""
    landing, place = folder / "landing", sample.relative_to(SAMPLES / slug / "landing")
    for number, content in enumerate([sample.read_bytes(), *(case.content for case in cases)]):
        target = landing / f"{number:05}" / place
        target.parent.mkdir(parents=True)
        target.write_bytes(content)
    report = ingest(landing, folder / "raw", folder / "quarantine", settings_of(slug, folder))
    return collected(report, folder, len(cases) + 1)


def settings_of(slug: str, folder: Path) -> IngestSettings:
    """The settings that the sample asks for."""
    said = {"country": "DE", "timezone": "Europe/Berlin", "currency": "EUR", "exchange_rates": ["USD", "GBP"]}
    said |= yaml.load((SAMPLES / slug / "expected.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    rates = frozenset(said["exchange_rates"])
    return IngestSettings(str(said["currency"]), str(said["country"]), str(said["timezone"]), folder / "scratch", rates)


def collected(report: IngestReport, folder: Path, count: int) -> list[Outcome]:
    """The report, raw rows and quarantine, parted by landed file."""
    outcomes = [Outcome() for _ in range(count)]
    number_of = {}
    for row in report.rows:
        row.check_balance()
        outcomes[int(row.file[:5])].ledger.append(row)
        if row.file_id and row.status != "copy":
            number_of[row.file_id] = int(row.file[:5])
    for entity, contract in contracts().items():
        names = ", ".join(column.name for column in contract.columns)
        query = f"SELECT file_id, file_line, {names} FROM read_parquet('{folder}/raw/{entity}/*.parquet') ORDER BY ALL"
        for file_id, line, *cells in duckdb.sql(query).fetchall():
            outcomes[number_of[file_id]].rows[entity].append((line, tuple(cells)))
    if list((folder / "quarantine").glob("*.parquet")):
        query = f"SELECT file_id, line, raw_text FROM read_parquet('{folder}/quarantine/*.parquet')"
        for file_id, line, text in duckdb.sql(query).fetchall():
            height = len(re.findall(r"\r\n|\r|\n", (text or "").rstrip("\r\n")))
            outcomes[number_of[file_id]].quarantined.append((line, line + height))
    return outcomes


def by_record(rows: Rows, starts: tuple[tuple[int, int], ...]) -> dict[str, Counter[tuple[int, Cells]]]:
    """Per entity, how often each canonical row comes of each record of the sample (-1: of none)."""
    record = dict(starts)
    return {entity: Counter((record.get(line, -1), cells) for line, cells in found) for entity, found in rows.items()}


def silent_difference(
    case: File, file: Written, known: dict[str, Counter[tuple[int, Cells]]], outcome: Outcome
) -> str | None:
    """What differs from the sample without being told, or None."""
    if not outcome.ledger:
        return "no row in the ledger"
    if outcome.is_unread or any(row.status == "copy" for row in outcome.ledger):
        return None
    found = by_record(outcome.rows, file.lines)
    for entity in sorted({*known, *found}):
        wanted, given = known.get(entity, Counter()), found.get(entity, Counter())
        if told := _difference(entity, case, file, wanted, given, outcome):
            return told
    return None


def _difference(
    entity: str,
    case: File,
    file: Written,
    wanted: Counter[tuple[int, Cells]],
    given: Counter[tuple[int, Cells]],
    outcome: Outcome,
) -> str | None:
    names = [column.name for column in contracts()[entity].columns]
    lines = defaultdict(list)
    for line, record in file.lines:
        lines[record].append(line)
    known_otherwise = set()
    for record, cells in given - wanted:
        like = [other for number, other in wanted if number == record]
        differing = {
            name: (mine, theirs)
            for name, mine, theirs in zip(names, cells, like[0] if like else cells, strict=True)
            if mine != theirs
        }
        known_otherwise.add(record)
        # a row that stands in quarantine because another contradicts it may be taken once that one is broken in form
        if not like and outcome.quarantined and (case.damage or file.cut is not None):
            continue
        if not _is_told(entity, record, case, file, outcome) and not _follows(differing, outcome):
            shown = [f"{name} {mine!r} instead of {theirs!r}" for name, (mine, theirs) in differing.items()]
            return f"{entity} of record {record} is otherwise: {', '.join(shown[:3]) or 'it is too many'}"
    for record, _ in wanted - given:
        is_seen = (
            record in known_otherwise or record not in lines or any(outcome.tells_of(line) for line in lines[record])
        )
        if not is_seen and not _is_told(entity, record, case, file, outcome):
            return f"{entity} of record {record} is lost"
    return None


def _follows(differing: dict[str, tuple[Any, Any]], outcome: Outcome) -> bool:
    """Whether a row only shows that another of its order or file is in quarantine, broken in form.

    Its place within the order is counted without the broken line, and what the shop's other orders prove of their
    prices (with or without tax) may be unproven without them.
    """
    if not outcome.quarantined or not differing:
        return False
    is_unproven = differing.get("is_tax_included", (None, None))[0] is None
    return set(differing) <= {"line_no", "is_tax_included"} and is_unproven


def _is_told(entity: str, record: int, case: File, file: Written, outcome: Outcome) -> bool:
    """Whether the ledger announces what this very mutation makes undecidable."""
    if case.undecided and all(f"{name}" in outcome.message for name in case.undecided):
        return True
    if "repeat_record" in case.chain and re.search(r"\brepeat", outcome.message):
        return True
    if file.cut is not None and record == file.cut:
        return bool(re.search(r"line end|cut off|ends without|last line", outcome.message))
    is_sum = any(
        rule.sum
        for records in case.preset.records
        if records.entity == entity
        for rules in records.columns.values()
        for rule in rules
    )
    # the sum of a group lacks the lines that are broken in form: their key cannot be read
    return is_sum and (file.cut is not None or bool(case.damage and outcome.quarantined))
