"""Which id a customer has: the one he had before, although records join, leave, merge and are parted again."""

from __future__ import annotations

from hashlib import sha256

import polars as pl

from models.identity.records import RECORD_KEY

KNOWN_SCHEMA = pl.Schema(
    {
        "source_system": pl.String,
        "entity": pl.String,
        "source_id": pl.String,
        "customer_id": pl.String,
        "first_customer_id": pl.String,
        "issued_in_run": pl.Int64,
    }
)
"""What of an earlier run's links is needed: each record's customer then, the one it first belonged to, and the run
in which the customer's id was issued."""

ALIASES_SCHEMA = pl.Schema({"alias": pl.String, "customer_id": pl.String, "issued_in_run": pl.Int64})
"""Ids that were issued once and stand for another customer now."""


def with_customer_ids(members: pl.DataFrame, previous: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """Return `members` (RECORD_KEY, component) with customer_id, first_customer_id and issued_in_run.

    A customer that is parted leaves his id to the larger part; of several that merge the oldest id lives on; a part
    that had an id of its own before a merger has it back. `component` is the place of the customer's first record.
    """
    known = members.join(previous.select(list(KNOWN_SCHEMA)), on=RECORD_KEY, how="left", maintain_order="left")
    ages = _ages(previous, aliases)
    known = known.with_columns(home="first_customer_id")
    kept = _claimed(known.rename({"customer_id": "id"}), ages, taken=pl.Series([], dtype=pl.String))
    rest = known.join(kept, on="component", how="anti")
    back = _claimed(rest.rename({"first_customer_id": "id"}), ages, taken=kept["customer_id"])
    old = pl.concat([kept, back])
    firsts = members.unique("component", keep="first", maintain_order=True).join(old, on="component", how="anti")
    run = int(str(max(ages["issued_in_run"].max() or 0, 0))) + 1
    new = _new_ids(firsts.sort("component"), set(ages["id"]), run)
    ids = pl.concat([old, new])
    return (
        known.drop("customer_id", "issued_in_run", "home")
        .join(ids, on="component", how="left", maintain_order="left")
        .with_columns(first_customer_id=pl.coalesce("first_customer_id", "customer_id"))
    )


def resolved_aliases(links: pl.DataFrame, previous: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """Return every id ever issued that no customer has now, with the customer it stands for (`ALIASES_SCHEMA`).

    That is whoever holds most of the records which had the id last, or first, or the one it stood for before.
    """
    now = links.select(*RECORD_KEY, now="customer_id")
    moved = previous.select(list(KNOWN_SCHEMA)).join(now, on=RECORD_KEY)
    ages = _ages(previous, aliases)
    gone = ages.join(links.select(id="customer_id").unique(), on="id", how="anti")
    last, first = (_majority(moved, column) for column in ("customer_id", "first_customer_id"))
    targets = pl.concat([last, first]).unique("id", keep="first", maintain_order=True)
    stood_for = aliases.select(id="alias", before="customer_id").join(
        pl.concat([targets, links.select(id="customer_id", now="customer_id").unique()]).unique("id", keep="last"),
        left_on="before", right_on="id", how="left",
    )  # fmt: skip
    return (
        gone.join(targets, on="id", how="left")
        .join(stood_for.select("id", through="now"), on="id", how="left")
        .select(alias="id", customer_id=pl.coalesce("now", "through"), issued_in_run="issued_in_run")
        .drop_nulls("customer_id")
        .sort("alias")
        .cast(ALIASES_SCHEMA)
    )


def _majority(moved: pl.DataFrame, column: str) -> pl.DataFrame:
    """Of each id the customer that holds most of its records: id, now."""
    counts = moved.group_by(pl.col(column).alias("id"), "now").agg(records=pl.len())
    return (
        counts.sort("id", "records", "now", descending=[False, True, False])
        .unique("id", keep="first", maintain_order=True)
        .select("id", "now")
    )


def _ages(previous: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """Every id issued so far, with the run in which it was: id, issued_in_run."""
    issued = [
        previous.select(id="customer_id", issued_in_run="issued_in_run"),
        aliases.select(id="alias", issued_in_run="issued_in_run"),
        previous.select(id="first_customer_id", issued_in_run=pl.lit(None, dtype=pl.Int64)),
    ]
    return pl.concat(issued).group_by("id").agg(pl.col("issued_in_run").min()).drop_nulls("id").sort("id")


def _claimed(known: pl.DataFrame, ages: pl.DataFrame, taken: pl.Series) -> pl.DataFrame:
    """Each component's oldest id among those of which it holds most records: component, customer_id, issued_in_run."""
    held = known.drop_nulls("id").filter(~pl.col("id").is_in(taken.implode())).group_by("component", "id")
    claims = (
        held.agg(records=pl.len(), firsts=(pl.col("home") == pl.col("id")).sum())
        .sort("id", "records", "firsts", "component", descending=[False, True, True, False])
        .unique("id", keep="first", maintain_order=True)
        .join(ages, on="id", how="left")
    )
    return (
        claims.sort(
            "component", "issued_in_run", "records", "id", descending=[False, False, True, False], nulls_last=True
        )
        .unique("component", keep="first", maintain_order=True)
        .select("component", customer_id="id", issued_in_run="issued_in_run")
    )


def _new_ids(firsts: pl.DataFrame, taken: set[str], run: int) -> pl.DataFrame:
    """Ids made from each component's first record; hashed once more where an earlier customer has that id."""
    done: list[pl.DataFrame] = []
    keys = firsts.select("component", key=pl.concat_str(RECORD_KEY, separator="\x1f"))
    while keys.height:
        digests = ["C" + sha256(key.encode()).hexdigest()[:16] for key in keys["key"]]
        keys = keys.with_columns(customer_id=pl.Series(digests, dtype=pl.String))
        is_free = ~pl.col("customer_id").is_in(list(taken)) & pl.col("customer_id").is_first_distinct()
        done.append(keys.filter(is_free).select("component", "customer_id", issued_in_run=pl.lit(run, dtype=pl.Int64)))
        taken = taken | set(done[-1]["customer_id"])
        keys = keys.filter(~is_free).with_columns(pl.col("key") + "\x1fagain")
    schema = {"component": pl.Int64, "customer_id": pl.String, "issued_in_run": pl.Int64}
    return pl.concat(done) if done else pl.DataFrame(schema=schema)
