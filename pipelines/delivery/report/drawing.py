"""Charts as SVG inside a page: no script, scaled to their place, named and described for those who cannot see them."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import altair as alt
import vl_convert

from pipelines.delivery.report.palette import DAY

WIDTH = 350
"""Of every chart, in its own units: the width of a phone, so that letters keep their size there."""

# Measured with a typeface that the converter brings along, so the drawing is the same on every machine.
_TYPEFACE = "Liberation Sans"
_CONFIG: dict[str, Any] = {
    "background": None,
    "font": _TYPEFACE,
    "padding": {"left": 2, "right": 2, "top": 4, "bottom": 2},
    "view": {"stroke": None},
    "text": {"fontSize": 12, "fill": DAY["ink"]},
    "axis": {
        "domain": False,
        "ticks": False,
        "grid": False,
        "labelColor": DAY["soft"],
        "labelFontSize": 12,
        "labelPadding": 6,
        "labelLimit": 150,
        "gridColor": DAY["line"],
        "title": None,
    },
    "bar": {"fill": DAY["accent"]},
    "rule": {"stroke": DAY["soft"]},
    "line": {"stroke": DAY["accent"], "strokeWidth": 2},
    "axisX": {"titleColor": DAY["soft"], "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 6},
    "axisY": {"titleColor": DAY["soft"], "titleFontSize": 12, "titleFontWeight": "normal"},
}


def drawn(chart: alt.Chart | alt.LayerChart, name: str, title: str, description: str) -> str:
    """The chart as an SVG element with that id, title and description. The same chart gives the same text."""
    fitted = chart.properties(width=WIDTH, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
    # The specification is our own, so it need not be validated against the schema in every run.
    text = vl_convert.vegalite_to_svg(fitted.to_dict(validate=False), config=_CONFIG, allowed_base_urls=[])
    size = re.search(r'viewBox="([^"]+)"', text)
    return (
        f'<svg class="drawing" id="{name}" role="img" aria-labelledby="{name}-title {name}-text" '
        f'xmlns="http://www.w3.org/2000/svg" viewBox="{size.group(1) if size else ""}">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-text">{escape(description)}</desc>'
        f"{_tidied(text[text.index('>') + 1 :], name)}"
    )


def _tidied(body: str, name: str) -> str:
    """Without what says nothing here: roles of parts, empty shapes, digits that nobody sees."""
    body = re.sub(r' (class|role|aria-\w+|pointer-events|font-family)="[^"]*"', "", body)
    body = re.sub(r'<path d="(M0,0h0v0h0Z)?"[^>]*/>|<path [^>]*display="none"/>', "", body)
    body = re.sub(r'="[^"]*"', lambda value: re.sub(r"\d+\.\d{3,}", _shortened, value.group()), body)
    # The ids of clipping paths count on from drawing to drawing; a page has many.
    places = {found: f"{name}-{place}" for place, found in enumerate(re.findall(r' id="([^"]+)"', body))}
    for found, own in places.items():
        body = body.replace(f'id="{found}"', f'id="{own}"').replace(f"url(#{found})", f"url(#{own})")
    return body


def _shortened(digits: re.Match[str]) -> str:
    return f"{float(digits.group()):.2f}".rstrip("0").rstrip(".")
