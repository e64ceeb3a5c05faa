"""The asset of identity: which ids last, and what is told of groups and of decisions."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import dagster as dg
import polars as pl

from models.identity import KNOWN_SCHEMA
from pipelines.assets.identity import RECORD_COLUMNS, identity, published
from pipelines.workspace import Workspace
from tests.assets.workspaces import publish


def test_ids_are_remembered_from_the_last_publication_only(workspace: Workspace) -> None:
    assert published(workspace, "customer_links", KNOWN_SCHEMA) is None
    links = pl.DataFrame([("shopify", "contacts", "1", "C1", "C1", 1)], schema=KNOWN_SCHEMA, orient="row")
    publish(workspace, "latest", "customer_links", links)
    found = published(workspace, "customer_links", KNOWN_SCHEMA)
    assert found is not None
    assert found["customer_id"].to_list() == ["C1"]


def fill_with_records(fill_warehouse: Callable, records: pl.DataFrame) -> None:
    """What identity reads: contacts of a CRM with whatever the records have."""
    contacts = records.with_columns(source_system=pl.lit("crm"), entity=pl.lit("contacts"))
    others = [pl.lit(None, pl.String).alias(name) for name in RECORD_COLUMNS if name not in contacts.columns]
    fill_warehouse(
        schema="staging",
        stg_records=contacts.with_columns(others),
        free_mail_domains=pl.DataFrame({"domain": ["gmail.com"], "kind": ["mail"]}),
    )


def checks_of_identity(materialize: Callable) -> list[dg.AssetCheckEvaluation]:
    """What it finds of decisions, and of chains."""
    return sorted(materialize(identity).get_asset_check_evaluations(), key=lambda check: check.check_name)


def test_people_in_a_chain_are_told_of_and_listed(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """Whoever has two numbers is chained to two others; nobody saw why a customer was so large."""
    numbers = pl.DataFrame({"at": range(20)}).select(
        source_id=pl.format("+49151231251{}", pl.col("at") + 10), mobile=pl.format("+49151231251{}", pl.col("at") + 11)
    )
    fill_with_records(fill_warehouse, numbers.with_columns(phone="source_id"))
    _, chained = checks_of_identity(materialize)
    assert not chained.passed
    assert chained.description is not None
    assert chained.description.startswith("Chains found: 1, the longest of 20 records.")
    assert "+49" not in chained.description
    parted = pl.read_parquet(workspace.analytics / "groups_parted" / "groups_parted.parquet")
    assert parted.select("cut_by", "record_count").rows() == [("phone", 20)]
    blocks = pl.read_parquet(workspace.analytics / "blocks_compared" / "blocks_compared.parquet")
    assert blocks.columns == ["rule", "largest", "largest_kept", "pair_count"]


def test_a_decision_about_a_record_that_is_not_there_is_told(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """A mistyped id left a decision without effect, and nobody knew."""
    fill_with_records(fill_warehouse, pl.DataFrame({"source_id": ["1", "2"], "email": ["1@x.example", "2@x.example"]}))
    header, line = "record_1;record_2;decision\n", "crm:contacts:1;crm:contacts:{};same\n"
    (workspace.root / "decisions.csv").write_text(header + line.format(2))
    sound, unchained = checks_of_identity(materialize)
    assert sound.passed
    assert unchained.passed
    links = pl.read_parquet(workspace.analytics / "customer_links" / "customer_links.parquet")
    assert links["customer_id"].n_unique() == 1
    (workspace.root / "decisions.csv").write_text(header + line.format(2) + line.format(3))
    mistyped, _ = checks_of_identity(materialize)
    assert not mistyped.passed
    assert mistyped.description is not None
    assert mistyped.description.startswith("Not so for 1 of 2 lines, which are without effect")


def test_a_merger_that_people_undo_and_do_again_gives_the_ids_back(
    workspace: Workspace, materialize: Callable, fill_warehouse: Callable
) -> None:
    """Run after run over a published result, with decisions.csv as people write it; a repeated run changes nothing."""
    fill_with_records(fill_warehouse, pl.DataFrame({"source_id": ["1", "2"], "email": ["1@x.example", "2@x.example"]}))
    published = workspace.latest / "tables"
    published.mkdir(parents=True)

    def ids(decision: str) -> list[str]:
        (workspace.root / "decisions.csv").write_text(
            f"record_1;record_2;decision\ncrm:contacts:1;crm:contacts:2;{decision}\n"
        )
        materialize(identity)
        for name in ("customer_links", "customer_aliases"):
            shutil.copy(workspace.analytics / name / f"{name}.parquet", published)
        return pl.read_parquet(published / "customer_links.parquet")["customer_id"].to_list()

    apart, merged = ids("different"), ids("same")
    assert len(set(apart)) == 2
    assert len(set(merged)) == 1
    assert set(merged) < set(apart)
    assert ids("different") == apart
    assert ids("same") == merged
    assert ids("same") == merged
