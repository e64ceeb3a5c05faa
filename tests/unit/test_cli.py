"""The command as a person calls it: sentences, no traces, and nothing written where nothing was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main

EXPORT = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address City,Total Spent,Total Orders\n"
)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "people [1].csv"
    path.write_text(f"{EXPORT}'1,Ann,Lee,ann@example.com,yes,Bonn,10.00,1\n", encoding="utf-8")
    return path


def test_inspect_says_what_a_file_is_and_makes_no_workspace(export: Path, tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["inspect", "--workspace", str(tmp_path / "company"), str(export)])
    assert answer.exit_code == 0, answer.output
    assert "shopify_customers" in answer.output
    assert "contacts.email" in answer.output
    assert not (tmp_path / "company").exists()


def test_inspect_names_a_wrong_mapping_file(export: Path, tmp_path: Path) -> None:
    (tmp_path / "company" / "mappings").mkdir(parents=True)
    (tmp_path / "company" / "mappings" / "till.yml").write_text("name: Till\nvendor: Our Till\n")
    answer = CliRunner().invoke(main, ["inspect", "--workspace", str(tmp_path / "company"), str(export)])
    assert answer.exit_code == 2
    assert "till.yml" in answer.output


def test_a_landed_file_is_inspected_with_the_mappings_of_its_own_workspace(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with those of another company that happens to be the usual one."""
    monkeypatch.setenv("STAMMKUNDE_WORKSPACE", str(tmp_path / "other"))
    for name in ("company", "other"):
        (tmp_path / name / "landing" / "2026").mkdir(parents=True)
    (tmp_path / "company" / "mappings").mkdir()
    (tmp_path / "company" / "mappings" / "till.yml").write_text("name: Till\nvendor: Our Till\n")
    landed = export.rename(tmp_path / "company" / "landing" / "2026" / export.name)
    told = CliRunner().invoke(main, ["inspect", str(landed)])
    assert "till.yml" in told.output
    chosen = CliRunner().invoke(main, ["inspect", "--workspace", str(tmp_path / "other"), str(landed)])
    assert chosen.exit_code == 0, chosen.output


def test_a_run_without_landing_says_what_to_do(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["run", "--workspace", str(tmp_path / "company")])
    assert answer.exit_code == 2
    assert "stammkunde demo" in answer.output


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_shows_how_it_is_called(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])
    assert answer.exit_code == 0
    assert f"stammkunde {name}" in answer.output


def test_the_exit_status_is_told() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert "Exit status: 0" in shown
    assert "3 another run" in shown


@pytest.fixture
def odd_places(tmp_path: Path) -> dict[str, str]:
    """Workspaces that people have by mistake."""
    (tmp_path / "file").write_text("not a folder")
    for name, settings in {"unreadable": b"\xff\xfe", "misspelt": b"cuntry: DE", "numbered": b"1: 2"}.items():
        (tmp_path / name / "landing").mkdir(parents=True)
        (tmp_path / name / "settings.yml").write_bytes(settings)
    (tmp_path / "rates").mkdir()
    (tmp_path / "rates" / "exchange_rates.csv").write_text("currency,rate\nUSD,much\n")
    (tmp_path / "decided").mkdir()
    (tmp_path / "decided" / "decisions.csv").write_text("who;why\na;b\n")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "landing").write_text("a file")
    names = ("file", "unreadable", "misspelt", "numbered", "rates", "decided", "half", "absent")
    return {name: str(tmp_path / name) for name in names} | {"below_a_file": str(tmp_path / "file" / "x")}


@pytest.mark.parametrize(
    "call",
    [
        ["run"],
        ["run", "--as-of", "2026-13-45"],
        ["run", "--as-of", "yesterday"],
        ["show", "anna@example.org"],
        ["show", "\x1b[2J"],
        ["show"],
        ["explain", "c1", "--json"],
        ["inspect", "/nowhere/orders.csv"],
        ["inspect"],
        ["demo", "--customers", "-3"],
        ["demo", "--next-month"],
        ["ui", "--port", "99999"],
        ["completion", "tcsh"],
        ["rum"],
    ],
    ids=" ".join,
)
def test_a_mistake_is_answered_with_a_sentence_and_exit_status_2(call: list[str], odd_places: dict[str, str]) -> None:
    for place in odd_places.values():
        known = call[0] in main.commands and call[0] != "completion"
        answer = CliRunner().invoke(main, [*call, *(["--workspace", place] if known else [])])
        assert answer.exit_code == 2, (place, answer.output)
        assert answer.exception is None or isinstance(answer.exception, SystemExit), (place, answer.exception)
        assert answer.stderr.strip(), place


@pytest.mark.parametrize("place", ["unreadable", "misspelt", "numbered", "rates", "decided", "below_a_file"])
def test_files_that_cannot_be_used_are_named(place: str, odd_places: dict[str, str]) -> None:
    answer = CliRunner().invoke(main, ["settings", "--workspace", odd_places[place]])
    if place == "below_a_file":
        answer = CliRunner().invoke(main, ["demo", "--customers", "10", "--workspace", odd_places[place]])
    assert answer.exit_code == 2
    assert any(name in answer.stderr for name in ("settings.yml", "exchange_rates.csv", "decisions.csv", "file"))


def test_inspect_speaks_json_to_machines(export: Path, tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["inspect", "--json", "--workspace", str(tmp_path / "company"), str(export)])
    (found,) = json.loads(answer.stdout)
    assert (found["preset"], found["ledger"][0]["rows_kept"]) == ("shopify_customers", 1)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    answer = CliRunner().invoke(main, ["completion", shell])
    assert answer.exit_code == 0, answer.output
    assert "_STAMMKUNDE_COMPLETE" in answer.stdout


def test_colours_stay_on_the_terminal(export: Path, tmp_path: Path) -> None:
    """In a log file or a pipe they would be unreadable signs."""
    answer = CliRunner().invoke(main, ["inspect", "--workspace", str(tmp_path), str(export)], color=True)
    assert "\x1b" not in answer.output
