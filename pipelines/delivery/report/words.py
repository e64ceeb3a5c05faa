"""The sentences of the report, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.delivery.numerals import Numerals
from pipelines.delivery.report.source import SMALLEST_GROUP
from pipelines.delivery.wording import wording

_FOLDER = Path(__file__).parents[1] / "languages" / "report"


@dataclass(frozen=True)
class Words:
    """What is said, and how numbers, days and codes are written. `currency` is that of all money."""

    language: str
    currency: str | None
    sentences: Mapping[str, Mapping[str, Any]]

    def __call__(self, part: str, name: str, **values: object) -> str:
        """A sentence with its values filled in. Raises KeyError for a sentence or value that is not there."""
        return str(self.sentences[part][name]).format(**values)

    def has(self, part: str, name: str) -> bool:
        return name in self.sentences.get(part, {})

    @property
    def numerals(self) -> Numerals:
        return Numerals(self.language)

    def number(self, value: float | None) -> str:
        return self.numerals.number(value)

    def difference(self, value: int) -> str:
        """A number with its sign."""
        sign = "+" if value > 0 else "\N{MINUS SIGN}" if value < 0 else ""
        return f"{sign}{self.number(abs(value))}"

    def counted(self, people: int | None) -> str:
        """How many people, or that they are too few to tell."""
        return self("page", "few") if people is None or 0 < people < SMALLEST_GROUP else self.number(people)

    def money(self, value: float | None, digits: int = 0) -> str:
        return self.numerals.money(value, self.currency, digits).replace("-", "\N{MINUS SIGN}")

    def share(self, value: float | None, digits: int = 0) -> str:
        return self.numerals.share(value, digits)

    def day(self, value: date | None) -> str:
        return self.numerals.day(value)

    def month(self, value: date) -> str:
        """The first letters of a month."""
        return str(self.sentences["page"]["months"][value.month - 1])

    def quarter(self, value: date) -> str:
        return f"{self.sentences['page']['quarter']}{(value.month + 2) // 3} {value.year}"

    def term(self, code: str) -> str:
        """What a code of a table means, or the code with blanks where nothing is said of it."""
        return wording(self.language).terms.get(code, code.replace("_", " "))

    def entity(self, code: str) -> str:
        """What a kind of record is called, as many of them."""
        return str(self.sentences["entities"].get(code, code.replace("_", " ")))

    def limit(self, code: str) -> str:
        """What limits a plan: a channel, or the budget."""
        return self("plan", "budget") if code == "budget" else self.term(code)

    def candidate(self, code: str) -> str:
        """What a forecast is called."""
        return str(self.sentences["candidates"].get(code, code.replace("_", " ")))

    def listed(self, names: Sequence[str]) -> str:
        """Names one after the other, the last with a word between."""
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} {self('page', 'and')} {names[-1]}"

    def lines(self, code: str) -> list[str]:
        """A term in lines short enough for a narrow place."""
        short: str = self.sentences["short"].get(code, self.term(code))
        return [line for line in short.split("|") if line] if "|" in short else short.split(" ")


def words(language: str, currency: str | None) -> Words:
    """The words of a language, ISO 639-1. Raises FileNotFoundError where there are none."""
    return Words(language, currency, _sentences(language))


@cache
def _sentences(language: str) -> Mapping[str, Mapping[str, Any]]:
    content: dict[str, dict[str, Any]] = yaml.safe_load((_FOLDER / f"{language}.yml").read_text(encoding="utf-8"))
    return content
