"""The colours of the report, by what they are for, by day and by night.

Charts are drawn once, in the colours of the day; the page's style replaces each of them by its custom property, so a
chart that is copied out of the page still has its colours.
"""

from __future__ import annotations

from collections.abc import Mapping

DAY: Mapping[str, str] = {
    "ink": "#1d2329",
    "soft": "#56606a",
    "line": "#e0dcd2",
    "paper": "#fbfaf7",
    "card": "#ffffff",
    "accent": "#0b6b70",
    "muted": "#bdb7a9",
    "good": "#1f7a4e",
    "warn": "#955700",
}
NIGHT: Mapping[str, str] = {
    "ink": "#e8e6e1",
    "soft": "#a8b0b8",
    "line": "#363c43",
    "paper": "#14171a",
    "card": "#1c2024",
    "accent": "#5fc3c0",
    "muted": "#5d666f",
    "good": "#6fcf9b",
    "warn": "#f0b35a",
}


def properties(colours: Mapping[str, str]) -> str:
    """The colours as custom properties of CSS."""
    return " ".join(f"--{role}: {colour};" for role, colour in colours.items())


def replacements() -> str:
    """Rules that give every colour of a drawing its property."""
    return "\n".join(
        f'.drawing [{paint}="{colour}"] {{ {paint}: var(--{role}); }}'
        for role, colour in DAY.items()
        for paint in ("fill", "stroke")
    )
