"""How well are opens and clicks of machines told from those of people? In the twin, whose truth is known.

    python -m benchmarks.machines

Scanners (at once and in their turn), privacy proxies, keen readers who open nearly everything soon, and late ones. The
score is `machine_probability` of the touches that were opened or clicked; the truth is whether any machine did so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from data_quality.contracts import contracts
from pipelines.project import REPO_ROOT
from twin.arrays import chosen
from twin.clock import utc_timestamps
from twin.company import Company, invent_company
from twin.newsletters import Mailing, send_newsletters
from twin.parameters import Parameters
from twin.reactions import MACHINES, Events, react

ASKED = 0.95
_CUSTOMERS, _END = 5_000, date(2026, 6, 30)
_JUDGED = "+int_mailings_judged"


@dataclass(frozen=True)
class Figures:
    """The area under the curve, by machines and in all, the share of engagement that is a person's, and of a person's
    engagement that is found."""

    auc: float
    auc_of_scanners: float
    auc_of_proxies: float
    precision: float
    recall: float
    touches: int


def figures(parameters: Parameters, *, seed: int, customers: int = _CUSTOMERS) -> Figures:
    """Return how well the rule does in one company."""
    from sklearn.metrics import roc_auc_score

    events = pl.concat(_all_events(parameters, seed, customers))
    with tempfile.TemporaryDirectory(prefix="stammkunde-machines-") as folder:
        judged = _judged(Path(folder), events)
    truth = events.filter(pl.col("event") != "sent").group_by("campaign_name", "email").agg(
        *((pl.col("machine") == name).any().alias(name) for name in MACHINES)
    )  # fmt: skip
    both = truth.join(judged, left_on=["campaign_name", "email"], right_on=["campaign_key", "email"], how="left")
    scanner, proxy, person = (both[name] for name in ("scanner", "privacy_proxy", "person"))
    score, engaged = both["machine_probability"], both["is_engaged"]
    return Figures(
        auc=float(roc_auc_score(scanner | proxy, score)),
        auc_of_scanners=float(roc_auc_score(scanner.filter(~proxy), score.filter(~proxy))),
        auc_of_proxies=float(roc_auc_score(proxy.filter(~scanner), score.filter(~scanner))),
        precision=float(person.filter(engaged).mean()),  # type: ignore[arg-type]
        recall=float(engaged.filter(person).mean()),  # type: ignore[arg-type]
        touches=both.height,
    )


def _all_events(parameters: Parameters, seed: int, customers: int) -> Iterator[pl.DataFrame]:
    company = invent_company(parameters, customers, seed, _END)
    for mailing in send_newsletters(company).mailings:
        opens, clicks = react(company, mailing)
        yield _sent(company, mailing)
        yield _happened(company, mailing, opens, "opened")
        yield _happened(company, mailing, clicks, "clicked")


def _sent(company: Company, mailing: Mailing) -> pl.DataFrame:
    """The bulk of an export: to whom it was sent, and when the campaign was."""
    got_it = company.presence.member_address.gather(pl.Series(mailing.recipients[mailing.is_delivered]))
    nothing = pl.lit(None, pl.String)
    return pl.DataFrame({"email": got_it.str.to_lowercase()}).select(
        pl.lit(mailing.slug).alias("campaign_name"),
        "email",
        pl.lit("sent").alias("event"),
        utc_timestamps_of(mailing),
        nothing.alias("url"),
        nothing.alias("machine"),
    )


def utc_timestamps_of(mailing: Mailing) -> pl.Expr:
    """When the mailing was sent, as a column."""
    return pl.lit(mailing.sent_at * 1_000_000).cast(pl.Datetime("us")).alias("occurred_at")


def _happened(company: Company, mailing: Mailing, events: Events, event: str) -> pl.DataFrame:
    url = chosen(company.goods.categories, events.category.clip(0), events.category >= 0)
    return pl.DataFrame(
        {
            "campaign_name": pl.Series([mailing.slug] * len(events.person), dtype=pl.String),
            "email": company.presence.member_address.gather(pl.Series(events.person)).str.to_lowercase(),
            "event": pl.Series([event] * len(events.person), dtype=pl.String),
            "occurred_at": utc_timestamps(events.moment),
            "url": url,
            "machine": chosen(MACHINES, events.machine),
        }
    )


def _judged(workspace: Path, events: pl.DataFrame) -> pl.DataFrame:
    """What the dbt models say of these events."""
    for entity in ("email_events", "campaigns"):
        _write_raw(workspace / "raw" / entity, entity, events if entity == "email_events" else events.clear())
    (workspace / "warehouse").mkdir()
    folders = ["--project-dir", str(REPO_ROOT / "dbt_project"), "--profiles-dir", str(REPO_ROOT / "dbt_project")]
    environment = os.environ | {
        "STAMMKUNDE_WORKSPACE": str(workspace),
        "DBT_TARGET_PATH": str(workspace / "dbt"),
        "DBT_LOG_PATH": str(workspace / "dbt"),
    }
    dbt = [str(Path(sys.executable).with_name("dbt")), "--quiet", "run", "--select", _JUDGED, *folders]
    subprocess.run(dbt, env=environment, check=True)
    with duckdb.connect(str(workspace / "warehouse" / "stammkunde.duckdb"), read_only=True) as connection:
        judged: pl.DataFrame = connection.sql("select * from core.int_mailings_judged").pl()
    return judged


def _write_raw(folder: Path, entity: str, events: pl.DataFrame) -> None:
    folder.mkdir(parents=True)
    contract = contracts()[entity]
    with duckdb.connect() as connection:
        columns = ", ".join(f"{column.name} {column.duckdb_type}" for column in contract.raw_columns)
        connection.execute(f"create table filled ({columns})")
        known = [column.name for column in contract.raw_columns if column.name in events.columns]
        connection.register("events", events.to_arrow())
        names = ", ".join(known)
        connection.execute(f"insert into filled (source_system, {names}) select 'mail', {names} from events")
        connection.execute("copy filled to $path (format parquet)", {"path": str(folder / "0.parquet")})


def main() -> None:
    """Print the figures of companies with different proxies and histories."""
    usual = Parameters()
    companies = {
        "usual": usual,
        "half behind proxies": replace(usual, privacy_proxy_share=0.5),
        "4 mailings only": replace(usual, campaign_count=4),
        "proxies that fetch 60 % only": replace(usual, privacy_proxy_open_share=0.6),
        "no proxies": replace(usual, privacy_proxy_share=0.0),
    }
    print("\n## Machines and people\n\n| company | touches | AUC | scanners | proxies | precision | recall |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    for name, parameters in companies.items():
        found = figures(parameters, seed=1)
        areas = (found.auc, found.auc_of_scanners, found.auc_of_proxies, found.precision, found.recall)
        print(f"| {name} | {found.touches:,} | " + " | ".join(f"{area:.3f}" for area in areas) + " |", flush=True)


if __name__ == "__main__":
    main()
