"""What people decided about records: the optional file decisions.csv of a workspace, which outranks every rule."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import polars as pl

from models.identity import DECISIONS_SCHEMA
from pipelines.errors import SettingsError

DECISIONS_FILE = "decisions.csv"
_HEADERS = ("record_1", "record_2", "decision", "decided_by", "decided_on")
_ENTITIES = ("contacts", "orders", "accounts")
_EXPECTED = (
    "Expected is a first line `record_1;record_2;decision;decided_by;decided_on` (or with commas), and below it "
    "lines such as `hubspot:contacts:1234;shopify:contacts:77;different;Anna;2026-05-01`"
)


def read_decisions(path: Path) -> pl.DataFrame:
    """Return the decisions of the file (`DECISIONS_SCHEMA`), none where it is absent.

    Of two lines about the same records the later decided_on counts, and of one day the later line.
    Raises SettingsError naming file, line, what was found and what is allowed.
    """
    rows = _rows(path) if path.exists() else []
    decided: dict[tuple[tuple[str, ...], ...], tuple[str, int, bool]] = {}
    for line, cells in rows:
        where = f"{path.name}, line {line}"
        pair = tuple(sorted((_record(where, cells["record_1"]), _record(where, cells["record_2"]))))
        verdict = (_day(where, cells["decided_on"]), line, _is_same(where, cells["decision"]))
        decided[pair] = max(decided.get(pair, verdict), verdict)
    values = [(*one, *other, is_same) for (one, other), (_, _, is_same) in sorted(decided.items())]
    return pl.DataFrame(values, schema=DECISIONS_SCHEMA, orient="row")


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    lines = text.splitlines()
    delimiter = ";" if lines and ";" in lines[0] else ","
    reader = csv.reader(lines, delimiter=delimiter)
    header = [cell.strip().lower() for cell in next(reader, [])]
    if missing := [name for name in _HEADERS[:3] if name not in header]:
        raise SettingsError(f"{path.name}, line 1: the column {missing[0]} is missing. {_EXPECTED}.")
    rows = []
    for cells in reader:
        if any(cell.strip() for cell in cells):
            if len(cells) > len(header):
                raise SettingsError(f"{path.name}, line {reader.line_num}: more cells than columns. {_EXPECTED}.")
            filled = dict.fromkeys(_HEADERS, "") | {
                name: cell.strip() for name, cell in zip(header, cells, strict=False)
            }
            rows.append((reader.line_num, filled))
    return rows


def _record(where: str, text: str) -> tuple[str, ...]:
    """A record's key out of `source:entity:id`; the id may hold colons itself."""
    parts = tuple(part.strip() for part in text.split(":", 2))
    if len(parts) != 3 or parts[1] not in _ENTITIES or not parts[0] or not parts[2]:
        raise SettingsError(
            f"{where}: a record is written as source:entity:id, with the entity one of {', '.join(_ENTITIES)}; "
            "`stammkunde explain` shows them so. Found is something else."
        )
    return parts


def _is_same(where: str, text: str) -> bool:
    if text.lower() not in ("same", "different"):
        raise SettingsError(f"{where}: the decision is {text!r}, but must be `same` or `different`.")
    return text.lower() == "same"


def _day(where: str, text: str) -> str:
    if text and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise SettingsError(f"{where}: decided_on is {text!r}, but must be a day such as 2026-05-01, or empty.")
    return text
