"""Which records are worth comparing: those that share a key, and no key that too many share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from models.identity.calculator import calculator

BLOCKING_RULES: tuple[tuple[str, ...], ...] = (
    ("mailbox_meant",),
    ("number",),
    ("birth", "family"),
    ("birth", "given"),
    ("birth", "postcode"),
    ("postcode", "family"),
    ("postcode", "given"),
    ("street", "house", "postcode"),
    ("given", "family", "postcode_area"),
    ("given_root", "family"),
    ("birth", "city"),
    ("birth", "birth_place"),
    ("birth", "job"),
    ("birth",),
    ("street", "house"),
    ("street", "city"),
    ("family", "postcode_area"),
    ("family", "birth_place", "job"),
    ("given_start", "family_start"),
    ("family", "city"),
    ("given", "city"),
    ("street_start", "city"),
    ("family_start", "city"),
    ("given_start", "city"),
    ("family", "birth_place"),
    ("given", "birth_place"),
    ("postcode",),
)
"""Records that share all of the columns are compared; the surest rules come first."""

PAIRS_PER_RECORD = 12
"""What one rule may cost. Its largest blocks are left out until it costs no more."""
FEWEST_PAIRS = 100_000
"""So many pairs are always cheap."""
MOST_PAIRS_PER_RULE, MOST_PAIRS = 1_000_000, 6_000_000
"""What one rule and all rules together may cost; those that come last get what is left."""


@dataclass(frozen=True)
class Block:
    """What became of one rule: blocks larger than `largest_kept` records were left out."""

    rule: str
    largest: int
    largest_kept: int
    pair_count: int


def candidate_pairs(profiles: pl.DataFrame) -> tuple[pl.DataFrame, list[Block]]:
    """Return the pairs worth comparing (`profile_l` < `profile_r`, each once), and what became of each rule.

    `profiles` has profile, customer (those of the same one are not paired) and the columns of the rules. The result
    does not depend on the order of the rows.
    """
    starts = [pl.col(name).str.slice(0, 4).alias(f"{name}_start") for name in ("given", "family", "street")]
    keyed = profiles.with_columns(*starts, pl.coalesce("mailbox_meant", "mailbox").alias("mailbox_meant"))
    budget = min(max(PAIRS_PER_RECORD * profiles.height, FEWEST_PAIRS), MOST_PAIRS_PER_RULE)
    left = MOST_PAIRS
    blocks, found = [], []
    for rule in BLOCKING_RULES:
        members, block = _bounded(keyed, rule, min(budget, left))
        blocks.append(block)
        left -= block.pair_count
        if block.pair_count:
            found.append(members)
    return _pairs(found), [block for block in blocks if block.largest > 1]


def _bounded(keyed: pl.DataFrame, rule: Sequence[str], budget: int) -> tuple[pl.DataFrame, Block]:
    """The members of the blocks that are small enough: profile, customer, key."""
    filled = keyed.lazy().drop_nulls(rule).select("profile", "customer", key=pl.struct(rule).hash(seed=1))
    size = pl.col("size").cast(pl.Int64)
    shared = filled.with_columns(size=pl.len().over("key")).filter(pl.col("size") > 1).collect()
    sizes = shared.group_by("size").len("members").sort("size")
    sizes = sizes.with_columns(pairs=((size - 1) * pl.col("members") // 2).cum_sum())
    kept = sizes.filter(pl.col("pairs") <= budget)
    largest, largest_kept, pair_count = (
        sizes["size"].max() or 0,
        kept["size"].max() or 0,
        kept["pairs"].max() or 0,
    )
    members = shared.filter(pl.col("size") <= largest_kept).drop("size")
    return members, Block(" + ".join(rule), int(str(largest)), int(str(largest_kept)), int(str(pair_count)))


def _pairs(found: list[pl.DataFrame]) -> pl.DataFrame:
    if not found:
        return pl.DataFrame(schema={"profile_l": pl.Int64, "profile_r": pl.Int64})
    tables = {f"members_{at}": members for at, members in enumerate(found)}
    queries = [
        "SELECT l.profile AS profile_l, r.profile AS profile_r "
        f"FROM {name} AS l JOIN {name} AS r ON l.key = r.key AND l.profile < r.profile AND l.customer <> r.customer"
        for name in tables
    ]
    with calculator(**tables) as connection:
        pairs = connection.sql(" UNION ".join(queries)).to_arrow_table()
    return pl.DataFrame(pairs).sort("profile_l", "profile_r")
