"""`stammkunde simulate`: the published contact plan solved anew with other limits. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from models.contact_plan import PlanRules
from models.what_if import Solved, as_planned, next_sentence, offers, solve, where_next, with_limits
from pipelines.delivery.numerals import Numerals
from pipelines.delivery.wording import wording
from pipelines.errors import UserError
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Simulation:
    """The published plan as it is, and as it would be within the changed rules."""

    as_is: Solved
    what_if: Solved
    rules: PlanRules

    def as_json(self) -> dict[str, Any]:
        """Return both plans, what the change adds after its cost, and where the next money belongs then."""
        parts = {"as_is": self.as_is, "what_if": self.what_if}
        found = where_next(self.what_if, self.rules)
        then = None if found is None else dict(zip(("limit", "adds_up_to"), found, strict=True))
        return {name: asdict(part) for name, part in parts.items()} | {"gain": self.gain, "next": then}

    @property
    def gain(self) -> float:
        """What the change adds to the margin, less what it costs."""
        return (self.what_if.margin - self.what_if.cost) - (self.as_is.margin - self.as_is.cost)


def simulate(workspace: Workspace, *, budget: float | None, capacities: Mapping[str, int]) -> Simulation:
    """Return what the published plan adds, and what it would add within another budget and other capacities.

    Raises UserError where no plan is published.
    """
    tables = {name: _table(workspace.latest / "tables", name) for name in _TABLES}
    rules = as_planned(workspace.settings.outreach.policy.rules, tables["plan_limits"])
    offered = offers(
        tables["next_best_channel"],
        tables["contact_plan"],
        tables["channel_effects"],
        rules,
        most=_MOST_CUSTOMERS,
    )
    changed = with_limits(rules, budget=budget, capacities=capacities)
    return Simulation(solve(offered, rules), solve(offered, changed), changed)


def print_simulation(found: Simulation, console: Console, *, currency: str, language: str) -> None:
    """Print both plans beside each other, and where the next money should go."""
    words, numerals = wording(language), Numerals(language)
    phrases, terms = words.phrases, words.terms
    table = Table(box=None, pad_edge=False)
    for heading in ("", phrases["simulate_as_is"], phrases["simulate_what_if"]):
        table.add_column(heading, justify="left" if not heading else "right")
    both = (found.as_is, found.what_if)
    for name in found.as_is.contacts:
        table.add_row(terms[name], *(numerals.number(one.contacts[name], 0) for one in both))
    rows = {"cost": "cost", "added_margin": "margin", "added_margin_low": "low", "added_margin_high": "high"}
    for column, attribute in rows.items():
        amounts = (numerals.money(getattr(one, attribute), currency) for one in both)
        table.add_row(words.known_columns[column].heading, *amounts)
    console.print(table)
    console.print(phrases["simulate_explorers"], highlight=False)
    change = "simulate_loss" if round(found.gain, 2) < 0.0 else "simulate_gain"
    console.print(phrases[change].format(gain=numerals.money(abs(found.gain), currency)), highlight=False)
    console.print(next_sentence(found.what_if, found.rules, currency, language), highlight=False)


# Of all of them, for a handful of calls must not be lost in a sample; 100,000 take some five seconds.
_MOST_CUSTOMERS = 250_000
_TABLES = ("next_best_channel", "contact_plan", "channel_effects", "plan_limits")


def _table(tables: Path, name: str) -> pl.DataFrame:
    path = tables / f"{name}.parquet"
    if not path.exists():
        raise UserError(f"The table {name} is not published. Run `stammkunde run` first.")
    return pl.read_parquet(path)
