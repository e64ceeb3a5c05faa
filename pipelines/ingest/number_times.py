"""SQL for times written as bare numbers: seconds since 1970, year month day in a row, the serials of spreadsheets.

Each shape has a length of its own, so that a cell can be read one way only.
"""

from __future__ import annotations

SHAPES = {
    "epoch": "^1[0-9]{9}(?:[.][0-9]+)?$|^1[0-9]{12}$",
    "compact": "^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[0-9]{4}|[0-9]{6})?$",
    "serial": "^[1-7][0-9]{4}(?:[.,][0-9]+)?$",
}
"""Seconds or milliseconds from 2001 to 2033; 20240103 with or without a time; days since 1899, from 1927 to 2119."""


def is_number_time(sql: str, shape: str) -> str:
    """Whether a text is of this shape. Only what begins with a digit and is short sees the dear expression."""
    may_be = f"substr({sql}, 1, 1) BETWEEN '1' AND '7' AND substr({sql}, 5, 1) BETWEEN '0' AND '9'"
    return f"CASE WHEN {may_be} THEN regexp_matches({sql}, '{SHAPES[shape]}') ELSE false END"


def epoch_as_utc(sql: str) -> str:
    """Seconds or milliseconds since 1970 as a UTC TIMESTAMP, to the microsecond."""
    seconds = f"try_cast({sql} AS DECIMAL(38, 6))"
    micros = (
        f"CASE WHEN length({sql}) = 13 AND NOT contains({sql}, '.') THEN {seconds} * 1000 ELSE {seconds} * 1000000 END"
    )
    return f"make_timestamp(({micros})::BIGINT)"


def compact_as_local(sql: str) -> str:
    """20240103, 202401031530, 20240103153000 as they are written."""
    padded = f"rpad({sql}, 14, '0')"
    return f"try_strptime({padded}, '%Y%m%d%H%M%S')"


def serial_as_local(sql: str) -> str:
    """A spreadsheet's days since 1899-12-30, to the second."""
    days = f"try_cast(replace({sql}, ',', '.') AS DECIMAL(38, 10))"
    return f"(TIMESTAMP '1899-12-30' + to_seconds(round({days} * 86400)::BIGINT))"
