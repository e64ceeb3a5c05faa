"""How well are records of one person found, and how fast? On public data with known answers, the twin, and a crowd.

    python -m benchmarks.identity

The public files lie beside the project (shared test data); without them their lines are left out.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.crowd import crowd
from benchmarks.measure import measure
from benchmarks.partitions import PairFigures, pair_figures
from models.identity import link_records

SHARED = Path(os.environ.get("STAMMKUNDE_PUBLIC_DATA", Path(__file__).parents[2] / "shared" / "data"))
RECORDS, TARGET_SECONDS, TARGET_BYTES = 2_000_000, 60, 6e9
SHARED_NUMBER, WITH_SHARED_NUMBER = "+4930901820", 50_000


@dataclass(frozen=True)
class PublicData:
    """Records as identity takes them, whose they truly are, and what is asked of us."""

    name: str
    read: Callable[[], tuple[pl.DataFrame, pl.Series]]
    country: str
    reference: str
    target: str


def febrl() -> tuple[pl.DataFrame, pl.Series]:
    """FEBRL 3: 5,000 records of 2,000 Australians, up to five each, without the social security number."""
    table = pl.read_csv(SHARED / "febrl" / "dataset3.csv", infer_schema=False)
    table = table.rename({name: name.strip() for name in table.columns}).with_columns(_cleaned())
    records = table.select(
        source_id="rec_id", first_name="given_name", last_name="surname", birth_on="date_of_birth",
        street=pl.concat_str("street_number", "address_1", separator=" ", ignore_nulls=True),
        address_line_2="address_2", city="suburb", postcode="postcode",
    )  # fmt: skip
    return _keyed(records), table["rec_id"].str.extract(r"rec-(\d+)-")


def historical() -> tuple[pl.DataFrame, pl.Series]:
    """historical_50k: 50,578 records of historical persons, with errors put in."""
    table = pl.read_parquet(SHARED / "splink" / "historical_figures_with_errors_50k.parquet").with_columns(_cleaned())
    records = table.select(
        source_id="unique_id", first_name="first_name", last_name="surname", full_name="full_name", birth_on="dob",
        birth_place="birth_place", postcode="postcode_fake", job_title="occupation",
    )  # fmt: skip
    return _keyed(records), table["cluster"]


PUBLIC = (
    PublicData("FEBRL 3", febrl, "AU", "F1: Splink .965, GoldenMatch .991", "F1 .997"),
    PublicData("historical_50k", historical, "GB", "F1/B3: Splink .757/.789, GoldenMatch .827/.862", "F1 .83, B3 .865"),
)


def main() -> None:
    """Print one table for accuracy and one for speed, or do the measured step as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--only", choices=("accuracy", "speed"))
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        STEPS[arguments.step](arguments.folder)
        return
    if arguments.only != "speed":
        print_accuracy()
    if arguments.only == "accuracy":
        return
    print_speed(arguments.records)


def print_accuracy() -> None:
    """Print a line for each public data set that is there."""
    print("\n## Identity: pairs and B-cubed against known answers\n")
    print("| data | precision | recall | F1 | B3 F1 | at least | published | seconds |")
    print("|---|---:|---:|---:|---:|---|---|---:|")
    for data in PUBLIC:
        if not SHARED.exists():
            print(f"{data.name} was not measured: the shared test data are absent.")
            continue
        started = time.monotonic()
        found = public_figures(data)
        seconds = time.monotonic() - started
        print(
            f"| {data.name} | {found.precision:.4f} | {found.recall:.4f} | **{found.f1:.4f}** | {found.b3_f1:.4f} "
            f"| {data.target} | {data.reference} | {seconds:.0f} |"
        )


def public_figures(data: PublicData) -> PairFigures:
    """The figures of our partition with the settings that all companies get."""
    records, true = data.read()
    links = link_records(records, home_country=data.country).links
    known = links.join(records.select("source_id", true=true), on="source_id")
    return pair_figures(known["customer_id"], known["true"])


def print_speed(count: int) -> None:
    """Print seconds and peak memory for a crowd, again where 50,000 of them have one phone number, and for Splink."""
    print(f"\n## Identity of {count:,} records (at most {TARGET_SECONDS} s and {TARGET_BYTES / 1e9:g} GB)\n")
    print("| records | seconds | seconds of the processor | times Splink alone | peak memory, GB |")
    print("|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="stammkunde-crowd-") as name:
        folder = Path(name)
        crowd(count).write_parquet(folder / "crowd.parquet")
        alone = _measured("splink_alone", folder)
        print(_line("Splink alone, three comparisons, nothing made comparable first", alone, alone))
        print(_line("a crowd", _measured("ours", folder), alone))
        crowd(count, number_of_all=SHARED_NUMBER, with_that_number=WITH_SHARED_NUMBER).write_parquet(
            folder / "crowd.parquet"
        )
        shared = _measured("ours", folder)
        print(_line(f"the same, {min(WITH_SHARED_NUMBER, count):,} of them with one phone number", shared, alone))


def _measured(step: str, folder: Path) -> tuple[float, float, float]:
    """Seconds and seconds of the processor of a step in a process of its own, without its start, and peak memory."""
    measured = measure([sys.executable, "-m", "benchmarks.identity", "--step", step, "--folder", str(folder)])
    seconds, busy = map(float, (folder / "seconds").read_text().split())
    return seconds, busy, measured.peak_bytes() / 1e9


def _line(name: str, step: tuple[float, float, float], alone: tuple[float, float, float]) -> str:
    seconds, busy, peak = step
    return f"| {name} | **{seconds:.1f}** | {busy:.1f} | {busy / alone[1]:.1f} | {peak:.1f} |"


@contextmanager
def _timed(folder: Path) -> Iterator[None]:
    """Note the seconds of what is done inside, and the processor's, in the folder."""
    started, busy = time.monotonic(), time.process_time()
    yield
    (folder / "seconds").write_text(f"{time.monotonic() - started} {time.process_time() - busy}")


def link_stored(folder: Path) -> None:
    """Link the crowd in the folder as we do."""
    records = pl.read_parquet(folder / "crowd.parquet").drop("person")
    with _timed(folder):
        link_records(records, home_country="DE")


def link_by_splink_alone(folder: Path) -> None:
    """Link the crowd in the folder as a first Splink model would: its own comparisons, two blocking rules, no more."""
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink import comparison_library as compare

    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="source_id",
        comparisons=[
            compare.JaroWinklerAtThresholds("first_name", [0.9]),
            compare.JaroWinklerAtThresholds("last_name", [0.9]),
            compare.ExactMatch("postcode"),
        ],
        blocking_rules_to_generate_predictions=[block_on("last_name", "postcode"), block_on("first_name", "postcode")],
    )
    with _timed(folder), duckdb.connect() as connection:
        table = connection.read_parquet(str(folder / "crowd.parquet"))
        linker = Linker(DuckDBAPI(connection).register(table.to_arrow_table()), settings, log_level=logging.ERROR)
        linker.training.estimate_probability_two_random_records_match([block_on("email")], recall=0.5)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("phone"))
        pairs = linker.inference.predict(threshold_match_probability=0.8, warning_mode="never")
        linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=0.8)


STEPS = {"ours": link_stored, "splink_alone": link_by_splink_alone}


def _cleaned() -> pl.Expr:
    return pl.col(pl.String).str.strip_chars().replace("", None)


def _keyed(records: pl.DataFrame) -> pl.DataFrame:
    return records.with_columns(source_system=pl.lit("file"), entity=pl.lit("contacts"))


if __name__ == "__main__":
    main()
