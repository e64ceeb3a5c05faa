"""The whole batch, seen from outside."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from pipelines.delivery.platforms import PLATFORMS
from pipelines.delivery.wording import wording

pytestmark = pytest.mark.end_to_end

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Published = Callable[[Path], dict[str, pl.DataFrame]]

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))
CHANNELS = ("email", "sms", "phone", "post")
TABLES = {
    "customers",
    "customer_sources",
    "accounts",
    "orders",
    "order_lines",
    "touches",
    "customer_value",
    "customer_segments",
    "behaviour_segments",
    "campaign_results",
    "channel_months",
    "next_best_channel",
    "channel_effects",
    "contact_plan",
    "plan_limits",
    "what_if",
    "service_followups",
    "kpis",
    "customer_360",
    "load_ledger",
}


def test_every_table_of_the_spine_is_published_with_rows(finished_company: Path, published: Published) -> None:
    tables = published(finished_company)
    assert tables.keys() >= TABLES
    assert [name for name in TABLES if tables[name].is_empty()] == []


def test_departments_get_csv_and_xlsx(finished_company: Path) -> None:
    latest = finished_company / "exports" / "latest"
    for department in ("marketing", "sales", "service", "data_quality"):
        kinds = {path.suffix for path in (latest / department).iterdir()}
        assert kinds == {".csv", ".xlsx"}, department


def test_every_column_that_people_read_has_words_of_its_own(finished_company: Path) -> None:
    """In English and in German; a column without them would be shown by its name in the table, unexplained."""
    latest = finished_company / "exports" / "latest"
    known = {column.heading for column in wording("en").known_columns.values()}
    manifest = json.loads((latest / "manifest.json").read_text())
    own = [file for file in manifest["files"] if file["file"].endswith(".xlsx")]
    silent = {f"{file['file']}: {heading}" for file in own for heading in file["columns"] if heading not in known}
    assert own
    assert silent == set()


def test_every_audience_file_can_be_uploaded(finished_company: Path, published: Published) -> None:
    """Of the platform's header, whole in every row, hashed where it asks for it, small enough, only of the willing."""
    customers = published(finished_company)["customers"]
    willing = customers.filter(pl.col("consent_email") & ~pl.col("is_suppressed"))["email"].str.to_lowercase()
    known = {*willing, *(hashlib.sha256(address.encode()).hexdigest() for address in willing.drop_nulls())}
    files = sorted((finished_company / "exports" / "latest" / "audiences").glob("*/*.csv"))
    platforms = {platform.name: platform for platform in PLATFORMS}
    assert {file.parent.name for file in files} == platforms.keys()
    for file in files:
        platform = platforms[file.parent.name]
        header, *rows = csv.reader(file.read_text("utf-8").splitlines(), delimiter=platform.separator)
        assert tuple(header) == platform.headers, file
        assert 0 < len(rows) <= platform.rows_per_file, file
        assert {len(row) for row in rows} == {len(header)}, file
        for place, field in enumerate(platform.fields):
            cells = {row[place] for row in rows} - {""}
            assert not field.is_hashed or all(re.fullmatch("[0-9a-f]{64}", cell) for cell in cells), (file, field)
            if field.header.lower().startswith("email") and "consent" not in field.header.lower():
                assert platform.name == "google_ads" or cells <= known, file


def test_the_report_has_a_section_for_every_question(finished_company: Path) -> None:
    page = (finished_company / "exports" / "latest" / "report.html").read_text()
    customers = {"overview", "segments", "migration", "value", "retention", "potential"}
    sections = customers | {"channels", "plan", "results", "what-if", "court", "quality"}
    assert set(re.findall(r'<section id="([^"]+)"', page)) >= sections


def test_nobody_is_contacted_who_must_not_be(finished_company: Path, published: Published) -> None:
    """Held out, suppressed, without consent, or waiting for an answer: neither in the plan nor in a file for it."""
    tables = published(finished_company)
    plan = tables["contact_plan"].join(tables["customers"], on="customer_id", how="left")
    assert plan.height == tables["customers"].height
    contacts = plan.filter(pl.col("channel") != "none")
    assert contacts.height > 0
    consent = {channel: pl.col(f"consent_{channel}").fill_null(channel == "post") for channel in CHANNELS}
    agreed = pl.coalesce(pl.when(pl.col("channel") == channel).then(said) for channel, said in consent.items())
    assert contacts.filter(~agreed | pl.col("is_suppressed") | (pl.col("arm") == "holdout")).is_empty()
    assert contacts.join(tables["service_followups"], on="customer_id", how="semi").is_empty()
    held_out = plan.filter(pl.col("arm") == "holdout")
    assert held_out.height > 0
    addresses = set(held_out["email"].drop_nulls())
    files = [path.read_text("utf-8") for path in (finished_company / "exports/latest/audiences/mailchimp").iterdir()]
    assert [address for address in addresses if any(f"\n{address}," in file for file in files)] == []


def test_the_money_of_the_truth_arrives_to_the_cent(finished_company: Path, published: Published) -> None:
    truth = json.loads((finished_company / "truth" / "totals.json").read_text())
    tables = published(finished_company)
    lines = tables["order_lines"].group_by("order_id").agg(pl.col("net_revenue").sum().alias("lines"))
    orders = tables["orders"].filter(~pl.col("is_deal"))
    joined = orders.join(lines, on="order_id")
    assert joined.height == orders.height == truth["orders"]
    assert joined.filter(pl.col("net_revenue") != pl.col("lines")).is_empty()
    assert orders["total"].sum() * 100 == truth["total_cents"]


def test_the_ledger_balances_for_every_file(finished_company: Path, published: Published) -> None:
    ledger = published(finished_company)["load_ledger"]
    rows = pl.col("rows_kept") + pl.col("rows_quarantined") + pl.col("rows_collapsed")
    assert ledger.filter(pl.col("rows_read") != rows).is_empty()
    money = pl.col("amount_kept").fill_null(0) + pl.col("amount_quarantined").fill_null(0)
    assert ledger.filter(pl.col("amount_read").fill_null(0) != money).is_empty()
    files = {path.name for path in (finished_company / "landing").rglob("*.*") if path.is_file()}
    assert {Path(file).name for file in ledger["file"]} == files
    assert "lost" not in balanced(published(finished_company))["orders"]


def balanced(tables: dict[str, pl.DataFrame]) -> dict[str, dict[str, int]]:
    """How many rows went where, by entity; to the row and the cent, what was kept of all files is what this adds up to,
    and what is delivered is what the published tables hold."""
    kept = tables["load_ledger"].group_by("entity").agg(pl.col("rows_kept", "amount_kept").sum())
    outcomes = tables["ledger_balance"]
    sums = outcomes.group_by("entity").agg(rows_kept=pl.col("row_count").sum(), amount_kept=pl.col("amount").sum())
    entities = ["order_lines", "orders"]
    assert sums.sort("entity").rows() == kept.filter(pl.col("entity").is_in(entities)).sort("entity").rows()
    delivered = outcomes.filter(outcome="delivered").group_by("entity").agg(pl.col("row_count", "amount").sum())
    orders = tables["orders"].filter(~pl.col("is_deal"))
    assert delivered.filter(entity="orders").rows() == [("orders", orders.height, orders["total"].sum())]
    return {
        entity: dict(rows.group_by("outcome").agg(pl.col("row_count").sum()).iter_rows())
        for (entity,), rows in outcomes.group_by("entity")
    }


def test_running_again_changes_nothing(
    finished_company: Path, stammkunde: Command, tmp_path: Path, published: Published
) -> None:
    shutil.copytree(finished_company, tmp_path, dirs_exist_ok=True, symlinks=True)
    before = published(tmp_path)
    answer = stammkunde("run", "--workspace", tmp_path, "--json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    after = published(tmp_path)
    told = json.loads(answer.stdout)
    assert (told["has_succeeded"], told["failures"]) == (True, [])
    assert told["figures"]["customers"]["value"] == after["customers"].height
    assert sum(file["rows_read"] for file in told["files"]) == after["load_ledger"]["rows_read"].sum()
    assert before.keys() == after.keys()
    assert [name for name in before if not before[name].equals(after[name])] == []


def test_files_may_arrive_in_parts_twice_and_beside_a_bad_one(
    demo_company: Path, finished_company: Path, stammkunde: Command, tmp_path: Path, published: Published
) -> None:
    """Half of the files first; then the rest, with one of them under a second name and one that nobody knows."""
    files = sorted(path for path in (demo_company / "landing").rglob("*") if path.is_file())
    landing = tmp_path / "landing"
    for part in (files[::2], files[1::2]):
        for path in part:
            target = landing / path.relative_to(demo_company / "landing")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        if part == files[1::2]:
            shutil.copy(landing / "shopify" / "customers_export.csv", landing / "again.csv")
            orders = sorted(landing.rglob("orders_export*.csv"))[0].read_bytes()
            (landing / "overlap.csv").write_bytes(orders.replace(b"\n", b"\r\n"))
            (landing / "menu.csv").write_text("dish;price\nsoup;4,50\n", encoding="utf-8")
        answer = stammkunde("run", "--workspace", tmp_path)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "menu.csv" in answer.stdout
    in_parts, at_once = published(tmp_path), published(finished_company)
    ledger = in_parts["load_ledger"]
    assert dict(
        ledger.filter(pl.col("file").is_in(["again.csv", "menu.csv"])).select("file", "status").iter_rows()
    ) in (
        {"again.csv": "loaded", "menu.csv": "unknown"},
        {"again.csv": "copy", "menu.csv": "unknown"},
    )
    money = pl.exclude("customer_id", "account_id")
    assert in_parts["orders"].sort("order_id").select(money).equals(at_once["orders"].sort("order_id").select(money))
    assert balanced(in_parts)["orders"]["superseded"] > balanced(at_once)["orders"].get("superseded", 0)
    assert partition(in_parts["customer_sources"]) == partition(at_once["customer_sources"])


def partition(sources: pl.DataFrame) -> set[frozenset[str]]:
    """Which source records are one customer, whatever the customers' ids are."""
    key = pl.concat_str("source_system", "entity", "source_id", separator="|").alias("key")
    groups = sources.select("customer_id", key).group_by("customer_id").agg("key")
    return {frozenset(keys) for keys in groups["key"]}


def test_the_run_is_seen_in_the_dagster_instance(finished_company: Path) -> None:
    with dg.DagsterInstance.from_config(str(finished_company / "dagster")) as instance:
        (run,) = instance.get_runs()
        assert (run.job_name, run.status) == ("batch", dg.DagsterRunStatus.SUCCESS)
        event = instance.get_latest_materialization_event(dg.AssetKey("exports"))
        assert event is not None
        assert event.run_id == run.run_id


def test_no_personal_data_reach_dagsters_store(finished_company: Path, published: Published) -> None:
    """Messages, metadata and previews are kept for ever and shown without a log-in."""
    customers = published(finished_company)["customers"]
    secrets = [*customers["email"].drop_nulls().head(200), *customers["phone"].drop_nulls().head(200)]
    assert len(secrets) > 100
    pattern = re.compile(b"|".join(re.escape(secret.encode()) for secret in secrets))
    stores = [path for path in (finished_company / "dagster").rglob("*") if path.is_file()]
    assert [path.name for path in stores if pattern.search(path.read_bytes())] == []


def test_files_are_for_the_owner_only_and_nothing_is_pickled(finished_company: Path) -> None:
    ours = [path for path in finished_company.rglob("*") if "landing" not in path.parts and "truth" not in path.parts]
    files = [path for path in ours if path.is_file() and not path.is_symlink()]
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []
    assert [path.name for path in (finished_company / "dagster" / "storage").rglob("*") if path.is_file()] == []


def test_an_empty_landing_is_answered_with_a_sentence(stammkunde: Command, tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    answer = stammkunde("run", "--workspace", tmp_path)
    assert answer.returncode == 1
    assert "landing" in answer.stdout
    assert "Traceback" not in answer.stdout + answer.stderr


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_finds_something_in_the_published_tables(
    notebook: Path, finished_company: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMKUNDE_WORKSPACE", str(finished_company))
    names = runpy.run_path(str(notebook))
    frames = {name: value for name, value in names.items() if isinstance(value, pl.DataFrame)}
    assert sum(not frame.is_empty() for frame in frames.values()) >= 2, sorted(frames)
