"""The header of a file, and the dialect in which its records are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

WILDCARD = "*"
EITHER = " | "
"""Parts the headers of which any will do."""


@dataclass(frozen=True)
class Dialect:
    """How records are written: what parts cells, what encloses them (nothing where empty), how a quote is escaped."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'

    @property
    def in_words(self) -> str:
        """The dialect for people."""
        names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank", "\x1f": "unit separator"}
        quote = f"quoted with {self.quote}" if self.quote else "without quotes"
        escape = ", escaped with a backslash" if self.quote and self.escape == "\\" else ""
        return f"{names.get(self.delimiter, self.delimiter)} {quote}{escape}"


@dataclass(frozen=True)
class Header:
    """A row that may be the header: its first and last physical line (from 1), its dialect, its cells.

    `aliases` are further labels under which a preset knows the headers that it wants.
    """

    first_line: int
    last_line: int
    dialect: Dialect
    cells: tuple[str, ...]
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Position of each header by its normalised text; of equal headers the first."""
        known: dict[str, int] = {}
        for position, cell in enumerate(self.cells):
            known.setdefault(normalised(cell), position)
        known.pop("", None)
        return known

    def known_as(self, aliases: Mapping[str, tuple[str, ...]]) -> Header:
        """The same header, whose columns a preset also finds under these labels."""
        named = replace(self, aliases={normalised(name): labels for name, labels in aliases.items()})
        named.__dict__["positions"] = self.positions
        return named

    def find(self, wanted: str) -> list[int]:
        """The positions of the columns that `wanted` names, itself or else by an alias.

        It may end with a `*`, which all its aliases share, or name several headers parted by ` | `, of which the first
        that is there counts.
        """
        for name in wanted.split(EITHER):
            found = [self._named(normalised(label)) for label in (name, *self.aliases.get(normalised(name), ()))]
            if name.endswith(WILDCARD):
                found = [list(dict.fromkeys(at for positions in found for at in positions))]
            if first := next(filter(None, found), None):
                return first
        return []

    def _named(self, name: str) -> list[int]:
        if name.endswith(WILDCARD):
            beginning = name.removesuffix(WILDCARD)
            return [at for cell, at in sorted(self.positions.items(), key=_counted) if cell.startswith(beginning)]
        position = self.positions.get(name)
        return [] if position is None else [position]


def _counted(named: tuple[str, int]) -> list[tuple[bool, int, str]]:
    """By what columns of one kind are ordered: `item 2` comes before `item 10`, wherever they stand."""
    parts = re.split(r"(\d+)", named[0])
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]


@lru_cache(maxsize=8192)
def normalised(header: str) -> str:
    """A header's text for comparison: without BOM, outer blanks, doubled blanks, or capitals."""
    return " ".join(header.replace("\ufeff", "").replace("\u00a0", " ").split()).casefold()
