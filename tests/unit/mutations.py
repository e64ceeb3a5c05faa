"""Mutations of sample exports: what a mutated file must still say, and where its records stand.

A mutation is neutral (the same facts, written otherwise) or damage (a record repeated, cut off or broken). A file is
made by a chain of up to three, from a seed alone.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipelines.ingest.header import WILDCARD
from pipelines.ingest.presets import Preset
from tests.unit.renderings import (
    AMOUNT_STYLES,
    COUNT_STYLES,
    MOMENT_STYLES,
    amounts_in,
    column_kinds,
    counts_in,
    moments_in,
)

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "iso-8859-15")
DELIMITERS = (",", ";", "\t", "|")
PREAMBLES = (
    ("Bestandsliste",),
    ("Export der Firma Muster", ""),
    ("Report", "Created 2026-11-24", "", ""),
    ("", ""),
    ("sep={delimiter}",),
)
FOOTERS = (("",), ("", "", ""), ("", "42 rows"), ("", "Ende des Exports", ""), ("Gesamt",))


@dataclass(frozen=True)
class File:
    """A table and how it is written. `order` names the records by their place in the sample; damage is on the text."""

    header: tuple[str, ...]
    records: tuple[tuple[str, ...], ...]
    order: tuple[int, ...]
    kinds: dict[str, str]
    preset: Preset
    delimiter: str = ","
    quoting: str = "minimal"
    encoding: str = "utf-8"
    newline: str = "\n"
    preamble: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    ends_with_newline: bool = True
    damage: dict[int, Callable[[str], str]] = field(default_factory=dict)
    cut_at: float | None = None
    undecided: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """The bytes of a file, and of each record the line on which it starts. Records from `cut` on are not whole."""

    content: bytes
    lines: tuple[tuple[int, int], ...]
    cut: int | None


def read_sample(path: Path, preset: Preset) -> tuple[File, dict[int, int]]:
    """The sample's table in its own dialect, and the record that starts on each of its lines."""
    content = path.read_bytes()
    try:
        text, encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = content.decode("cp1252"), "cp1252"
    delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header, records, starts = tuple(next(reader)), [], {}
    line = reader.line_num + 1
    for cells in reader:
        if cells:
            starts[line] = len(records)
            records.append(tuple(cells))
        line = reader.line_num + 1
    order = tuple(range(len(records)))
    kinds = column_kinds(preset, header)
    return File(header, tuple(records), order, kinds, preset, delimiter, encoding=encoding), starts


def mutated(sample: File, seed: str) -> File:
    """The sample after one to three mutations that can be applied to it."""
    rng = random.Random(seed)
    file = sample
    for name in rng.sample(sorted(MUTATIONS), k=rng.choice((1, 1, 2, 2, 3))):
        changed = MUTATIONS[name](file, rng)
        if changed is not None:
            file = replace(changed, chain=(*file.chain, name))
    return file


def written(file: File) -> Written:
    """The file's bytes."""
    lines = [text.replace("{delimiter}", file.delimiter) for text in file.preamble] + [_row(file, file.header)]
    text = "".join(line + "\n" for line in lines)
    starts, cut = [], None
    for place, number in enumerate(file.order):
        row = _row(file, file.records[number])
        row = file.damage[place](row) if place in file.damage else row
        starts.append((text.count("\n") + 1, number))
        text += row + "\n"
        if file.cut_at is not None and place == len(file.order) - 1:
            cut, text = number, text[: len(text) - 1 - max(1, int(len(row) * file.cut_at))]
    if file.cut_at is None:
        text += "".join(line + "\n" for line in file.footer)
        text = text if file.ends_with_newline else text.removesuffix("\n")
    text = text.replace("\n", file.newline)
    return Written(text.encode(file.encoding), tuple(starts), cut)


def _row(file: File, cells: tuple[str, ...]) -> str:
    quote = "'" if file.quoting == "single" else '"'
    needing = (file.delimiter, quote, "\n", "\r")
    quoted = []
    for cell in cells:
        must = file.quoting == "all" or any(sign in cell for sign in needing) or cell != cell.strip()
        inner = cell.replace(quote, "\\" + quote if file.quoting == "backslash" else quote * 2)
        quoted.append(f"{quote}{inner}{quote}" if must else cell)
    return file.delimiter.join(quoted)


def _delimiter(file: File, rng: random.Random) -> File | None:
    return replace(file, delimiter=rng.choice([sign for sign in DELIMITERS if sign != file.delimiter]))


def _quoting(file: File, rng: random.Random) -> File | None:
    text = "".join("".join(cells) for cells in file.records)
    return replace(file, quoting=rng.choice(("all", "single") if "\\" in text else ("all", "single", "backslash")))


def _encoding(file: File, rng: random.Random) -> File | None:
    encoding = rng.choice(ENCODINGS)
    text = "".join(["".join(file.header), *("".join(cells) for cells in file.records)])
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return None
    return replace(file, encoding=encoding)


def _newline(file: File, rng: random.Random) -> File | None:
    return replace(file, newline=rng.choice(("\r\n", "\r")))


def _column_order(file: File, rng: random.Random) -> File | None:
    if len(set(file.header)) != len(file.header):
        return None
    order = rng.sample(range(len(file.header)), len(file.header))
    if any(len(cells) != len(file.header) for cells in file.records):
        return None
    records = tuple(tuple(cells[index] for index in order) for cells in file.records)
    return replace(file, header=tuple(file.header[index] for index in order), records=records)


def _header_language(file: File, rng: random.Random) -> File | None:
    header = tuple(_alias(name, file.preset, rng) for name in file.header)
    if header == file.header or len(set(header)) != len(header):
        return None
    kinds = {new: file.kinds[old] for new, old in zip(header, file.header, strict=True) if old in file.kinds}
    return replace(file, header=header, kinds=kinds)


def _alias(name: str, preset: Preset, rng: random.Random) -> str:
    for canonical, labels in preset.aliases.items():
        head, star, tail = canonical.partition(WILDCARD)
        if name.casefold() == canonical.casefold():
            return rng.choice(labels)
        if star and name.startswith(head) and name.endswith(tail):
            return rng.choice(labels).replace(WILDCARD, name[len(head) : len(name) - len(tail)])
    return name


def _preamble(file: File, rng: random.Random) -> File | None:
    return replace(file, preamble=rng.choice(PREAMBLES))


def _footer(file: File, rng: random.Random) -> File | None:
    return None if file.cut_at else replace(file, footer=rng.choice(FOOTERS))


def _no_last_newline(file: File, _rng: random.Random) -> File | None:
    return replace(file, ends_with_newline=False)


def _amounts(file: File, rng: random.Random) -> File | None:
    style = rng.choice(sorted(AMOUNT_STYLES))
    return _rendered(file, amounts_in(file.header, file.records, file.kinds, style))


def _counts(file: File, rng: random.Random) -> File | None:
    places = {place for place, name in enumerate(file.header) if file.kinds.get(name) == "integer"}
    return _rendered(file, counts_in(file.records, places, rng.choice(sorted(COUNT_STYLES))))


def _moments(file: File, rng: random.Random) -> File | None:
    style = rng.choice(sorted(MOMENT_STYLES))
    changed = moments_in(file.header, file.records, file.kinds, style, file.preset.timezone)
    if changed is None:
        return None
    records, undecided = changed
    return replace(file, records=records, undecided=(*file.undecided, *undecided))


def _rendered(file: File, records: tuple[tuple[str, ...], ...] | None) -> File | None:
    return None if records is None or records == file.records else replace(file, records=records)


def _repeat_record(file: File, rng: random.Random) -> File | None:
    if file.damage or not file.order:
        return None
    place = rng.randrange(len(file.order))
    target = rng.choice((place + 1, len(file.order)))
    order = list(file.order)
    order.insert(target, file.order[place])
    return replace(file, order=tuple(order))


def _drop_delimiter(file: File, rng: random.Random) -> File | None:
    return _damaged(file, rng, lambda text, at: text[:at] + text[at + 1 :])


def _add_delimiter(file: File, rng: random.Random) -> File | None:
    return _damaged(file, rng, lambda text, at: text[:at] + text[at] + text[at:])


def _add_quote(file: File, rng: random.Random) -> File | None:
    return _damaged(file, rng, lambda text, at: text[: at + 1] + '"' + text[at + 1 :])


def _damaged(file: File, rng: random.Random, change: Callable[[str, int], str]) -> File | None:
    """Change the text of one record at one of its delimiters."""
    if not file.order or len(file.header) == 1:
        return None
    place, share = rng.randrange(len(file.order)), rng.random()

    def damage(text: str) -> str:
        places = _delimiters(text, file)
        return change(text, places[int(share * len(places))]) if places else text

    return replace(file, damage={place: damage})


def _delimiters(text: str, file: File) -> list[int]:
    """Where delimiters stand outside of quotes."""
    found, is_quoted, quote = [], False, "'" if file.quoting == "single" else '"'
    for at, sign in enumerate(text):
        is_quoted ^= sign == quote
        if sign in DELIMITERS and not is_quoted and text.count(sign) >= len(file.header) - 1:
            found.append(at)
    return found


def _cut_off(file: File, rng: random.Random) -> File | None:
    if not file.order or file.footer:
        return None
    keep = rng.randrange(len(file.order)) + 1
    return replace(file, order=file.order[:keep], cut_at=rng.uniform(0.01, 0.9), damage={})


NEUTRAL: dict[str, Callable[[File, random.Random], File | None]] = {
    "delimiter": _delimiter,
    "quoting": _quoting,
    "encoding": _encoding,
    "newline": _newline,
    "column_order": _column_order,
    "header_language": _header_language,
    "preamble": _preamble,
    "footer": _footer,
    "no_last_newline": _no_last_newline,
    "amounts": _amounts,
    "counts": _counts,
    "moments": _moments,
}
DAMAGE: dict[str, Callable[[File, random.Random], File | None]] = {
    "repeat_record": _repeat_record,
    "drop_delimiter": _drop_delimiter,
    "add_delimiter": _add_delimiter,
    "add_quote": _add_quote,
    "cut_off": _cut_off,
}
MUTATIONS = NEUTRAL | DAMAGE
