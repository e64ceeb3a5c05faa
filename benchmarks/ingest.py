"""How fast one large order file is taken in, beside the floor: DuckDB copying the same CSV to Parquet as text.

    python -m benchmarks.ingest --gigabytes 1

Prints seconds, the peak memory of the whole process tree, and the ratio to the floor measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.measure import Measurement, measure

CUSTOMERS = 20_000
TARGET_INGEST, TARGET_CHECKED, TARGET_BYTES = 2.5, 4.0, 2e9
MEMORY_LIMIT = "1GB"
"""The engine's own limit; with Python and its libraries beside it the whole stays below 2 GB."""
SMALL_FILES, SMALL_FILE_LINES = 200, 8
BROKEN_EVERY = 10_000
BROKEN_FILE_BYTES = 200_000_000
_DIALECT = "delim = ',', quote = '\"', escape = '\"', header = true"


@dataclass(frozen=True)
class Line:
    """One line of the table; `floor` is None where the copy was not measured."""

    name: str
    measurement: Measurement
    floor: Measurement | None


def main() -> None:
    """Measure and print, or do one of the measured steps as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--gigabytes", type=float, default=1.0, help="size of the order file; 5 fits in 2 GB of memory")
    parser.add_argument("--step", choices=("floor", "ingest", "checked"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        STEPS[arguments.step](arguments.folder)
        return
    folder = Path(tempfile.mkdtemp(prefix="stammkunde-ingest-"))
    try:
        report(folder, int(arguments.gigabytes * 1e9))
    finally:
        shutil.rmtree(folder)


def report(folder: Path, size: int) -> None:
    """Generate the files, measure each step, and print the table."""
    part = twin_orders(folder / "twin")
    write_large(part, folder / "large" / "landing" / "orders_export.csv", size)
    measured = {step: run_step(step, folder / "large") for step in ("floor", "ingest", "checked")}
    floor = _mean(measured["floor"], run_step("floor", folder / "large"))
    lines = [
        Line("the floor: DuckDB copies the same CSV to Parquet as text (the mean of two)", floor, floor),
        Line(f"**ingest** (target {TARGET_INGEST})", measured["ingest"], floor),
        Line(f"**ingest and checks** (target {TARGET_CHECKED})", measured["checked"], floor),
    ]
    shutil.rmtree(folder / "large")
    write_broken(part, folder / "broken" / "landing" / "orders_export.csv", min(BROKEN_FILE_BYTES, size))
    lines.append(
        Line(f"ingest, 200 MB, one row in {BROKEN_EVERY:,} broken", run_step("ingest", folder / "broken"), None)
    )
    write_small(part, folder / "small" / "landing")
    small = run_step("ingest", folder / "small")
    lines.append(Line(f"ingest, {SMALL_FILES} files of a few KB", small, None))
    print_table(size, lines)
    seconds = json.loads((folder / "small" / "seconds.json").read_text())
    print(f"\n{1000 * seconds / SMALL_FILES:,.0f} ms for a small file, without the start of the process.")


def print_table(size: int, lines: Sequence[Line]) -> None:
    """Print one line for each measured step."""
    print(f"\n## Ingest of one Shopify order file of {size / 1e9:g} GB\n")
    print("| step | seconds | peak memory, MB | times the floor | processor seconds | times the floor's |")
    print("|---|---:|---:|---:|---:|---:|")
    for line in lines:
        measured, floor = line.measurement, line.floor
        ratio = f"{measured.seconds / floor.seconds:.2f}" if floor else ""
        cpu_ratio = f"{measured.cpu_seconds / floor.cpu_seconds:.2f}" if floor else ""
        peak = measured.peak_bytes() / 1e6
        cells = (
            line.name,
            f"{measured.seconds:,.1f}",
            f"{peak:,.0f}",
            ratio,
            f"{measured.cpu_seconds:,.1f}",
            cpu_ratio,
        )
        print(f"| {' | '.join(cells)} |")


def _mean(first: Measurement, second: Measurement) -> Measurement:
    """Between two runs of the same step, before and after what they are compared with: others use the machine too."""
    seconds, cpu_seconds = (first.seconds + second.seconds) / 2, (first.cpu_seconds + second.cpu_seconds) / 2
    return Measurement(seconds, second.exit_status, cpu_seconds, [*first.samples, *second.samples])


def run_step(step: str, folder: Path) -> Measurement:
    """One step as a process of its own; ends the program where it fails."""
    measured = measure([sys.executable, "-m", "benchmarks.ingest", "--step", step, "--folder", str(folder)])
    if measured.exit_status != 0:
        raise SystemExit(f"The step {step} ended with exit status {measured.exit_status}.")
    return measured


def twin_orders(folder: Path) -> Path:
    """The largest order file of a company of moderate size; its neighbours repeat some of its orders."""
    from twin.writing import write_company

    write_company(folder, customers=CUSTOMERS)
    return max(folder.rglob("orders_export_*.csv"), key=lambda path: path.stat().st_size)


def write_large(part: Path, target: Path, size: int) -> None:
    """The part again and again, each time with fresh order numbers, until the file has the size."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": "4GB"}) as connection:
        connection.execute(
            f"CREATE TABLE orders AS SELECT * FROM read_csv($file, all_varchar = true, {_DIALECT})",
            {"file": str(part)},
        )
        copies = -(-size // part.stat().st_size)
        for copy in range(copies):
            connection.execute(
                f"COPY (SELECT '#{copy}-' || Name[2:] AS Name, * EXCLUDE (Name) FROM orders) "
                f"TO '{target.parent}/{copy}.csv' (FORMAT csv, HEADER {'true' if copy == 0 else 'false'})"
            )
    with target.open("wb") as whole:
        for copy in range(copies):
            piece = target.parent / f"{copy}.csv"
            with piece.open("rb") as file:
                shutil.copyfileobj(file, whole, 1 << 24)
            piece.unlink()


def write_broken(part: Path, target: Path, size: int) -> None:
    """A large file in which one line in ten thousand lacks its last cells."""
    whole = target.with_name("whole")
    write_large(part, whole, size)
    with whole.open("rb") as source, target.open("wb") as file:
        for number, line in enumerate(source, start=1):
            file.write(line[: len(line) // 2] + b"\n" if number % BROKEN_EVERY == 0 else line)
    whole.unlink()


def write_small(part: Path, folder: Path) -> None:
    """Many files of a few lines each."""
    folder.mkdir(parents=True)
    with part.open(encoding="utf-8") as file:
        header = file.readline()
        for number in range(SMALL_FILES):
            lines = [file.readline() for _ in range(SMALL_FILE_LINES)]
            (folder / f"orders_export_{number}.csv").write_text(header + "".join(lines), encoding="utf-8")


def copy_as_text(folder: Path) -> None:
    """The floor, with the engine's own defaults: a longer `max_line_size` or less memory would make it slow."""
    (source,) = (folder / "landing").glob("*.csv")
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_csv($source, all_varchar = true, {_DIALECT})) "
            f"TO '{folder}/floor.parquet' (FORMAT parquet)",
            {"source": str(source)},
        )


def take_in(folder: Path) -> None:
    """Ingest alone, into fresh folders; notes its own seconds, without the start of the process."""
    from pipelines.ingest.batch import ingest
    from pipelines.ingest.settings import IngestSettings

    for name in ("raw", "quarantine"):
        shutil.rmtree(folder / name, ignore_errors=True)
    settings = IngestSettings(
        "EUR", "DE", "Europe/Berlin", folder / "scratch", frozenset({"USD", "GBP", "CHF"}), memory_limit=MEMORY_LIMIT
    )
    started = time.monotonic()
    report = ingest(folder / "landing", folder / "raw", folder / "quarantine", settings)
    (folder / "seconds.json").write_text(json.dumps(time.monotonic() - started))
    if lost := [row.message for row in report.rows if row.status not in ("loaded", "partly", "empty")]:
        raise SystemExit(f"A file was not loaded: {lost[0]}")


def take_in_and_check(folder: Path) -> None:
    """Ingest, then every check of the raw entities as a run makes them."""
    take_in(folder)
    from data_quality.contracts import contracts
    from pipelines.judged_files import judge_new_files

    for entity in contracts():
        judge_new_files(folder / "raw", entity)


STEPS = {"floor": copy_as_text, "ingest": take_in, "checked": take_in_and_check}

if __name__ == "__main__":
    main()
