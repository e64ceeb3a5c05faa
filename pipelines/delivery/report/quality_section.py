"""The section on the data themselves: what landed, and what became of it."""

from __future__ import annotations

import polars as pl

from pipelines.delivery.report import charts
from pipelines.delivery.report.drawing import drawn
from pipelines.delivery.report.parts import Context, Figure, Numbers, Section
from pipelines.delivery.report.words import Words

_COUNTS = ("rows_read", "rows_kept", "rows_quarantined", "rows_collapsed")
_AMOUNTS = ("amount_read", "amount_kept", "amount_quarantined")
_UNREAD = ("unknown", "refused", "waiting")
_OUTCOMES = ("delivered", "superseded", "deleted", "test", "without order", "lost")


def quality(context: Context) -> Section | None:
    """Rows by what became of them, and the balance of orders to the cent."""
    ledger = context.today.table("load_ledger", "file", "entity", "status", *_COUNTS, *_AMOUNTS)
    if ledger is None:
        return None
    words, rows = context.words, ledger.collect()
    balance = context.today.table("ledger_balance", "entity", "currency", "outcome", "row_count", "amount")
    sums = rows.select(pl.col(_COUNTS).sum()).row(0, named=True)
    return Section(
        "quality",
        words("quality", "heading"),
        words("quality", "sentence", **{name: words.number(count) for name, count in sums.items()}),
        figures=[_entities(rows, words), *([] if balance is None else [_balance(balance.collect(), words)])],
        notes=_notes(rows, words),
        link=("data_quality.html", words("quality", "link")),
    )


def _notes(ledger: pl.DataFrame, words: Words) -> list[str]:
    totals = ledger.select(pl.col(*_COUNTS, *_AMOUNTS).fill_null(0).sum()).row(0, named=True)
    balances = (
        totals["rows_read"] == totals["rows_kept"] + totals["rows_quarantined"] + totals["rows_collapsed"]
        and totals["amount_read"] == totals["amount_kept"] + totals["amount_quarantined"]
    )
    unread = ledger.filter(pl.col("status").is_in(_UNREAD))["file"].n_unique()
    return [
        words("quality", "balances" if balances else "does_not_balance"),
        *([words("quality", "unread", files=words.number(unread))] if unread else []),
    ]


def _entities(ledger: pl.DataFrame, words: Words) -> Figure:
    found = (
        ledger.filter(pl.col("entity").is_not_null())
        .group_by("entity")
        .agg(pl.col(_COUNTS).sum())
        .sort("rows_read", "entity", descending=[True, False])
        .to_dicts()
    )
    rows = [
        {
            "label": words.entity(row["entity"]),
            "value": row["rows_quarantined"] / row["rows_read"] if row["rows_read"] else 0.0,
            "text": words("quality", "left_out", count=words.number(row["rows_quarantined"]),
                          read=words.number(row["rows_read"])),
            "is_grey": False,
        }
        for row in found
    ]  # fmt: skip
    any_left_out = any(row["value"] for row in rows)
    title = words("quality", "entities" if any_left_out else "none_left_out")
    return Figure(
        title,
        Numbers(
            [words("quality", "entity"), *(words("quality", name) for name in _COUNTS)],
            [(words.entity(row["entity"]), *(words.number(row[name]) for name in _COUNTS)) for row in found],
        ),
        drawn(charts.bars(rows), "left-out", title, words("quality", "entities_text")) if any_left_out else "",
    )


def _balance(balance: pl.DataFrame, words: Words) -> Figure:
    order = pl.col("outcome").replace_strict({name: at for at, name in enumerate(_OUTCOMES)}, default=len(_OUTCOMES))
    found = balance.sort(
        "entity", "currency", order, "outcome", descending=[True, False, False, False], nulls_last=True
    )
    return Figure(
        words("quality", "balance"),
        Numbers(
            [words("quality", "entity"), words("quality", "outcome"), words("quality", "rows"),
             words("quality", "amount")],
            [
                (
                    words.entity(row["entity"]),
                    words("outcomes", row["outcome"]),
                    words.number(row["row_count"]),
                    words.numerals.money(row["amount"], row["currency"]),
                )
                for row in found.iter_rows(named=True)
            ],
            first_number=2,
        ),
    )  # fmt: skip
