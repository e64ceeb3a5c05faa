"""The forms of chart that the report uses. Rows come with the texts that stand in the chart: nothing is formatted here.

Directly labelled wherever there is room, one accent colour, and grey for what it is compared with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import altair as alt

from pipelines.delivery.report.drawing import WIDTH
from pipelines.delivery.report.palette import DAY

Row = Mapping[str, Any]
Rows = Sequence[Row]
Tick = tuple[float, str]

_BAND = 26
_LETTERS = 14
_LETTER_WIDTH = 7
_LABEL_WIDTH = 140
_INK, _SOFT, _LINE, _ACCENT, _MUTED = (DAY[role] for role in ("ink", "soft", "line", "accent", "muted"))


def _of(rows: Rows) -> alt.Chart:
    return alt.Chart({"values": [dict(row) for row in rows]})


def _layered(*parts: alt.Chart) -> alt.LayerChart:
    return cast("alt.LayerChart", alt.layer(*parts))


def _band(label_width: int = _LABEL_WIDTH) -> alt.Y:
    """A row of the chart for each label, in the order of the rows."""
    axis = _axis(labelColor=_INK, labelLimit=label_width)
    return alt.Y("label:N", sort=None, axis=axis, scale=alt.Scale(paddingInner=0.35, paddingOuter=0.2))


def _axis(**options: Any) -> alt.Axis:
    return alt.Axis(**options)


def _hidden(channel: str, *, low: float | None = None, high: float | None = None) -> Any:
    """A quantity without an axis, because each mark carries its number."""
    domain = alt.Undefined if low is None or high is None else [low, high]
    return alt.X(f"{channel}:Q", axis=None, scale=alt.Scale(domain=domain, nice=False))


def _text_width(rows: Rows) -> float:
    """About how wide the widest text beside a mark is."""
    return max((len(str(row["text"])) for row in rows), default=0) * _LETTER_WIDTH + 12


def _plot_width(rows: Rows, label_width: int = _LABEL_WIDTH) -> float:
    """About how much of the width the labels leave."""
    return WIDTH - min(max((len(str(row["label"])) for row in rows), default=0) * _LETTER_WIDTH, label_width) - 10


def _headroom(rows: Rows, label_width: int = _LABEL_WIDTH) -> float:
    """By how much a scale must be longer than its longest mark, so that the text behind that mark has room."""
    plot = _plot_width(rows, label_width)
    return plot / max(plot - _text_width(rows), plot / 4)


def _edged(base: alt.Chart, **options: Any) -> list[alt.Chart]:
    """A text with an edge in the colour of the card, so that lines behind it do not run through."""
    edges: tuple[dict[str, Any], ...] = ({"stroke": DAY["card"], "strokeWidth": 4, "opacity": 0.85}, {})
    return [base.mark_text(**options, **edge) for edge in edges]


def bars(rows: Rows, label_width: int = _LABEL_WIDTH) -> alt.LayerChart:
    """label, value, text: a bar each, with its text at its end. `is_grey` marks what is no answer."""
    top = max((row["value"] or 0.0 for row in rows), default=0.0) or 1.0
    base = _of(rows).properties(height=_BAND * len(rows))
    colour = alt.condition("datum.is_grey", alt.value(_MUTED), alt.value(_ACCENT))
    bar = base.mark_bar(cornerRadiusEnd=2).encode(
        y=_band(label_width), x=_hidden("value", low=0.0, high=top * _headroom(rows, label_width)), fill=colour
    )
    text = base.mark_text(align="left", dx=6).encode(y=_band(label_width), x=alt.X("value:Q"), text="text:N")
    return _layered(bar, text)


def stacked(rows: Rows) -> alt.LayerChart:
    """label, first, second, text: two lengths one after the other, the first strong, the second pale."""
    top = max((row["first"] + row["second"] for row in rows), default=0.0) or 1.0
    base = _of(rows).properties(height=_BAND * len(rows)).transform_calculate(end="datum.first + datum.second")
    first = base.mark_bar().encode(y=_band(), x=_hidden("first", low=0.0, high=top * _headroom(rows)))
    second = base.mark_bar(opacity=0.4).encode(y=_band(), x=alt.X("first:Q"), x2="end:Q")
    text = base.mark_text(align="left", dx=6).encode(y=_band(), x=alt.X("end:Q"), text="text:N")
    return _layered(first, second, text)


def pairs(rows: Rows) -> alt.LayerChart:
    """label, from, to, text: two shares joined by a line; the second is the filled one, and is labelled."""
    top = max((max(row["from"], row["to"]) for row in rows), default=0.0) or 1.0
    base = _of(rows).properties(height=_BAND * len(rows))
    place = _hidden("from", low=0.0, high=top * _headroom(rows))
    joined = base.mark_rule(strokeWidth=2, stroke=_LINE).encode(y=_band(), x=place, x2="to:Q")
    hollow = base.mark_point(size=55, stroke=_SOFT, strokeWidth=1.5).encode(y=_band(), x=alt.X("from:Q"))
    filled = base.mark_point(size=70, fill=_ACCENT, stroke=_ACCENT, opacity=1).encode(y=_band(), x=alt.X("to:Q"))
    text = (
        base.transform_calculate(far="max(datum.from, datum.to)")
        .mark_text(align="left", dx=10)
        .encode(y=_band(), x=alt.X("far:Q"), text="text:N")
    )
    return _layered(joined, hollow, filled, text)


def gains(rows: Rows) -> alt.LayerChart:
    """label, value (negative: a loss), text: bars to both sides of a line."""
    low, high = (choose([0.0, *(row["value"] for row in rows)]) for choose in (min, max))
    room = _text_width(rows) / max(_plot_width(rows) - 2 * _text_width(rows), WIDTH / 4) * ((high - low) or 1.0)
    base = _of(rows).properties(height=_BAND * len(rows))
    colour = alt.condition("datum.value < 0", alt.value(_MUTED), alt.value(_ACCENT))
    bar = base.mark_bar().encode(y=_band(), x=_hidden("value", low=low - room, high=high + room), fill=colour)
    zero = base.mark_rule(strokeWidth=1).encode(x=alt.datum(0))
    sides: tuple[tuple[str, Literal["left", "right"], int], ...]
    sides = (("datum.value >= 0", "left", 5), ("datum.value < 0", "right", -5))
    texts = [
        base.transform_filter(rule).mark_text(align=side, dx=shift).encode(y=_band(), x=alt.X("value:Q"), text="text:N")
        for rule, side, shift in sides
    ]
    return _layered(bar, zero, *texts)


def intervals(rows: Rows) -> alt.LayerChart:
    """label, low, middle, high, text, is_sure, mark (None: none): a point with its interval; grey where it is not sure.

    `mark` is a value to compare with, drawn as a short line.
    """
    marks = [row["mark"] for row in rows if row["mark"] is not None]
    low = min([0.0, *marks, *(row["low"] for row in rows)])
    high = max([0.0, *marks, *(row["high"] for row in rows)])
    room = (high - low) * 0.04 or 1.0
    base = _of(rows).properties(height=(_BAND + 6) * len(rows))
    place = _hidden("low", low=low - room, high=high + room)
    colour = alt.condition("datum.is_sure", alt.value(_ACCENT), alt.value(_MUTED))
    zero = base.mark_rule(strokeWidth=1, strokeDash=[3, 3]).encode(x=alt.datum(0))
    span = base.mark_rule(strokeWidth=4, strokeCap="round").encode(y=_band(), x=place, x2="high:Q", stroke=colour)
    point = base.mark_point(size=75, opacity=1, fill=DAY["card"], strokeWidth=2.5).encode(
        y=_band(), x=alt.X("middle:Q"), stroke=colour
    )
    texts = [
        part.encode(y=_band(), x=alt.X("middle:Q"), text="text:N")
        for part in _edged(base, baseline="bottom", dy=-8, fontSize=11)
    ]
    mark = base.transform_filter("isValid(datum.mark)").mark_tick(thickness=2, height=16, fill=_INK, stroke=_INK)
    return _layered(zero, span, mark.encode(y=_band(), x=alt.X("mark:Q")), point, *texts)


def columns(rows: Rows) -> alt.LayerChart:
    """label, value, before (None: unknown), text, is_whole: a column each, on a broad pale one of the year before."""
    base = _of(rows).properties(height=190)
    across = alt.X("label:N", sort=None, axis=_axis(labelAngle=0), scale=alt.Scale(paddingInner=0.2))
    faint = alt.condition("datum.is_whole", alt.value(1.0), alt.value(0.45))
    earlier = (
        base.transform_filter("isValid(datum.before)")
        .mark_bar(fill=_MUTED, opacity=0.55)
        .encode(x=across, y=alt.Y("before:Q", axis=None))
    )
    bar = base.mark_bar(width={"band": 0.55}).encode(x=across, y=alt.Y("value:Q"), opacity=faint)
    text = (
        base.transform_calculate(top="max(datum.value, datum.before || 0)")
        .mark_text(baseline="bottom", dy=-4, fontSize=10.5)
        .encode(x=across, y=alt.Y("top:Q"), text="text:N")
    )
    return _layered(earlier, bar, text)


def layers(rows: Rows) -> alt.LayerChart:
    """label, lower, upper, text: columns of two parts, the lower strong, the upper pale, the text above."""
    base = _of(rows).properties(height=190).transform_calculate(end="datum.lower + datum.upper")
    across = alt.X("label:N", sort=None, axis=_axis(labelAngle=0), scale=alt.Scale(paddingInner=0.25))
    lower = base.mark_bar().encode(x=across, y=alt.Y("lower:Q", axis=None))
    upper = base.mark_bar(opacity=0.4).encode(x=across, y=alt.Y("lower:Q"), y2="end:Q")
    text = base.mark_text(baseline="bottom", dy=-4, fontSize=10).encode(x=across, y=alt.Y("end:Q"), text="text:N")
    return _layered(lower, upper, text)


def grid(rows: Rows, across_title: str) -> alt.LayerChart:
    """row, column, share, text: a field of rectangles, the stronger the higher its share."""
    lines = len({row["row"] for row in rows})
    top = max((row["share"] for row in rows), default=0.0) or 1.0
    base = _of(rows).properties(height=30 * lines)
    title = _axis(title=across_title, orient="top", labelAngle=0, titleAnchor="start", titlePadding=4)
    across = alt.X("column:O", axis=title, scale=alt.Scale(paddingInner=0.06))
    down = alt.Y("row:N", sort=None, axis=_axis(labelColor=_INK), scale=alt.Scale(paddingInner=0.08))
    strength = alt.Opacity("share:Q", legend=None, scale=alt.Scale(domain=[0.0, top], range=[0.06, 0.5]))
    field = base.mark_rect(fill=_ACCENT, cornerRadius=3).encode(x=across, y=down, opacity=strength)
    text = base.mark_text(fontSize=11).encode(x=across, y=down, text="text:N")
    return _layered(field, text)


def places(rows: Rows, across_title: str, up_title: str) -> alt.LayerChart:
    """left, right, low, high, name (lines), text, share: named rectangles on a plane from 0 to 5, shaded by share."""
    top = max((row["share"] for row in rows), default=0.0) or 1.0
    base = _of(rows).properties(height=330)
    bare = {"labels": False, "titleAnchor": "start", "titlePadding": 2}
    across = alt.X("left:Q", scale=alt.Scale(domain=[0, 5], nice=False), axis=_axis(title=across_title, **bare))
    up = alt.Y("low:Q", scale=alt.Scale(domain=[0, 5], nice=False), axis=_axis(title=up_title, **bare))
    strength = alt.Opacity("share:Q", legend=None, scale=alt.Scale(domain=[0.0, top], range=[0.06, 0.5]))
    field = base.mark_rect(fill=_ACCENT, stroke=DAY["card"], strokeWidth=3, cornerRadius=6).encode(
        x=across, x2="right:Q", y=up, y2="high:Q", opacity=strength
    )
    centred = base.transform_calculate(x="(datum.left + datum.right) / 2", y="(datum.low + datum.high) / 2")
    # A name and, below it, the number: of one or two lines, together in the middle of the field.
    letters: dict[str, Any] = {"fontSize": 10.5, "lineHeight": _LETTERS, "baseline": "middle"}
    texts = [
        part.encode(x="x:Q", y="y:Q", text=text)
        for lines in (1, 2)
        for some in [centred.transform_filter(f"length(datum.name) == {lines}")]
        for part, text in (
            (some.mark_text(dy=-_LETTERS * lines / 2, fontWeight="bold", **letters), "name:N"),
            (some.mark_text(dy=_LETTERS * lines / 2, **letters), "text:N"),
        )
    ]
    return _layered(field, *texts)


def shares(rows: Rows, marked: Row, across_title: str, up_title: str, percent_sign: str) -> alt.LayerChart:
    """x, y in shares: a line, one point of it with its text, and the diagonal of equal shares."""
    base = _of(rows).properties(height=260)
    label = f"format(datum.value * 100, '.0f') + '{percent_sign}'"
    percent = {"labelExpr": label, "values": [0, 0.2, 0.4, 0.6, 0.8, 1.0]}
    whole = alt.Scale(domain=[0, 1], nice=False)
    across = alt.X("x:Q", scale=whole, axis=_axis(title=across_title, titleAnchor="start", **percent))
    up = alt.Y(
        "y:Q",
        scale=whole,
        axis=_axis(title=up_title, titleAngle=0, titleAlign="left", titleAnchor="end", titleX=0, titleY=-14,
                      grid=True, **percent),
    )  # fmt: skip
    line = base.mark_line(strokeWidth=2.5).encode(x=across, y=up)
    area = base.mark_area(fill=_ACCENT, opacity=0.1).encode(x=across, y=up)
    point = _of([marked])
    dot = point.mark_point(size=80, fill=_ACCENT, stroke=DAY["card"], strokeWidth=2, opacity=1).encode(x="x:Q", y="y:Q")
    texts = [
        part.encode(x="x:Q", y="y:Q", text="text:N")
        for part in _edged(point, align="left", baseline="top", dx=10, dy=4, fontWeight="bold")
    ]
    ends = _of([{"x": 0, "y": 0}, {"x": 1, "y": 1}])
    equal = ends.mark_line(stroke=_MUTED, strokeWidth=1.5, strokeDash=[4, 4]).encode(x="x:Q", y="y:Q")
    return _layered(equal, area, line, dot, *texts)


def response(
    rows: Rows, marked: Rows, across: Sequence[Tick], up: Sequence[Tick], titles: tuple[str, str]
) -> alt.LayerChart:
    """x, y, low, high: what follows from how much, with its interval, and marked points with their text.

    Ticks are values with their texts; `titles` are those of the way across and up.
    """
    base = _of(rows).properties(height=240)
    x = alt.X("x:Q", scale=alt.Scale(nice=False), axis=_axis(title=titles[0], titleAnchor="start", **_ticks(across)))
    beside = {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -14}
    y = alt.Y("low:Q", axis=_axis(title=titles[1], grid=True, **beside, **_ticks(up)))
    band = base.mark_area(fill=_ACCENT, opacity=0.15).encode(x=x, y=y, y2="high:Q")
    line = base.mark_line(strokeWidth=2.5).encode(x=x, y=alt.Y("y:Q"))
    points = _of(marked)
    dot = points.mark_point(size=80, fill=_ACCENT, stroke=DAY["card"], strokeWidth=2, opacity=1)
    texts = [
        part.encode(text="text:N")
        for part in _edged(points, align="left", baseline="top", dx=8, dy=6, fontWeight="bold")
    ]
    return _layered(band, line, *(part.encode(x=alt.X("x:Q"), y=alt.Y("y:Q")) for part in (dot, *texts)))


def _ticks(ticks: Sequence[Tick]) -> dict[str, Any]:
    """An axis that shows these values with these texts."""
    names = {str(round(value)): text for value, text in ticks}
    return {"values": [int(value) for value in names], "labelExpr": f"{json.dumps(names)}[datum.value]"}
