"""The section on campaigns and plans: whether they worked."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.delivery.report import charts, outreach_figures
from pipelines.delivery.report.drawing import drawn
from pipelines.delivery.report.parts import Context, Figure, Numbers, Section
from pipelines.delivery.report.words import Words

RESULT_COLUMNS = (
    "campaign_id", "channel", "outcome", "effect", "effect_low", "effect_high", "treated_count", "control_count",
    "sent_on",
)  # fmt: skip
_EFFECT = ("effect", "effect_low", "effect_high")

Rows = list[dict[str, Any]]


def results(context: Context) -> Section | None:
    """Whether campaigns and plans added margin."""
    table = context.today.table("campaign_results", *RESULT_COLUMNS)
    if table is None:
        return None
    words, found = context.words, outreach_figures.campaigns(table)
    counts = {name: found.filter(pl.col("verdict") == name).height for name in ("worked", "harmed", "untold")}
    shown = outreach_figures.measured(found).to_dicts()
    kind = "sentence" if counts["worked"] or counts["harmed"] else "untold"
    return Section(
        "results",
        words("results", "heading"),
        words("results", kind, all=words.number(found.height), **{n: words.number(c) for n, c in counts.items()}),
        figures=[_measured(shown, words)] if shown else [],
        notes=[words("results", "note")],
    )


def _measured(shown: Rows, words: Words) -> Figure:
    rows = [
        {
            "label": _label(row, shown, words),
            "low": row["effect_low"],
            "middle": row["effect"],
            "high": row["effect_high"],
            "text": words.money(row["effect"], 2),
            "mark": None,
            "is_sure": row["verdict"] != "untold",
        }
        for row in shown
    ]
    title = words("results", "effects")
    return Figure(
        title,
        Numbers(
            [words("results", "campaign"), words("channels", "channel"), words("results", "effect"),
             words("page", "at_least"), words("page", "at_most"), words("results", "treated"),
             words("results", "control")],
            [
                (_name(row["campaign_id"], words), words.term(row["channel"]),
                 *(words.money(row[name], 2) for name in _EFFECT), words.number(row["treated_count"]),
                 words.number(row["control_count"]))
                for row in shown
            ],
            first_number=2,
        ),
        drawn(charts.intervals(rows), "campaigns", title, words("results", "effects_text")),
    )  # fmt: skip


def _name(campaign_id: str, words: Words) -> str:
    """A campaign without its source; a plan by its day."""
    kind, _, name = campaign_id.partition(":")
    return words("results", "plan", plan=name) if kind == "plan" else (name or kind).replace("_", " ").replace("-", " ")


def _label(row: dict[str, Any], shown: Rows, words: Words) -> str:
    """The name of a campaign, with its channel where another has the same name."""
    name = _name(row["campaign_id"], words)
    is_alone = sum(_name(other["campaign_id"], words) == name for other in shown) == 1
    return name if is_alone else f"{name}, {words.term(row['channel'])}"
