"""Notebooks: a script and an .ipynb file that say the same, without results; and how they read published tables."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import polars as pl
import pytest

from pipelines.project import REPO_ROOT
from pipelines.published import NotPublishedError, published

SCRIPTS = sorted((REPO_ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_notebook_says_what_its_script_says_and_holds_no_results(script: Path) -> None:
    """`make docs` pairs them anew. Results would be rows of somebody's customers."""
    notebook, own = jupytext.read(script.with_suffix(".ipynb")), jupytext.read(script)
    assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [(c.cell_type, c.source) for c in own.cells]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


def test_notebooks_define_nothing_of_their_own() -> None:
    """Logic belongs where it is tested; a notebook only selects, groups and shows."""
    assert len(SCRIPTS) == 5
    assert [script.name for script in SCRIPTS if re.search(r"^\s*(def|class) ", script.read_text(), re.M)] == []


def test_tables_are_read_from_the_publication_that_was_there_when_one_began(tmp_path: Path) -> None:
    versions = tmp_path / "exports" / ".versions"
    for version, rows in (("1", [1]), ("2", [1, 2])):
        (versions / version / "tables").mkdir(parents=True)
        pl.DataFrame({"customer_id": rows}).write_parquet(versions / version / "tables" / "customers.parquet")
    latest = tmp_path / "exports" / "latest"
    latest.symlink_to(versions / "1")
    tables = published(tmp_path)
    latest.unlink()
    latest.symlink_to(versions / "2")
    assert tables["customers"].collect().height == 1
    assert published(tmp_path)["customers"].collect().height == 2


def test_a_table_that_is_not_published_is_answered_with_those_that_are(tmp_path: Path) -> None:
    place = tmp_path / "exports" / "latest" / "tables"
    place.mkdir(parents=True)
    pl.DataFrame({"customer_id": ["c1"], "clv": [1.0]}).write_parquet(place / "customer_value.parquet")
    tables = published(tmp_path)
    assert (list(tables), len(tables), "customers" in tables) == (["customer_value"], 1, False)
    with pytest.raises(NotPublishedError, match=r"There is no table customers.*Published are: customer_value"):
        tables["customers"]
    assert tables.meanings("customer_value")["meaning"].str.len_chars().min() > 10
