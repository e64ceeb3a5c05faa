"""What a report is made of: sections with one sentence each, and figures with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from pipelines.delivery.report.source import Published
from pipelines.delivery.report.words import Words


@dataclass(frozen=True)
class Numbers:
    """A table of finished texts; the columns from `first_number` on are numbers and stand to the right."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    first_number: int = 1


@dataclass(frozen=True)
class Figure:
    """A chart (an SVG element), what it shows, and the numbers in it. Without a chart the numbers stand open."""

    title: str
    numbers: Numbers
    chart: str = ""


@dataclass(frozen=True)
class Tile:
    """One number to see at once, what it is, and how it has changed."""

    value: str
    meaning: str
    change: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the report: `sentence` says what it shows, `notes` what to know before believing it."""

    name: str
    heading: str
    sentence: str
    figures: Sequence[Figure] = ()
    tiles: Sequence[Tile] = ()
    notes: Sequence[str] = ()
    link: tuple[str, str] | None = None
    """Address and text of where to read on."""


@dataclass(frozen=True)
class Context:
    """What every section is made from: the day, today's tables, those of the run before, and the words."""

    as_of: date
    today: Published
    before: Published
    words: Words
    before_on: date | None = field(default=None)
