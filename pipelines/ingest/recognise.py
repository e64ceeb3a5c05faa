"""Which vendor's export is this? Told by the set of its headers, never by their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.ingest.header import Header, normalised
from pipelines.ingest.presets import Preset

GENERIC = "generic"
"""The vendor of layouts that no vendor's tool writes: lists by hand, and whatever nobody knows better."""


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
                "No preset knows this file's columns. `stammkunde inspect` prints a mapping file to start from; "
                "check it and save it in mappings/. If the file has no header, name its columns there in "
                "`recognise.columns`."
            )
        if not self.missing:
            return (
                f"The columns fit {self.nearest.name}, but the file's name or folder does not: it must match "
                f"{self.nearest.recognise.file_name!r}. Keep the name that the vendor gave it."
            )
        named = ", ".join(f'"{name}"' for name in self.missing)
        return (
            f"No preset fits this file. The nearest is {self.nearest.name} ({self.nearest.slug}), which also needs "
            f"{named}. Export these columns too, or start from the mapping file that `stammkunde inspect` prints."
        )


def recognise(headers: Sequence[Header], name: str, presets: Iterable[Preset]) -> Recognised | Unknown:
    """The preset that fits a header row best: a company's own first, then the one that knows the most columns."""
    presets = list(presets)
    likely = _likely(headers, vocabulary(presets))
    tried = [(preset, header.known_as(preset.aliases)) for preset in presets for header in likely]
    fitting = [(_rank(preset, header), preset, header) for preset, header in tried if _fits(preset, header, name)]
    if not fitting:
        return _nearest(tried, name)
    _, preset, header = max(fitting, key=lambda fit: fit[0])
    return Recognised(preset, header, preset.recognise.path_facts(name) or {})


def headers_given(candidates: Sequence[Header], name: str, presets: Iterable[Preset]) -> list[Header]:
    """The headers that presets give to a file of this name whose first row is as wide, and is no header."""
    return [
        Header(1, 0, first.dialect, preset.recognise.columns)
        for preset in presets
        for first in candidates
        if first.first_line == 1
        and len(first.cells) == len(preset.recognise.columns)
        and preset.recognise.path_facts(name) is not None
        and not set(map(normalised, preset.recognise.columns)) & set(first.positions)
    ]


def _likely(headers: Sequence[Header], words: frozenset[str]) -> list[Header]:
    """The rows that hold at least half as many known headers as the one that holds most, in their order.

    Cells may hold a known word too, so one is not enough where another row has many.
    """
    known = [len(words.intersection(header.positions)) for header in headers]
    most = max(known, default=0)
    return [header for header, count in zip(headers, known, strict=True) if count and 2 * count >= most]


def vocabulary(presets: Sequence[Preset]) -> frozenset[str]:
    """Every header that any of the presets asks for, normalised, aliases too; wildcards are left out."""
    return frozenset(normalised(name) for preset in presets for name in preset.known_headers if "*" not in name)


def _fits(preset: Preset, header: Header, name: str) -> bool:
    return not _missing(preset, header) and preset.recognise.path_facts(name) is not None


def _missing(preset: Preset, header: Header) -> tuple[str, ...]:
    return tuple(wanted for wanted in preset.recognise.required if not header.find(wanted))


def _rank(preset: Preset, header: Header) -> tuple[bool, bool, int, int, int, str]:
    """Own before shipped, a vendor's before a generic one; then more known columns, a fitting name that was asked for,
    an earlier row; the slug."""
    is_vendors, has_name = preset.vendor != GENERIC, int(bool(preset.recognise.file_name))
    known = sum(bool(header.find(wanted)) for wanted in (*preset.recognise.required, *preset.recognise.hints))
    return preset.is_own, is_vendors, known, has_name, -header.first_line, preset.slug


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
