"""The twin's files look like the vendors' files, and their money adds up to the cent."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import polars as pl
import pytest

from twin import TwinSummary, write_company

Row = dict[str, str]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> TwinSummary:
    return write_company(tmp_path_factory.mktemp("twin"), customers=600, seed=3)


@pytest.fixture(scope="module")
def totals(company: TwinSummary) -> dict[str, Any]:
    return json.loads((company.truth / "totals.json").read_text())


@pytest.fixture(scope="module")
def order_files(company: TwinSummary) -> dict[str, list[list[Row]]]:
    """Per file its orders, each as the rows that stand together under one name."""
    files = sorted((company.landing / "shopify").glob("orders_export_*.csv"))
    return {file.name: [list(rows) for _, rows in groupby(read(file), key=lambda row: row["Name"])] for file in files}


@pytest.fixture(scope="module")
def latest_orders(order_files: dict[str, list[list[Row]]]) -> dict[str, list[Row]]:
    """Each order as the newest file has it."""
    return {rows[0]["Name"]: rows for _, orders in sorted(order_files.items()) for rows in orders}


def read(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def cents(cell: str) -> int:
    euros, _, rest = cell.partition(".")
    assert len(rest) == 2, cell
    return int(euros + rest)


@pytest.mark.public_data
@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("shopify/orders_export_2026.csv", "shopify_orders_export_2025.csv"),
        ("shopify/customers_export.csv", "shopify_customers_export.csv"),
        ("mailchimp/audience/subscribed_*.csv", "mailchimp_audience_export.csv"),
    ],
)
def test_header_lines_equal_the_published_ones(
    company: TwinSummary, public_data: Path, written: str, published: str
) -> None:
    (file,) = company.landing.glob(written)
    header = (public_data / "vendor_headers" / published).read_text(encoding="utf-8").splitlines()[0]
    assert file.read_text(encoding="utf-8").splitlines()[0] == header


@pytest.mark.public_data
def test_campaigns_begin_with_the_published_columns(company: TwinSummary, public_data: Path) -> None:
    """The published header goes on with the columns of shops that are linked to web analytics; ours has none."""
    published = (public_data / "vendor_headers" / "mailchimp_campaigns_export.csv").read_text().splitlines()[0]
    written = (company.landing / "mailchimp" / "campaigns.csv").read_text(encoding="utf-8").splitlines()[0]
    assert published.startswith(written + ',"Analytics ROI"')


def test_every_hubspot_cell_is_quoted(company: TwinSummary) -> None:
    for file in (company.landing / "hubspot").glob("*.csv"):
        content = file.read_bytes()
        assert content.startswith(b'"Record ID",')
        assert content.endswith(b'"\r\n')
        assert b",," not in content


def test_an_order_has_its_own_cells_on_its_first_row_only(order_files: dict[str, list[list[Row]]]) -> None:
    for orders in order_files.values():
        for first, *others in orders:
            assert first["Total"]
            assert first["Currency"] == "EUR"
            for row in others:
                assert not row["Total"] + row["Financial Status"] + row["Billing Name"] + row["Id"]
                assert (row["Email"], row["Created at"]) == (first["Email"], first["Created at"])


def test_rows_of_an_order_stand_together(order_files: dict[str, list[list[Row]]]) -> None:
    for orders in order_files.values():
        names = [rows[0]["Name"] for rows in orders]
        assert len(names) == len(set(names))


def test_order_money_adds_up_to_the_cent(order_files: dict[str, list[list[Row]]]) -> None:
    orders = [rows for file in order_files.values() for rows in file]
    for rows in orders:
        first = rows[0]
        goods = sum(int(row["Lineitem quantity"]) * cents(row["Lineitem price"]) for row in rows)
        total = cents(first["Total"])
        assert cents(first["Subtotal"]) == goods - cents(first["Discount Amount"])
        assert total == cents(first["Subtotal"]) + cents(first["Shipping"])
        assert abs(cents(first["Taxes"]) - total * 19 / 119) <= 0.5
        assert 0 <= cents(first["Refunded Amount"]) <= total
        assert cents(first["Outstanding Balance"]) in {0, total}


def test_totals_equal_the_sums_of_the_files(
    totals: dict[str, Any], latest_orders: dict[str, list[Row]], order_files: dict[str, list[list[Row]]]
) -> None:
    firsts = [rows[0] for rows in latest_orders.values()]
    assert totals["orders"] == len(latest_orders)
    assert totals["order_lines"] == sum(len(rows) for rows in latest_orders.values())
    for name, column in {
        "total_cents": "Total",
        "subtotal_cents": "Subtotal",
        "shipping_cents": "Shipping",
        "tax_cents": "Taxes",
        "discount_cents": "Discount Amount",
        "refunded_cents": "Refunded Amount",
    }.items():
        assert totals[name] == sum(cents(first[column]) for first in firsts), name
    assert totals["cancelled_orders"] == sum(bool(first["Cancelled at"]) for first in firsts) > 0
    assert totals["order_file_rows"] == {
        name: sum(len(rows) for rows in orders) for name, orders in order_files.items()
    }


def test_files_overlap_and_the_later_one_knows_more(order_files: dict[str, list[list[Row]]]) -> None:
    """Without orders that change between two exports nobody would notice a pipeline that keeps the older state."""
    files = [{rows[0]["Name"]: rows[0] for rows in orders} for _, orders in sorted(order_files.items())]
    shared = [(earlier[name], later[name]) for earlier, later in pairwise(files) for name in earlier.keys() & later]
    assert any(earlier != later for earlier, later in shared)
    for earlier, later in shared:
        assert cents(earlier["Refunded Amount"]) <= cents(later["Refunded Amount"])
        assert earlier["Total"] == later["Total"]


def test_an_order_that_the_next_file_leaves_out_has_its_last_state(order_files: dict[str, list[list[Row]]]) -> None:
    """Otherwise the files would contradict the truth: an order's end would stand in no file."""
    for (_, earlier), (_, later) in pairwise(sorted(order_files.items())):
        in_later = {rows[0]["Name"] for rows in later}
        for first in (rows[0] for rows in earlier if rows[0]["Name"] not in in_later):
            assert first["Financial Status"] != "pending"


def test_order_times_carry_the_offset_of_the_season(latest_orders: dict[str, list[Row]]) -> None:
    berlin, offsets = ZoneInfo("Europe/Berlin"), set()
    for rows in latest_orders.values():
        moment = datetime.strptime(rows[0]["Created at"], "%Y-%m-%d %H:%M:%S %z")
        assert moment.astimezone(berlin).utcoffset() == moment.utcoffset()
        offsets.add(rows[0]["Created at"][-5:])
    assert offsets == {"+0100", "+0200"}


def test_accounts_have_spent_what_their_orders_say(company: TwinSummary, latest_orders: dict[str, list[Row]]) -> None:
    spent: dict[str, int] = {}
    for first, *_ in latest_orders.values():
        mail = first["Email"].lower()
        spent[mail] = spent.get(mail, 0) + cents(first["Total"]) - cents(first["Refunded Amount"])
    accounts = read(company.landing / "shopify" / "customers_export.csv")
    assert {row["Email"]: cents(row["Total Spent"]) for row in accounts} == {
        row["Email"]: spent.get(row["Email"], 0) for row in accounts
    }
    assert all(row["Customer ID"].startswith("'7") for row in accounts)


def test_postcodes_keep_their_leading_zeros(company: TwinSummary) -> None:
    accounts = read(company.landing / "shopify" / "customers_export.csv")
    german = [row["Default Address Zip"] for row in accounts if row["Default Address Country Code"] == "DE"]
    assert all(len(postcode) == 5 for postcode in german)
    assert any(postcode.startswith("0") for postcode in german)


def test_campaign_sums_agree_with_the_activity_files(company: TwinSummary, totals: dict[str, Any]) -> None:
    campaigns = read(company.landing / "mailchimp" / "campaigns.csv")
    activity = company.landing / "mailchimp" / "account_export"

    def rows(kind: str, title: str) -> list[Row]:
        file = activity / kind / f"{title.lower().replace(' ', '-')}.csv"
        return read(file) if file.exists() else []

    for row in campaigns:
        title = row["Title"]
        opened, ignored = rows("aggregate_activity/opened", title), rows("aggregate_activity/not_opened", title)
        bounces, opens = rows("aggregate_activity/bounces", title), rows("granular_activity/opens", title)
        clicks = rows("granular_activity/clicks", title)
        assert int(row["Total Recipients"]) == len(opened) + len(ignored) + len(bounces)
        assert int(row["Unique Opens"]) == len(opened) == len({each["Email"] for each in opens})
        assert int(row["Total Opens"]) == len(opens)
        assert int(row["Total Clicks"]) == len(clicks)
        assert int(row["Unique Clicks"]) == len(rows("aggregate_activity/click_activity", title))
        assert int(row["Hard Bounces"]) == sum(each["Bounce Type"] == "hard" for each in bounces)
    written = sum(len(read(file)) for file in activity.rglob("*.csv"))
    assert totals["email_rows"] == written
    assert totals["emails_sent"] == sum(int(row["Total Recipients"]) for row in campaigns)


def test_there_are_about_thirty_email_events_and_ten_order_lines_per_customer(totals: dict[str, Any]) -> None:
    assert 24 < totals["email_rows"] / totals["people"] < 34
    assert 8 < totals["order_lines"] / totals["people"] < 12


def test_nothing_is_written_for_real_people(company: TwinSummary) -> None:
    """An address outside the reserved names could belong to somebody."""
    people = pl.read_parquet(company.truth / "people.parquet")
    mails = pl.concat([people["email"], people["second_email"]]).drop_nulls()
    assert mails.n_unique() == mails.len()
    assert mails.str.contains(r"^[a-z0-9._-]+@([a-z0-9-]+\.example|example\.(com|org|net))$").all()
    reserved = r"^\+49(3023125|6990009|4066969|2214710|8999998)\d{3}(\d{3})?$"
    assert people["phone"].drop_nulls().str.contains(reserved).all()
    numbers = [phonenumbers.parse(phone) for phone in people["phone"].drop_nulls()]
    assert all(phonenumbers.is_valid_number(number) for number in numbers)


def test_cells_hold_what_breaks_naive_readers(latest_orders: dict[str, list[Row]]) -> None:
    notes = " ".join(rows[0]["Notes"] for rows in latest_orders.values())
    names = " ".join(rows[0]["Billing Name"] for rows in latest_orders.values())
    assert all(mark in notes for mark in (",", '"', "\n"))
    assert "ü" in names
