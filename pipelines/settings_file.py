"""A file of settings in YAML: read strictly, and judged in words that name the line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipelines.errors import SettingsError

Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[int | str, ...]

_MUST = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list, such as [first, second]",
    "list_type": "must be a list, such as [first, second]",
    "dict_type": "must be lines of `key: value`",
    "mapping_type": "must be lines of `key: value`",
    "model_type": "must be lines of `key: value`",
    "missing": "must be there",
}


class _Strict(yaml.SafeLoader):
    """YAML in which a key that stands twice is a fault; otherwise the last one would win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key `{key.value}` stands twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_settings_file(path: Path, model: type[Model]) -> Model:
    """Return the settings that are written in a file.

    Raises SettingsError naming the file, the line, the key, what was found and what is allowed.
    """
    root, content = _parsed(path)
    if not isinstance(content, dict):
        raise SettingsError(f"{path.name}: must be lines of `key: value`, but is {_kind(root)}.")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = sorted(_fault(problem, root, model) for problem in error.errors())
        sentences = (f"{path.name}{f', line {line}' if line else ''}: {sentence}" for line, sentence in faults)
        raise SettingsError("\n".join(dict.fromkeys(sentences))) from error


def _parsed(path: Path) -> tuple[yaml.Node | None, Any]:
    """The file as nodes, which know their lines, and as values."""
    try:
        loader = _Strict(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        return root, {} if root is None else loader.construct_document(root) or {}
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path.name}: this is not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise SettingsError(f"{path.name}: it cannot be read ({error.strerror}).") from error
    except yaml.YAMLError as error:
        raise SettingsError(_unreadable(path.name, error)) from error
    except (ValueError, RecursionError) as error:  # a date such as 2026-99-99, or brackets without end
        raise SettingsError(f"{path.name}: this is not readable as YAML. Correct it or remove it.") from error


def _unreadable(name: str, error: yaml.YAMLError) -> str:
    problem, context = getattr(error, "problem", None) or "", getattr(error, "context", None) or ""
    # what is never closed is noticed at the end of the file only
    is_begun = context.startswith(("while scanning", "while parsing a flow"))
    mark = getattr(error, "context_mark" if is_begun else "problem_mark", None)
    where = f"{name}, line {mark.line + 1}" if mark else name
    if problem.endswith("stands twice"):
        return f"{where}: {problem}. Remove one of them."
    return f"{where}: this is not readable as YAML{f' ({problem})' if problem else ''}. Correct it or remove it."


def _fault(problem: ErrorDetails, root: yaml.Node | None, model: type[BaseModel]) -> tuple[int, str]:
    """The line, 0 where there is none, and what is wrong there."""
    place = tuple(part for part in problem["loc"] if part != "[key]")
    node, line = _found(root, place)
    key = ".".join(map(str, place))
    if problem["type"] == "extra_forbidden":
        known = _known_keys(model, place[:-1])
        return line, f"the key `{key}` is not known.{_meant(str(place[-1]), known)} Known are: {', '.join(known)}."
    must = _MUST.get(problem["type"]) or re.sub(
        r"^(?:Value error, )?(?:.*?\bshould )?(?:must )?", "must ", problem["msg"]
    )
    if problem["type"] == "invalid_key":
        return line, f"the key `{key}` must be text. Put it in quotes."
    if problem["type"] == "missing":
        return line, f"`{key}` is missing."
    allowed = re.findall(r"'([^']+)'", str(problem.get("ctx", {}).get("expected", "")))
    hint = _meant(str(problem["input"]), allowed) or _quoted(problem, node)
    return line, f"`{key}` is {_shown(node, problem['input'])}, but {must}.{hint}"


def _found(root: yaml.Node | None, place: Sequence[int | str]) -> tuple[yaml.Node | None, int]:
    """The node at a place and its line; the line of the nearest one around it where the file has none there."""
    node, line = root, 0
    for part in place:
        entries: list[tuple[Any, yaml.Node, int]] = []
        if isinstance(node, yaml.MappingNode):
            entries = [(key.value, value, key.start_mark.line) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            entries = [(place_, value, value.start_mark.line) for place_, value in enumerate(node.value)]
        found = next(((value, row) for key, value, row in entries if str(key) == str(part)), None)
        if found is None:
            return None, line
        node, line = found[0], found[1] + 1
    return node, line


def _known_keys(model: type[BaseModel], place: Sequence[int | str]) -> list[str]:
    """The keys that may stand at a place of the settings, in the order of the alphabet."""
    schema = model.model_json_schema()
    here: dict[str, Any] = schema
    for part in place:
        below = here.get("properties", {}).get(part) or here.get("additionalProperties") or here.get("items") or {}
        options = [below, *below.get("anyOf", [])]
        named = next((one["$ref"] for one in options if "$ref" in one), None)
        here = schema["$defs"][named.rpartition("/")[2]] if named else below
    return sorted(here.get("properties", {}))


def _meant(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word.lower(), known, n=1)
    return f" Did you mean `{close[0]}`?" if close else ""


def _quoted(problem: ErrorDetails, node: yaml.Node | None) -> str:
    """YAML takes NO for false and 12 for a number, where a text was meant."""
    is_plain = isinstance(node, yaml.ScalarNode) and not node.style
    return " Put it in quotes to make it text." if problem["type"] == "string_type" and is_plain else ""


def _shown(node: yaml.Node | None, value: object) -> str:
    if isinstance(node, yaml.ScalarNode):
        text = node.value if len(node.value) <= 60 else f"{node.value[:60]} …"
        return repr(text) if isinstance(value, str) else text or "empty"
    return _kind(node)


def _kind(node: yaml.Node | None) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "lines of `key: value`" if isinstance(node, yaml.MappingNode) else "a single text"
