"""Which source records are one customer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import dagster as dg
import polars as pl

from models.identity import ALIASES_SCHEMA, KNOWN_SCHEMA, RECORD_KEY, Linked, link_records
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.resources import WorkspaceResource
from pipelines.workspace import Workspace

RECORD_COLUMNS = (
    "source_system",
    "entity",
    "source_id",
    "email",
    "phone",
    "mobile",
    "country",
    "first_name",
    "last_name",
    "birth_on",
    "street",
    "postcode",
    "city",
    "job_title",
    "company_name",
    "merged_into_source_id",
)
TABLES = {
    "customer_links": "Every source record with the customer it belongs to, one row per record.",
    "customer_aliases": "Ids that were issued once and stand for another customer now, one row per id.",
    "link_evidence": "Why records are one customer: what ties them, and what agrees, one row per pair and rule.",
    "groups_parted": "Groups of records too large or too loose to be one customer, one row per group and rule.",
    "blocks_compared": "How many records have in common what makes them worth comparing, one row per rule.",
}
_BLOCKS_SCHEMA = pl.Schema({"rule": pl.String, "largest": pl.Int64, "largest_kept": pl.Int64, "pair_count": pl.Int64})
UNCHAINED = dg.AssetCheckSpec(
    "exact_rules_chain_no_people_together",
    asset=dg.AssetKey(["analytics", "groups_parted"]),
    description="No phone numbers or e-mail addresses lead from one person to the next and on to a crowd.",
)
DECIDED = dg.AssetCheckSpec(
    "both_records_of_every_decision_are_there",
    asset=dg.AssetKey(["analytics", "customer_links"]),
    description="Both records of every line in decisions.csv are among the source records.",
)


def identity_specs() -> list[dg.AssetSpec]:
    """Return what the step writes."""
    deps = [dg.AssetKey("stg_records"), dg.AssetKey("free_mail_domains"), dg.AssetKey(["raw", "run_context"])]
    return [
        dg.AssetSpec(["analytics", name], description=sentence, group_name="identity", kinds={"polars"}, deps=deps)
        for name, sentence in TABLES.items()
    ]


@dg.multi_asset(name="identity", specs=identity_specs(), check_specs=[DECIDED, UNCHAINED])
@discreet
def identity(workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Sure rules first, then probability, and above both what people decided."""
    folders = workspace.folders
    decisions = folders.decisions
    domains = workspace.warehouse.table("free_mail_domains", schema="staging")
    linked = link_records(
        workspace.warehouse.table("stg_records", schema="staging", columns=RECORD_COLUMNS),
        published(folders, "customer_links", KNOWN_SCHEMA),
        home_country=folders.settings.country,
        aliases=published(folders, "customer_aliases", ALIASES_SCHEMA),
        decisions=decisions,
        mail_providers=domains.filter(kind="mail")["domain"],
    )
    tables = (
        linked.links,
        linked.aliases,
        linked.evidence,
        linked.cuts,
        pl.DataFrame([asdict(block) for block in linked.blocks], schema=_BLOCKS_SCHEMA),
    )
    for name, table in zip(TABLES, tables, strict=True):
        metadata = _metadata(linked) if name == "customer_links" else {}
        yield written(table, folders.analytics / name, metadata, key=["analytics", name])
    yield _check_of_decisions(linked, decisions)
    yield _check_of_chains(linked.cuts)


def published(folders: Workspace, name: str, schema: pl.Schema) -> pl.DataFrame | None:
    """Return a table of the last published run, so that a customer keeps his id; None before the first."""
    path = folders.latest / "tables" / f"{name}.parquet"
    return pl.read_parquet(path, columns=list(schema)) if path.exists() else None


def _check_of_decisions(linked: Linked, decisions: pl.DataFrame) -> dg.AssetCheckResult:
    """A mistyped id would leave a decision without effect, and nobody would know."""
    known = linked.links.select(RECORD_KEY)
    sides = [{f"{name}_{side}": name for name in RECORD_KEY} for side in "lr"]
    there = decisions
    for side in sides:
        there = there.join(known, left_on=list(side), right_on=list(side.values()), how="semi")
    missing = decisions.height - there.height
    return dg.AssetCheckResult(
        asset_key=DECIDED.asset_key,
        check_name=DECIDED.name,
        passed=not missing,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Not so for {missing:,} of {decisions.height:,} lines, which are without effect: is an id "
        "mistyped, or is its export gone? `stammkunde explain` shows how records are written."
        if missing
        else None,
    )


def _check_of_chains(cuts: pl.DataFrame) -> dg.AssetCheckResult:
    """Whoever shares an address or number with people of whom each shares another one has bad data, and should know."""
    chains = cuts.filter(pl.col("cut_by") != "similarity")
    largest = chains["record_count"].to_list()[:1]  # the largest come first
    return dg.AssetCheckResult(
        asset_key=UNCHAINED.asset_key,
        check_name=UNCHAINED.name,
        passed=chains.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Chains found: {chains.height:,}, the longest of {largest[0]:,} records. "
        "They were parted; tables/groups_parted names their first records. Look there for placeholders and numbers "
        "that many share."
        if chains.height
        else None,
    )


def _metadata(linked: Linked) -> dict[str, dg.MetadataValue | int]:
    return {
        "customers": linked.links["customer_id"].n_unique(),
        "matched_by": in_markdown(linked.links["matched_by"].value_counts(sort=True)),
        "groups_parted": linked.cuts.height,
    }
