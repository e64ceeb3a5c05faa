"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPO_ROOT = Path(__file__).resolve().parents[1]
SHARED_TEST_DATA = Path(os.environ.get("STAMMKUNDE_SHARED_DATA", REPO_ROOT.parent / "shared" / "data"))


def pytest_configure() -> None:
    """CI must run the tests that need the shared test data, so there their absence is an error."""
    if os.environ.get("STAMMKUNDE_REQUIRE_PUBLIC_DATA") and not SHARED_TEST_DATA.is_dir():
        raise pytest.UsageError("The shared test data are absent, so the tests marked public_data could not run.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the shared test data where they are absent; CI must find some that need them."""
    needing = [item for item in items if item.get_closest_marker("public_data")]
    if os.environ.get("STAMMKUNDE_REQUIRE_PUBLIC_DATA") and not needing:
        raise pytest.UsageError("No test is marked public_data, so none that needs the shared test data could run.")
    if not SHARED_TEST_DATA.is_dir():
        items[:] = [item for item in items if item not in needing]
        config.hook.pytest_deselected(items=needing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line that tests did not run for want of the shared test data."""
    if not SHARED_TEST_DATA.is_dir():
        terminalreporter.write_line("The tests marked public_data did not run: the shared test data are absent.")


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of the shared test data."""
    return SHARED_TEST_DATA
