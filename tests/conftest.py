"""Fixtures that every test may use, and what happens to tests that need what a stranger's machine may not have."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from browser.chromium import AXE, programs

REPO_ROOT = Path(__file__).resolve().parents[1]
SHARED_TEST_DATA = Path(os.environ.get("STAMMKUNDE_SHARED_DATA", REPO_ROOT.parent / "shared" / "data"))


@dataclass(frozen=True)
class Need:
    """What the tests of a marker need, and the variable by which CI says that they must run."""

    marker: str
    what: str
    variable: str
    is_there: Callable[[], bool]


NEEDS = (
    Need("public_data", "the shared test data", "STAMMKUNDE_REQUIRE_PUBLIC_DATA", SHARED_TEST_DATA.is_dir),
    Need(
        "browser",
        "Chromium, its driver and axe-core (make browser)",
        "STAMMKUNDE_REQUIRE_BROWSER",
        lambda: programs() is not None and AXE.is_file(),
    ),
)


def pytest_configure() -> None:
    """CI must run the tests that need something, so there its absence is an error."""
    for need in NEEDS:
        if os.environ.get(need.variable) and not need.is_there():
            raise pytest.UsageError(f"The tests marked {need.marker} cannot run, for want of {need.what}.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs something that is absent; CI must find some tests that need it."""
    for need in NEEDS:
        needing = [item for item in items if item.get_closest_marker(need.marker)]
        if os.environ.get(need.variable) and not needing:
            raise pytest.UsageError(f"No test is marked {need.marker}, so none that needs {need.what} could run.")
        if not need.is_there():
            items[:] = [item for item in items if item not in needing]
            config.hook.pytest_deselected(items=needing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line each which tests did not run for want of something."""
    for need in NEEDS:
        if not need.is_there():
            terminalreporter.write_line(f"The tests marked {need.marker} did not run, for want of {need.what}.")


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of the shared test data."""
    return SHARED_TEST_DATA
