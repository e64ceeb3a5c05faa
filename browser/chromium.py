"""A headless Chromium that opens files and nothing of the network."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

AXE = Path(__file__).resolve().parents[1] / ".browser" / "axe.min.js"
"""The rules of axe-core, which `make browser` puts there."""

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def programs() -> tuple[str, str] | None:
    """Where Chromium and its driver are, or None where one of them is not installed."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own, which goes with it. Its driver logs what the console says.

    Raises FileNotFoundError where it is not installed.
    """
    found = programs()
    if found is None:
        raise FileNotFoundError(
            "Chromium or its driver is not installed. Debian has both: apt-get install chromium chromium-driver"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = found[0]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(found[1], log_output=os.devnull))
        try:
            yield driver
        finally:
            driver.quit()


def look(driver: webdriver.Chrome, page: Path, *, width: int, theme: str = "light", height: int = 900) -> None:
    """Open a file in a window of that width and in the light or the dark theme."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": theme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    driver.get(page.resolve().as_uri())


def photograph(driver: webdriver.Chrome, image: Path, *, most_height: int | None = None) -> None:
    """Save the whole page as PNG, or so much of it from the top."""
    size = driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    height = size["height"] if most_height is None else min(size["height"], most_height)
    shot = driver.execute_cdp_cmd(
        "Page.captureScreenshot",
        {
            "format": "png",
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1},
        },
    )
    image.write_bytes(base64.b64decode(shot["data"]))
