"""Does the order in which records arrive matter? A crowd arrives in two to four parts, in many random orders.

    python -m benchmarks.arrivals --orders 100

Some of it hangs together by likeness alone, some by chains of numbers, people have decided on some, and there is
enough for the model to learn from. Prints how many partitions the orders end in (1 is right), how many ids lead nowhere
in the end, and how many change when the last run is repeated.
"""

from __future__ import annotations

import argparse

import numpy as np
import polars as pl

from benchmarks.crowd import crowd
from models.identity import RECORD_KEY, Linked, link_records

RECORDS, CHAINED, DECIDED, REPEATED_EVERY = 700, 50, 5, 10


def main() -> None:
    """Let the crowd arrive in so many orders, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--records", type=int, default=RECORDS)
    arguments = parser.parse_args()
    records = pl.concat([crowd(arguments.records).drop("person"), chain(CHAINED)], how="diagonal")
    decisions = decided(run(records).links)
    whole = run(records, decisions=decisions)
    partitions, changed, lost = {partition(whole)}, 0, 0
    for seed in range(arguments.orders):
        *_, last = history = arrivals(records, decisions, seed)
        partitions.add(partition(last))
        lost += lost_ids(history)
        if seed % REPEATED_EVERY == 0:
            changed += (run(records, last, decisions).links["customer_id"] != last.links["customer_id"]).sum()
    tied = whole.links.filter(matched_by="similarity").height
    print(f"\n## {arguments.orders} orders of arrival of {arguments.records:,} records\n")
    print(f"Records that only their likeness ties to a customer: {tied}. Groups parted: {whole.cuts.height}. ", end="")
    print(
        f"Decisions by people: {decisions.height}. Partitions: {len(partitions)}. Ids that lead nowhere: {lost}. ",
        end="",
    )
    print(f"Ids that changed when the last run was repeated: {changed}.")


def chain(people: int) -> pl.DataFrame:
    """People each of whom has a number in common with the next one."""
    rows = [
        {"source_system": source, "entity": "contacts", "source_id": f"chain {at}", "email": f"chain{at}@mail.example",
         "phone": f"+49151{20_000_000 + at + step}"}
        for at in range(people)
        for step, source in enumerate(("shop", "crm"))
    ]  # fmt: skip
    return pl.DataFrame(rows)


def decided(links: pl.DataFrame) -> pl.DataFrame:
    """Decisions against what the rules say: that records of one customer are two people, and those of two are one."""
    firsts = links.sort("customer_id", *RECORD_KEY).group_by("customer_id", maintain_order=True).head(2)
    sizes = firsts.with_columns(size=pl.len().over("customer_id"))
    pairs, alone = sizes.filter(size=2).head(2 * DECIDED), sizes.filter(size=1).head(2 * DECIDED)
    keys = [pl.concat([pairs, alone]).select(RECORD_KEY)[at::2] for at in (0, 1)]
    sides = [key.rename({name: f"{name}_{side}" for name in RECORD_KEY}) for key, side in zip(keys, "lr", strict=True)]
    return pl.concat(sides, how="horizontal").with_columns(is_same=pl.int_range(pl.len()) >= DECIDED)


def arrivals(records: pl.DataFrame, decisions: pl.DataFrame, seed: int) -> list[Linked]:
    """The runs over records that arrive in two to four parts, in the order and in the sizes of the seed."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(records.height)
    ends = np.sort(rng.choice(np.arange(1, records.height), size=rng.integers(1, 4), replace=False))
    history: list[Linked] = []
    for end in (*ends, records.height):
        history.append(run(records[order[:end]], history[-1] if history else None, decisions))
    return history


def lost_ids(history: list[Linked]) -> int:
    """How many of the ids that were ever issued are neither a customer's in the end nor lead to one."""
    living = set(history[-1].links["customer_id"])
    leading = history[-1].aliases.filter(pl.col("customer_id").is_in(living))["alias"]
    return len({issued for one in history for issued in one.links["customer_id"]} - living - set(leading))


def run(records: pl.DataFrame, earlier: Linked | None = None, decisions: pl.DataFrame | None = None) -> Linked:
    """One run after another."""
    known = (earlier.links, earlier.aliases) if earlier else (None, None)
    return link_records(records, known[0], aliases=known[1], home_country="DE", decisions=decisions)


def partition(linked: Linked) -> frozenset[frozenset[tuple[str, ...]]]:
    """Which records are one customer, whatever the ids."""
    keyed = linked.links.group_by("customer_id").agg(pl.struct(RECORD_KEY).alias("keys"))
    return frozenset(frozenset(tuple(key.values()) for key in keys) for keys in keyed["keys"].to_list())


if __name__ == "__main__":
    main()
