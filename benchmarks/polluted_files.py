"""Tables in the layout of a shipped preset, polluted one way at a time; each file knows its sound records."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "UnitPrice", "InvoiceDate", "CustomerID", "Country")
SEEDS = (1, 2, 3)
_WORDS = (
    "Herz für Teelicht", "Kanne, groß", 'Tee "Assam"', "Schöne Grüße\nzum Fest", "Tasse; blau", "Laterne",
    "O'Neill's Mug",
)  # fmt: skip

Row = tuple[str, ...]


@dataclass(frozen=True)
class Polluted:
    """A file, and the records that are sound in it."""

    family: str
    name: str
    content: bytes
    rows: tuple[Row, ...]


def base_table(seed: int, size: int = 12) -> tuple[Row, ...]:
    """Order lines of invented shops, with quotes, line breaks, umlauts and amounts."""
    rng = random.Random(seed)  # noqa: S311
    rows = []
    for number in range(size):
        day, clock = rng.randrange(13, 29), f"{rng.randrange(8, 20):02}:{rng.randrange(60):02}"
        price = f"{rng.randrange(100, 99_999) / 100:.2f}"
        rows.append(
            (f"{536_000 + number}", f"S{rng.randrange(1000, 9999)}", _WORDS[number % len(_WORDS)],
             str(rng.randrange(1, 20)), price, f"2025-03-{day} {clock}", str(10_000 + number), "Germany")
        )  # fmt: skip
    return tuple(rows)


def polluted_files() -> Iterator[Polluted]:
    """Every family, on every base table."""
    for seed in SEEDS:
        rows = base_table(seed)
        for family, way, content, sound in _pollutions(rows):
            yield Polluted(family, f"{family}_{way}_{seed}".replace(" ", "_"), content, sound)


def text_of(
    rows: tuple[Row, ...],
    delimiter: str = ",",
    quote: str = '"',
    escape: str | None = None,
    newline: str = "\n",
    *,
    header: bool = True,
    quote_all: bool = False,
) -> str:
    """The table as a text."""
    table = [COLUMNS, *rows] if header else list(rows)
    lines = (delimiter.join(_cell(cell, delimiter, quote, escape, quote_all) for cell in row) for row in table)
    return "".join(line + newline for line in lines)


def _cell(cell: str, delimiter: str, quote: str, escape: str | None, quote_all: bool) -> str:
    must = quote_all or delimiter in cell or quote in cell or "\n" in cell
    return f"{quote}{cell.replace(quote, (escape or quote) + quote)}{quote}" if must else cell


Pollution = tuple[str, str, bytes, tuple[Row, ...]]


def _pollutions(rows: tuple[Row, ...]) -> Iterator[Pollution]:
    yield from _file_level(rows)
    yield from _dialects(rows)
    yield from _headers(rows)
    yield from _broken_rows(rows)


def _file_level(rows: tuple[Row, ...]) -> Iterator[Pollution]:
    text = text_of(rows)
    yield "clean", "as it is", text.encode(), rows
    yield "payload", "empty file", b"", ()
    yield "payload", "header only", text_of(()).encode(), ()
    yield "payload", "one row", text_of(rows[:1]).encode(), rows[:1]
    yield "record end", "no last", text.removesuffix("\n").encode(), rows
    yield "record end", "crlf", text_of(rows, newline="\r\n").encode(), rows
    yield "record end", "cr", text_of(rows, newline="\r").replace("\n", "\r").encode(), rows
    lines = text.split("\n")
    mixed = "".join(line + ("\r\n" if number % 2 else "\n") for number, line in enumerate(lines[:-1]))
    plain = tuple(row for row in rows if "\n" not in row[2])
    yield "record end", "mixed", mixed.encode() if len(plain) == len(rows) else _mixed(plain), plain
    yield "preamble", "one line", ("Bericht 2025\n" + text).encode(), rows
    yield "preamble", "three lines", ("Bericht\nStand: März\n\n" + text).encode(), rows
    yield "preamble", "with delimiters", ("Bericht,,,,,,,\n,,,,,,,\n" + text).encode(), rows
    yield "footer", "row count", (text + "\n12 rows\n").encode(), rows
    yield "footer", "note", (text + "\nErstellt mit dem Kassensystem\n").encode(), rows
    yield "footer", "blank lines", (text + "\n\n\n").encode(), rows
    yield "several tables", "same twice", (text_of(rows[:6]) + "\n" + text_of(rows[6:])).encode(), rows
    yield "several tables", "another", (text + "\nLand,Anzahl\nDE,3\nAT,1\n").encode(), rows
    for encoding in ("utf-8-sig", "utf-16", "cp1252", "iso-8859-15"):
        yield "encoding", encoding, text.encode(encoding), rows


def _mixed(rows: tuple[Row, ...]) -> bytes:
    lines = text_of(rows).splitlines()
    return "".join(line + ("\r\n" if number % 2 else "\n") for number, line in enumerate(lines)).encode()


def _dialects(rows: tuple[Row, ...]) -> Iterator[Pollution]:
    for name, delimiter in (
        ("semicolon", ";"),
        ("tab", "\t"),
        ("pipe", "|"),
        ("comma and space", ", "),
        ("space", " "),
    ):
        yield "delimiter", name, text_of(rows, delimiter, quote_all=delimiter == " ").encode(), rows
    yield "quote", "all", text_of(rows, quote_all=True).encode(), rows
    yield "quote", "single", text_of(rows, quote="'").encode(), rows
    yield "quote", "single all", text_of(rows, quote="'", quote_all=True).encode(), rows
    yield "escape", "backslash", text_of(rows, escape="\\").encode(), rows


def _headers(rows: tuple[Row, ...]) -> Iterator[Pollution]:
    text, body, names = text_of(rows), text_of(rows, header=False), ",".join(COLUMNS)
    yield "header", "missing", body.encode(), rows
    yield "header", "twice", (names + "\n" + text).encode(), rows
    yield "header", "extra delimiter", (names + ",\n" + body).encode(), rows
    yield "header", "missing delimiter", (names.replace(",", "", 1) + "\n" + body).encode(), rows
    yield "header", "capitals", (names.upper() + "\n" + body).encode(), rows
    yield "header", "duplicate name", (names.replace("Country", "CustomerID") + "\n" + body).encode(), rows


def _broken_rows(rows: tuple[Row, ...]) -> Iterator[Pollution]:
    for place in (0, 5, 11):
        sound = rows[:place] + rows[place + 1 :]
        head, tail = text_of(rows[:place]), text_of(rows[place + 1 :], header=False)
        row = text_of(rows[place : place + 1], header=False)
        first = row.index(",")
        for way, broken in (
            ("extra delimiter", row[:first] + "," + row[first:]),
            ("missing delimiter", row[:first] + row[first + 1 :]),
            ("extra quote", row[: first + 1] + '"' + row[first + 1 :]),
            ("quote in cell", row[: first + 2] + '"' + row[first + 2 :]),
            ("cut short", row[:first] + "\n"),
        ):
            yield f"row: {way}", str(place), (head + broken + tail).encode(), sound
    plain = tuple(row for row in rows if "\n" not in row[2])
    lines = text_of(plain).splitlines()
    yield "row: trailing delimiter", "every", "".join(f"{line},\n" for line in lines).encode(), plain
    yield "row: blank lines", "between", text_of(rows).replace("\n536", "\n\n536").encode(), rows
