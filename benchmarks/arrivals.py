"""Does the order in which records arrive matter? A crowd arrives in two parts, in many random orders.

    python -m benchmarks.arrivals --orders 100

Prints how many partitions the orders end in (1 is right), and how many ids change when the last run is repeated.
"""

from __future__ import annotations

import argparse

import numpy as np
import polars as pl

from benchmarks.crowd import crowd
from models.identity import RECORD_KEY, Linked, link_records

RECORDS, REPEATED_EVERY = 300, 10


def main() -> None:
    """Let the crowd arrive in so many orders, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--records", type=int, default=RECORDS)
    arguments = parser.parse_args()
    records = crowd(arguments.records).drop("person")
    whole = link_records(records, home_country="DE")
    partitions, changed = {partition(whole)}, 0
    for seed in range(arguments.orders):
        last = arrived(records, seed)
        partitions.add(partition(last))
        if seed % REPEATED_EVERY == 0:
            changed += (run(records, last).links["customer_id"] != last.links["customer_id"]).sum()
    tied = whole.links.filter(matched_by="similarity").height
    print(f"\n## {arguments.orders} orders of arrival of {arguments.records:,} records\n")
    print(f"Records that only their likeness ties to a customer: {tied}. Partitions: {len(partitions)}. ", end="")
    print(f"Ids that changed when the last run was repeated: {changed}.")


def arrived(records: pl.DataFrame, seed: int) -> Linked:
    """What the second run makes of records that arrive in two parts, in the order of the seed."""
    order = np.random.default_rng(seed).permutation(records.height)
    return run(records[order], run(records[order[: records.height // 2]]))


def run(records: pl.DataFrame, earlier: Linked | None = None) -> Linked:
    """One run after another."""
    known = (earlier.links, earlier.aliases) if earlier else (None, None)
    return link_records(records, known[0], aliases=known[1], home_country="DE")


def partition(linked: Linked) -> frozenset[frozenset[tuple[str, ...]]]:
    """Which records are one customer, whatever the ids."""
    keyed = linked.links.group_by("customer_id").agg(pl.struct(RECORD_KEY).alias("keys"))
    return frozenset(frozenset(tuple(key.values()) for key in keys) for keys in keyed["keys"].to_list())


if __name__ == "__main__":
    main()
