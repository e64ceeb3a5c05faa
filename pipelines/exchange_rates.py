"""Exchange rates by day: the optional file exchange_rates.csv of a workspace, beside the rates of settings.yml."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from pipelines.errors import SettingsError

RATES_FILE = "exchange_rates.csv"
RATE_DECIMALS = 12
ALWAYS, FOR_EVER = date.min, date.max
_HEADERS = {
    "currency": ("currency", "währung", "waehrung"),
    "valid_from": ("valid_from", "gültig_ab", "gueltig_ab"),
    "rate": ("rate", "kurs"),
}
_EXPECTED = "Expected are the columns currency, valid_from and rate (or Währung, Gültig ab, Kurs)"
_DAY_FORMATS = ("%Y-%m-%d", "%d.%m.%Y")


@dataclass(frozen=True)
class DatedRate:
    """From a day on, what one unit of a currency is worth in the base currency; `line` is its line in the file."""

    currency: str
    valid_from: date
    rate: Decimal
    line: int


@dataclass(frozen=True)
class RatePeriod:
    """A rate and the days that it holds for, both included."""

    currency: str
    valid_from: date
    valid_until: date
    rate: Decimal


@dataclass(frozen=True)
class RatedCurrencies:
    """The currencies in which amounts may be, each with its first day in the time zone; `base` is that of amounts which
    name none."""

    since: Mapping[str, date]
    timezone: str
    base: str


def read_rates(path: Path) -> tuple[DatedRate, ...]:
    """Return the rates of the file by currency and day; they may be written in the English or the German way.

    Raises SettingsError naming file, line, what was found and what is allowed.
    """
    lines = _text(path).splitlines(keepends=True)
    delimiter = next((sign for sign in ";,\t" if sign in (lines[0] if lines else "")), ";")
    reader = csv.reader(lines, delimiter=delimiter)
    order = _columns(path.name, next(reader, []))
    rates: dict[tuple[str, date], DatedRate] = {}
    marks: set[str] = set()
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{path.name}, line {reader.line_num}"
        if len(cells) != len(order):
            raise SettingsError(f"{where}: {len(cells)} cells were found, but there are {len(order)} columns.")
        found = _rate(where, {name: cells[at].strip() for name, at in order.items()}, marks, reader.line_num)
        if (earlier := rates.setdefault((found.currency, found.valid_from), found)) is not found:
            raise SettingsError(
                f"{where}: {found.currency} has a rate from {found.valid_from} on already, in line {earlier.line}. "
                "Keep one of them."
            )
    return tuple(rates[key] for key in sorted(rates))


def rate_periods(settings_rates: Mapping[str, Decimal], dated: Sequence[DatedRate], base: str) -> list[RatePeriod]:
    """Return all rates as periods without overlap, by currency and day.

    A dated rate holds until the next one; before the first, the rate of settings.yml holds, where there is one.
    """
    starts = {(currency, ALWAYS): rate for currency, rate in settings_rates.items()}
    starts |= {(one.currency, one.valid_from): one.rate for one in dated if one.currency != base}
    starts[base, ALWAYS] = Decimal(1)
    keys = sorted(starts)
    following = dict(pairwise(keys))
    return [
        RatePeriod(currency, day, _day_before(following.get((currency, day)), currency), starts[currency, day])
        for currency, day in keys
    ]


def first_days(settings_rates: Mapping[str, Decimal], dated: Sequence[DatedRate]) -> dict[str, date]:
    """Return for each currency the first day that a rate is known for."""
    days = dict.fromkeys(settings_rates, ALWAYS)
    for one in sorted(dated, key=lambda rate: rate.valid_from):
        days.setdefault(one.currency, one.valid_from)
    return days


def check_base(settings_rates: Mapping[str, Decimal], dated: Sequence[DatedRate], base: str) -> None:
    """Raise SettingsError where the base currency has a rate other than 1: the rates are of another base then."""
    places = {"settings.yml": settings_rates.get(base, Decimal(1))}
    places |= {f"{RATES_FILE}, line {one.line}": one.rate for one in dated if one.currency == base}
    for where, rate in places.items():
        if rate != 1:
            raise SettingsError(
                f"{where}: {base} has the rate {rate}, but it is the base currency, of which the rate is 1. A rate is "
                "what one unit is worth in the base currency; name that one as `currency` in settings.yml."
            )


def _text(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _columns(file: str, header: Sequence[str]) -> dict[str, int]:
    """The position of each column; raise SettingsError unless the header names them all, and nothing else."""
    found = [re.sub(r"[\s_-]+", "_", cell.strip().casefold()) for cell in header]
    order = {name: found.index(label) for name, labels in _HEADERS.items() for label in labels if label in found}
    if len(order) != len(_HEADERS) or len(found) != len(order):
        shown = ", ".join(cell.strip() for cell in header) or "nothing"
        raise SettingsError(f"{file}, line 1: found {shown}. {_EXPECTED}, divided by semicolons or commas.")
    return order


def _rate(where: str, cells: Mapping[str, str], marks: set[str], line: int) -> DatedRate:
    currency = cells["currency"]
    if not re.fullmatch("[A-Z]{3}", currency):
        raise SettingsError(
            f"{where}: the currency is {currency!r}, but must be three capital letters (ISO 4217), such as USD."
        )
    return DatedRate(currency, _day(where, cells["valid_from"]), _number(where, cells["rate"], marks), line)


def _day(where: str, text: str) -> date:
    for shape in _DAY_FORMATS:
        try:
            return datetime.strptime(text, shape).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise SettingsError(f"{where}: valid_from is {text!r}, but must be a day such as 2026-01-31 or 31.01.2026.")


def _number(where: str, text: str, marks: set[str]) -> Decimal:
    """One sign divides decimals in all of the file, and none groups thousands, so nothing is left to guess."""
    marks.update(sign for sign in ",." if sign in text)
    shape = rf"[0-9]+(?:[.,][0-9]{{1,{RATE_DECIMALS}}})?"
    if len(marks) > 1 or not re.fullmatch(shape, text) or not Decimal(text.replace(",", ".")):
        raise SettingsError(
            f"{where}: the rate is {text!r}, but must be a number above 0 such as 0.92 or 0,92, with at most "
            f"{RATE_DECIMALS} decimals, none of the thousands divided, and the same decimal sign in every line."
        )
    return Decimal(text.replace(",", "."))


def _day_before(following: tuple[str, date] | None, currency: str) -> date:
    """The last day before the next rate of the same currency, if there is one."""
    if following is None or following[0] != currency:
        return FOR_EVER
    return following[1] - timedelta(days=1)
