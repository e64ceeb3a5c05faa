"""What is expected of a table: rules in plain words, built here from the contracts for what comes in; what models give
out has its own in `data_quality.suites`. Rules know neither a library nor a file; `data_quality.expectations` judges by
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from data_quality.contracts import Column, Contract

Severity = Literal["error", "warning"]
Kind = Literal["filled", "among", "within", "matching", "ascending"]


@dataclass(frozen=True, eq=False)
class Rule:
    """One expectation: a sentence that is true when it holds, and the values that are judged, as expressions.

    `filled`, `among` (allowed), `within` (minimum and maximum, else any finite number) and `matching` (pattern)
    judge one expression, `ascending` two: the first is not above the second. All but `filled` leave out nulls.
    """

    sentence: str
    kind: Kind
    values: tuple[pl.Expr, ...]
    severity: Severity = "error"
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""

    @property
    def name(self) -> str:
        """The sentence as an identifier: letters, digits and underscores."""
        return identifier(self.sentence)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a table must have for the rule to be judged, each once."""
        return tuple(dict.fromkeys(name for value in self.values for name in value.meta.root_names()))


def identifier(sentence: str) -> str:
    """A sentence as a name that Dagster takes for a check."""
    return re.sub(r"[^a-z0-9]+", "_", sentence.lower()).strip("_")


def entity_rules(contract: Contract) -> tuple[Rule, ...]:
    """The rules that a contract states for its raw table.

    A key that a file holds twice is a warning, because core keeps the newest of several records; exports of different
    days may of course hold the same record.
    """
    one = _singular(contract.entity)
    rules = [rule for column in contract.columns for rule in _column_rules(one, column)]
    return (*rules, unique(f"no file holds the same {one} twice", "file_id", *contract.key, severity="warning"))


def _column_rules(one: str, column: Column) -> Iterator[Rule]:
    noun = column.name.replace("_", " ")
    value = (pl.col(column.name),)
    if column.required:
        yield filled(f"every {one} has {_article(noun)} {noun}", column.name)
    if column.allowed:
        yield Rule(f"the {noun} of every {one} is a known one", "among", value, allowed=column.allowed)
    if column.minimum is not None or column.maximum is not None:
        bounds = (("at least", column.minimum), ("at most", column.maximum))
        limits = " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)
        sentence = f"the {noun} of every {one} is {limits}"
        yield Rule(sentence, "within", value, minimum=column.minimum, maximum=column.maximum)
    if column.pattern:
        yield Rule(f"the {noun} of every {one} has the agreed form", "matching", value, pattern=column.pattern)


def _singular(entity: str) -> str:
    noun = entity.replace("_", " ")
    return f"{noun.removesuffix('ies')}y" if noun.endswith("ies") else noun.removesuffix("s")


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def filled(sentence: str, column: str) -> Rule:
    """Judged on a mark for what is filled, so that long texts need not be copied."""
    mark = pl.when(pl.col(column).is_not_null()).then(pl.lit(1, pl.Int8))
    return Rule(sentence, "filled", (mark.alias(f"{column} is filled"),))


def unique(sentence: str, *columns: str, severity: Severity = "error") -> Rule:
    """Judged on how many rows have the same values, where nulls are the same too."""
    rows = pl.len().over(*columns).alias(f"rows of one {'+'.join(columns)}")
    return Rule(sentence, "within", (rows,), severity, minimum=1, maximum=1)


def among(sentence: str, column: str, *allowed: str) -> Rule:
    """The values of the column are some of these."""
    return Rule(sentence, "among", (pl.col(column),), allowed=allowed)


def within(sentence: str, column: str, minimum: float | None = None, maximum: float | None = None) -> Rule:
    """The values of the column lie within these bounds."""
    return Rule(sentence, "within", (pl.col(column),), minimum=minimum, maximum=maximum)


def ascending(sentence: str, lower: str, higher: str) -> Rule:
    """No value of the one column is above that of the other."""
    return Rule(sentence, "ascending", (pl.col(lower), pl.col(higher)))
