"""settings.yml speaks to people, and nothing is written outside the workspace."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.errors import SettingsError
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
        ("cuntry: DE", ["settings.yml", "`cuntry`", "not known", "country"]),
        ("country: Germany", ["`country`", "'Germany'"]),
        ("timezone: Mars/Olympus", ["`timezone`", "'Mars/Olympus'", "Europe/Berlin"]),
        ("language: fr", ["`language`", "'fr'", "'en' or 'de'"]),
        ("exchange_rates: {USD: -1}", ["exchange_rates.USD", "-1", "greater than 0"]),
        ("exchange_rates: {usd: 1}", ["`exchange_rates.usd`", "three capital letters", "USD"]),
        ("exchange_rates: {USD: 0.1234567890123}", ["exchange_rates.USD", "12 decimal"]),
        ("margins: {Tea: 0.5, 'tea ': 0.4}", ["`margins`", "'Tea' and 'tea '"]),
        ("margins: {Tea: 0.5}\ncountry: DE\ncountry: AT", ["line 3", "`country` stands twice"]),
        ("country: [DE", ["settings.yml", "line"]),
        ("just words", ["settings.yml", "key: value"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_found(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(write(tmp_path, text))
    for word in words:
        assert word in str(caught.value)


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
