"""A mapping for a file that no preset fits, proposed from its headers and from what its cells look like."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path

from data_quality.contracts import Column, contracts
from pipelines.ingest.header import EITHER, Header, normalised
from pipelines.ingest.preset_files import shipped_presets
from pipelines.ingest.presets import Preset, Records
from pipelines.ingest.recognise import GENERIC
from pipelines.ingest.records import read_records
from pipelines.ingest.vocabularies import UnknownWords

_SAMPLE_RECORDS = 200
_LIKELY = 0.75
"""How alike a header and a known label must be; below it, tries on real lists gave more wrong pairs than right ones."""
_MOST = 0.8
_DATE = re.compile(r"^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T].*)?$")
_AMOUNT = re.compile(r"^[-+(]?\s*[€$£]?\s*[\d.,' ]*\d[.,]\d{1,4}\)?-?\s*(?:€|[A-Z]{3})?$")
_NUMBER = re.compile(r"^[\d.,\s]+$")
_CONSTANTS = {"orders.status": "paid", "activities.channel": "other", "email_events.event": "sent"}
"""What a required code may be taken for where no column says it; the proposal asks to check it."""


@dataclass(frozen=True)
class _Table:
    """The likeliest header of a file, and the cells of its first records by position."""

    header: Header
    cells: tuple[tuple[str, ...], ...]

    def share(self, position: int, pattern: re.Pattern[str]) -> float:
        """The share of a column's filled cells that look so."""
        filled = [cell for cell in self.cells[position] if cell]
        return sum(bool(pattern.match(cell)) for cell in filled) / len(filled) if filled else 0.0

    def is_key(self, position: int) -> bool:
        """Whether every record has a cell of its own in the column."""
        cells = self.cells[position]
        return bool(cells) and all(cells) and len(set(cells)) == len(cells)


@dataclass(frozen=True)
class _Guess:
    """What a table may hold: an entity, and the position of the column for each of its columns that was found."""

    entity: str
    found: dict[str, int]

    @property
    def missing(self) -> list[Column]:
        """The required columns that nothing was found for, and no constant stands in for."""
        required = contracts()[self.entity].required
        return [c for c in required if c.name not in self.found and f"{self.entity}.{c.name}" not in _CONSTANTS]


def propose(path: Path, candidates: Sequence[Header], file_name: str) -> str | None:
    """The text of a mapping file for a UTF-8 text, ready to be saved under mappings/; None where it holds no table."""
    table = _likeliest_table(path, candidates)
    if table is None:
        return None
    guesses = [
        _guess(table, preset, records)
        for preset in shipped_presets()
        if preset.vendor == GENERIC
        for records in preset.records[:1]
    ]
    best = max(guesses, key=lambda guess: (-len(guess.missing), len(guess.found)))
    return _written(best, table, file_name) if best.found else None


def propose_words(preset: Preset, unknown: Sequence[UnknownWords]) -> str | None:
    """The text of an addition to a preset that says what words mean; None where the preset knows every word."""
    if not unknown:
        return None
    lines = [
        "# Say what each word stands for, or leave it empty where it says nothing. "
        f"Put this into mappings/{preset.slug}.yml, inspect again.",
        *([] if preset.is_own else [f"extends: {preset.slug}"]),
        "words:",
    ]
    for found in {one.vocabulary.asked: one for one in unknown}.values():
        lines.append(
            f"  {json.dumps(found.vocabulary.asked, ensure_ascii=False)}:   # {_either(found.vocabulary.known)}"
        )
        for word, count in found.words:
            lines.append(f'    {json.dumps(word, ensure_ascii=False)}: ""   # {count} times')
    return "\n".join(lines) + "\n"


def _either(words: Sequence[str]) -> str:
    *some, last = words
    return f"{', '.join(some)} or {last}" if some else last


def _likeliest_table(path: Path, candidates: Sequence[Header]) -> _Table | None:
    """The row that reads like a header, under which most records are as wide as it is."""
    best: tuple[float, _Table] | None = None
    for header in candidates:
        names = [cell for cell in header.cells if cell]
        if (
            header.dialect.delimiter == " "
            or len(names) < 2
            or len(set(names)) < len(names)
            or any(_NUMBER.match(cell) for cell in names)
        ):
            continue
        records = list(islice(read_records(path, header.last_line, header.dialect, header.cells), _SAMPLE_RECORDS))
        sound = [record.cells for record in records if record.fault is None]
        score = len(names) * (len(sound) + 1) / (len(records) + 1) - header.first_line / 1000
        if best is None or score > best[0]:
            columns = tuple(tuple(row[at].strip() for row in sound) for at in range(len(header.cells)))
            best = score, _Table(header, columns)
    return best[1] if best else None


def _guess(table: _Table, preset: Preset, records: Records) -> _Guess:
    pairs = sorted(
        (
            (-_likeness(cell, label), at, column)
            for column, rules in records.columns.items()
            for label in {name for rule in rules for cell in rule.cells for name in _labels(preset, cell)}
            for at, cell in enumerate(table.header.cells)
            if cell and _likeness(cell, label) >= _LIKELY
        ),
    )
    found: dict[str, int] = {}
    for _, at, column in pairs:
        if column not in found and at not in found.values():
            found[column] = at
    return _Guess(records.entity, _with_shapes(found, table, records.entity))


def _labels(preset: Preset, cell: str) -> list[str]:
    return [label for name in cell.split(EITHER) for label in (name, *preset.aliases.get(name, ()))]


def _likeness(header: str, label: str) -> float:
    """From 0 to 1; a header that holds all words of the label is rather like it."""
    one, other = _folded(header), _folded(label)
    if one == other:
        return 1.0
    if len(other) > 2 and set(other.split()) <= set(one.split()):
        return 0.9
    return SequenceMatcher(None, one, other).ratio()


def _folded(text: str) -> str:
    for sign, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(sign, plain)
    return " ".join(re.sub(r"[^a-z0-9]+", " ", normalised(text)).split())


def _with_shapes(found: dict[str, int], table: _Table, entity: str) -> dict[str, int]:
    """The required columns that no name told, by what the cells look like."""
    found = dict(found)
    for column in contracts()[entity].required:
        free = [at for at in range(len(table.header.cells)) if at not in found.values() and table.header.cells[at]]
        if column.name in found or f"{entity}.{column.name}" in _CONSTANTS:
            continue
        match column.type:
            case "timestamp" | "date":
                fitting = [at for at in free if table.share(at, _DATE) >= _MOST]
            case "money":
                fitting = [at for at in free if table.share(at, _AMOUNT) >= _MOST]
            case _:
                is_id = column.name.endswith(("_id", "number", "sku"))
                fitting = [at for at in free if is_id and table.is_key(at)]
        if fitting:
            found[column.name] = fitting[0]
    return found


def _written(guess: _Guess, table: _Table, file_name: str) -> str:
    stem = Path(file_name).stem
    slug = re.sub(r"[^a-z0-9]+", "_", _folded(stem)).strip("_") or "own"
    names = {column: json.dumps(table.header.cells[at], ensure_ascii=False) for column, at in guess.found.items()}
    contract = contracts()[guess.entity]
    required = [names[column.name] for column in contract.required if column.name in names] or list(names.values())[:1]
    lines = [
        f"# Proposed by `stammkunde inspect`. Check every line, save it as mappings/{slug}.yml, inspect again.",
        f"name: {json.dumps(stem, ensure_ascii=False)}",
        f"vendor: {slug}",
        "recognise:",
        f"  required: [{', '.join(required)}]",
        f"  hints: [{', '.join(name for name in names.values() if name not in required)}]",
        "records:",
        f"  - entity: {guess.entity}",
        "    columns:",
    ]
    lines += [f"      {line}" for line in _column_lines(guess, names)]
    unread = [cell for at, cell in enumerate(table.header.cells) if cell and at not in guess.found.values()]
    if unread:
        lines.append("# Nothing reads these columns yet: " + ", ".join(" ".join(cell.split()) for cell in unread))
        open_columns = ", ".join(column.name for column in contract.columns if column.name not in names)
        lines.append(f"# {guess.entity} could also take: {open_columns}")
    return "\n".join(lines) + "\n"


def _column_lines(guess: _Guess, names: dict[str, str]) -> list[str]:
    lines = []
    for column in contracts()[guess.entity].columns:
        constant = _CONSTANTS.get(f"{guess.entity}.{column.name}")
        if column.allowed and (column.name in names or (column.required and constant)):
            lines += _code_lines(column, names.get(column.name), constant)
        elif column.name in names:
            lines.append(f"{column.name}: {names[column.name]}")
        elif column in guess.missing:
            lines.append(f"# {column.name}: required, and no column looks like it ({column.description})")
    return lines


def _code_lines(column: Column, name: str | None, constant: str | None) -> list[str]:
    allowed = ", ".join(column.allowed)
    if name is None or constant is None:
        return [f"{column.name}: {{value: {constant}}}   # for every row; allowed are {allowed}"] if constant else []
    rule = f"{{from: {name}, map: {{}}, otherwise: {constant}}}"
    return [f"{column.name}: {rule}   # map each word of the file to one of {allowed}"]
