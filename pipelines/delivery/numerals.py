"""How numbers, shares and days are written in a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Number = int | float | Decimal

_MARKS: Mapping[str, str] = {"en": ",.", "de": ".,"}
"""By language: what parts the thousands, and the decimal sign."""
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_CODE_BEFORE = ("en",)


@dataclass(frozen=True)
class Numerals:
    """Writes numbers in one language; nothing where there is no number."""

    language: str = "en"

    def number(self, value: Number | None, digits: int = 0) -> str:
        if value is None:
            return ""
        return f"{value:z,.{digits}f}".translate(str.maketrans(",.", _MARKS[self.language]))

    def money(self, value: Number | None, currency: str | None, digits: int = 2) -> str:
        if value is None:
            return ""
        amount = self.number(value, digits)
        if not currency:
            return amount
        return _NO_BREAK_SPACE.join([currency, amount] if self.language in _CODE_BEFORE else [amount, currency])

    def share(self, value: Number | None, digits: int = 1) -> str:
        if value is None:
            return ""
        gap = "" if self.language == "en" else _NO_BREAK_SPACE
        return f"{self.number(value * 100, digits)}{gap}%"

    def change(self, value: Number, digits: int = 1) -> str:
        """A relative change with its sign, the true minus included."""
        size = value if value >= 0 else -value
        if not round(float(size), digits + 2):  # a percentage has two digits less behind the point
            return "\N{PLUS-MINUS SIGN}" + self.share(0, digits)
        return ("+" if value > 0 else "\N{MINUS SIGN}") + self.share(size, digits)

    def day(self, value: date | None) -> str:
        if value is None:
            return ""
        return f"{value:%d.%m.%Y}" if self.language == "de" else f"{value:%Y-%m-%d}"
