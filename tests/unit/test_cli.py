"""The command as a person calls it: sentences, no traces, and nothing written where nothing was asked for."""

from __future__ import annotations

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


def test_a_run_without_landing_says_what_to_do(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["run", "--workspace", str(tmp_path / "company")])
    assert answer.exit_code == 2
    assert "stammkunde demo" in answer.output
