"""SQL that reads one text as a value of a contract's type. A text that cannot be read gives NULL, never a guess."""

from __future__ import annotations

from dataclasses import dataclass, field

from data_quality.contracts import DUCKDB_TYPES, Column
from pipelines.ingest.currency_signs import SIGNS
from pipelines.ingest.flags import NO, YES
from pipelines.ingest.month_names import FOREIGN, in_english
from pipelines.ingest.number_times import compact_as_local, epoch_as_utc, is_number_time, serial_as_local
from pipelines.quoting import literal

BLANKS = "' \t\r\n' || chr(160) || chr(65279)"
DECIMAL = DUCKDB_TYPES["money"]
_GAP = r"[\s\x{a0}\x{202f}]"
_BLANK_GROUP = r"[\s\x{a0}\x{202f}''’]"
EITHER_WAY = "^[-+]?[1-9][0-9]{0,2}[.,][0-9]{3}$"
"""The only numbers that can be read two ways: the sign groups thousands, or stands before three decimals."""
_ROUNDED = "^[0-9](?:[.,][0-9]+)?E[+][0-9]{2}$"
"""How spreadsheets write numbers of twelve digits and more: all but the first few are lost."""
_YEAR = "(?:[0-9]{2}|[12][0-9]{3})"

_WORDED = (
    "%b %d, %Y %I:%M:%S %p", "%b %d, %Y %I:%M %p", "%b %d, %Y %H:%M:%S", "%b %d, %Y %H:%M", "%b %d, %Y",
    "%B %d, %Y %I:%M %p", "%B %d, %Y", "%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%d %b %Y", "%a, %d %b %Y %H:%M:%S",
)  # fmt: skip
_WORDED_SHAPE = r"[A-Za-z]{3}.*\b[12][0-9]{3}\b"
_FOREIGN_WORDED = ("%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%d %b %Y", "%d %b %y", "%b %Y")
_FOREIGN_SHAPE = rf"(?i)(?:^|[^\w])(?:{FOREIGN})(?:[^\w]|$)"
_ZONE_MINUTES = {
    "WET": 0, "WEST": 60, "CET": 60, "MEZ": 60, "CEST": 120, "MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180,
    "EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "JST": 540,
}  # fmt: skip
"""Names of zones that mean one offset. (CST, IST and BST mean several, so times with them are not read.)"""
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


@dataclass(frozen=True)
class NumberStyle:
    """How one column of a file writes numbers. `is_plain`: every cell is digits and at most the decimal mark.
    `is_contested`: cells of both conventions occur, so one that could be of either is unreadable."""

    decimal_mark: str = "."
    is_plain: bool = False
    is_contested: bool = False


@dataclass(frozen=True)
class TimeStyle:
    """How one column of a file writes times: the shapes that occur in it, the order of day and month, its zone.
    `day_first` is None where cells of both orders occur: only days after the 12th can then be told from months."""

    shapes: frozenset[str] = frozenset(
        {"iso", "zoned", "dotted", "slashed", "dashed", "worded", "epoch", "compact", "serial"}
    )
    day_first: bool | None = True
    zone: str = "UTC"


@dataclass(frozen=True)
class Styles:
    """The styles of a file's columns by their SQL name; a column that is not in it has the default style."""

    numbers: dict[str, NumberStyle] = field(default_factory=dict)
    times: dict[str, TimeStyle] = field(default_factory=dict)
    default_zone: str = "UTC"

    def number(self, cell: str) -> NumberStyle:
        """The style of numbers in a column."""
        return self.numbers.get(cell, NumberStyle())

    def time(self, cell: str) -> TimeStyle:
        """The style of times in a column."""
        return self.times.get(cell, TimeStyle(zone=self.default_zone))


def trimmed(sql: str) -> str:
    """A text without outer blanks, NULL where nothing is left. Trimming is dear, so only what needs it is trimmed."""
    is_bare = f"ascii({sql}) BETWEEN 33 AND 126 AND ascii(right({sql}, 1)) BETWEEN 33 AND 126"
    return f"CASE WHEN {is_bare} THEN {sql} ELSE nullif(trim({sql}, {BLANKS}), '') END"


def is_untrimmed(sql: str, *, has_odd_blanks: bool) -> str:
    """Whether a text begins or ends with a blank. Comparisons and suffixes are far cheaper than to trim every cell, and
    blanks other than the usual one are looked for only where the file holds any."""
    tests = [f"{sql} < '!'", f"suffix({sql}, ' ')"]
    if has_odd_blanks:
        tests += [f"({sql} >= chr({code}) AND {sql} < chr({code + 1}))" for code in (160, 65279)]
        tests += [f"suffix({sql}, chr({code}))" for code in (9, 10, 13, 160, 65279)]
    return " OR ".join(tests)


def as_type(sql: str, column: Column, cell: str, styles: Styles) -> str:
    """A trimmed text read as the column's type; `cell` names the file's column, for its style."""
    match column.type:
        case "money":
            return as_decimal(sql, styles.number(cell))
        case "number":
            return f"try_cast({_number_text(sql, styles.number(cell))} AS DECIMAL(38,10))::DOUBLE"
        case "integer":
            return _as_integer(sql, styles.number(cell))
        case "boolean":
            return _as_boolean(sql)
        case "timestamp":
            return as_utc(sql, styles.time(cell))
        case "date":
            return f"({_as_local(sql, styles.time(cell))})::DATE"
        case _:
            return _as_text(sql, column)


def as_decimal(sql: str, style: NumberStyle) -> str:
    """An amount as DECIMAL(18,4), exact."""
    return f"try_cast({_number_text(sql, style)} AS {DECIMAL})"


def amount_text(sql: str) -> str:
    """An amount without currency and outer blanks, its sign in front. Blanks that group digits stay, for only the shape
    of the whole tells them from two numbers; a currency within the digits (5€50) leaves a gap that no shape allows."""
    bare = f"regexp_replace({sql}, '{SIGNS}', '  ', 'gi')"
    edges = f"^{_GAP}+|{_GAP}+$|([-+−(]){_GAP}+|{_GAP}+([-−)])"
    whole = f"regexp_replace({bare}, '[.,][-−–—]{{1,2}}({_GAP}*)$', '\\1')"  # 5,- is five and no cents
    closed = f"regexp_replace({whole}, '{edges}', '\\1\\2', 'g')"
    in_front = f"regexp_replace({closed}, '^\\((.+)\\)$|^(.*[0-9.,])[-−]$', '-\\1\\2')"
    return f"trim(replace({in_front}, '−', '-'))"


def _number_text(sql: str, style: NumberStyle) -> str:
    if style.is_plain:
        return sql if style.decimal_mark == "." else f"replace({sql}, ',', '.')"
    thousands = "." if style.decimal_mark == "," else ","
    mark, group = (f"[{sign}]" for sign in (style.decimal_mark, thousands))
    groups = [f"[0-9]{{1,3}}(?:{sign}[0-9]{{3}})+" for sign in (group, _BLANK_GROUP)]
    if thousands == ",":
        groups.append("[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")  # lakhs and crores
    whole = "|".join([*groups, "[0-9]+"])
    shape = f"^[-+]?(?:{whole})?(?:{mark}[0-9]*)?(?:[eE][-+]?[0-9]{{1,2}})?$"
    text = amount_text(sql)
    ungrouped = f"regexp_replace(replace({text}, '{thousands}', ''), '{_BLANK_GROUP}', '', 'g')"
    point = f"replace({ungrouped}, '{style.decimal_mark}', '.')"
    is_read = f"regexp_matches({text}, '{shape}')"
    if style.is_contested:
        is_read += f" AND NOT regexp_matches({text}, '{EITHER_WAY}')"
    return f"CASE WHEN {is_read} THEN {point} END"


def _as_integer(sql: str, style: NumberStyle) -> str:
    """A whole number, its thousands grouped or not; decimals can only be zeros."""
    group, mark = (".", ",") if style.decimal_mark == "," else (",", ".")
    whole = f"[0-9]{{1,3}}(?:[{group}][0-9]{{3}})+|[0-9]{{1,3}}(?:{_BLANK_GROUP}[0-9]{{3}})+|[0-9]+"
    text = amount_text(sql)
    is_read = f"regexp_matches({text}, '^[-+]?(?:{whole})(?:[{mark}]0*)?$')"
    if style.is_contested:
        is_read += f" AND NOT regexp_matches({text}, '{EITHER_WAY}')"
    digits = f"regexp_replace({text}, '[{mark}]0*$|[{group}]|{_BLANK_GROUP}', '', 'g')"
    return (
        f"CASE WHEN regexp_matches({sql}, '^[-+]?[0-9]+$') THEN try_cast({sql} AS BIGINT) "
        f"WHEN {is_read} THEN try_cast({digits} AS BIGINT) END"
    )


def _as_boolean(sql: str) -> str:
    def codes(words: tuple[str, ...]) -> str:
        return ", ".join(literal(word) for word in words)

    word = f"lower({sql})"
    return f"CASE WHEN {word} IN ({codes(YES)}) THEN true WHEN {word} IN ({codes(NO)}) THEN false END"


def _as_text(sql: str, column: Column) -> str:
    if column.allowed:
        codes = ", ".join(literal(code) for code in column.allowed)
        return f"CASE WHEN lower({sql}) IN ({codes}) THEN lower({sql}) END"
    # Spreadsheet-safe exports put an apostrophe before ids and formulas; before a letter it is of a name ('t Hooft).
    is_guarded = f"starts_with({sql}, '''') AND regexp_matches({sql}, '^''[0-9+=@-]')"
    is_rounded = f"contains({sql}, 'E+') AND regexp_matches({sql}, '{_ROUNDED}')"
    rounded = f"WHEN {is_rounded} THEN NULL " if column.is_exact else ""
    return f"CASE WHEN {is_guarded} THEN substr({sql}, 2) {rounded}ELSE {sql} END"


def as_utc(sql: str, style: TimeStyle) -> str:
    """A time as UTC TIMESTAMP; a time without zone is in the style's zone."""
    branches = []
    if "zoned" in style.shapes:
        branches.append(f"WHEN {is_zoned(sql)} THEN {_zoned(sql)}")
    if "epoch" in style.shapes:
        branches.append(f"WHEN {is_number_time(sql, 'epoch')} THEN {epoch_as_utc(sql)}")
    return (
        f"CASE {' '.join(branches)} ELSE {_to_utc(_as_local(sql, style), style.zone)} END"
        if branches
        else _to_utc(_as_local(sql, style), style.zone)
    )


def is_iso(sql: str) -> str:
    """Whether a text starts like a year-first date: a year of four digits, which 1/13/2025 and 12/3/2025 do not."""
    has_year = f"substr({sql}, 1, 1) IN ('1', '2') AND substr({sql}, 2, 1) >= '0' AND substr({sql}, 3, 1) >= '0'"
    return f"(substr({sql}, 5, 1) IN ('-', '/') AND {has_year})"


def is_zoned(sql: str) -> str:
    """Whether a year-first time says its zone: an offset, Z, or a name that means one offset."""
    tail = f"substr({sql}, 14)"
    names = ", ".join(literal(name) for name in ("Z", "z", "UTC", "GMT", *_ZONE_MINUTES))
    return (
        f"CASE WHEN NOT {is_iso(sql)} THEN false WHEN contains({tail}, '+') OR contains({tail}, '-') THEN true "
        f"WHEN right({sql}, 1) BETWEEN '0' AND '9' THEN false "
        f"ELSE coalesce(regexp_extract({tail}, '[A-Za-z]+$') IN ({names}), false) END"
    )


def _to_utc(local: str, zone: str) -> str:
    return local if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {local}))"


def _zoned(sql: str) -> str:
    """DuckDB's own cast drops an offset in silence, so the offset is taken off and subtracted here."""
    any_offset = f"regexp_extract(substr({sql}, 14), '([+-][0-9]{{2}}:?(?:[0-9]{{2}})?|Z|z|[A-Z]{{3,4}})$', 1)"
    named = " ".join(f"WHEN '{name}' THEN {count}" for name, count in _ZONE_MINUTES.items())
    shift = f"CASE {any_offset} {named} ELSE {_minutes(any_offset)} END"
    length = f"length({any_offset})"
    any_time = f"CASE WHEN {any_offset} <> '' THEN {_moment(sql, length)} - to_minutes({shift}) END"
    four_digits = f"{_moment(sql, '5')} - to_minutes({_minutes(f'right({sql}, 5)')})"
    return f"CASE WHEN substr({sql}, -5, 1) IN ('+', '-') THEN {four_digits} ELSE {any_time} END"


def _moment(sql: str, offset_length: str) -> str:
    """What stands before an offset."""
    return f"try_cast(rtrim(left(replace({sql}, '/', '-'), length({sql}) - {offset_length})) AS TIMESTAMP)"


def _minutes(offset: str) -> str:
    """+0130, +01:30 or +01 in minutes; 0 for Z."""
    digits = f"replace(substr({offset}, 2), ':', '')"
    hours, rest = f"try_cast(left({digits}, 2) AS INTEGER)", f"try_cast(substr({digits}, 3, 2) AS INTEGER)"
    sign = f"CASE WHEN starts_with({offset}, '-') THEN -1 ELSE 1 END"
    return f"({sign} * coalesce({hours} * 60 + coalesce({rest}, 0), 0))"


def _as_local(sql: str, style: TimeStyle) -> str:
    """The time as it is written, without a zone."""
    branches = []
    if style.shapes & {"iso", "zoned"}:
        # the engine's cast drops what stands behind a time, such as the name of a zone
        plain = f"CASE WHEN right({sql}, 1) BETWEEN '0' AND '9' THEN replace({sql}, '/', '-') END"
        branches.append(f"WHEN {is_iso(sql)} THEN try_cast({plain} AS TIMESTAMP)")
    for shape, separator in (("dotted", "."), ("slashed", "/"), ("dashed", "-")):
        if shape in style.shapes:
            branches += _numeric_branches(sql, separator, True if shape == "dotted" else style.day_first)
    if "epoch" in style.shapes:
        local = f"timezone({literal(style.zone)}, timezone('UTC', {epoch_as_utc(sql)}))"
        branches.append(f"WHEN {is_number_time(sql, 'epoch')} THEN {local}")
    if "compact" in style.shapes:
        branches.append(f"WHEN {is_number_time(sql, 'compact')} THEN {compact_as_local(sql)}")
    if "serial" in style.shapes:
        branches.append(f"WHEN {is_number_time(sql, 'serial')} THEN {serial_as_local(sql)}")
    if "worded" in style.shapes:
        foreign = _strptime(in_english(sql), _FOREIGN_WORDED)
        branches.append(f"WHEN regexp_matches({sql}, '{_FOREIGN_SHAPE}') THEN {foreign}")
        branches.append(f"WHEN regexp_matches({sql}, '{_WORDED_SHAPE}') THEN {_strptime(sql, _WORDED)}")
    return f"CASE {' '.join(branches)} END" if branches else "NULL::TIMESTAMP"


def _numeric_branches(sql: str, separator: str, day_first: bool | None) -> list[str]:
    """A year has two digits or four that do not start with 0: `%Y` alone would read 0024 and 202 as years."""
    plain = f"replace(replace({sql}, ', ', ' '), ' Uhr', '')"  # 31.12.2024, 23:59 Uhr

    def branch(first: str, second: str, *, is_day_first: bool) -> str:
        shape = f"^{first}[{separator}]{second}[{separator}]{_YEAR}(?:[^0-9]|$)"
        formats = _numeric_formats(separator, is_day_first)
        return f"WHEN regexp_matches({sql}, '{shape}') THEN {_strptime(plain, formats)}"

    any_part, only_day = "[0-9]{1,2}", "(?:1[3-9]|2[0-9]|3[01])"
    if day_first is not None:
        return [branch(any_part, any_part, is_day_first=day_first)]
    return [branch(only_day, any_part, is_day_first=True), branch(any_part, only_day, is_day_first=False)]


def _numeric_formats(separator: str, day_first: bool) -> tuple[str, ...]:
    """Two-digit years first: `%Y` would read the year 24 as such, while `%y` fails on 2024 and so leaves it alone."""
    parts = ("%d", "%m") if day_first else ("%m", "%d")
    days = [separator.join((*parts, year)) for year in ("%y", "%Y")]
    return tuple(day + clock for day in days for clock in _CLOCKS)


def _strptime(sql: str, formats: tuple[str, ...]) -> str:
    return f"try_strptime({sql}, [{', '.join(literal(one) for one in formats)}])"
