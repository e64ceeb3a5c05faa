"""The page on data quality: whole, calm, and free of personal values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from pipelines.delivery.quality_page import write_quality_page

AS_OF = date(2026, 1, 31)
LEDGER = pl.DataFrame(
    {
        "file": ["b<b>.csv", "a.csv"],
        "vendor": ["shopify", None],
        "entity": ["orders", None],
        "status": ["partly", "unknown"],
        "message": ["", "No preset fits."],
        **{
            f"rows_{kind}": [count, 0]
            for kind, count in zip(["read", "kept", "quarantined", "collapsed"], [9, 6, 1, 2], strict=True)
        },
        **{
            f"amount_{kind}": [Decimal(n), None]
            for kind, n in zip(["read", "kept", "quarantined"], ["10", "9", "1"], strict=True)
        },
    }
)
QUARANTINE = pl.DataFrame(
    {
        "file": ["b<b>.csv"], "entity": ["orders"], "column_name": ["Total"], "fault": ["is not an amount"],
        "reason": ["'secret' is not an amount"], "value": ["secret"], "raw_text": ["secret"], "line": [4],
    }
)  # fmt: skip
PARTED = pl.DataFrame(
    {"source_id": ["secret", "secret2"], "cut_by": ["phone", "similarity"], "record_count": [6123, 9],
     "customer_count": [3001, 2], "largest_part": [2, 5]}
)  # fmt: skip
BLOCKS = pl.DataFrame(
    {"rule": ["birth + city", "number"], "largest": [4711, 20], "largest_kept": [312, 20], "pair_count": [99, 7]}
)
NEWEST = pl.DataFrame({"file": ["b<b>.csv"], "entity": ["orders"], "newest_on": [date(2026, 1, 21)]})


def written(folder: Path, ledger: pl.DataFrame = LEDGER) -> str:
    path = folder / "data_quality.html"
    unusual = {"b<b>.csv": ("600 rows are 40% fewer",)}
    write_quality_page(
        path, AS_OF, ledger=ledger, quarantine=QUARANTINE, unusual=unusual, newest=NEWEST, parted=PARTED, blocks=BLOCKS
    )
    return path.read_text()


def test_the_page_says_what_landed_what_is_unusual_and_how_fresh_it_is(tmp_path: Path) -> None:
    shown = written(tmp_path)
    for expected in ("No preset fits.", "40% fewer", "is not an amount", "2026-01-21", ">10.00</td>", ">yes</td>"):
        assert expected in shown


def test_the_page_says_which_groups_were_parted_and_which_blocks_were_too_large(tmp_path: Path) -> None:
    shown = written(tmp_path)
    for expected in ("the same phone number", ">6,123</td>", ">3,001</td>", "birth + city", ">4,711</td>", ">312</td>"):
        assert expected in shown
    assert ">number</td>" not in shown


def test_no_value_of_a_cell_stands_on_the_page(tmp_path: Path) -> None:
    """The page is passed around; what stands in rows is only in quarantine.xlsx."""
    assert "secret" not in written(tmp_path)


def test_names_of_files_are_no_markup_and_nothing_is_loaded(tmp_path: Path) -> None:
    shown = written(tmp_path)
    assert "b<b>" not in shown
    assert "b&lt;b&gt;.csv" in shown
    assert "http://" not in shown
    assert "https://" not in shown


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    assert written(tmp_path) == written(tmp_path, LEDGER.reverse())


def test_a_ledger_that_does_not_balance_is_shown_as_such(tmp_path: Path) -> None:
    assert ">no</td>" in written(tmp_path, LEDGER.with_columns(rows_kept=pl.lit(5)))
