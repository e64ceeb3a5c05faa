"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPO_ROOT = Path(__file__).resolve().parents[1]
SHARED_TEST_DATA = Path(os.environ.get("STAMMKUNDE_SHARED_DATA", REPO_ROOT.parent / "shared" / "data"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the shared test data where they are absent; CI insists that they are there."""
    if SHARED_TEST_DATA.is_dir():
        return
    waiting = [item for item in items if item.get_closest_marker("public_data")]
    if waiting and os.environ.get("STAMMKUNDE_REQUIRE_PUBLIC_DATA"):
        raise pytest.UsageError(f"The shared test data are absent, so {len(waiting)} tests could not run.")
    items[:] = [item for item in items if item not in waiting]
    config.hook.pytest_deselected(items=waiting)
    config.stash[_LEFT_OUT] = len(waiting)


_LEFT_OUT = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line that tests did not run for want of the shared test data."""
    if count := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(f"{count} tests marked public_data did not run: the shared test data are absent.")


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of the shared test data."""
    return SHARED_TEST_DATA
