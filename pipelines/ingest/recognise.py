"""Which vendor's export is this? Told by the set of its headers, never by their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from pipelines.ingest.presets import WILDCARD, Preset


@dataclass(frozen=True)
class Header:
    """A row that may be the header: its first and last physical line (from 1), its delimiter, its cells.

    `aliases` are further labels under which a preset knows the headers that it wants.
    """

    first_line: int
    last_line: int
    delimiter: str
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
        return replace(self, aliases={normalised(name): labels for name, labels in aliases.items()})

    def find(self, wanted: str) -> list[int]:
        """The positions of the columns that `wanted` names, itself or else by an alias; it may end with a `*`."""
        for label in (wanted, *self.aliases.get(normalised(wanted), ())):
            if found := self._named(normalised(label)):
                return found
        return []

    def _named(self, name: str) -> list[int]:
        if name.endswith(WILDCARD):
            return [at for cell, at in self.positions.items() if cell.startswith(name.removesuffix(WILDCARD))]
        position = self.positions.get(name)
        return [] if position is None else [position]


@dataclass(frozen=True)
class Recognised:
    """A header that a preset fits, with what the file's path says."""

    preset: Preset
    header: Header
    path_facts: dict[str, str]


@dataclass(frozen=True)
class Unknown:
    """No preset fits; the nearest one and what it misses, where any header looked familiar."""

    nearest: Preset | None = None
    missing: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """A sentence for people that names the next step."""
        if self.nearest is None:
            return (
                "No preset knows any of this file's columns. Describe the file in mappings/, as the shipped presets do."
            )
        if not self.missing:
            return (
                f"The columns fit {self.nearest.name}, but the file's name or folder does not: it must match "
                f"{self.nearest.recognise.file_name!r}. Keep the name that the vendor gave it."
            )
        named = ", ".join(f'"{name}"' for name in self.missing)
        return (
            f"No preset fits this file. The nearest is {self.nearest.name} ({self.nearest.slug}), which also needs "
            f"{named}. Export these columns too, or describe the file in mappings/."
        )


@lru_cache(maxsize=4096)
def normalised(header: str) -> str:
    """A header's text for comparison: without BOM, outer blanks, doubled blanks, or capitals."""
    return " ".join(header.replace("\ufeff", "").replace("\u00a0", " ").split()).casefold()


def recognise(headers: Sequence[Header], name: str, presets: Iterable[Preset]) -> Recognised | Unknown:
    """The preset that fits a header row best: a company's own first, then the one that knows the most columns."""
    tried = [(preset, header.known_as(preset.aliases)) for preset in presets for header in headers]
    fitting = [(_rank(preset, header), preset, header) for preset, header in tried if _fits(preset, header, name)]
    if not fitting:
        return _nearest(tried, name)
    _, preset, header = max(fitting, key=lambda fit: fit[0])
    return Recognised(preset, header, preset.recognise.path_facts(name) or {})


def _fits(preset: Preset, header: Header, name: str) -> bool:
    return not _missing(preset, header) and preset.recognise.path_facts(name) is not None


def _missing(preset: Preset, header: Header) -> tuple[str, ...]:
    return tuple(wanted for wanted in preset.recognise.required if not header.find(wanted))


def _rank(preset: Preset, header: Header) -> tuple[bool, int, int, int, str]:
    """Own before shipped; more known columns; a name that was asked for and fits; an earlier row; the slug."""
    known = sum(bool(header.find(wanted)) for wanted in (*preset.recognise.required, *preset.recognise.hints))
    return preset.is_own, known, int(bool(preset.recognise.file_name)), -header.first_line, preset.slug


def _nearest(tried: list[tuple[Preset, Header]], name: str) -> Unknown:
    def closeness(pair: tuple[Preset, Header]) -> tuple[float, int, int, str]:
        preset, header = pair
        required = preset.recognise.required
        found = len(required) - len(_missing(preset, header))
        hinted = sum(bool(header.find(wanted)) for wanted in preset.recognise.hints)
        return found / len(required), found + hinted, int(preset.recognise.path_facts(name) is not None), preset.slug

    familiar = [pair for pair in tried if closeness(pair)[1] > 0]
    if not familiar:
        return Unknown()
    preset, header = max(familiar, key=closeness)
    return Unknown(preset, _missing(preset, header))
