"""The pages of docs/ say what is so today: the generated ones to the letter, the others in what they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data_quality.contracts import contracts
from pipelines.delivery.departments import DEPARTMENT_TABLES
from pipelines.documentation import PAGES, entities_page, exports_page
from pipelines.ingest.preset_files import load_presets, shipped_presets
from pipelines.project import REPO_ROOT


@pytest.mark.parametrize("file", PAGES)
def test_the_page_is_up_to_date(file: str) -> None:
    """`make docs` writes it anew."""
    assert (REPO_ROOT / "docs" / file).read_text(encoding="utf-8") == PAGES[file]()


def test_every_column_and_layout_stands_on_its_page() -> None:
    entities, exports = entities_page(), exports_page()
    assert all(f"| `{column.name}` |" in entities for one in contracts().values() for column in one.columns)
    assert exports.count("\n| ") == len(shipped_presets()) + 1


def test_the_shown_example_of_a_vendor_is_a_sound_preset(tmp_path: Path) -> None:
    """Whoever copies the ten lines must not begin with an error."""
    example = exports_page().split("```yaml\n")[1].split("```")[0]
    (tmp_path / "example.yml").write_text(example)
    (preset,) = load_presets(tmp_path, is_own=True)
    assert preset.entities == ("contacts",)


def published_tables() -> set[str]:
    models = REPO_ROOT / "dbt_project" / "models"
    names = {path.stem for layer in ("core", "marts") for path in (models / layer).glob("*.sql")}
    return names | {"quarantine"}


def test_every_table_that_the_map_of_crm_names_is_there() -> None:
    """Whoever asks must not be sent to a table that no run writes."""
    named = set(re.findall(r"`(\w+)/(\w+)`", (REPO_ROOT / "docs" / "crm_map.md").read_text(encoding="utf-8")))
    tables = {name for place, name in named if place == "tables"}
    people = {(place, name) for place, name in named if place != "tables"}
    assert len(tables) > 10
    assert tables - published_tables() == set()
    assert people - {(one.department, one.name) for one in DEPARTMENT_TABLES} == {("audiences", "overview")}


def test_every_table_of_a_department_is_on_the_map() -> None:
    text = (REPO_ROOT / "docs" / "crm_map.md").read_text(encoding="utf-8")
    assert [one.name for one in DEPARTMENT_TABLES if f"`{one.department}/{one.name}`" not in text] == []


PAGES_WITH_LINKS = sorted(
    {*REPO_ROOT.glob("*.md"), *(REPO_ROOT / "docs").rglob("*.md"), *(REPO_ROOT / "benchmarks").glob("*.md")}
)


@pytest.mark.parametrize("page", PAGES_WITH_LINKS, ids=lambda path: str(path.relative_to(REPO_ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    own = [link for link in links if "://" not in link]
    assert [link for link in own if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", sorted((REPO_ROOT / "docs" / "methods").glob("[!R]*.md")), ids=lambda path: path.stem)
def test_each_method_says_what_it_does_when_it_does_not_know_and_where_it_comes_from(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert all(heading in text for heading in ("**What it does.**", '**When it says "unknown".**', "**Source"))
    modules = re.findall(r"`(models/[\w/]+(?:\.py)?)`", text)
    assert modules
    assert [module for module in modules if not (REPO_ROOT / module).exists()] == []
