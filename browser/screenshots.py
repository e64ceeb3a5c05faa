"""Pictures of a workspace's latest report: two widths, by day and by night."""

from __future__ import annotations

import sys
from pathlib import Path

from browser.chromium import chromium, look, photograph

WIDTHS = {"phone": 390, "desk": 1440}
THEMES = ("light", "dark")


def take(report: Path, folder: Path) -> list[Path]:
    """Save report_<phone or desk>_<light or dark>.png in the folder and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with chromium() as driver:
        for name, width in WIDTHS.items():
            for theme in THEMES:
                look(driver, report, width=width, theme=theme)
                taken.append(folder / f"report_{name}_{theme}.png")
                photograph(driver, taken[-1])
    return taken


def main() -> None:
    report, folder = Path(sys.argv[1]) / "exports" / "latest" / "report.html", Path(sys.argv[2])
    if not report.exists():
        sys.exit(f"There is no {report}. Run the batch first: make run")
    for image in take(report, folder):
        sys.stdout.write(f"{image}\n")


if __name__ == "__main__":
    main()
