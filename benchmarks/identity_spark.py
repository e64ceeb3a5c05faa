"""Do the matching model's settings give on Spark what they give on DuckDB?

    python -m benchmarks.identity_spark

Needs Java and, beside our own packages, pyspark 3.5 and sqlglot without its compiled half (`pip uninstall sqlglotc`),
which Splink's dialect of Spark cannot extend. Neither is among our requirements.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.crowd import crowd
from models.identity.agreement import shipped_agreement
from models.identity.blocking import candidate_pairs
from models.identity.comparisons import present_comparisons
from models.identity.matching import LOWEST_WEIGHT, score, term_frequencies
from models.identity.records import COMPARED, comparable
from models.identity.splink_model import settings

RECORDS = 1_000


def main() -> None:
    """Compare a crowd on both engines, and print by how much they differ."""
    agreement = shipped_agreement()
    records = comparable(crowd(RECORDS).drop("person"), "DE")
    profiles = records.select(*COMPARED, profile="record", customer="record")
    pairs, _ = candidate_pairs(profiles)
    with tempfile.TemporaryDirectory(prefix="stammkunde-spark-") as folder:
        theirs = scored_on_spark(profiles, pairs, Path(folder))
    ours = score(profiles, pairs, agreement)
    both = ours.join(theirs, on=["profile_l", "profile_r"], how="full", coalesce=True)
    print(f"\n## {pairs.height:,} pairs of {RECORDS:,} records on Spark and on DuckDB\n")
    farthest = (both["probability"] - both["probability_on_spark"]).abs().max()
    print(
        f"Scored by DuckDB {ours.height:,}, by Spark {theirs.height:,}, by both {both.drop_nulls().height:,}; ", end=""
    )
    print(f"the probabilities differ by at most {farthest:.1e}.")


def scored_on_spark(profiles: pl.DataFrame, pairs: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """profile_l, profile_r and probability_on_spark of the pairs."""
    from pyspark.sql import SparkSession
    from splink import Linker
    from splink.backends.spark import SparkAPI, similarity_jar_location

    builder = SparkSession.builder.master("local[2]").config("spark.jars", similarity_jar_location())
    spark = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2").getOrCreate()
    spark.sparkContext.setCheckpointDir(str(folder / "checkpoints"))
    engine, agreement, present = SparkAPI(spark_session=spark), shipped_agreement(), present_comparisons(profiles)

    def registered(name: str, table: pl.DataFrame) -> Any:
        table.write_parquet(folder / f"{name}.parquet")
        return engine.register(spark.read.parquet(str(folder / f"{name}.parquet")))

    model = Linker(
        registered("profiles", profiles), settings(present, agreement, agreement.any_two), log_level=logging.ERROR
    )
    for column, frequencies in term_frequencies(profiles, present, agreement).items():
        model.table_management.register_term_frequency_lookup(registered(f"tf_{column}", frequencies), column)
    keys = pairs.select(match_key=pl.lit("0"), join_key_l="profile_l", join_key_r="profile_r")
    model.table_management.register_blocked_pairs_for_predict(registered("pairs", keys))
    found = model.inference.predict(threshold_match_weight=LOWEST_WEIGHT, warning_mode="never").as_spark_dataframe()
    rows = found.select("profile_l", "profile_r", "match_probability").collect()
    return pl.DataFrame(
        [tuple(row) for row in rows], schema=["profile_l", "profile_r", "probability_on_spark"], orient="row"
    )


if __name__ == "__main__":
    main()
