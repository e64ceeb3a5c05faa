"""How often records of one customer agree, and how often any two: the numbers of the model, learned and shipped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PRIOR = Path(__file__).parent / "prior.json"
PRIOR_MATCHES = 50.0
"""The shipped values weigh as much as so many pairs of records that match."""
_DIGITS = 9

Rates = tuple[tuple[float, float], ...]
"""m and u of every level of a comparison: how often it occurs among records of one customer, and of two."""


@dataclass(frozen=True)
class Agreement:
    """m and u of every level of every comparison, and how probably any two records match before they are compared."""

    rates: Mapping[str, Rates]
    any_two: float

    def to_json(self) -> str:
        """The numbers as text."""
        return json.dumps({"any_two": self.any_two, "rates": self.rates}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Agreement:
        """The numbers out of such a text."""
        content = json.loads(text)
        rates = {name: tuple((m, u) for m, u in levels) for name, levels in content["rates"].items()}
        return cls(rates, content["any_two"])


def shipped_agreement() -> Agreement:
    """Return what was learned from data whose truth is known; used where the company's own data are too few."""
    return Agreement.from_json(_PRIOR.read_text(encoding="utf-8"))


def averaged(sessions: Sequence[tuple[float, dict[str, list[float]]]], prior: Agreement) -> dict[str, list[float]]:
    """m per level, the shipped values and each training weighed by the matches behind them."""
    agreed = {}
    for name, rates in prior.rates.items():
        weights = [PRIOR_MATCHES] + [matches for matches, learned in sessions if name in learned]
        values = [[m for m, _ in rates]] + [learned[name] for _, learned in sessions if name in learned]
        total = sum(weights)
        agreed[name] = [
            round(sum(weight * value[at] for weight, value in zip(weights, values, strict=True)) / total, _DIGITS)
            for at in range(len(rates))
        ]
    return agreed


def leaning(
    learned: Mapping[str, Sequence[float]], rates: Mapping[str, Rates], weight: float, prior_weight: float, which: int
) -> dict[str, list[float]]:
    """What was learned and what is shipped, each by its weight."""
    return {
        name: [
            round((weight * value + prior_weight * shipped[which]) / (weight + prior_weight), _DIGITS)
            for value, shipped in zip(values, rates[name], strict=True)
        ]
        for name, values in learned.items()
    }


def with_chance(rates: Rates, chance: Sequence[float] | None) -> Rates:
    if chance is None:
        return rates
    return tuple((m, u) for (m, _), u in zip(rates, chance, strict=True))
