"""settings.yml speaks to people, and nothing is written outside the workspace."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from pipelines.errors import SettingsError
from pipelines.settings_file import read_settings_file
from pipelines.workspace import Settings, Workspace, read_settings


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_setting_has_a_default(tmp_path: Path) -> None:
    assert Workspace(tmp_path).settings == Settings()


def test_settings_are_read_from_the_workspace(tmp_path: Path) -> None:
    write(tmp_path, "country: AT\nexchange_rates: {USD: 0.9}\n")
    settings = Workspace(tmp_path).settings
    assert settings.country == "AT"
    assert settings.exchange_rates == {"USD": Decimal("0.9")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cuntry: DE", ["settings.yml, line 1", "`cuntry`", "not known", "Did you mean `country`?"]),
        ("# ours\n\ncountry: Germany", ["line 3", "`country`", "'Germany'", "two capital letters", "DE"]),
        ("country: UK", ["`country`", "'UK'", "GB"]),
        ("country: NO", ["`country` is NO", "must be text", "quotes"]),
        ("timezone: Mars/Olympus", ["`timezone`", "'Mars/Olympus'", "Europe/Berlin"]),
        ("language: fr", ["`language`", "'fr'", "must be 'en' or 'de'"]),
        ("exchange_rates:\n  GBP: 1.1\n  USD: -1", ["line 3", "exchange_rates.USD", "-1", "greater than 0"]),
        ("exchange_rates: {usd: 1}", ["`exchange_rates.usd`", "three capital letters", "USD"]),
        ("exchange_rates: {USD: 0.1234567890123}", ["exchange_rates.USD", "12 decimal"]),
        ("exchange_rates: 3", ["`exchange_rates` is 3, but must be lines of `key: value`"]),
        ("margins: {Tea: 0.5, 'tea ': 0.4}", ["`margins`", "'Tea' and 'tea '"]),
        ("margins: {Tea: 0.5}\ncountry: DE\ncountry: AT", ["line 3", "`country` stands twice"]),
        ("horizon_days: soon", ["`horizon_days` is 'soon', but must be a whole number"]),
        ("memory_limit_gb: .inf", ["`memory_limit_gb` is .inf, but must be a number"]),
        ("trust: {emial: [hubspot]}", ["`trust.emial`", "Did you mean `email`?"]),
        ("trust: {email: hubspot}", ["`trust.email`", "must be a list"]),
        ("audiences:\n  - mailchimp\n  - mailchump\n", ["line 3", "`audiences.1`", "Did you mean `mailchimp`?"]),
        ("country: DE\ncountry DE\n", ["settings.yml, line 2", "not readable as YAML"]),
        ("country: [DE", ["settings.yml", "line"]),
        ("country: 2026-99-99", ["settings.yml", "YAML"]),
        ("just words", ["settings.yml", "key: value"]),
        ("- country", ["settings.yml", "a list"]),
        ("1: 2", ["the key `1` must be text"]),
        ("a: &a [*a]", ["the key `a` is not known"]),
        ("? [a]\n: b", ["settings.yml, line 1"]),
        (
            "outreach:\n  period_days: 3\n  phone: {per_week: 2}",
            ["line 3", "`outreach.phone`", "2 a week is less than one in 3 days", "4 days or more", "per_week to 0"],
        ),
        ("[" * 2000, ["settings.yml"]),
    ],
)
def test_a_wrong_setting_is_named_with_line_what_was_found_and_what_is_allowed(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(write(tmp_path, text))
    for word in words:
        assert word in str(caught.value)


def test_faults_are_told_all_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(write(tmp_path, "horizon_days: 0\nlanguage: fr\ncuntry: DE\n"))
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "settings.yml, line 1",
        "settings.yml, line 2",
        "settings.yml, line 3",
    ]


def test_a_file_of_another_encoding_or_a_folder_is_answered_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_bytes("country: D\xc4".encode("latin-1"))
    with pytest.raises(SettingsError, match="UTF-8"):
        read_settings(tmp_path / "settings.yml")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path / "folder")


def test_faults_in_nested_settings_know_the_keys_that_are_allowed_there(tmp_path: Path) -> None:
    class Channel(BaseModel):
        model_config = ConfigDict(extra="forbid")
        cost: float

    class Nested(BaseModel):
        channels: dict[str, Channel] = {}

    with pytest.raises(SettingsError) as caught:
        read_settings_file(write(tmp_path, "channels:\n  email: {}\n  post:\n    cots: 1\n    cost: 2\n"), Nested)
    missing, misspelt = str(caught.value).splitlines()
    assert missing == "settings.yml, line 2: `channels.email.cost` is missing."
    assert misspelt.startswith("settings.yml, line 4: the key `channels.post.cots` is not known. Did you mean `cost`?")


def test_the_folder_is_the_option_then_the_environment_then_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMKUNDE_WORKSPACE", str(tmp_path / "environment"))
    monkeypatch.chdir(tmp_path)
    assert Workspace.locate(tmp_path / "option").root == tmp_path / "option"
    assert Workspace.locate().root == tmp_path / "environment"
    monkeypatch.delenv("STAMMKUNDE_WORKSPACE")
    assert Workspace.locate().root == tmp_path / "workspace"


def test_folders_are_for_the_owner_only(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "company")
    workspace.create_folders()
    assert {folder.stat().st_mode & 0o777 for folder in (workspace.root, workspace.raw, workspace.exports)} == {0o700}
