"""Words that a layout does not know, in columns of which it knows words: they count as something, so they are told.

The ledger names column and number, never the word: where cells have moved, it may be a name. `stammkunde inspect` shows
the words themselves to the owner of the file, as a mapping in which he says what they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb

from data_quality.contracts import Column
from pipelines.ingest.flags import spellings
from pipelines.ingest.mapping import FileFacts, transformed
from pipelines.ingest.preset_files import known_words
from pipelines.ingest.presets import Preset, Records, Rule
from pipelines.quoting import literal

_SHOWN_WORDS = 20
_LEFT_OUT = ("its row is left out", "their rows are left out")


@dataclass(frozen=True)
class Vocabulary:
    """The words that a layout knows in one column of a file. `word` and `is_unknown` are SQL over the file's rows;
    `consequence` says what becomes of a cell (or a row) with another word, and of several."""

    header: str
    asked: str
    """The header as the preset names it."""
    word: str
    is_unknown: str
    consequence: tuple[str, str]
    known: tuple[str, ...]


@dataclass(frozen=True)
class UnknownWords:
    """How many cells of a column hold words that the layout does not know, and the most frequent of these."""

    vocabulary: Vocabulary
    count: int
    words: tuple[tuple[str, int], ...]

    @property
    def message(self) -> str:
        """A sentence for people, without the words."""
        one, several = self.vocabulary.consequence
        what = f'of "{self.vocabulary.header}"'
        told = (
            f"1 cell {what} holds a word that the layout does not know, and {one}"
            if self.count == 1
            else f"{self.count} cells {what} hold words that the layout does not know, and {several}"
        )
        return f"{told}; `stammkunde inspect` shows how to say what is meant."


def vocabularies(records: Records, facts: FileFacts) -> list[Vocabulary]:
    """The vocabularies of all columns that no quarantine guards, each once."""
    found: dict[str, list[tuple[Column, Rule, str, str]]] = {}
    for name, rules in records.columns.items():
        column = records.contract.column(name)
        for rule in rules:
            for asked, cell in _words_of(rule, column, facts):
                found.setdefault(cell, []).append((column, rule, asked, transformed(cell, rule)))
    scoped = {cell for header in records.only_where for cell in facts.cells(header)}
    return [
        _vocabulary(cell, uses, _patterns(records, facts, cell), facts)
        for cell, uses in found.items()
        if cell not in scoped and not any(column.required and _other(rule) is None for column, rule, *_ in uses)
    ]


def rows_left_out(preset: Preset, records: Records, facts: FileFacts) -> Iterator[Vocabulary]:
    """The words by which the preset tells rows that hold records of a kind from those that it knows to hold none."""
    for asked in records.only_where:
        known = {
            word for one in preset.records for word in (*one.only_where.get(asked, ()), *one.left_out.get(asked, ()))
        }
        for cell in facts.cells(asked)[:1]:
            label = facts.header.cells[int(cell[1:])]
            yield Vocabulary(label, asked, cell, _is_none_of(cell, known, ()), _LEFT_OUT, tuple(sorted(known - {""})))


def find_unknown_words(
    connection: duckdb.DuckDBPyConnection, rows: str, known: Iterable[Vocabulary]
) -> list[UnknownWords]:
    """The words that none of the vocabularies knows, in the rows of `rows` (SQL behind FROM)."""
    asked = list(known)
    if not asked:
        return []
    counts = ", ".join(f"count_if({one.is_unknown})" for one in asked)
    row = connection.execute(f"SELECT {counts} FROM {rows}").fetchone() or ()
    return [
        UnknownWords(one, int(count), _words(connection, rows, one))
        for one, count in zip(asked, row, strict=True)
        if count
    ]


def _words(connection: duckdb.DuckDBPyConnection, rows: str, one: Vocabulary) -> tuple[tuple[str, int], ...]:
    query = (
        f"SELECT any_word, count(*) FROM (SELECT {one.word} AS any_word, {one.is_unknown} AS is_unknown FROM {rows})"
    )
    order = f"WHERE is_unknown GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_SHOWN_WORDS}"
    return tuple((str(word), int(count)) for word, count in connection.execute(f"{query} AS words {order}").fetchall())


def _words_of(rule: Rule, column: Column, facts: FileFacts) -> Iterator[tuple[str, str]]:
    """The headers that a rule reads as words, and their SQL names."""
    if any(facts.path_facts.get(group) not in allowed for group, allowed in rule.only_if.items()):
        return
    if (rule.unless and facts.cells(rule.unless)) or not _is_vocabulary(rule, column):
        return
    for header in rule.headers:
        yield from ((header, cell) for cell in facts.cells(header))


def _is_vocabulary(rule: Rule, column: Column) -> bool:
    """Whether the rule tells words apart. Patterns with a default, or with one outcome, only look for something."""
    if rule.map:
        return True
    if rule.match:
        return rule.otherwise is None and len(set(rule.match.values())) > 1
    return rule.filled is None and (column.type == "boolean" or bool(column.allowed))


def _other(rule: Rule) -> str | None:
    return rule.otherwise if rule.map or rule.match else None


def _patterns(records: Records, facts: FileFacts, cell: str) -> list[str]:
    """The patterns by which any rule looks at the cell."""
    rules = [rule for rules in records.columns.values() for rule in rules if rule.match]
    return [
        pattern
        for rule in rules
        if any(cell in facts.cells(header) for header in rule.headers)
        for pattern in rule.match
    ]


def _vocabulary(
    cell: str, uses: list[tuple[Column, Rule, str, str]], patterns: list[str], facts: FileFacts
) -> Vocabulary:
    known = dict.fromkeys(word for column, rule, *_ in uses for word in known_words(rule, column))
    others = [other for _, rule, *_ in uses if (other := _other(rule)) is not None]
    _, _, asked, text = uses[0]
    meaning = _in_words(others[0]) if others else "unknown"
    consequence = (f"counts as {meaning}", f"count as {meaning}")
    label = facts.header.cells[int(cell[1:])]
    return Vocabulary(label, asked, text, _is_none_of(text, known, patterns), consequence, tuple(known))


def _is_none_of(text: str, known: Iterable[str], patterns: Iterable[str]) -> str:
    words = sorted({spelling for word in known for spelling in spellings(word)})
    tests = [f"lower({text}) NOT IN ({', '.join(map(literal, words)) or literal('')})"]
    tests += [f"NOT regexp_matches({text}, {literal(pattern)})" for pattern in patterns]
    return f"({text} IS NOT NULL AND {' AND '.join(tests)})"


def _in_words(code: str) -> str:
    return {"true": "yes", "false": "no"}.get(code, code)
