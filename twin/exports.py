"""CSV files as vendors write them: their own header line, quoting and line ends, filled bit by bit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO, Literal, Self

import polars as pl


class CsvFile:
    """A CSV file under construction; a context manager. `rows` counts the rows written so far.

    `header` is the header line as the vendor writes it, quotes included. Numbers that are not whole get two decimals.
    """

    def __init__(
        self,
        path: Path,
        header: str,
        quotes: Literal["necessary", "always"] = "necessary",
        line_end: str = "\n",
    ) -> None:
        self.path = path
        self.header = header
        self.quotes = quotes
        self.line_end = line_end
        self.rows = 0

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = self.path.open("wb")
        self._file.write((self.header + self.line_end).encode())
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, frame: pl.DataFrame) -> None:
        """Append the rows of `frame`, whose columns stand in the order of the header."""
        frame.write_csv(
            self._file,
            include_header=False,
            quote_style=self.quotes,
            line_terminator=self.line_end,
            float_precision=2,
        )
        self.rows += frame.height


def columns_of(line: str) -> tuple[str, ...]:
    """The column names of a header line without quotes."""
    return tuple(line.split(","))


def unquoted(columns: Iterable[str]) -> str:
    """A header line without quotes."""
    return ",".join(columns)


def quoted(columns: Iterable[str]) -> str:
    """A header line with every name quoted."""
    return ",".join(f'"{column}"' for column in columns)


def quoted_where_needed(columns: Iterable[str]) -> str:
    """A header line in which only names of several words are quoted, as Mailchimp has it."""
    return ",".join(f'"{column}"' if " " in column else column for column in columns)
