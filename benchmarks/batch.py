"""The whole batch on a twin of a given size, beside the floor: DuckDB copying the same CSV files untouched.

    python -m benchmarks.batch --size M

Prints, for each stage, seconds, peak memory and the ratio to the floor measured in the same run.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.measure import Measurement, measure

SIZES = {"S": 10_000, "M": 100_000, "L": 1_000_000}
STAMMKUNDE = str(Path(sys.executable).parent / "stammkunde")


@dataclass(frozen=True)
class Stage:
    """One step of the run."""

    name: str
    seconds: float
    peak_bytes: int


def main() -> None:
    """Measure one size and print the table of its stages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", choices=SIZES, default="S")
    parser.add_argument("--keep", action="store_true", help="leave the workspace for a look at it")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix=f"stammkunde-{arguments.size}-"))
    try:
        report(arguments.size, folder / "workspace")
    finally:
        if arguments.keep:
            print(f"\nThe workspace stays in {folder}.")
        else:
            shutil.rmtree(folder)


def report(size: str, workspace: Path) -> None:
    """Generate the twin, measure the floor, the first and the second run, and print them."""
    customers = SIZES[size]
    environment = {**os.environ, "STAMMKUNDE_WORKSPACE": str(workspace)}
    twin = _succeed(measure([STAMMKUNDE, "demo", "--customers", str(customers)], environment))
    floor = copy_untouched(workspace / "landing", workspace.parent / "floor")
    first = _succeed(measure([STAMMKUNDE, "run"], environment))
    stages = stages_of_last_run(workspace, first)
    second = _succeed(measure([STAMMKUNDE, "run"], environment))
    megabytes = sum(path.stat().st_size for path in (workspace / "landing").rglob("*.csv")) / 1e6
    print(f"\n## Size {size}: {customers:,} customers, {megabytes:,.0f} MB of CSV")
    print(
        f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"DuckDB {duckdb.__version__}"
    )
    print("\n| stage | seconds | peak memory, MB | times the floor |")
    print("|---|---:|---:|---:|")
    _print_row("the floor: DuckDB copies the same CSV to Parquet as text", floor, None, floor)
    _print_row("writing the twin (not part of a batch)", twin.seconds, twin.peak_bytes(), floor)
    for stage in stages:
        _print_row(stage.name, stage.seconds, stage.peak_bytes, floor)
    _print_row("**first run, whole process**", first.seconds, first.peak_bytes(), floor)
    _print_row("**second run, nothing new landed**", second.seconds, second.peak_bytes(), floor)


def copy_untouched(landing: Path, target: Path) -> float:
    """Return the seconds that DuckDB takes to copy every CSV file to Parquet, all columns as text."""
    target.mkdir(parents=True)
    started = time.monotonic()
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        for number, path in enumerate(sorted(landing.rglob("*.csv"))):
            connection.execute(
                "copy (select * from read_csv($source, all_varchar = true, delim = ',', quote = '\"', header = true,"
                " max_line_size = 10000000)) to '" + str(target / f"{number}.parquet") + "' (format parquet)",
                {"source": str(path)},
            )
    return time.monotonic() - started


def stages_of_last_run(workspace: Path, measurement: Measurement) -> list[Stage]:
    """Return the steps of the newest run in the workspace's Dagster instance, in the order they ran."""
    os.environ["DAGSTER_HOME"] = str(workspace / "dagster")
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        run = instance.get_runs(limit=1)[0]
        steps = instance.get_run_step_stats(run.run_id)
    timed = sorted(
        (step.start_time, step.end_time, step.step_key) for step in steps if step.start_time and step.end_time
    )
    return [Stage(name, end - start, measurement.peak_bytes(start, end)) for start, end, name in timed]


def _succeed(measurement: Measurement) -> Measurement:
    if measurement.exit_status != 0:
        raise SystemExit(f"A measured process ended with exit status {measurement.exit_status}.")
    return measurement


def _print_row(name: str, seconds: float, peak_bytes: int | None, floor: float) -> None:
    peak = f"{peak_bytes / 1e6:,.0f}" if peak_bytes else ""
    print(f"| {name} | {seconds:,.1f} | {peak} | {seconds / floor:,.1f} |")


if __name__ == "__main__":
    main()
