"""The dbt project on a company of three customers, whose every figure can be told by hand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from data_quality.contracts import contracts

PROJECT = Path(__file__).parents[2] / "dbt_project"
MODELS = sorted((PROJECT / "models").rglob("*.sql"))

Row = Mapping[str, Any]

# What ingest and identity write beside the raw entities, as DuckDB's columns; the other models' columns are contracts.
COLUMNS = {
    "raw/run_context": "as_of date, base_currency text, country text, timezone text, language text",
    "raw/exchange_rates": "currency text, valid_from date, valid_until date, rate decimal(20, 12)",
    "raw/trust": """source_system text, name bigint, address bigint, email bigint, phone bigint, language bigint,
        company_name bigint, job_title bigint, birth_on bigint, lifecycle_stage bigint""",
    "raw/margins": "category text, margin decimal(6, 4)",
    "raw/load_ledger": """file text, sha256 text, vendor text, entity text, rows_read bigint, rows_kept bigint,
        rows_quarantined bigint, rows_collapsed bigint, amount_read decimal(38, 4), amount_kept decimal(38, 4),
        amount_quarantined decimal(38, 4), status text, message text, file_id text""",
    "analytics/customer_links": """source_system text, entity text, source_id text, customer_id text, matched_by text,
        match_probability double, email_normalised text, phone_normalised text, company_normalised text,
        first_customer_id text, issued_in_run bigint""",
    "analytics/customer_aliases": "alias text, customer_id text, issued_in_run bigint",
    "analytics/link_evidence": """source_system_l text, entity_l text, source_id_l text, source_system_r text,
        entity_r text, source_id_r text, rule text, probability double, agreements text, differences text""",
    "analytics/groups_parted": """source_system text, entity text, source_id text, cut_by text, record_count bigint,
        customer_count bigint, largest_part bigint""",
    "analytics/blocks_compared": "rule text, largest bigint, largest_kept bigint, pair_count bigint",
}


COMPANY = yaml.safe_load((Path(__file__).parents[1] / "fixtures" / "dbt_company.yml").read_text(encoding="utf-8"))


def raw_rows(entity: str) -> list[Row]:
    """The rows of a raw entity with their lineage; prices contain the tax, and nothing is shipped."""
    rows = []
    for line, row in enumerate(COMPANY["raw"].get(entity, []), start=1):
        horizon = date(2026, 2, 1) if "file_id" in row else date(2026, 6, 30)
        lineage = {"file_id": "f2", "file_line": line, "file_horizon": horizon}
        rows.append({**lineage, **COMPANY["usual"].get(entity, {}), **row})
        if entity == "orders":
            rows[-1]["subtotal"] = row["total"]
    return rows


def ledger_rows() -> list[Row]:
    """The account that ingest gives of these rows, and of a file that it does not know."""
    counts = {"rows_read": 0, "rows_kept": 0, "rows_quarantined": 0, "rows_collapsed": 0}
    ledger: list[Row] = [{"file": "menu.csv", "status": "unknown", **counts}]
    for entity, contract in contracts().items():
        rows = raw_rows(entity)
        amount = sum(Decimal(str(row[contract.amount])) for row in rows) if contract.amount else None
        amounts = {"amount_read": amount, "amount_kept": amount}
        counted = {**counts, "rows_read": len(rows), "rows_kept": len(rows)}
        ledger.append({"file": f"{entity}.csv", "entity": entity, "status": "loaded", **counted, **amounts})
    return ledger


def contract_of(name: str) -> str:
    """The columns that the mart of that name has by contract."""
    models = yaml.safe_load((PROJECT / "models" / "marts" / "_marts.yml").read_text())["models"]
    columns = next(model["columns"] for model in models if model["name"] == Path(name).name)
    return ", ".join(f"{column['name']} {column['data_type']}" for column in columns)


def write_table(folder: Path, columns: str, rows: Sequence[Row], parts: int = 1) -> None:
    """Write the rows, dealt out to so many files, and a file without rows, which ingest writes too."""
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        for number in range(parts + 1):
            connection.execute(f"create or replace table filled ({columns})")
            for row in rows[number::parts] if number < parts else []:
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                connection.execute(f"insert into filled ({names}) values ({marks})", list(row.values()))
            connection.execute("copy filled to $path (format parquet)", {"path": str(folder / f"{number}.parquet")})


def write_workspace(root: Path, reverse: bool = False) -> Path:
    """The company as ingest and the models write it; reversed, in other files and in another order of rows."""
    (root / "warehouse").mkdir(parents=True)
    others = {**COMPANY["others"], "raw/load_ledger": ledger_rows()}
    tables = {name: (COLUMNS.get(name) or contract_of(name), rows) for name, rows in others.items()}
    for entity, contract in contracts().items():
        columns = ", ".join(f"{column.name} {column.duckdb_type}" for column in contract.raw_columns)
        tables[f"raw/{entity}"] = (columns, raw_rows(entity))
    for name, (columns, rows) in tables.items():
        write_table(root / name, columns, rows[::-1] if reverse else rows, parts=2 if reverse else 1)
    return root


def dbt(*arguments: str, workspace: Path | None, artefacts: Path) -> dict[str, str]:
    """Run dbt, which must succeed; the status of every node."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "STAMMKUNDE_"))}
    environment |= {"DBT_TARGET_PATH": str(artefacts), "DBT_LOG_PATH": str(artefacts), "DO_NOT_TRACK": "1"}
    if workspace:
        environment["STAMMKUNDE_WORKSPACE"] = str(workspace)
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments, *folders]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout
    results = artefacts / "run_results.json"
    nodes = json.loads(results.read_text())["results"] if results.exists() else []
    return {node["unique_id"]: node["status"] for node in nodes}


@dataclass(frozen=True)
class Company:
    """A workspace whose whole warehouse dbt has built, with dbt's own account of it."""

    workspace: Path
    artefacts: Path
    statuses: Mapping[str, str]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.workspace / "warehouse" / "stammkunde.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all that dbt keeps, parsed without any workspace, so that it could spoil what comes next."""
    folder = tmp_path_factory.mktemp("artefacts")
    dbt("parse", workspace=None, artefacts=folder)
    return folder


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, artefacts: Path) -> Company:
    """Built in one call: models, data tests and unit tests."""
    workspace = write_workspace(tmp_path_factory.mktemp("companies") / "Söhne & O'Brien [2026] {a}*")
    return Company(workspace, artefacts, dbt("build", workspace=workspace, artefacts=artefacts))


def test_every_test_of_the_project_passes(company: Company) -> None:
    """Data tests guard each batch, unit tests the branches of the SQL; neither may be left out without a word."""
    kinds = Counter(name.split(".")[0] for name, status in company.statuses.items() if status == "pass")
    assert set(company.statuses.values()) == {"success", "pass"}
    assert kinds["unit_test"] >= 9
    assert kinds["test"] >= 50


def test_a_customer_is_the_newest_of_its_records(company: Company) -> None:
    who = company.rows(
        "select customer_id, kind, first_name, last_name, email, phone, country, language from marts.customers"
    )
    assert sorted(who) == [
        ("c1", "person", "Anna", "Neu", "anna@tee-haus.example", None, "DE", "de"),
        ("c2", "person", None, None, "bob@example.org", "+49301234567", None, None),
        ("c3", "company", None, None, None, None, "AT", None),
    ]


def test_a_refusal_and_a_dead_mailbox_are_respected(company: Company) -> None:
    """Anna left the newsletter after she had joined; Bob's mail came back for good, which says nothing of his phone."""
    may = company.rows("select customer_id, is_buyer, consent_email, is_suppressed from marts.customers")
    assert sorted(may) == [("c1", True, False, False), ("c2", True, False, False), ("c3", True, None, False)]


def test_orders_hold_what_was_earned(company: Company) -> None:
    amounts = "total::double, gross_revenue::double, refund::double, net_revenue::double, margin::double"
    assert sorted(company.rows(f"select order_id, customer_id, {amounts} from marts.orders")) == [
        ("shop:1", "c1", 119, 100, 0, 100, 50),
        ("shop:2", "c1", 59.5, 50, 25, 25, 10),
        ("shop:3", "c2", 90, 90, 0, 90, 36),
        ("shop:5", None, 11.9, 10, 0, 10, 4),
        ("shop:6", "c2", 500, 500, 0, 500, 200),
        ("shop:7", "c1", 10, 10, 10, 0, 0),
        ("shop:8", "c3", 11.9, 10, 0, 10, 4),
    ]


def test_lines_come_from_the_newest_export_and_share_the_revenue(company: Company) -> None:
    lines = company.rows("select order_id, line_no, product, category, net_revenue::double from marts.order_lines")
    assert sorted(lines) == [
        ("shop:1", 1, None, "Tea", 33.33),
        ("shop:1", 2, None, "Tea", 33.33),
        ("shop:1", 3, None, "Tea", 33.34),
        ("shop:2", 1, "Cup", "Cups", 25),
    ]


def test_a_company_is_found_by_its_domain_and_sums_its_people(company: Company) -> None:
    """Bob's mail provider is no company; an order in which nobody is named but the company is the company's."""
    known = "name, domain, industry, country, customer_count, order_count, net_revenue::double, is_in_crm"
    expected = ("Tee-Haus", "tee-haus.example", "Trade", "AT", 2, 3, 135, True)
    assert company.rows(f"select {known} from marts.accounts") == [expected]
    assert company.rows("select open_deal_count, open_deal_amount::double from marts.sales_accounts") == [(1, 4000)]


def test_mailings_calls_and_tickets_are_touches(company: Company) -> None:
    facts = "customer_id, channel, campaign_id, touched_at::text, is_delivered, is_engaged, is_machine"
    sent_at, campaign = "2026-06-01 08:00:00", "mail:sommer-gruener-tee"
    assert company.rows(f"select {facts} from marts.touches order by customer_id nulls last, channel") == [
        ("c1", "email", campaign, sent_at, True, True, False),
        ("c1", "phone", None, "2026-06-05 10:00:00", True, True, False),
        ("c1", "ticket", None, "2026-06-28 00:00:00", True, True, False),
        ("c2", "email", campaign, sent_at, False, False, False),
        (None, "email", campaign, sent_at, True, False, False),
    ]


def test_service_hears_of_refunds_and_open_tickets(company: Company) -> None:
    """Bob's mailbox is dead, but he may be thanked by phone; an order called off is no refund to ask about."""
    facts = "customer_id, reason, order_id, ticket_id, due_on::text, priority"
    assert sorted(company.rows(f"select {facts} from marts.service_followups")) == [
        ("c1", "open_ticket", None, "crm:t", "2026-06-30", 1),
        ("c1", "refund", "shop:2", None, "2026-06-30", 1),
        ("c2", "first_order", "shop:3", None, "2026-06-30", 2),
    ]


def test_moves_between_segments_are_counted_with_their_revenue(company: Company) -> None:
    moves = "segmentation, from_segment, to_segment, customer_count, net_revenue::double, is_move"
    assert sorted(company.rows(f"select {moves} from marts.segment_migration")) == [
        ("behaviour", "Buyers", "Buyers", 1, 125, False),
        ("behaviour", "Buyers", "Regulars", 1, 90, True),
        ("behaviour", "no_segment", "no_segment", 1, 10, False),
        ("rfm", "lead", "lead", 1, 10, False),
        ("rfm", "new", "loyal", 1, 125, True),
        ("rfm", "no_segment", "new", 1, 90, True),
    ]


def test_figures_are_of_the_day(company: Company) -> None:
    """An order of July lies ahead, an older export of order 1 is superseded, order 4 is a test."""
    found = company.rows("select metric, value::double, unit from marts.kpis where as_of = date '2026-06-30'")
    figures = {metric: (value, unit) for metric, value, unit in found}
    assert figures["net_revenue"] == (235, "EUR")
    assert figures["orders"] == (5, "orders")
    assert figures["buyers"] == (3, "customers")
    assert figures["refund_rate"] == (0.1296, "fraction")
    assert figures["test_orders"] == (1, "orders")
    assert figures["orders_without_customer"] == (1, "orders")
    assert figures["email_reach"] == (0, "customers")


def test_rows_and_files_in_another_order_give_the_same_tables(
    company: Company, tmp_path: Path, artefacts: Path
) -> None:
    """The artefacts of the other workspace lie there already: dbt must read this one all the same."""
    other = Company(write_workspace(tmp_path / "other", reverse=True), artefacts, {})
    dbt(
        "build",
        "--exclude",
        "resource_type:test",
        "resource_type:unit_test",
        workspace=other.workspace,
        artefacts=artefacts,
    )
    for (name,) in company.rows("select table_name from information_schema.tables where table_schema = 'marts'"):
        query = f"select * from marts.{name} order by all"
        assert other.rows(query) == company.rows(query), name
    assert other.rows("select count(*) from marts.orders") == [(7,)]


def test_every_column_of_core_and_marts_is_described_once(company: Company) -> None:
    """A description that several tables share stands in columns.md, so that it cannot come to differ."""
    nodes = json.loads((company.artefacts / "manifest.json").read_text())["nodes"].values()
    described = {
        (node["name"], column["name"]) for node in nodes for column in node["columns"].values() if column["description"]
    }
    columns = company.rows(
        "select table_name, column_name from information_schema.columns where table_schema in ('core', 'marts')"
    )
    assert sorted(set(columns) - described) == []
    files = [yaml.safe_load(path.read_text()) for path in (PROJECT / "models").rglob("_*.yml")]
    models = [model for file in files for model in file.get("models", [])]
    texts = Counter(column["description"] for model in models for column in model.get("columns", []))
    assert [text for text, count in texts.items() if count > 1 and "doc(" not in text] == []
    assert all("Grain: " in model["description"] for model in models)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_is_short_and_speaks_no_engines_dialect(path: Path) -> None:
    """Whatever only one engine understands belongs into a dispatched macro."""
    text = path.read_text()
    assert len(text.splitlines()) < 100
    dialect = (
        r"::|\bqualify\b|\bregexp_|\barg_m|\bany_value\b|\bexclude\b|\bstring_agg\b|\bmd5\b|\bstruct_|\bdate_trunc\b"
    )
    assert re.findall(dialect, re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL), re.IGNORECASE) == []
