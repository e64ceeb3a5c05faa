"""A folder of exports: every table, the departments' tables, and a manifest that tells whether it is whole."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import yaml

import pipelines.delivery.wording as wording_module
from pipelines.delivery.contents import DeliveryReport, deliver
from pipelines.delivery.department_rows import segment_summary
from pipelines.delivery.departments import DEPARTMENT_TABLES, DeliveryError
from pipelines.delivery.manifest import write_manifest
from pipelines.delivery.wording import wording
from tests.unit.department_marts import AS_OF, department_marts

LANGUAGES = Path(wording_module.__file__).parent / "languages"


@pytest.fixture
def marts() -> dict[str, pl.LazyFrame]:
    return department_marts()


def delivered(marts: Mapping[str, pl.LazyFrame], folder: Path, language: str = "en") -> DeliveryReport:
    folder.mkdir()
    (folder / "tables").mkdir()
    for name, mart in marts.items():
        mart.collect().write_parquet(folder / "tables" / f"{name}.parquet")
    return deliver(folder, AS_OF, language=language)


def people_read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, separator=";", decimal_comma=True)


def test_every_mart_is_a_parquet_table_with_its_rows_unchanged(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    report = delivered(marts, tmp_path / "x")
    assert report.row_counts() == {name: table.collect().height for name, table in sorted(marts.items())}
    for name, table in marts.items():
        assert pl.read_parquet(tmp_path / "x" / "tables" / f"{name}.parquet").equals(table.collect())


def test_the_departments_get_their_tables_as_csv_and_workbook(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    report = delivered(marts, tmp_path / "x")
    people = {file.file for file in report.files if not file.file.startswith("tables/")}
    assert people == {f"{spec.department}/{spec.name}.{kind}" for spec in DEPARTMENT_TABLES for kind in ("csv", "xlsx")}
    segments = people_read(tmp_path / "x/marketing/segments.csv")
    assert segments.columns[:2] == ["Customer number", "First name"]
    assert "Postal region" in segments.columns, "a column without a wording is shown by its own name"
    assert segments["First name"].to_list() == [None, "Anna", "'=cmd()", "Jörg"], "highest revenue first"
    workbook = pl.read_excel(tmp_path / "x/marketing/segments.xlsx", sheet_name="Customer segments")
    assert workbook["First name"].to_list() == segments["First name"].to_list()


def test_the_best_channel_is_the_best_allowed_one(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    delivered(marts, tmp_path / "x")
    channels = people_read(tmp_path / "x/marketing/best_channel.csv")
    assert channels.select("Customer number", "Channel").rows() == [("c1", "Phone"), ("c2", "Letter")]


def test_a_measured_effect_is_money_and_a_reaction_is_a_share(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    delivered(marts, tmp_path / "x")
    channels = people_read(tmp_path / "x/marketing/best_channel.csv")
    assert channels.select("Margin added", "Expected reactions").rows() == [(2.25, None), (None, 0.1)]


def test_sales_calls_whom_the_plan_calls_and_marketing_sees_no_one_held_out(
    marts: dict[str, pl.LazyFrame], tmp_path: Path
) -> None:
    delivered(marts, tmp_path / "x")
    calls = people_read(tmp_path / "x/sales/call_list.csv")
    assert calls.select("Customer number", "Last name", "Margin of the contact").rows() == [("c1", "Meier", 9)]
    plan = people_read(tmp_path / "x/marketing/plan.csv")
    assert plan.select("Customer number", "Channel").rows() == [("c1", "Phone"), ("c4", "Letter")]


def test_codes_are_plain_words_where_people_read_them(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    delivered(marts, tmp_path / "x", language="de")
    segments = people_read(tmp_path / "x/marketing/segments.csv")
    assert segments["Segment"].to_list() == ["Beste Kunden", "Beste Kunden", "Verloren", "Interessenten"]
    reasons = people_read(tmp_path / "x/service/followups.csv")["Grund"].to_list()
    assert reasons == ["eine offene Anfrage beantworten", "nach einer Erstattung fragen"]
    assert people_read(tmp_path / "x/sales/potential.csv")["Warengruppe"].to_list() == ["alle Warengruppen"] * 2
    assert pl.read_parquet(tmp_path / "x/tables/marketing_segments.parquet")["rfm_segment"][0] == "champions"


def test_sales_sees_of_each_buyer_and_company_whether_there_is_room(
    marts: dict[str, pl.LazyFrame], tmp_path: Path
) -> None:
    delivered(marts, tmp_path / "x")
    buyers = people_read(tmp_path / "x/sales/buyers.csv")
    assert buyers.select("Customer number", "Next category", "Verdict on potential").row(0) == ("c3", "Tea", "open")
    assert buyers.select("Expected margin at least", "Expected margin at most").row(0) == (20.0, 45.0)
    companies = people_read(tmp_path / "x/sales/accounts.csv")
    assert companies.select("Company number", "Potential", "Exhausted share").rows() == [("a1", 40.0, 0.25)]


@pytest.mark.parametrize("department", ["sales", "service"])
def test_sales_and_service_hear_of_slipping_customers_unless_they_must_not_be_contacted(
    marts: dict[str, pl.LazyFrame], tmp_path: Path, department: str
) -> None:
    delivered(marts, tmp_path / "x", language="de")
    slipping = people_read(tmp_path / f"x/{department}/slipping.csv")
    headings = ("Kundennummer", "Gefährdeter Deckungsbeitrag", "Tage überfällig")
    assert slipping.select(headings).rows() == [("c1", 50.0, 20)]


def test_a_phone_number_can_be_copied_from_the_workbook_and_runs_nothing_in_the_csv_file(
    marts: dict[str, pl.LazyFrame], tmp_path: Path
) -> None:
    """A spreadsheet takes +49221471001 in a CSV file for a formula; a cell of text stays as it is."""
    delivered(marts, tmp_path / "x")
    workbook = pl.read_excel(tmp_path / "x/service/followups.xlsx", sheet_name="Follow-ups")
    assert workbook["Phone"].to_list() == ["+49221471001", "'+1+1"]
    assert people_read(tmp_path / "x/service/followups.csv")["Phone"].to_list() == ["'+49221471001", "'+1+1"]


def test_the_workbook_says_by_what_a_value_was_reckoned(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    delivered(marts, tmp_path / "x")
    book = tmp_path / "x/marketing/segment_summary.xlsx"
    about = pl.read_excel(book, sheet_name="About", has_header=False).to_series().drop_nulls().to_list()
    said = "Expected margin in all is reckoned by: the rate of the past (no model is better here), b."
    assert said in about
    assert "As of 2026-01-31." in about


def test_nobody_whom_marketing_may_not_contact_is_told_a_next_category(
    marts: dict[str, pl.LazyFrame], tmp_path: Path
) -> None:
    delivered(marts, tmp_path / "x")
    categories = people_read(tmp_path / "x/marketing/next_categories.csv")
    assert categories.select("Customer number", "Last name", "Category").rows() == [
        ("c1", "Meier", "Mills"),
        ("c1", "Meier", "Cups"),
    ]


def test_sales_reads_of_potential_only_what_is_known_and_the_greatest_room_first(
    marts: dict[str, pl.LazyFrame], tmp_path: Path
) -> None:
    delivered(marts, tmp_path / "x")
    room = people_read(tmp_path / "x/sales/potential.csv").select("Customer number", "Verdict", "Room")
    assert room.rows() == [("c1", "open", 30), ("c2", "exhausted", 0)]
    companies = people_read(tmp_path / "x/sales/white_space.csv")
    assert companies.select("Company number", "Name", "Room").rows() == [("a1", "'+Plus GmbH", 30)]


def test_the_greatest_room_of_an_exhausted_customer_comes_after_the_least_of_an_open_one(
    marts: dict[str, pl.LazyFrame], tmp_path: Path
) -> None:
    """Accident: sales calls first whom hardly anybody surpasses, for a few who spend the most leave him large room."""
    large = pl.when(verdict="exhausted").then(90.0).otherwise("potential")
    marts["customer_potential"] = marts["customer_potential"].with_columns(potential=large)
    delivered(marts, tmp_path / "x")
    room = people_read(tmp_path / "x/sales/potential.csv").select("Verdict", "Room")
    assert room.rows() == [("open", 30), ("exhausted", 70)]


def test_nobody_calls_a_company_that_buys_already_or_an_address_that_was_refused(
    marts: dict[str, pl.LazyFrame], tmp_path: Path
) -> None:
    """Accident: a hundred companies that are no leads any more end the list, and a refused number stands in it."""
    delivered(marts, tmp_path / "x")
    leads = people_read(tmp_path / "x/sales/leads.csv")
    assert leads.select("Customer number", "Phone", "Best channel").rows() == [
        ("c2", None, "Letter"),
        ("c4", None, None),
    ]
    slipping = people_read(tmp_path / "x/sales/slipping.csv")
    assert slipping.select("Customer number", "Phone", "Best channel").rows() == [("c1", "'+49221471001", "Phone")]
    assert pl.read_parquet(tmp_path / "x/tables/lead_scores.parquet")["is_lead"].sum() == 3


def test_a_campaign_is_one_row_with_all_that_it_did(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    delivered(marts, tmp_path / "x")
    (row,) = people_read(tmp_path / "x/marketing/campaign_results.csv").iter_rows(named=True)
    assert (row["Added margin"], row["Added orders"]) == (1.5, None)
    assert (row["Measured by"], row["Customers with"]) == ("comparison with customers alike", 40)


def test_followups_say_who_the_customer_is_most_urgent_first(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    delivered(marts, tmp_path / "x")
    followups = people_read(tmp_path / "x/service/followups.csv")
    assert followups.select("Customer number", "Last name").rows() == [("c1", "Meier"), ("c2", "Berg")]


def test_the_segment_summary_adds_up(marts: dict[str, pl.LazyFrame]) -> None:
    rows = segment_summary(marts).sort("rfm_segment").collect()
    assert rows.filter(rfm_segment="champions").row(0, named=True) == {
        "rfm_segment": "champions",
        "customer_count": 2,
        "net_revenue": Decimal("300.3000"),
        "average_net_revenue": 150.15,
        "total_clv": Decimal("40.0000"),
        "average_clv": 20.0,
    }
    assert rows["customer_count"].sum() == 4
    assert rows.filter(rfm_segment="lead")["average_clv"].to_list() == [None], "nothing is known, which is not 0"


def test_a_missing_mart_or_column_is_said_in_a_sentence(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    without_column = {**marts, "marketing_segments": marts["marketing_segments"].drop("rfm_segment")}
    with pytest.raises(DeliveryError, match="marketing/segments needs the column rfm_segment of the table marketing_s"):
        delivered(without_column, tmp_path / "x")
    without_mart = {name: table for name, table in marts.items() if name != "sales_buyers"}
    with pytest.raises(DeliveryError, match="sales/buyers is made of the table sales_buyers, which is not among"):
        delivered(without_mart, tmp_path / "y")


def test_the_manifest_names_every_file_with_its_digest(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    folder = tmp_path / "x"
    report = delivered(marts, folder)
    (folder / "report.html").write_text("<html>")
    write_manifest(folder, AS_OF, report.files)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["as_of"] == "2026-01-31"
    listed = {entry["file"]: entry for entry in manifest["files"]}
    present = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert set(listed) == set(present) - {"manifest.json"}
    assert list(listed) == sorted(listed)
    for name, entry in listed.items():
        assert entry["sha256"] == hashlib.sha256(present[name].read_bytes()).hexdigest()
    assert listed["report.html"]["rows"] is None
    assert listed["tables/customers.parquet"]["rows"] == 4
    assert listed["tables/customers.parquet"]["columns"] == marts["customers"].collect_schema().names()


def test_the_same_tables_give_the_same_bytes_whatever_their_order(
    marts: dict[str, pl.LazyFrame], tmp_path: Path
) -> None:
    delivered(marts, tmp_path / "x")
    delivered(dict(reversed(marts.items())), tmp_path / "y")
    assert (tmp_path / "x/manifest.json").read_bytes() == (tmp_path / "y/manifest.json").read_bytes()


def test_departments_do_not_depend_on_the_order_of_rows(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    delivered(marts, tmp_path / "x")
    delivered({name: table.reverse() for name, table in marts.items()}, tmp_path / "y")
    for spec in DEPARTMENT_TABLES:
        file = f"{spec.department}/{spec.name}.xlsx"
        assert (tmp_path / "x" / file).read_bytes() == (tmp_path / "y" / file).read_bytes()


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_department_table_and_known_column_has_words_of_its_own(language: str) -> None:
    words = wording(language)
    assert {spec.name for spec in DEPARTMENT_TABLES} | {"overview"} == set(words.tables)
    assert all(column.heading and column.meaning for column in words.known_columns.values())
    assert max(len(title) for title, _ in words.tables.values()) <= 31, "Excel's limit for the name of a sheet"


def test_every_language_knows_the_same_words_in_the_same_forms() -> None:
    """A word that German lacks would be read in English, in the midst of German ones."""
    contents = [yaml.safe_load((LANGUAGES / f"{language}.yml").read_text("utf-8")) for language in ("en", "de")]
    known = [{part: set(words) for part, words in content.items()} for content in contents]
    assert known[0] == known[1]
    english, german = wording("en"), wording("de")
    forms = [{name: column.form for name, column in words.known_columns.items()} for words in (english, german)]
    assert forms[0] == forms[1]
    fields = [
        re.findall(r"{\w+}", " ".join(words.phrases[name] for name in sorted(words.phrases)))
        for words in (english, german)
    ]
    assert sorted(fields[0]) == sorted(fields[1])


def test_german_tables_read_german(marts: dict[str, pl.LazyFrame], tmp_path: Path) -> None:
    delivered(marts, tmp_path / "x", language="de")
    assert "Vorname" in people_read(tmp_path / "x/marketing/segments.csv").columns


def test_two_columns_of_one_heading_stay_apart() -> None:
    schema = pl.Schema({"company_name": pl.String, "account_name": pl.String})
    headings = [column.heading for column in wording().columns(schema)]
    assert headings == ["Company (company_name)", "Company (account_name)"]
