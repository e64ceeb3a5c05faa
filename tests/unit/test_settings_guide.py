"""What `stammkunde init` writes is what the settings are: every key explained, sound, and of no effect by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.settings_guide import allowed, commented_settings, plain, schema_text, settings_schema
from pipelines.workspace import Settings, read_settings


def examples() -> Iterator[tuple[str, Any]]:
    for key, own in settings_schema()["properties"].items():
        yield from ((key, example) for example in own.get("examples", []))


def test_the_template_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_text(commented_settings(), encoding="utf-8")
    assert read_settings(tmp_path / "settings.yml") == Settings()


def test_every_key_stands_in_the_template_with_its_default() -> None:
    """Whoever takes the # away must get what he had before, and no key may be forgotten."""
    switched_on = re.sub(r"^#(?! \S)", "", commented_settings(), flags=re.MULTILINE)  # what is said stands behind '# '
    assert yaml.safe_load(switched_on) == plain(Settings())


def test_every_key_is_explained() -> None:
    described = {key: own.get("description") for key, own in settings_schema()["properties"].items()}
    assert described.keys() == Settings.model_fields.keys()
    assert [key for key, words in described.items() if not words] == []


@pytest.mark.parametrize(("key", "example"), examples())
def test_the_examples_are_allowed(key: str, example: Any) -> None:
    assert getattr(Settings.model_validate({key: example}), key) is not None


def test_what_is_allowed_is_said_in_words() -> None:
    schema = settings_schema()
    said = {key: allowed(own, schema) for key, own in schema["properties"].items()}
    assert said["horizon_days"] == "a whole number from 1 to 3650"
    assert said["language"] == "en or de"
    assert said["margins"] == "lines of `name: value`; each a number from 0 to 1"
    assert "one of *, name, address" in said["trust"]


def test_the_schema_takes_numbers_for_numbers() -> None:
    """Decimals may be written as texts too, but an editor would then accept `rate: abc`."""
    rates = json.loads(schema_text())["properties"]["exchange_rates"]
    assert rates["additionalProperties"] == {"exclusiveMinimum": 0.0, "type": "number"}


def test_init_makes_a_workspace_and_keeps_what_is_there(tmp_path: Path) -> None:
    company = tmp_path / "acme"
    first = CliRunner().invoke(main, ["init", "--workspace", str(company)])
    assert first.exit_code == 0, first.output
    assert (company / "landing").is_dir()
    assert (company / "settings.yml").read_text(encoding="utf-8") == commented_settings()
    assert json.loads((company / "settings.schema.json").read_text(encoding="utf-8")) == settings_schema()
    (company / "settings.yml").write_text("country: AT\n", encoding="utf-8")
    assert CliRunner().invoke(main, ["init", "--workspace", str(company)]).exit_code == 0
    assert (company / "settings.yml").read_text(encoding="utf-8") == "country: AT\n"


def test_settings_in_force_are_shown_with_what_differs(tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_text("country: AT\nexchange_rates: {USD: 0.9}\n", encoding="utf-8")
    shown = CliRunner().invoke(main, ["settings", "--workspace", str(tmp_path)]).stdout
    assert 'country: "AT"   (default: "DE")' in shown
    for_machines = CliRunner().invoke(main, ["settings", "--workspace", str(tmp_path), "--json"]).stdout
    assert json.loads(for_machines)["exchange_rates"] == {"USD": 0.9}
