"""The page on data quality: what landed, what balances, what was left out and why, what is unusual, how fresh it is.

It shows aggregates, file names and reasons without values; rows with their values are in quarantine.xlsx.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from pipelines.delivery.html import Figure, figures, link, listing, page, section, table

_COUNTS = ["rows_read", "rows_kept", "rows_quarantined", "rows_collapsed"]
_AMOUNTS = ["amount_read", "amount_kept", "amount_quarantined"]


def write_quality_page(
    path: Path,
    as_of: date,
    *,
    ledger: pl.DataFrame,
    quarantine: pl.DataFrame,
    unusual: Mapping[str, Sequence[str]],
    newest: pl.DataFrame,
    parted: pl.DataFrame,
    blocks: pl.DataFrame,
) -> None:
    """Write the page. `unusual` gives sentences by file name; `newest` has file, entity and newest_on, one row per
    file; `parted` and `blocks` are the tables groups_parted and blocks_compared.
    The same tables give the same bytes, whatever the order of their rows."""
    parts = [
        link("report.html", "The report on customers"),
        figures(_figures(ledger, unusual)),
        _unusual_part(unusual),
        _balance_part(ledger),
        _quarantine_part(quarantine),
        _parted_part(parted),
        _blocks_part(blocks),
        _freshness_part(newest, ledger, as_of),
        _files_part(ledger),
    ]
    introduction = f"What came in until {as_of:%Y-%m-%d}, what became of it, and what to look at. No personal data."
    path.write_text(page("Data quality", introduction, parts), encoding="utf-8")


def _figures(ledger: pl.DataFrame, unusual: Mapping[str, Sequence[str]]) -> list[Figure]:
    counts = ledger.select(pl.col(_COUNTS).sum()).row(0, named=True)
    not_read = ledger.filter(pl.col("status").is_in(["unknown", "refused", "waiting"]))["file"].n_unique()
    return [
        Figure(f"{ledger['file'].n_unique():,}", "files landed"),
        Figure(f"{not_read:,}", "files not read", "warn" if not_read else "good"),
        Figure(f"{counts['rows_read']:,}", "rows read"),
        Figure(f"{counts['rows_kept']:,}", "rows kept"),
        Figure(f"{counts['rows_quarantined']:,}", "rows left out", "warn" if counts["rows_quarantined"] else "good"),
        Figure(f"{len(unusual):,}", "unusual files", "warn" if unusual else "good"),
    ]


def _unusual_part(unusual: Mapping[str, Sequence[str]]) -> str:
    sentences = [f"{file}: {'; '.join(unusual[file])}." for file in sorted(unusual)]
    content = listing(sentences, "warn") if sentences else listing(["Nothing is unusual."], "good")
    return section(
        "Unusual files",
        "The latest file of each series beside earlier ones: rows, filled cells, codes and amounts. "
        "If the export broke off, export it again and put it into landing/.",
        content,
    )


def _balance_part(ledger: pl.DataFrame) -> str:
    known = ledger.filter(pl.col("entity").is_not_null())
    summed = (
        known.group_by("vendor", "entity")
        .agg(pl.col("file").n_unique().alias("files"), pl.col(_COUNTS).sum(), pl.col(_AMOUNTS).sum())
        .sort("vendor", "entity", nulls_last=True)
    )
    rows = [
        (row["vendor"], row["entity"], row["files"], *(row[name] for name in _COUNTS), _yes(_rows_balance(row)))
        for row in summed.iter_rows(named=True)
    ]
    money = [
        (row["vendor"], row["entity"], *(round(row[name], 2) for name in _AMOUNTS), _yes(_money_balances(row)))
        for row in summed.iter_rows(named=True)
        if row["amount_read"]
    ]
    of_rows = section(
        "What came in",
        "Every row that was read was kept, left out with a reason, or collapsed because another row says the same.",
        table(["Vendor", "Records", "Files", "Rows read", "Kept", "Left out", "Collapsed", "Balances"], rows),
    )
    of_money = section(
        "Money",
        "Sums of the amounts as they stand in the files, whatever their currency.",
        table(["Vendor", "Records", "Read", "Kept", "Left out", "Balances"], money),
    )
    return of_rows + of_money if money else of_rows


def _rows_balance(row: Mapping[str, int]) -> bool:
    return row["rows_read"] == row["rows_kept"] + row["rows_quarantined"] + row["rows_collapsed"]


def _money_balances(row: Mapping[str, Decimal]) -> bool:
    return row["amount_read"] == row["amount_kept"] + row["amount_quarantined"]


def _yes(kept: bool) -> str:
    return "yes" if kept else "no"


def _quarantine_part(quarantine: pl.DataFrame) -> str:
    places = ["file", "entity", "column_name", "fault"]
    counted = quarantine.group_by(places).len("rows").sort("rows", *places, descending=[True] + [False] * 4)
    content = (
        table(["File", "Records", "Column", "What is wrong", "Rows"], counted.iter_rows())
        if counted.height
        else listing(["No row was left out."], "good")
    )
    explanation = (
        "Rows by what is wrong with them. data_quality/quarantine.xlsx holds each with its line and value. "
        "Correct them and put the file into landing/ again."
    )
    return section("Rows left out", explanation, content)


def _parted_part(parted: pl.DataFrame) -> str:
    words = {"phone": "the same phone number", "email": "the same e-mail address", "similarity": "likeness"}
    summed = (
        parted.group_by("cut_by")
        .agg(
            groups=pl.len(),
            records=pl.col("record_count").sum(),
            largest=pl.col("record_count").max(),
            customers=pl.col("customer_count").sum(),
        )
        .sort("cut_by")
        .with_columns(pl.col("cut_by").replace_strict(words))
    )
    content = (
        table(["Held together by", "Groups", "Records", "Largest group", "Customers now"], summed.iter_rows())
        if summed.height
        else listing(["No group of records was parted."], "good")
    )
    return section(
        "Groups of records that were parted",
        "What hung together too loosely, or was too much, to be one customer was cut where its links are weakest. "
        "tables/groups_parted names the first record of each group; `stammkunde explain` tells more of its customer.",
        content,
    )


def _blocks_part(blocks: pl.DataFrame) -> str:
    left_out = blocks.filter(pl.col("largest") > pl.col("largest_kept")).sort(
        "largest", "rule", descending=[True, False]
    )
    columns = left_out.select("rule", "largest", "largest_kept", "pair_count")
    content = (
        table(["Records with the same", "Largest block", "Largest compared", "Pairs"], columns.iter_rows())
        if left_out.height
        else listing(["All records that have something in common were compared."], "good")
    )
    return section(
        "What too many records have in common",
        "Records that share a name, an address or a number are compared, but for blocks so large that the comparison "
        "would never end: the rules whose largest blocks were left out. tables/blocks_compared lists all rules.",
        content,
    )


def _freshness_part(newest: pl.DataFrame, ledger: pl.DataFrame, as_of: date) -> str:
    vendors = ledger.select("file", "entity", "vendor").unique()
    found = (
        newest.filter(pl.col("newest_on").is_not_null())
        .join(vendors, on=["file", "entity"], how="inner")
        .group_by("vendor", "entity")
        .agg(pl.col("newest_on").max())
        .sort("vendor", "entity")
    )
    rows = [(vendor, entity, f"{day:%Y-%m-%d}", (as_of - day).days) for vendor, entity, day in found.iter_rows()]
    return section(
        "How fresh it is",
        "The newest record of each source, and how many days before the day of the run it is.",
        table(["Vendor", "Records", "Newest record", "Days before"], rows),
    )


def _files_part(ledger: pl.DataFrame) -> str:
    shown = ledger.select("file", "entity", "status", "rows_read", "message").sort(
        "file", "entity", "message", nulls_last=True
    )
    return section(
        "File by file",
        "What was decided about each file, and what to do where one was not read.",
        table(["File", "Records", "Status", "Rows", "What was found"], shown.iter_rows()),
    )
