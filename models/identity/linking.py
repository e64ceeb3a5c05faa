"""Which source records are the same customer? Sure rules, then probability, and above both what people decided."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from models.identity.agreement import Agreement, shipped_agreement
from models.identity.blocking import Block, candidate_pairs
from models.identity.clusters import MATCH_PROBABILITY, Clusters, clustered, united, without_chains
from models.identity.customer_ids import ALIASES_SCHEMA, KNOWN_SCHEMA, resolved_aliases, with_customer_ids
from models.identity.estimation import fit
from models.identity.evidence import cuts, evidence
from models.identity.matching import score, without_housemates
from models.identity.records import COMPARED, RECORD_KEY, comparable
from models.identity.sure_links import (
    CHAINING_RULES,
    RULES,
    sure_links,
    without_nobodys_addresses,
    without_nobodys_numbers,
)

LINKS_SCHEMA = pl.Schema(
    {
        "source_system": pl.String,
        "entity": pl.String,
        "source_id": pl.String,
        "customer_id": pl.String,
        "matched_by": pl.String,
        "match_probability": pl.Float64,
        "email_normalised": pl.String,
        "phone_normalised": pl.String,
        "company_normalised": pl.String,
        "first_customer_id": pl.String,
        "issued_in_run": pl.Int64,
    }
)

DECISIONS_SCHEMA = pl.Schema(
    {
        **{f"{name}_{side}": pl.String for side in "lr" for name in RECORD_KEY},
        "is_same": pl.Boolean,
    }
)
"""What people decided of two records: the keys of both (`_l`, `_r`), and whether they are one customer."""

REFITTED_BELOW = 500_000
_ID_COLUMNS = ("customer_id", "first_customer_id", "issued_in_run")
_STRENGTH = {rule: at for at, rule in enumerate(("similarity", *RULES, "decision"), start=1)}


@dataclass(frozen=True)
class Linked:
    """`links`: one row per record with its customer (LINKS_SCHEMA), sorted by record key. `aliases`: ids that stand for
    another customer now. `evidence`: the links behind the customers, record by record (EVIDENCE_SCHEMA). `cuts`: groups
    that were too large or hung together too loosely (CUTS_SCHEMA). `blocks` tell which pairs were not compared, and
    `agreement` is the model that was used."""

    links: pl.DataFrame
    aliases: pl.DataFrame
    evidence: pl.DataFrame
    cuts: pl.DataFrame
    blocks: list[Block]
    agreement: Agreement


def link_records(
    records: pl.DataFrame,
    previous: pl.DataFrame | None = None,
    *,
    home_country: str,
    aliases: pl.DataFrame | None = None,
    decisions: pl.DataFrame | None = None,
    mail_providers: Collection[str] = (),
) -> Linked:
    """Return which customer each source record belongs to, and why.

    `records` has RECORD_KEY (entity: contacts, orders, accounts) and whatever is there of email, phone, mobile,
    country (ISO 3166-1 alpha-2 or null), first_name, last_name, birth_on, street, postcode, city, region, job_title,
    company_name, merged_into_source_id. `previous` and `aliases` are an earlier result: customers keep their ids from
    it. `home_country` is the country of phone numbers whose record names none. `decisions` (DECISIONS_SCHEMA) outrank
    every rule; those on records that are not here are without effect. `mail_providers` are the domains where anybody
    has a mailbox: an address at what looks like a slip for one of them is evidence, and no proof.

    The result does not depend on the order of the rows, and the partition does not depend on `previous`.
    Raises ValueError when two records have the same key.
    """
    nodes = without_nobodys_addresses(comparable(records, home_country, mail_providers))
    same, different = _decided(nodes, decisions)
    tied = {**sure_links(nodes), "decision": same.select(record="right", first="left")}
    unchained, chains = without_chains(nodes.height, tied, CHAINING_RULES)
    groups = united(nodes.height, _weighed(unchained), different)
    sure = _within(unchained, groups)
    profiles = _profiles(nodes, groups)
    nodes = nodes.select(
        "record", *RECORD_KEY, "email", "phone", "mobile", "company"
    )  # what is compared is in the profiles now
    matched = _matched(profiles, groups, _grouped(different, groups))
    members = nodes.with_columns(component=pl.Series(matched.clusters.labels[groups]), group=pl.Series(groups))
    before = _schemed(previous, KNOWN_SCHEMA), _schemed(aliases, ALIASES_SCHEMA)
    ids = with_customer_ids(members.select(*RECORD_KEY, "component"), *before)
    links = _links(pl.concat([members, ids.select(_ID_COLUMNS)], how="horizontal"), sure, matched.links)
    told = evidence(nodes, profiles, sure, matched.links)
    parted = cuts(members, {**chains, "similarity": matched.clusters.cut[groups]})
    return Linked(links, resolved_aliases(links, *before), told, parted, matched.blocks, matched.agreement)


@dataclass(frozen=True)
class _Matched:
    """What probability adds to the groups of the sure rules; `links` are those that hold a customer together."""

    clusters: Clusters
    links: pl.DataFrame
    blocks: list[Block]
    agreement: Agreement


def _matched(profiles: pl.DataFrame, groups: npt.NDArray[np.int64], different: pl.DataFrame) -> _Matched:
    """The model is fitted twice where that is affordable: how common a value is shows only among distinct customers."""
    pairs, blocks = candidate_pairs(profiles)
    known = profiles
    for _ in range(2 if profiles.height <= REFITTED_BELOW else 1):
        agreement = fit(known, shipped_agreement())
        scored = without_housemates(known, score(known, pairs, agreement))
        likely = _between_groups(scored, groups)
        clusters = clustered(len(groups), likely, different)
        known = profiles.with_columns(customer=pl.Series(clusters.labels[profiles["customer"].to_numpy()]))
    is_within = clusters.labels[likely["left"].to_numpy()] == clusters.labels[likely["right"].to_numpy()]
    links = likely.filter(pl.Series(is_within) & (pl.col("probability") >= MATCH_PROBABILITY))
    return _Matched(clusters, links, blocks, agreement)


def _schemed(table: pl.DataFrame | None, schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame(schema=schema) if table is None else table.select(list(schema)).cast(schema)


def _decided(nodes: pl.DataFrame, decisions: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The pairs that people said are the same, and are not: left, right."""
    known = _schemed(decisions, DECISIONS_SCHEMA)
    for side, end in (("l", "left"), ("r", "right")):
        keys = nodes.select(pl.col("record").alias(end), *(pl.col(name).alias(f"{name}_{side}") for name in RECORD_KEY))
        known = known.join(keys, on=[f"{name}_{side}" for name in RECORD_KEY])
    ends = known.select(
        "is_same", left=pl.min_horizontal("left", "right"), right=pl.max_horizontal("left", "right")
    ).filter(pl.col("left") != pl.col("right"))
    same = ends.filter("is_same").select("left", "right").unique().sort("left", "right")
    return same, ends.filter(~pl.col("is_same")).select("left", "right").unique().sort("left", "right")


def _weighed(sure: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Sure links as left, right, strength."""
    return pl.concat(
        tie.select(left="first", right="record", strength=pl.lit(_STRENGTH[rule])) for rule, tie in sure.items()
    )


def _within(ties: dict[str, pl.DataFrame], groups: npt.NDArray[np.int64]) -> dict[str, pl.DataFrame]:
    """The ties that hold: those of records that are in one group."""
    return {
        rule: tie.filter(pl.Series(groups[tie["record"].to_numpy()] == groups[tie["first"].to_numpy()]))
        for rule, tie in ties.items()
    }


def _profiles(nodes: pl.DataFrame, groups: npt.NDArray[np.int64]) -> pl.DataFrame:
    """The people's records that differ in anything that is compared: profile (the first such record), customer."""
    people = nodes.with_columns(customer=pl.Series(groups)).filter(pl.col("entity") != "accounts")
    distinct = without_nobodys_numbers(people).unique(["customer", *COMPARED], keep="first", maintain_order=True)
    return distinct.select("customer", *COMPARED, profile="record").filter(
        pl.any_horizontal(pl.col("full_name", "number", "mailbox").is_not_null())
    )


def _between_groups(scored: pl.DataFrame, groups: npt.NDArray[np.int64]) -> pl.DataFrame:
    """The surest pair of profiles between any two groups: left, right, probability, profile_l, profile_r."""
    ends = scored.with_columns(
        one=pl.Series(groups[scored["profile_l"].to_numpy()]), other=pl.Series(groups[scored["profile_r"].to_numpy()])
    )
    return (
        ends.with_columns(left=pl.min_horizontal("one", "other"), right=pl.max_horizontal("one", "other"))
        .sort("left", "right", "probability", "profile_l", "profile_r", descending=[False, False, True, False, False])
        .unique(["left", "right"], keep="first", maintain_order=True)
        .select("left", "right", "probability", "profile_l", "profile_r")
    )


def _grouped(different: pl.DataFrame, groups: npt.NDArray[np.int64]) -> pl.DataFrame:
    return different.select(
        left=pl.Series(groups[different["left"].to_numpy()]), right=pl.Series(groups[different["right"].to_numpy()])
    )


def _links(members: pl.DataFrame, sure: dict[str, pl.DataFrame], likely: pl.DataFrame) -> pl.DataFrame:
    """The records with the rule by which each belongs to its customer.

    matched_by is `new` for a customer's first record in the order of the keys, the strongest rule that ties a record
    to another one of the same group, or `similarity` where its group joins by probability alone.
    """
    rule = np.zeros(members.height, dtype=np.int8)
    for name in sorted(sure, key=lambda name: _STRENGTH[name]):
        ends = [sure[name][end].to_numpy() for end in ("record", "first")]
        rule[np.concatenate(ends)] = _STRENGTH[name]
    surest = (
        pl.concat([likely.select(pl.col(end).alias("group"), "probability") for end in ("left", "right")])
        .group_by("group")
        .agg(likeliest=pl.col("probability").max())
    )
    is_first = pl.col("record") == pl.col("component")
    is_likely = (pl.col("group") != pl.col("component")) & pl.col("likeliest").is_not_null()
    names = {at: name for name, at in _STRENGTH.items()} | {0: "new"}
    return (
        members.join(surest, on="group", how="left", maintain_order="left")
        .with_columns(rule=pl.Series(rule).replace_strict(names, return_dtype=pl.String))
        .with_columns(
            matched_by=pl.when(is_first)
            .then(pl.lit("new"))
            .when(is_likely)
            .then(pl.lit("similarity"))
            .otherwise("rule"),
            match_probability=pl.when(~is_first & is_likely).then("likeliest").otherwise(1.0),
            email_normalised="email",
            phone_normalised=pl.coalesce("phone", "mobile"),
            company_normalised="company",
        )
        .select(pl.col(name).cast(dtype) for name, dtype in LINKS_SCHEMA.items())
    )
