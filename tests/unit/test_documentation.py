"""The generated pages of docs/ say what contracts, presets, settings and commands say today."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_quality.contracts import contracts
from pipelines.documentation import PAGES, entities_page, exports_page
from pipelines.ingest.presets import load_presets, shipped_presets
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
