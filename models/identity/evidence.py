"""What is told of customers: why their records are one, and which groups of records were not left one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from models.identity.comparisons import COMPARISONS
from models.identity.matching import levels
from models.identity.records import RECORD_KEY

EVIDENCE_SCHEMA = pl.Schema(
    {
        **{f"{name}_{side}": pl.String for side in "lr" for name in RECORD_KEY},
        "rule": pl.String,
        "probability": pl.Float64,
        "agreements": pl.String,
        "differences": pl.String,
    }
)
CUTS_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(RECORD_KEY, pl.String),
        "cut_by": pl.String,
        "record_count": pl.Int64,
        "customer_count": pl.Int64,
        "largest_part": pl.Int64,
    }
)
"""Groups that were parted: the first record's key, the rule whose links gave way, the records, the customers
that they are now, and the records of the largest of these."""


def evidence(
    nodes: pl.DataFrame,
    profiles: pl.DataFrame,
    sure: dict[str, pl.DataFrame],
    likely: pl.DataFrame,
) -> pl.DataFrame:
    """Every link behind the customers with both records' keys; for a probability, what agrees and what differs."""
    nothing = pl.lit(None, dtype=pl.String)
    exact = [
        tie.filter(pl.col("record") != pl.col("first")).select(
            l="first", r="record", rule=pl.lit(rule), probability=pl.lit(1.0), agreements=nothing, differences=nothing
        )
        for rule, tie in sure.items()
    ]
    compared = levels(profiles, likely.select("profile_l", "profile_r", "probability"))
    told = compared.select(
        l="profile_l", r="profile_r", rule=pl.lit("similarity"), probability="probability",
        agreements=_told(compared, agree=True), differences=_told(compared, agree=False),
    )  # fmt: skip
    ends = [
        nodes.select(pl.col("record").alias(side), *(pl.col(name).alias(f"{name}_{side}") for name in RECORD_KEY))
        for side in "lr"
    ]
    keyed = pl.concat([*exact, told]).join(ends[0], on="l").join(ends[1], on="r")
    return keyed.select(list(EVIDENCE_SCHEMA)).unique().sort(list(EVIDENCE_SCHEMA))


def _told(compared: pl.DataFrame, *, agree: bool) -> pl.Expr:
    """What the levels mean in plain words: what agrees, or what differs."""
    said = []
    for comparison in COMPARISONS:
        if comparison.name not in compared.columns:
            continue
        level = pl.col(comparison.name)
        is_said = (level < len(comparison.levels)) if agree else (level == len(comparison.levels))
        meaning = level.cast(pl.Int64).replace_strict(dict(enumerate(comparison.meanings)), return_dtype=pl.String)
        said.append(pl.when(is_said).then(meaning))
    return pl.concat_str(said, separator="; ", ignore_nulls=True) if said else pl.lit("")


def cuts(members: pl.DataFrame, cut: dict[str, npt.NDArray[np.int64]]) -> pl.DataFrame:
    """What became of the groups that were cut, by rule; without those that other links have brought together again."""
    keys = members.select(*RECORD_KEY, whole="record")
    found = []
    for rule, wholes in cut.items():
        parted = members.select("component", whole=pl.Series(wholes)).filter(pl.col("whole") >= 0)
        parts = parted.group_by("whole", "component").agg(records=pl.len().cast(pl.Int64)).group_by("whole")
        counted = parts.agg(
            record_count=pl.col("records").sum(), customer_count=pl.len(), largest_part=pl.col("records").max()
        )
        found.append(
            counted.filter(pl.col("customer_count") > 1).join(keys, on="whole").with_columns(cut_by=pl.lit(rule))
        )
    table = pl.concat(found).select(pl.col(name).cast(dtype) for name, dtype in CUTS_SCHEMA.items())
    return table.sort("record_count", *RECORD_KEY, "cut_by", descending=[True, *(False for _ in range(4))])
