"""The section on the forecast of value: which one was trusted, and which ones lost."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.delivery.report import charts, outreach_figures
from pipelines.delivery.report.drawing import drawn
from pipelines.delivery.report.parts import Context, Figure, Numbers, Section
from pipelines.delivery.report.words import Words

COURT_COLUMNS = ("origin", "candidate", "target", "poisson_deviance", "coverage", "is_winner", "note")

Rows = list[dict[str, Any]]


def court(context: Context) -> Section | None:
    """The candidates' scores on held-out months, beside the best plain rule."""
    table = context.today.table("value_court", *COURT_COLUMNS)
    if table is None:
        return None
    words, found = context.words, outreach_figures.forecasts(table).to_dicts()
    winner = next((row for row in found if row["is_winner"]), None)
    if winner is None:
        return None
    kind = "rule" if winner["candidate"] in outreach_figures.PLAIN_RULES else "model"
    sentence = words("court", kind, winner=words.candidate(winner["candidate"]), gain=words.share(winner["gain"], 1))
    valuer = next((row for row in found if row["values"]), winner)
    covered, missing = valuer["coverage"], _dropouts(table, words)
    return Section(
        "court",
        words("court", "heading"),
        sentence,
        figures=[_candidates(found, words)],
        notes=[
            words("court", "note", periods=words.number(_periods(table))),
            *([] if valuer is winner else [words("court", "valuer", winner=words.candidate(valuer["candidate"]))]),
            *([] if covered is None else [words("court", "coverage", share=words.share(covered, 1))]),
            *([words("court", "dropouts", names=words.listed(missing))] if missing else []),
        ],
    )


def _periods(table: pl.LazyFrame) -> int:
    return int(table.filter(_is_scored()).select(pl.col("origin").n_unique()).collect().item())


def _dropouts(table: pl.LazyFrame, words: Words) -> list[str]:
    """Who did not take part at one day or another."""
    names = table.filter(pl.col("note").is_not_null()).select(pl.col("candidate").unique().sort()).collect()
    return [words.candidate(name) for name in names["candidate"]]


def _is_scored() -> pl.Expr:
    return pl.col("poisson_deviance").is_not_null()


def _candidates(found: Rows, words: Words) -> Figure:
    rows = [
        {
            "label": words.candidate(row["candidate"]),
            "value": round(row["gain"], 6),
            "text": _text(row, words),
        }
        for row in found
    ]
    title = words("court", "candidates")
    return Figure(
        title,
        Numbers(
            [words("court", "candidate"), words("court", "deviance"), words("court", "gain"),
             words("court", "covered"), words("court", "used")],
            [
                (words.candidate(row["candidate"]), words.numerals.number(row["deviance"], 3),
                 words.numerals.change(row["gain"]), words.share(row["coverage"], 1),
                 words("court", "is_used") if row["is_winner"] else "")
                for row in found
            ],
        ),
        drawn(charts.gains(rows), "candidates", title, words("court", "candidates_text")),
    )  # fmt: skip


def _text(row: dict[str, Any], words: Words) -> str:
    change = words.numerals.change(row["gain"])
    return words("court", "trusted", change=change) if row["is_winner"] else change
