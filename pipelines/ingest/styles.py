"""How a file's columns write numbers and times, decided from each whole column.

`1.234` is a thousand in one file and one and a quarter in another, `03/04/2026` is in March here and in April there:
only the other cells of the column can tell. Where they do not, the workspace's country decides, and a note says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

import duckdb

from pipelines.ingest.number_times import SHAPES, is_number_time
from pipelines.ingest.values import DECIMAL, NumberStyle, Styles, TimeStyle, amount_text, is_iso, is_zoned
from pipelines.ingest.whole_numbers import survey_whole_numbers
from pipelines.quoting import identifier

_POINT_COUNTRIES = frozenset(
    ["AU", "CA", "CH", "CN", "GB", "HK", "IE", "IL", "IN", "JP", "KE", "KR",
     "LI", "MT", "MX", "MY", "NG", "NZ", "PH", "PK", "SG", "TH", "TW", "US"]
)  # fmt: skip
_MONTH_FIRST_COUNTRIES = frozenset(["US", "PH"])

_TIME_SHAPES = ("iso", "zoned", "dotted", "slashed", "dashed", "worded", *SHAPES)
_COMMA_IS_MARK = r",[0-9]{1,2}$|,[0-9]{4,}$|[.][0-9]{3},|^[-+]?0?,|^[-+]?[0-9]{4,},"
_POINT_IS_MARK = r"[.][0-9]{1,2}$|[.][0-9]{4,}$|,[0-9]{3}[.]|^[-+]?0?[.]|^[-+]?[0-9]{4,}[.]"


@dataclass(frozen=True)
class Place:
    """Where the workspace is: country (ISO-2) and the zone of times that do not say theirs."""

    country: str
    zone: str


@dataclass(frozen=True)
class _Numbers:
    filled: int
    plain_with_point: int
    plain_with_comma: int
    thousand_like: int
    comma_marks: int
    point_marks: int

    @property
    def evident_mark(self) -> str | None:
        if self.comma_marks == self.point_marks:
            return None
        return "," if self.comma_marks > self.point_marks else "."

    def style(self, mark: str) -> NumberStyle:
        plain = self.plain_with_point if mark == "." else self.plain_with_comma
        return NumberStyle(mark, plain == self.filled, is_contested=bool(self.comma_marks and self.point_marks))


@dataclass(frozen=True)
class Typed:
    """The columns to survey, each label by its SQL name. `numbers` are amounts and all that may have decimals."""

    numbers: dict[str, str] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    wholes: dict[str, str] = field(default_factory=dict)


def survey_styles(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Typed, place: Place
) -> tuple[Styles, list[str]]:
    """The styles of the columns of `relation`, which hold trimmed texts, and notes on what no cell of them decided."""
    numbers, mark, notes = _number_styles(connection, relation, columns.numbers, place)
    wholes, whole_notes = survey_whole_numbers(connection, relation, columns.wholes, mark)
    times, time_notes = _time_styles(connection, relation, columns.times, place)
    return Styles({**wholes, **numbers}, times, place.zone), notes + whole_notes + time_notes


def _counts(connection: duckdb.DuckDBPyConnection, relation: str, counts: Iterable[str]) -> list[int]:
    wanted = list(counts)
    if not wanted:
        return []
    row = connection.execute(f"SELECT {', '.join(wanted)} FROM {relation}").fetchone()
    return [int(count or 0) for count in row or ()]


def _number_styles(
    connection: duckdb.DuckDBPyConnection, relation: str, numbers: dict[str, str], place: Place
) -> tuple[dict[str, NumberStyle], str | None, list[str]]:
    """The styles, the one decimal mark that is evident in the file's columns, and notes."""
    if not numbers:
        return {}, None, []
    found = _surveyed(connection, relation, list(numbers))
    evident = {survey.evident_mark for survey in found.values() if survey.evident_mark}
    in_file = next(iter(evident)) if len(evident) == 1 else None
    by_country = "." if place.country in _POINT_COUNTRIES else ","
    styles, notes = {}, []
    for cell, survey in found.items():
        mark = survey.evident_mark or in_file
        if mark is None and survey.thousand_like:
            mark = by_country
            notes.append(_two_ways(f'Amounts in "{numbers[cell]}"', f"with a decimal {_name(mark)}", place))
        styles[cell] = survey.style(mark or ".")
    return styles, in_file, notes


def _surveyed(connection: duckdb.DuckDBPyConnection, relation: str, cells: list[str]) -> dict[str, _Numbers]:
    """The counts of each column. Most columns are plain throughout, which four cheap counts tell; only the others, and
    those where a point could group thousands, see the dear ones."""
    counts = _counts(connection, relation, [count for cell in cells for count in _plain_counts(identifier(cell))])
    looks = {cell: counts[4 * at : 4 * at + 4] for at, cell in enumerate(cells)}
    found = {
        cell: _Numbers(filled, plain, 0 if pointed else plain, 0, 0, pointed)
        for cell, (filled, plain, pointed, thousand_like) in looks.items()
        if filled == plain and not thousand_like
    }
    others = [cell for cell in cells if cell not in found]
    width = len(fields(_Numbers))
    counts = _counts(connection, relation, [count for cell in others for count in _number_counts(identifier(cell))])
    return found | {cell: _Numbers(*counts[width * at : width * (at + 1)]) for at, cell in enumerate(others)}


def _plain_counts(cell: str) -> list[str]:
    """Filled cells; those that are digits with at most a decimal point; those with a point; with one like thousands."""
    return [
        f"count({cell})",
        f"count_if(try_cast({cell} AS {DECIMAL}) IS NOT NULL AND NOT contains({cell}, '_'))",
        f"count_if(contains({cell}, '.'))",
        f"count_if(substr({cell}, -4, 1) = '.')",
    ]


def _two_ways(what: str, how: str, place: Place) -> str:
    return f"{what} could be read two ways; they were read {how}, as is usual in {place.country}."


def _number_counts(cell: str) -> list[str]:
    """The counts of _Numbers. Regular expressions are dear: only cells that their last signs do not settle see one."""
    point, comma = f"contains({cell}, '.')", f"contains({cell}, ',')"
    is_bare = f"NOT contains({cell}, '_')"
    text = f"CASE WHEN right({cell}, 1) BETWEEN '0' AND '9' THEN {cell} ELSE {amount_text(cell)} END"

    def is_mark(sign: str, pattern: str) -> str:
        near_end = f"substr({text}, -2, 1) = '{sign}' OR substr({text}, -3, 1) = '{sign}'"
        settled = f"CASE WHEN {near_end} THEN true ELSE regexp_matches({amount_text(cell)}, '{pattern}') END"
        return f"count_if(CASE WHEN contains({cell}, '{sign}') THEN {settled} ELSE false END)"

    thousand_like = f"substr({text}, -4, 1) IN ('.', ',')"
    return [
        f"count({cell})",
        f"count_if(try_cast({cell} AS DECIMAL(38,10)) IS NOT NULL AND {is_bare})",
        f"count_if(NOT {point} AND try_cast(replace({cell}, ',', '.') AS DECIMAL(38,10)) IS NOT NULL AND {is_bare})",
        f"count_if(CASE WHEN {point} OR {comma} THEN {thousand_like} ELSE false END)",
        is_mark(",", _COMMA_IS_MARK),
        is_mark(".", _POINT_IS_MARK),
    ]


def _name(mark: str) -> str:
    return "comma" if mark == "," else "point"


def _time_styles(
    connection: duckdb.DuckDBPyConnection, relation: str, times: dict[str, str], place: Place
) -> tuple[dict[str, TimeStyle], list[str]]:
    if not times:
        return {}, []
    looks = _counts(connection, relation, [count for cell in times for count in _year_first_counts(identifier(cell))])
    styles, others = {}, {}
    for at, (cell, label) in enumerate(times.items()):
        filled, year_first, zoned = looks[3 * at : 3 * at + 3]
        if filled > year_first:
            others[cell] = label
        else:
            present = _present(("iso", "zoned"), (year_first - zoned, zoned))
            styles[cell] = TimeStyle(present, place.country not in _MONTH_FIRST_COUNTRIES, place.zone)
    counts = _counts(connection, relation, [count for cell in others for count in _time_counts(identifier(cell))])
    width, notes = len(_TIME_SHAPES) + 2, []
    for at, (cell, label) in enumerate(others.items()):
        *shapes, first_over_12, second_over_12 = counts[width * at : width * (at + 1)]
        present = _present(_TIME_SHAPES, shapes)
        day_first, said = _order(present, first_over_12, second_over_12, label, place)
        if "serial" in present:
            said.append(f'Dates in "{label}" are the numbers of a spreadsheet\'s days; they were read as such.')
        notes += said
        styles[cell] = TimeStyle(present, day_first, place.zone)
    return styles, notes


def _present(names: Sequence[str], counts: Sequence[int]) -> frozenset[str]:
    return frozenset(name for name, count in zip(names, counts, strict=True) if count)


def _order(
    present: frozenset[str], first_over_12: int, second_over_12: int, label: str, place: Place
) -> tuple[bool | None, list[str]]:
    """Whether the day comes first (None: cells of both orders occur), and what is to be said about it."""
    by_country = place.country not in _MONTH_FIRST_COUNTRIES
    if first_over_12 and second_over_12:
        both = f'Dates in "{label}" are written in both orders; only those that can be read one way were read.'
        return None, [both]
    if first_over_12 or second_over_12:
        return first_over_12 > 0, []
    if present & {"slashed", "dashed"}:
        order = "day before month" if by_country else "month before day"
        return by_country, [_two_ways(f'Dates in "{label}"', order, place)]
    return by_country, []


def _year_first_counts(cell: str) -> list[str]:
    """Filled cells, those that begin with the year, and those that say their zone too. Most columns are of this kind
    throughout, and need no dearer look."""
    return [f"count({cell})", f"count_if({is_iso(cell)})", f"count_if({is_zoned(cell)})"]


def _time_counts(cell: str) -> list[str]:
    is_numeric = f"substr({cell}, 1, 1) BETWEEN '0' AND '9' AND NOT {is_iso(cell)}"
    slashed = f"{is_numeric} AND contains({cell}, '/')"
    dashed = f"{is_numeric} AND contains({cell}, '-') AND NOT contains({cell}, '/') AND NOT contains({cell}, '.')"
    either = f"({slashed} OR {dashed})"

    def over_12(part: int) -> str:
        number = f"try_cast(regexp_extract({cell}, '^([0-9]+)[/-]([0-9]+)', {part}) AS INTEGER)"
        return f"count_if(CASE WHEN {either} THEN {number} > 12 ELSE false END)"

    return [
        f"count_if({is_iso(cell)} AND NOT {is_zoned(cell)})",
        f"count_if({is_zoned(cell)})",
        f"count_if({is_numeric} AND contains({cell}, '.') AND NOT contains({cell}, '/'))",
        f"count_if({slashed})",
        f"count_if({dashed})",
        f"count_if(CASE WHEN {is_iso(cell)} THEN false ELSE regexp_matches({cell}, '\\pL{{3}}') END)",
        *(f"count_if({is_number_time(cell, shape)})" for shape in SHAPES),
        over_12(1),
        over_12(2),
    ]
