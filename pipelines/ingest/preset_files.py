"""Preset files: the shipped ones, a company's own, and its additions to shipped ones.

An addition says which preset it `extends`, and further `aliases` of its headers and `words` of its cells. It takes the
place of that preset, whose vendor and rank it keeps.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from data_quality.contracts import Column, DefinitionError, parse_definition, read_definition
from pipelines.ingest.flags import spellings
from pipelines.ingest.header import EITHER, normalised
from pipelines.ingest.presets import Preset, Records, Rule, Texts

PRESETS_FOLDER = Path(__file__).parent / "presets"
_ADDED = ("aliases", "words")
_SET_BY_US = frozenset({"slug", "fingerprint", "is_own"})


@cache
def shipped_presets() -> tuple[Preset, ...]:
    """The presets that come with the product, by name of file."""
    return load_presets(PRESETS_FOLDER, is_own=False)


def presets_with(mappings: Path | None) -> tuple[Preset, ...]:
    """The presets of a company's own folder, then the shipped ones that it does not extend."""
    own = load_presets(mappings, is_own=True) if mappings else ()
    extended = {preset.slug for preset in own if not preset.is_own}
    return own + tuple(preset for preset in shipped_presets() if preset.slug not in extended)


def load_presets(folder: Path, *, is_own: bool) -> tuple[Preset, ...]:
    """The presets of a folder by name of file; none where the folder is missing.

    Raises DefinitionError naming the file, the key and what is allowed where a file is wrong.
    """
    return tuple(_load(path, is_own) for path in sorted(folder.glob("*.yml")))


def _load(path: Path, is_own: bool) -> Preset:
    content, fingerprint = read_definition(path), _hash(path)
    if ours := _SET_BY_US & set(content):
        raise DefinitionError(f"{path}: {', '.join(sorted(ours))} is set by the program. Remove the key.")
    marks = {"slug": path.stem, "fingerprint": fingerprint, "is_own": is_own}
    if "extends" in content:
        base = _extended(content, path)
        marks = {"slug": base.stem, "fingerprint": _hash(base) + fingerprint, "is_own": False}
        content = _merged(read_definition(base), content)
    preset = parse_definition(Preset, {**content, **marks}, path)
    try:
        return _with_words(preset)
    except ValueError as error:
        raise DefinitionError(f"{path}: {error}.") from None


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _extended(content: dict[str, Any], path: Path) -> Path:
    base = PRESETS_FOLDER / f"{content['extends']}.yml"
    if base not in PRESETS_FOLDER.glob("*.yml"):
        known = ", ".join(sorted(one.stem for one in PRESETS_FOLDER.glob("*.yml")))
        raise DefinitionError(f"{path}: extends: {content['extends']!r} is no shipped preset; allowed are {known}.")
    if other := sorted(set(content) - {"extends", *_ADDED}):
        raise DefinitionError(
            f"{path}: {', '.join(other)} cannot stand beside extends; allowed are {' and '.join(_ADDED)}. "
            "For another layout write a mapping of its own."
        )
    return base


def _merged(base: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """The base with more aliases and words; what is added to a header comes beside what it has."""
    aliases = {name: list(labels) for name, labels in base.get("aliases", {}).items()}
    for name, labels in (added.get("aliases") or {}).items():
        aliases[name] = [*aliases.get(name, []), *([labels] if isinstance(labels, str) else labels)]
    return {**base, "aliases": aliases, "words": {**base.get("words", {}), **(added.get("words") or {})}}


def _with_words(preset: Preset) -> Preset:
    """The preset, whose rules know its further words too. Raises ValueError where one stands for no known word."""
    for header, words in preset.words.items():
        known = _known(preset, header)
        if not known:
            raise ValueError(f"words: {header!r} is no header of which this layout knows words")
        allowed = {spelling for word in known for spelling in spellings(word)}
        if wrong := [means for means in words.values() if means and means.lower() not in allowed]:
            raise ValueError(f"words.{header}: {wrong[0]!r} is not known there; allowed are {', '.join(known)}, or ''")
    if not preset.words:
        return preset
    return preset.model_copy(update={"records": tuple(_taught(records, preset.words) for records in preset.records)})


def _known(preset: Preset, header: str) -> list[str]:
    """The words that a preset knows in the cells of a header."""
    known: list[str] = []
    for records in preset.records:
        known += [word for texts in (records.only_where, records.left_out) for word in texts.get(header, ()) if word]
        for name, rules in records.columns.items():
            column = records.contract.column(name)
            known += [word for rule in rules if _reads(rule, header) for word in known_words(rule, column)]
    return list(dict.fromkeys(known))


def _reads(rule: Rule, header: str) -> bool:
    names = {normalised(name) for wanted in rule.headers for name in (wanted, *wanted.split(EITHER))}
    return normalised(header) in names


def known_words(rule: Rule, column: Column) -> list[str]:
    """The words that a rule tells apart. One that knows a yes or a no knows the other, too."""
    if rule.map:
        words = list(rule.map)
        return list(dict.fromkeys([*words, "true", "false"])) if {"true", "false"} & set(words) else words
    if rule.match:
        return list(dict.fromkeys(rule.match.values())) if rule.otherwise is None else []
    if rule.filled is not None:
        return []
    return ["true", "false"] if column.type == "boolean" else list(column.allowed)


def _taught(records: Records, words: dict[str, dict[str, str]]) -> Records:
    columns = {
        name: tuple(_taught_rule(rule, records.contract.column(name), words) for rule in rules)
        for name, rules in records.columns.items()
    }
    only_where, left_out = (
        {header: _taught_texts(texts, words.get(header, {})) for header, texts in by_header.items()}
        for by_header in (records.only_where, records.left_out)
    )
    return records.model_copy(update={"columns": columns, "only_where": only_where, "left_out": left_out})


def _taught_rule(rule: Rule, column: Column, words: dict[str, dict[str, str]]) -> Rule:
    added = {word: means for header, said in words.items() if _reads(rule, header) for word, means in said.items()}
    known = known_words(rule, column)
    if not (added and known):
        return rule
    meanings = rule.map or {word: word for word in known}
    to = {spelling: meaning for word, meaning in meanings.items() for spelling in spellings(word)}
    return rule.model_copy(
        update={"map": {**meanings, **{word: to.get(means.lower(), "") for word, means in added.items()}}}
    )


def _taught_texts(texts: Texts, added: dict[str, str]) -> Texts:
    known = {spelling for text in texts for spelling in spellings(text)}
    return (*texts, *(word for word, means in added.items() if means and means.lower() in known))
