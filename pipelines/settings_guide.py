"""What may stand in settings.yml, written from the settings themselves: for people, editors and the documentation."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

import yaml
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from pipelines.workspace import SETTINGS_FILE, Settings

SCHEMA_FILE = "settings.schema.json"
_WIDTH = 100
_INTRODUCTION = f"""\
# yaml-language-server: $schema={SCHEMA_FILE}
# What Stammkunde should know of your company. Every key has a default and stands here with it, switched off by
# a # at the start of its line. Where something else holds for you, take that # away and change the value.
# A mistake is told with its line; `stammkunde settings` shows what is in force.
"""


class _Schema(GenerateJsonSchema):
    """JSON schema as an editor needs it: numbers as numbers, no titles that repeat the key."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        options = super().decimal_schema(schema)["anyOf"]
        return cast(JsonSchemaValue, next(option for option in options if option["type"] == "number"))

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic asks for each field
        return False


def settings_schema() -> dict[str, Any]:
    """Return the JSON schema of settings.yml."""
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **Settings.model_json_schema(schema_generator=_Schema),
        "title": f"Stammkunde, {SETTINGS_FILE}",
    }


def schema_text() -> str:
    """Return the JSON schema as the file that an editor reads."""
    return json.dumps(settings_schema(), indent=1, ensure_ascii=False) + "\n"


def commented_settings() -> str:
    """Return a settings.yml in which every key is explained, and stands with its default behind a #."""
    schema = settings_schema()
    defaults = plain(Settings())
    blocks = [_block(key, defaults[key], schema) for key in schema["properties"]]
    return "\n".join([_INTRODUCTION.rstrip(), *blocks, ""])


def settings_table() -> str:
    """Return every key with its meaning, what is allowed and its default, as Markdown."""
    schema, defaults = settings_schema(), plain(Settings())
    parts = [_table(schema["properties"], defaults, schema)]
    for name, part in sorted(schema.get("$defs", {}).items()):
        if "properties" in part:
            inner = {key: one["default"] for key, one in part["properties"].items() if "default" in one}
            heading = f"## {name}\n\n{_cell(part.get('description', ''))}\n"
            parts += [heading, _table(part["properties"], inner, schema)]
    return "\n".join(parts)


def _table(keys: Mapping[str, Any], defaults: Mapping[str, object], schema: Mapping[str, Any]) -> str:
    rows = (
        (f"`{key}`", _meaning(one, schema), allowed(one, schema), f"`{_flow(defaults[key])}`")
        if key in defaults and "$ref" not in one
        else (f"`{key}`", _meaning(one, schema), allowed(one, schema), "see below" if "$ref" in one else "")
        for key, one in keys.items()
    )
    lines = (" | ".join(map(_cell, row)) for row in rows)
    return "\n".join(
        ["| Key | Meaning | Allowed | Default |", "|---|---|---|---|", *(f"| {line} |" for line in lines), ""]
    )


def plain(settings: BaseModel) -> dict[str, Any]:
    """Return settings as what YAML and JSON know: texts, numbers, lists and mappings."""
    return {name: _plain(getattr(settings, name)) for name in type(settings).model_fields}


def allowed(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """Return in words what a value may be; empty where any text may stand."""
    if "$ref" in schema:
        return allowed(_named(schema["$ref"], root), root)
    if "anyOf" in schema:
        options = (allowed(option, root) for option in schema["anyOf"] if option.get("type") != "null")
        return " or ".join(dict.fromkeys(option for option in options if option))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(part for part in (", ".join(map(str, values[:-1])), str(values[-1])) if part)
    match schema.get("type"):
        case "array":
            return f"a list of {allowed(schema['items'], root) or 'texts'}"
        case "object":
            return _allowed_lines(schema, root)
        case "integer" | "number":
            return _allowed_number(schema)
        case "boolean":
            return "true or false"
        case _:
            return ""


def _allowed_lines(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    if "properties" in schema:
        return f"lines of {', '.join(schema['properties'])}"
    values = allowed(schema.get("additionalProperties") or {}, root)
    keys = allowed(schema.get("propertyNames", {}), root)
    named = f" (one of {keys})" if keys else ""
    return f"lines of `name: value`{named}{f'; each {values}' if values else ''}"


def _allowed_number(schema: Mapping[str, Any]) -> str:
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    limits = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    said = [f"{word} {schema[limit]:g}" for limit, word in limits.items() if limit in schema]
    return " ".join([kind, *said])


def _block(key: str, default: object, schema: Mapping[str, Any]) -> str:
    """One key: what it means, what may stand there, an example, and the default."""
    own = schema["properties"][key]
    sentences = [_meaning(own, schema)]
    if "$ref" not in own and (words := allowed(own, schema)):
        sentences.append(f"Allowed: {words}.")
    sentences += [f"Example: {key}: {_flow(example)}" for example in own.get("examples", [])]
    lines = [*_comment(sentences), *_inner_comments(own, schema)]
    return "\n".join(["", *lines, *(f"#{line}" for line in _dumped(key, default))])


def _inner_comments(own: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """What the keys below a key mean, where it holds settings of their own."""
    for name in dict.fromkeys(_references(own)):
        for key, one in _named(name, schema).get("properties", {}).items():
            words = allowed(one, schema)
            sentence = f"{key}: {_meaning(one, schema)}{f' Allowed: {words}.' if words else ''}"
            yield from textwrap.wrap(sentence, _WIDTH, initial_indent="# - ", subsequent_indent="# ")


def _meaning(one: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """What a key means; of settings within settings, what they are about."""
    own = one.get("description") or (_named(one["$ref"], root).get("description") if "$ref" in one else "")
    return str(own or "")


def _references(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        if "$ref" in part:
            yield str(part["$ref"])
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _comment(sentences: list[str]) -> Iterator[str]:
    for sentence in filter(None, sentences):
        yield from textwrap.wrap(sentence, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


def _dumped(key: str, value: object) -> list[str]:
    """A key with its value as it may stand in the file, short lists and mappings in one line."""
    style = None if isinstance(value, list | dict) else False
    text = yaml.safe_dump({key: value}, default_flow_style=style, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text.splitlines()


def _flow(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _named(reference: str, root: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = root["$defs"][reference.rpartition("/")[2]]
    return found


def _plain(value: object) -> Any:
    match value:
        case BaseModel():
            return plain(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Mapping():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case set() | frozenset():
            return sorted(_plain(inner) for inner in value)
        case _:
            return value


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
