"""How well are the twin's source records told apart and put together? Beside the exact rules alone.

    python -m benchmarks.identity_twin --customers 100000

Prints precision and recall over pairs of source records of people, and the recall per trap.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import polars as pl

from benchmarks.partitions import PairFigures, pair_figures, pair_recall_by
from models.identity import RECORD_KEY, link_records
from models.identity.clusters import components
from models.identity.records import comparable
from models.identity.sure_links import sure_links, without_nobodys_addresses

TARGET_PRECISION, TARGET_RECALL = 0.995, 0.95
COUNTRY = "DE"


def main() -> None:
    """Write a company, read it as a run does, link its records, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stammkunde-identity-") as folder:
        records, truth = twin_records(Path(folder), arguments.customers, arguments.seed)
        report(records, truth)


def twin_records(folder: Path, customers: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records as identity sees them in a run, and who they truly are (RECORD_KEY, true_id, trap)."""
    import dagster as dg

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
        [landing, dbt_layers(project)[0]],
        resources={"workspace": WorkspaceResource(folder=str(folder)), "dbt": dbt_resource(project)},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        instance=dg.DagsterInstance.ephemeral(),
    )
    records = Warehouse(workspace.database).table("stg_records", schema="staging")
    return records, pl.read_parquet(folder / "truth" / "records.parquet")


def report(records: pl.DataFrame, truth: pl.DataFrame) -> None:
    """Print figures of ours and of the exact rules alone."""
    people = truth.filter(pl.col("entity") != "accounts")
    started = time.monotonic()
    linked = link_records(records, home_country=COUNTRY)
    seconds = time.monotonic() - started
    ours = people.join(linked.links, on=RECORD_KEY)
    nodes = without_nobodys_addresses(comparable(records, COUNTRY))
    exact = nodes.select(*RECORD_KEY, customer_id=components(nodes.height, sure_links(nodes).values()))
    rules = people.join(exact, on=RECORD_KEY)
    print(f"\n## The twin's {people['true_id'].n_unique():,} people in {ours.height:,} source records\n")
    print("| | precision | recall | F1 |\n|---|---:|---:|---:|")
    print_line("exact rules alone", pair_figures(rules["customer_id"], rules["true_id"]))
    print_line(
        f"**ours** (targets {TARGET_PRECISION} and {TARGET_RECALL})",
        pair_figures(ours["customer_id"], ours["true_id"]),
    )
    print(
        f"\n{seconds:.0f} s for linking.\n\n| trap | pairs | recall, exact rules | recall, ours |\n|---|---:|---:|---:|"
    )
    by_rules, by_ours = (pair_recall_by(frame, "trap") for frame in (rules, ours))
    for trap, pairs, recall in by_ours.iter_rows():
        before = by_rules.filter(pl.col("trap").eq_missing(trap))["recall"].item()
        print(f"| {trap or 'none'} | {pairs:,} | {before:.4f} | {recall:.4f} |")


def print_line(name: str, figures: PairFigures) -> None:
    """Print one line of the table."""
    print(f"| {name} | {figures.precision:.4f} | {figures.recall:.4f} | {figures.f1:.4f} |")


if __name__ == "__main__":
    main()
