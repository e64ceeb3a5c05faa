"""Pictures of a workspace's latest report: two widths, by day and by night.

    python -m browser.screenshots WORKSPACE FOLDER [HEIGHT]

With a height in pixels, only so much of the page from the top.
"""

from __future__ import annotations

import sys
from pathlib import Path

from browser.chromium import chromium, look, photograph

WIDTHS = {"phone": 390, "desk": 1440}
THEMES = ("light", "dark")


def take(report: Path, folder: Path, most_height: int | None = None) -> list[Path]:
    """Save report_<phone or desk>_<light or dark>.png in the folder and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with chromium() as driver:
        for name, width in WIDTHS.items():
            for theme in THEMES:
                look(driver, report, width=width, theme=theme)
                taken.append(folder / f"report_{name}_{theme}.png")
                photograph(driver, taken[-1], most_height=most_height)
    return taken


def main() -> None:
    report, folder = Path(sys.argv[1]) / "exports" / "latest" / "report.html", Path(sys.argv[2])
    most_height = int(sys.argv[3]) if len(sys.argv) > 3 else None
    if not report.exists():
        sys.exit(f"There is no {report}. Run the batch first: make run")
    for image in take(report, folder, most_height):
        sys.stdout.write(f"{image}\n")


if __name__ == "__main__":
    main()
