"""A recognised file as one relation: `record`, `line`, and the texts `c0`, `c1`, ... that its preset reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb.func import PythonUDFType

from pipelines.ingest.broken_rows import CLOSING_WORDS, LONGEST_FOOTER, second_table
from pipelines.ingest.encoding import TextFile
from pipelines.ingest.header import Header, normalised
from pipelines.ingest.record_count import RecordCount
from pipelines.ingest.records import raw_texts
from pipelines.ingest.staging import Staged, column_name, stage
from pipelines.ingest.values import is_untrimmed, trimmed
from pipelines.quoting import file_literal, literal

_LINE_OF = "line_of_record"
_WITH_NUMBER = re.compile("[0-9@]")
"""What the names of columns seldom hold, and numbers, dates and addresses always do."""


@dataclass(frozen=True)
class Source:
    """`relation` is SQL to select from; `rejects` holds the records that are broken in form, if there are any.

    `notes` say what of the file was left out.
    """

    relation: str
    row_count: int
    header: Header
    text_file: Path | None
    rejects: Path | None = None
    reject_count: int = 0
    typed_numbers: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    has_gaps: bool = False
    """Whether records were taken out of `relation`, so that their numbers do not follow each other."""
    keeps_order: bool = True
    """Whether rows come out of `relation` in the order of the file without being sorted."""

    def numbered(self, connection: duckdb.DuckDBPyConnection, cell: str) -> Source:
        """The same rows with their place among those of the same cell, from 1, as `position_name(cell)`.

        Where equal cells stand together, as the lines of an order usually do, nothing is sorted.
        """
        is_start = f"{cell} IS DISTINCT FROM lag({cell}) OVER () OR record = 0"
        runs = f"(SELECT *, {is_start} AS is_start FROM {self.relation} AS cells) AS runs"
        counts = f"SELECT count_if(is_start) = count(DISTINCT {cell}) AND count({cell}) = count(*) FROM {runs}"
        row = None if self.has_gaps else connection.execute(counts).fetchone()
        if row and row[0]:
            first = "max(CASE WHEN is_start THEN record END) OVER (ROWS UNBOUNDED PRECEDING)"
            numbered = f"(SELECT * EXCLUDE is_start, record - {first} + 1 AS {position_name(cell)} FROM {runs})"
            return replace(self, relation=numbered)
        number = f"row_number() OVER (PARTITION BY {cell} ORDER BY record) AS {position_name(cell)}"
        return replace(self, relation=f"(SELECT *, {number} FROM {self.relation} AS cells)", keeps_order=False)

    def raw_texts(self, connection: duckdb.DuckDBPyConnection, lines: Sequence[int]) -> Iterator[tuple[int, str]]:
        """The records that start on these lines (in rising order), as they stand in the landed file."""
        if self.text_file:
            yield from raw_texts(self.text_file, self.header.dialect, lines)
            return
        cursor = connection.execute(
            f"SELECT line, to_json(source)::VARCHAR FROM {self.relation} AS source "
            "WHERE line IN (SELECT unnest($1::BIGINT[])) ORDER BY line",
            [list(lines)],
        )
        yield from cursor.fetchall()


def position_name(cell: str) -> str:
    """The SQL name of a row's place among those with the same cell."""
    return f"position_{cell}"


def text_source(
    connection: duckdb.DuckDBPyConnection,
    text: TextFile,
    header: Header,
    positions: Sequence[int],
    words: frozenset[str],
    scratch: Path,
) -> Source:
    """A UTF-8 text file, staged in `scratch`, without header rows that are said again and without closing lines.

    `words` are the headers of every known kind of file. Raises RefusalError where the file holds two tables.
    """
    staged = stage(connection, text, header, positions, words, scratch)
    cells = [column_name(at) for at in positions]
    form = _form(connection, staged, cells, positions, words)
    columns = [f"{_cleaned(cell)} AS {cell}" if cell in form.unclean else cell for cell in cells]
    rows = f"(SELECT {_record_and_line(connection, staged)}, {', '.join(columns)} FROM {rows_of(staged.records)})"
    source = Source(
        rows, staged.row_count, staged.header, text.path, staged.rejects, staged.reject_count, notes=staged.notes
    )
    source = _without_repeated_headers(source, form, cells, positions)
    _refuse_unknown_table(connection, source, cells, staged.after_blank)
    return _without_closing_rows(source, staged, cells, frozenset(staged.after_blank))


def rows_of(path: Path) -> str:
    """SQL for the rows of a staged file, with their numbers from 0."""
    return f"read_parquet({file_literal(path)}, file_row_number = true)"


def _record_and_line(connection: duckdb.DuckDBPyConnection, staged: Staged) -> str:
    """SQL for a record's number from 0, and for the line on which it starts."""
    count = staged.count
    if count is None:
        return "file_row_number AS record, line"
    if len(count.offsets) < 2:
        return f"file_row_number AS record, file_row_number + {int(count.offsets.sum())} AS line"
    _register_lines(connection, count)
    return f"file_row_number AS record, {_LINE_OF}(file_row_number) AS line"


def _register_lines(connection: duckdb.DuckDBPyConnection, count: RecordCount) -> None:
    """Teach the engine where records start. (A join would lose the order of the file.)"""

    def line_of(records: pa.Array) -> pa.Array:
        return pa.array(count.lines_of(np.asarray(records.to_numpy(zero_copy_only=False), dtype=np.int64)))

    with suppress(duckdb.CatalogException):  # to ask for the function is far quicker than to look it up in a list
        connection.execute(f"SELECT {_LINE_OF}(0)").fetchall()
        connection.remove_function(_LINE_OF)
    connection.create_function(_LINE_OF, line_of, ["BIGINT"], "BIGINT", type=PythonUDFType.ARROW)


@dataclass(frozen=True)
class _Form:
    """What one pass over the staged texts tells of their form."""

    unclean: frozenset[str]
    """The columns with cells that are not trimmed, or break their lines with a carriage return."""
    repeated_headers: int


def _form(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    cells: Sequence[str],
    positions: Sequence[int],
    words: frozenset[str],
) -> _Form:
    if not cells:
        return _Form(frozenset(), 0)
    counts = [f"count_if({_is_unclean(cell, staged)})" for cell in cells]
    counts.append(f"count_if({_is_header(staged.header, cells, positions)})")
    row = connection.execute(f"SELECT {', '.join(counts)} FROM {rows_of(staged.records)}").fetchone() or ()
    *unclean, repeated = (int(count or 0) for count in row)
    _refuse_second_table(connection, staged, cells, positions, words)
    return _Form(frozenset(cell for cell, count in zip(cells, unclean, strict=True) if count), repeated)


def _is_unclean(cell: str, staged: Staged) -> str:
    test = is_untrimmed(cell, has_odd_blanks=staged.has_odd_blanks)
    return f"{test} OR contains({cell}, chr(13))" if staged.has_returns else test


def _cleaned(cell: str) -> str:
    """A cell as text: trimmed, and with its lines parted as everywhere, whatever system wrote the file."""
    return trimmed(f"replace({cell}, chr(13) || chr(10), chr(10))")


def _is_header(header: Header, cells: Sequence[str], positions: Sequence[int]) -> str:
    """SQL that is true for a row that says the header once more."""
    pairs = zip(cells[:4], positions[:4], strict=True)
    return " AND ".join(f"{_as_label(cell)} = {literal(normalised(header.cells[at]))}" for cell, at in pairs)


def _as_label(cell: str) -> str:
    """SQL for a cell as a header is compared: files that were put together carry a byte order mark in the middle."""
    return f"coalesce(lower(trim(replace({cell}, chr(65279), ''))), '')"


def _may_be_label(cell: str) -> str:
    """SQL that is false for most cells that are no header: those that begin with a digit or a hash, as numbers do."""
    return f"NOT (({cell} >= '0' AND {cell} < ':') OR ({cell} >= '#' AND {cell} < '$'))"


def _refuse_second_table(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    cells: Sequence[str],
    positions: Sequence[int],
    words: frozenset[str],
) -> None:
    """Raise RefusalError where a row reads like the header of another table."""
    likely = connection.execute(
        f"SELECT {_record_and_line(connection, staged)}, {', '.join(cells)} FROM {rows_of(staged.records)} "
        f"WHERE {_may_be_label(cells[0])} AND {_as_label(cells[0])} IN (SELECT unnest($1::VARCHAR[])) "
        f"AND NOT ({_is_header(staged.header, cells, positions)}) ORDER BY record LIMIT 1000",
        [sorted(words)],
    ).fetchall()
    for _, line, *texts in likely:
        filled = [normalised(text) for text in texts if text]
        if len(filled) > 1 and words.issuperset(filled):
            raise second_table(line)


def _without_repeated_headers(source: Source, form: _Form, cells: Sequence[str], positions: Sequence[int]) -> Source:
    count = form.repeated_headers
    if not count:
        return source
    rows = "1 row says" if count == 1 else f"{count} rows say"
    is_header = _is_header(source.header, cells, positions)
    return replace(
        source,
        relation=f"(SELECT * FROM {source.relation} AS all_rows WHERE NOT ({is_header}))",
        row_count=source.row_count - count,
        notes=(*source.notes, f"{rows} the header once more, and was left out."),
        has_gaps=True,
    )


def _refuse_unknown_table(
    connection: duckdb.DuckDBPyConnection, source: Source, cells: Sequence[str], after_blank: Sequence[int]
) -> None:
    """Raise RefusalError where a row below a blank line holds only words, also where every row above has a number."""
    if not (cells and after_blank):
        return
    rows = connection.execute(
        f"SELECT line, {', '.join(cells)} FROM {source.relation} AS rows "
        "WHERE line IN (SELECT unnest($1::BIGINT[])) ORDER BY line",
        [list(after_blank)],
    ).fetchall()
    for line, *texts in rows:
        filled = {cell: text for cell, text in zip(cells, texts, strict=True) if text}
        if len(filled) < 2 or any(_WITH_NUMBER.search(text) for text in filled.values()):
            continue
        tests = [f"count(*) > 0 AND bool_and(coalesce(regexp_matches({cell}, '[0-9@]'), false))" for cell in filled]
        above = connection.execute(
            f"SELECT {' OR '.join(tests)} FROM {source.relation} AS rows WHERE line < $1", [line]
        ).fetchone()
        if above and above[0]:
            raise second_table(line)


def _last_rows(staged: Staged, cells: Sequence[str]) -> list[tuple[int, int, list[str]]]:
    """The last records from the end: number, line, trimmed cells. Only the end of the staged file is read."""
    file = pq.ParquetFile(staged.records)
    if not cells or not file.metadata.num_rows:
        return []
    group = file.read_row_group(file.metadata.num_row_groups - 1)
    tail = group.slice(max(group.num_rows - LONGEST_FOOTER, 0)).to_pylist()
    first = file.metadata.num_rows - len(tail)
    records = np.arange(first, first + len(tail))
    lines = staged.count.lines_of(records) if staged.count else [row["line"] for row in tail]
    texts = [[(row[cell] or "").strip() for cell in cells] for row in tail]
    return list(zip(records.tolist(), map(int, lines), texts, strict=True))[::-1]


def _without_closing_rows(source: Source, staged: Staged, cells: Sequence[str], after_blank: frozenset[int]) -> Source:
    """The source without the rows at its end that close the table: a sum, a number of rows, a remark."""
    last = _last_rows(staged, cells)
    closing = []
    for record, line, texts in last:
        filled = [text for text in texts if text]
        is_apart = len(filled) <= max(2, len(texts) // 3) or line in after_blank
        if filled and not (CLOSING_WORDS.match(filled[0]) and is_apart):
            break
        closing += [(record, line)] if filled else []
    if not closing:
        return source
    record, line = closing[-1]
    rows = (
        f"The row that closes the table was left out (line {line})."
        if len(closing) == 1
        else f"{len(closing)} rows that close the table were left out (from line {line})."
    )
    return replace(
        source,
        relation=f"(SELECT * FROM {source.relation} AS all_rows WHERE record < {record})",
        row_count=source.row_count - (last[0][0] - record + 1),
        notes=(*source.notes, rows),
    )
