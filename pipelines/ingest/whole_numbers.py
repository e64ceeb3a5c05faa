"""How columns of whole numbers are written: whether `1.000` is a thousand, or a one with three decimals.

What no other reading allows is proof: `2.0`, `0.000` and `1500.000` have decimals, `1.000.000` has groups. Next it
tells that a whole number has no fraction, so `1.234` can only be grouped; then, how the file writes amounts. Where
these and whole numbers beside (`5`) contradict each other, `1.000` is unreadable. Where nothing tells, thousands are
grouped, as counts are nearly everywhere, and a note says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipelines.ingest.values import NumberStyle, amount_text
from pipelines.quoting import identifier

_THREE_OTHER_THAN_ZEROS = "(?:[1-9][0-9]{2}|0[1-9][0-9]|00[1-9])"
_OTHER = {".": ",", ",": "."}


@dataclass(frozen=True)
class _Sign:
    """How many cells of a column hold a sign that can only part decimals, that can only group, that groups because
    there are no fractions, and that may do either."""

    decimals: int
    groups: int
    groups_or_fractions: int
    either_way: int


def survey_whole_numbers(
    connection: duckdb.DuckDBPyConnection, relation: str, wholes: dict[str, str], mark_of_amounts: str | None
) -> tuple[dict[str, NumberStyle], list[str]]:
    """The styles of those columns of `relation` that hold points or commas, and notes on what nothing told.

    `wholes` gives the label of each column by its SQL name; `mark_of_amounts` is the decimal mark of the file.
    """
    styles, notes = {}, []
    for cell, label in wholes.items():
        point, comma, bare = _counted(connection, relation, identifier(cell))
        style = _proven(point, comma) or _without_fractions(point, comma)
        if style is None and (point.either_way or comma.either_way):
            style = _told_by_others(point, comma, bare, mark_of_amounts)
            if not (bare or mark_of_amounts or style.is_contested):
                sign = _OTHER[style.decimal_mark]
                notes.append(f'Numbers in "{label}" could be read two ways; 1{sign}000 was read as a thousand.')
        if style:
            styles[cell] = style
    return styles, notes


def _counted(connection: duckdb.DuckDBPyConnection, relation: str, cell: str) -> tuple[_Sign, _Sign, int]:
    """The point, the comma, and the number of cells of up to three digits and nothing else."""
    counts = [f"count_if(regexp_matches({cell}, '^[-+]?[0-9]{{1,3}}$'))"]
    for sign in (".", ","):
        is_there, text = f"contains({cell}, '{sign}')", amount_text(cell)
        counts += [
            f"count_if(CASE WHEN {is_there} THEN regexp_matches({text}, '{shape}') ELSE false END)"
            for shape in _shapes(f"[{sign}]", f"[{_OTHER[sign]}]")
        ]
    row = connection.execute(f"SELECT {', '.join(counts)} FROM {relation}").fetchone() or ()
    bare, *signs = (int(count or 0) for count in row)
    return _Sign(*signs[:4]), _Sign(*signs[4:]), bare


def _shapes(sign: str, other: str) -> list[str]:
    return [
        f"{sign}(?:[0-9]{{0,2}}|[0-9]{{4,}})$|^[-+]?0?{sign}|^[-+]?[0-9]{{4,}}{sign}|{other}[0-9]{{3}}{sign}",
        f"^[-+]?[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{3}}){{2,}}",
        f"^[-+]?[1-9][0-9]{{0,2}}{sign}{_THREE_OTHER_THAN_ZEROS}$",
        f"^[-+]?[1-9][0-9]{{0,2}}{sign}000$",
    ]


def _proven(point: _Sign, comma: _Sign) -> NumberStyle | None:
    """The style that cells with one possible reading prove."""
    return _style(point.decimals + comma.groups, comma.decimals + point.groups)


def _without_fractions(point: _Sign, comma: _Sign) -> NumberStyle | None:
    """The style that follows from there being no fractions."""
    return _style(comma.groups_or_fractions, point.groups_or_fractions)


def _style(for_point: int, for_comma: int) -> NumberStyle | None:
    if not (for_point or for_comma):
        return None
    return NumberStyle("." if for_point >= for_comma else ",", is_contested=bool(for_point and for_comma))


def _told_by_others(point: _Sign, comma: _Sign, bare: int, mark_of_amounts: str | None) -> NumberStyle:
    """The style of a column of which every sign stands before three zeros."""
    sign = "." if point.either_way else ","
    if mark_of_amounts == sign:
        return NumberStyle(sign, is_contested=bool(bare or (point.either_way and comma.either_way)))
    return NumberStyle(_OTHER[sign], is_contested=bool(point.either_way and comma.either_way))
