"""How well are the twin's source records told apart and put together, and its companies? Beside the exact rules alone.

    python -m benchmarks.identity_twin --customers 100000

Prints precision and recall over pairs of source records of people, the recall per trap, and the same for companies.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.partitions import PairFigures, pair_figures, pair_recall_by
from models.identity import RECORD_KEY
from models.identity.clusters import components
from models.identity.records import comparable
from models.identity.sure_links import sure_links, without_nobodys_addresses

TARGET_PRECISION, TARGET_RECALL = 0.995, 0.95
COUNTRY = "DE"


@dataclass(frozen=True)
class Linked:
    """The records as identity sees them in a run, the customers and accounts that the run makes of them (RECORD_KEY and
    an id), who they truly are (RECORD_KEY, true_id, trap) and for which company (true_id, company_id)."""

    records: pl.DataFrame
    customers: pl.DataFrame
    accounts: pl.DataFrame
    truth: pl.DataFrame
    employers: pl.DataFrame


def main() -> None:
    """Write a company, run it as far as identity and accounts, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stammkunde-identity-") as folder:
        linked = linked_twin(Path(folder), arguments.customers, arguments.seed)
    report_people(linked)
    report_companies(linked)


def linked_twin(folder: Path, customers: int, seed: int) -> Linked:
    """The twin of so many customers, run as far as identity and accounts."""
    import dagster as dg

    from pipelines.assets.identity import identity
    from pipelines.assets.landing import landing
    from pipelines.assets.warehouse import dbt_layers
    from pipelines.batch import prepare_environment
    from pipelines.project import dbt_project, dbt_resource
    from pipelines.resources import WorkspaceResource
    from pipelines.warehouse import Warehouse
    from pipelines.workspace import Workspace
    from twin.writing import write_company

    workspace = Workspace(folder)
    write_company(folder, customers=customers, seed=seed)
    prepare_environment(workspace)
    project = dbt_project(workspace)
    dg.materialize(
        [landing, identity, *dbt_layers(project)[:2]],
        selection=dg.AssetSelection.assets("int_companies_named").upstream().required_multi_asset_neighbors(),
        resources={"workspace": WorkspaceResource(folder=str(folder)), "dbt": dbt_resource(project)},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        instance=dg.DagsterInstance.ephemeral(),
    )
    warehouse = Warehouse(workspace.database)
    people = pl.read_parquet(folder / "truth" / "people.parquet", columns=["person_id", "company_id"])
    return Linked(
        warehouse.table("stg_records", schema="staging"),
        pl.read_parquet(workspace.analytics / "customer_links" / "customer_links.parquet"),
        warehouse.table("int_companies_named", schema="core", columns=[*RECORD_KEY, "account_id"]),
        pl.read_parquet(folder / "truth" / "records.parquet"),
        people.rename({"person_id": "true_id"}).drop_nulls(),
    )


def report_people(linked: Linked) -> None:
    """Print figures of our customers and of those of the exact rules alone."""
    people = linked.truth.filter(pl.col("entity") != "accounts")
    ours = people.join(linked.customers, on=RECORD_KEY)
    nodes = without_nobodys_addresses(comparable(linked.records, COUNTRY))
    exact = nodes.select(*RECORD_KEY, customer_id=components(nodes.height, sure_links(nodes).values()))
    rules = people.join(exact, on=RECORD_KEY)
    print(f"\n## The twin's {people['true_id'].n_unique():,} people in {ours.height:,} source records\n")
    print("| | precision | recall | F1 |\n|---|---:|---:|---:|")
    print_line("exact rules alone", pair_figures(rules["customer_id"], rules["true_id"]))
    print_line(
        f"**ours** (targets {TARGET_PRECISION} and {TARGET_RECALL})",
        pair_figures(ours["customer_id"], ours["true_id"]),
    )
    print("\n| trap | pairs | recall, exact rules | recall, ours |\n|---|---:|---:|---:|")
    by_rules, by_ours = (pair_recall_by(frame, "trap") for frame in (rules, ours))
    for trap, pairs, recall in by_ours.iter_rows():
        before = by_rules.filter(pl.col("trap").eq_missing(trap))["recall"].item()
        print(f"| {trap or 'none'} | {pairs:,} | {before:.4f} | {recall:.4f} |")


def report_companies(linked: Linked) -> None:
    """Print how well the records of companies and of their people come together in accounts."""
    employed = linked.truth.join(linked.employers, on="true_id", how="left")
    named = employed.with_columns(
        company_id=pl.when(pl.col("entity") == "accounts").then("true_id").otherwise("company_id")
    ).drop_nulls("company_id")
    found = named.join(linked.accounts, on=RECORD_KEY, how="left")
    alone = pl.concat_str(RECORD_KEY, separator=" ")  # a record without an account stands for itself
    renamed = found.filter(pl.col("company_id").is_in(found.filter(trap="company rename")["company_id"].implode()))
    print(f"\n{named['company_id'].n_unique():,} companies in {named.height:,} records of them and their people\n")
    print("| accounts | precision | recall | F1 |\n|---|---:|---:|---:|")
    for name, records in (("all companies", found), ("those that were renamed", renamed)):
        account = records.select(pl.coalesce("account_id", alone)).to_series()
        print_line(name, pair_figures(account, records["company_id"]))


def print_line(name: str, figures: PairFigures) -> None:
    """Print one line of the table."""
    print(f"| {name} | {figures.precision:.4f} | {figures.recall:.4f} | {figures.f1:.4f} |")


if __name__ == "__main__":
    main()
