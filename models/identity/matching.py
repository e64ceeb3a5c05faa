"""How probably are two records the same customer? Splink's model of Fellegi and Sunter, its parameters kept as numbers.

For every degree of agreement the model knows how often it occurs among records of one customer (m) and of two (u).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from models.identity.agreement import Agreement
from models.identity.calculator import calculator
from models.identity.clusters import MATCH_PROBABILITY
from models.identity.comparisons import (
    BIRTH,
    COMPARISONS,
    MAILBOX,
    NAME,
    OTHER_NAMES,
    SAME_BIRTH,
    Comparison,
    present_comparisons,
)
from models.identity.records import COMPARED
from models.identity.splink_model import linker
from models.names import nicknames

LOWEST_WEIGHT = -6.0
_SCORED = pl.Schema({"profile_l": pl.Int64, "profile_r": pl.Int64, "probability": pl.Float64})


def score(profiles: pl.DataFrame, pairs: pl.DataFrame, agreement: Agreement) -> pl.DataFrame:
    """Return profile_l, profile_r, probability of the pairs. Those that are most improbable are left out."""
    present = present_comparisons(profiles)
    if not present or pairs.is_empty():
        return pl.DataFrame(schema=_SCORED)
    with linker(profiles, present, agreement, agreement.any_two) as model:
        for column, frequencies in term_frequencies(profiles, present, agreement).items():
            model.table_management.register_term_frequency_lookup(
                model._db_api.register(frequencies.to_arrow()), column
            )
        keys = pairs.select(pl.lit("0").alias("match_key"), join_key_l="profile_l", join_key_r="profile_r")
        model.table_management.register_blocked_pairs_for_predict(model._db_api.register(keys.to_arrow()))
        found = model.inference.predict(threshold_match_weight=LOWEST_WEIGHT, warning_mode="never")
        table = found.as_duckdbpyrelation().select("profile_l, profile_r, match_probability AS probability")
        scored = pl.DataFrame(table.to_arrow_table())
    return scored.cast(_SCORED).sort("profile_l", "profile_r")


def term_frequencies(
    profiles: pl.DataFrame, present: Sequence[Comparison], agreement: Agreement
) -> dict[str, pl.DataFrame]:
    """Return how probably another customer has the same value, by column: the value and tf_<column>.

    Counted among customers, as the busiest have most records; the two that are compared do not count, or else a value
    that only they have would look common.
    """
    count = profiles["customer"].n_unique()
    tables = {}
    for column, by_chance in _chances(present, agreement).items():
        others = pl.max_horizontal(pl.col("holders").cast(pl.Int64) - 2, 0) / count
        holders = profiles.lazy().select("customer", column).drop_nulls().unique().group_by(column).len("holders")
        tables[column] = holders.select(column, (others + min(by_chance, 1 / count)).alias(f"tf_{column}")).collect()
    return tables


def _chances(present: Sequence[Comparison], agreement: Agreement) -> dict[str, float]:
    """Of each column that is weighed by how rare its values are, how often any two agree in it and no more."""
    chances: dict[str, float] = {}
    for comparison in present:
        for at, level in enumerate(comparison.levels):
            if level.weighed_by and comparison.equality(level.weighed_by) in (at, None):
                chances[level.weighed_by] = agreement.rates[comparison.name][at][1]
    return chances


def levels(profiles: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs (profile_l, profile_r and what else they have) with the level of every comparison by its name:
    0 is the surest, one more than the last differs, null is not known."""
    sides = [
        f"SELECT profile AS profile_{side}, {', '.join(f'{name} AS {name}_{side}' for name in COMPARED)} FROM profiles"
        for side in "lr"
    ]
    cases = ", ".join(f'{_level(comparison)} AS "{comparison.name}"' for comparison in COMPARISONS)
    with calculator(profiles=profiles.select("profile", *COMPARED), pairs=pairs) as connection:
        table = connection.sql(
            f"SELECT pairs.*, {cases} FROM pairs JOIN ({sides[0]}) AS l USING (profile_l) "
            f"JOIN ({sides[1]}) AS r USING (profile_r)"
        ).to_arrow_table()
    return pl.DataFrame(table).sort("profile_l", "profile_r")


def without_housemates(profiles: pl.DataFrame, scored: pl.DataFrame) -> pl.DataFrame:
    """Return the scored pairs without those that share what households and offices share, and have first names that are
    both known and not the same: only a birth date shows that it is one person, or a mailbox where one of the names is a
    short one, which may stand for several."""
    likely = scored.filter(pl.col("probability") >= MATCH_PROBABILITY)
    for side in "lr":
        names = profiles.select(pl.col("profile", "given", "given_known").name.suffix(f"_{side}"))
        likely = likely.join(names, on=f"profile_{side}", maintain_order="left")
    are_names = (pl.col("given_l") != pl.col("given_r")) & (pl.col("given_known_l") == pl.col("given_known_r"))
    is_short = pl.any_horizontal(pl.col("given_l", "given_r").is_in(list(nicknames())))
    told = levels(profiles, likely.filter(are_names).select("profile_l", "profile_r", is_short=is_short))
    is_proven = pl.col(BIRTH.name).is_in(SAME_BIRTH) | (pl.col("is_short") & (pl.col(MAILBOX.name) == 0))
    housemates = told.filter(pl.col(NAME.name).is_in(OTHER_NAMES) & ~is_proven.fill_null(False))
    return scored.join(
        housemates.select("profile_l", "profile_r"), on=["profile_l", "profile_r"], how="anti", maintain_order="left"
    )


def _level(comparison: Comparison) -> str:
    column = comparison.column
    cases = " ".join(f"WHEN {level.condition} THEN {at}" for at, level in enumerate(comparison.levels))
    unknown = f"{column}_l IS NULL OR {column}_r IS NULL"
    return f"CASE WHEN {unknown} THEN NULL {cases} ELSE {len(comparison.levels)} END"
