"""How readers of CSV take the pollution families of the Pollock benchmark, without any hint.

    python -m benchmarks.pollution

The families are those of Vitagliano et al., "Pollock: A Data Loading Benchmark" (VLDB 2023); the files are made here,
from invented tables in the layouts of shipped presets.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl

from benchmarks.polluted_files import COLUMNS, Polluted, polluted_files

Verdict = Literal["right", "refused", "wrong"]
Table = list[tuple[str, ...]]
_NOT_READ = (duckdb.Error, pl.exceptions.PolarsError, csv.Error, UnicodeDecodeError, IndexError)

EXPLANATION = """
Right: every sound record of the table is there with all its cells, and nothing else but the broken record's own line;
a broken record may be left out where the reader says so. Refused: an error, or the word that the file is of no known
kind. Wrong: anything else, without a word. The rivals' cells are compared as text, or as numbers and times where they
made such of them; a header that they take for a row, or a row for a header, is wrong, as the columns have lost their
names. Ours is compared after conversion, by order number, article, quantity and price.
"""


@dataclass(frozen=True)
class Reader:
    """A reader of CSV files: it returns the cells of each record, or raises one of `_NOT_READ`."""

    name: str
    read: Callable[[Path], tuple[list[str], Table]]


def main() -> None:
    """Judge every reader on every file and print the shares."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None).parse_args()
    files = list(polluted_files())
    verdicts: dict[str, dict[str, Verdict]] = {"ours (ingest)": judged_ours(files)}
    with tempfile.TemporaryDirectory() as name:
        for reader in READERS:
            verdicts[reader.name] = {file.name: judged(reader, file, Path(name)) for file in files}
    print_shares(files, verdicts)


def print_shares(files: list[Polluted], verdicts: dict[str, dict[str, Verdict]]) -> None:
    """Print right / refused / silently wrong, in all and for each family."""
    print(f"\n## Pollution families, {len(files)} files\n{EXPLANATION}")
    families = Counter(file.family for file in files)
    print("| family | files | " + " | ".join(verdicts) + " |")
    print("|---|---:|" + "---:|" * len(verdicts))
    for family, count in [*families.items(), ("**all**", len(files))]:
        named = [file.name for file in files if family in (file.family, "**all**")]
        cells = []
        for found in verdicts.values():
            told = Counter(found[name] for name in named)
            cells.append(f"{told['right']} / {told['refused']} / {told['wrong']}")
        print(f"| {family} | {count} | " + " | ".join(cells) + " |")
    print("\nEach cell: right / refused / silently wrong.")
    for name, found in verdicts.items():
        shares = Counter(found.values())
        print(f"{name}: {shares['right'] / len(files):.1%} right, {shares['wrong'] / len(files):.1%} silently wrong.")


def judged(reader: Reader, file: Polluted, folder: Path) -> Verdict:
    """What a rival makes of one file."""
    path = folder / "file.csv"
    path.write_bytes(file.content)
    try:
        header, rows = reader.read(path)
    except _NOT_READ:
        return "refused"
    if [name.strip().casefold() for name in header[: len(COLUMNS)]] != [name.casefold() for name in COLUMNS]:
        return "right" if not header and not file.rows else "wrong"
    found = Counter(tuple(_plain(cell) for cell in row[: len(COLUMNS)]) for row in rows)
    wanted = Counter(tuple(_plain(cell) for cell in row) for row in file.rows)
    return "right" if found == wanted else "wrong"


def _plain(cell: str) -> str:
    """A cell as it compares: numbers and times without the signs that a reader adds or takes away."""
    text = cell.strip()
    if re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:00(\.0+)?)?", text):
        return text[:16].replace("T", " ")
    try:
        return f"{float(text):g}" if text else ""
    except ValueError:
        return text


def judged_ours(files: list[Polluted]) -> dict[str, Verdict]:
    """What ingest makes of all files, landed together."""
    from pipelines.ingest.batch import ingest
    from pipelines.ingest.settings import IngestSettings

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in files:
            (folder / "landing" / file.name).mkdir(parents=True)
            (folder / "landing" / file.name / "online_retail.csv").write_bytes(file.content)
        settings = IngestSettings("GBP", "GB", "Europe/London", folder / "scratch")
        report = ingest(folder / "landing", folder / "raw", folder / "quarantine", settings)
        ids, states, messages = {}, defaultdict(set), defaultdict(list)
        for row in report.rows:
            place = row.file.partition("/")[0]
            ids[place] = row.file_id
            states[place].add(row.status)
            messages[place].append(row.message)
        lines = defaultdict(Counter)
        for file_id, *cells in duckdb.sql(
            "SELECT file_id, order_number, sku, product, quantity, unit_price "
            f"FROM read_parquet('{folder}/raw/order_lines/*.parquet')"
        ).fetchall():
            lines[file_id][tuple("" if cell is None else _plain(str(cell)) for cell in cells)] += 1
    return {file.name: _verdict(file, lines[ids[file.name]], states[file.name], messages[file.name]) for file in files}


def _verdict(file: Polluted, found: Counter[tuple[str, ...]], states: set[str], messages: list[str]) -> Verdict:
    wanted = Counter(tuple(_plain(cell) for cell in row[:5]) for row in file.rows)
    if found == wanted:
        return "right"
    if states <= {"refused", "unknown"}:
        return "refused"
    is_told = "partly" in states and not found - wanted and all(messages)
    return "refused" if is_told else "wrong"


def _duckdb(options: str) -> Callable[[Path], tuple[list[str], Table]]:
    def read(path: Path) -> tuple[list[str], Table]:
        with duckdb.connect() as connection:
            result = connection.sql(f"SELECT * FROM read_csv('{path}'{options})")
            rows = result.fetchall()
            return list(result.columns), [tuple("" if cell is None else str(cell) for cell in row) for row in rows]

    return read


def _polars(path: Path) -> tuple[list[str], Table]:
    frame = pl.read_csv(path)
    rows = [tuple("" if cell is None else str(cell) for cell in row) for row in frame.iter_rows()]
    return frame.columns, rows


def _python(path: Path) -> tuple[list[str], Table]:
    text = path.read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), csv.Sniffer().sniff(text)))
    return (rows[0] if rows else []), [tuple(row) for row in rows[1:] if row]


def _readers() -> Iterator[Reader]:
    yield Reader("DuckDB's sniffer", _duckdb(""))
    yield Reader(
        "DuckDB, ignore_errors and null_padding",
        _duckdb(", ignore_errors = true, null_padding = true, parallel = false"),
    )
    yield Reader("Polars", _polars)
    yield Reader("Python's csv with its Sniffer", _python)


READERS = tuple(_readers())

if __name__ == "__main__":
    main()
