"""Names and values inside SQL: the one place where text becomes part of a statement."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

_GLOB_CHARACTERS = "*?["


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as a quoted SQL string. Raises ValueError where it holds a NUL, which no engine accepts."""
    if "\0" in text:
        raise ValueError("A text with a NUL character cannot stand in SQL. Remove the character.")
    return "'" + text.replace("'", "''") + "'"


def moment(at: datetime | None) -> str:
    """A time without a zone as SQL, also where there is none."""
    return f"TIMESTAMP {literal(at.isoformat(sep=' '))}" if at else "NULL::TIMESTAMP"


def file_literal(path: Path) -> str:
    """A path to read from, as a quoted SQL string in which `*`, `?` and `[` stand for themselves."""
    return literal("".join(f"[{sign}]" if sign in _GLOB_CHARACTERS else sign for sign in str(path)))
