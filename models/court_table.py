"""What the court heard, as a table for analysts: every candidate's scores, and who dropped out and why."""

from __future__ import annotations

import polars as pl

from models.court import SCORES_SCHEMA
from models.gamma_gamma import NAME as GAMMA_GAMMA
from models.lifetime_value import Valuation
from models.value_intervals import coverage

COURT_SCHEMA = pl.Schema(
    [
        *SCORES_SCHEMA.items(),
        ("coverage", pl.Float64()),
        ("is_winner", pl.Boolean()),
        ("note", pl.String()),
    ]
)


def value_court(valuation: Valuation) -> pl.DataFrame:
    """Return all candidates' scores, one row per origin, candidate and target (COURT_SCHEMA); none without a ruling.

    coverage is that of the 80 % intervals around the candidate's forecast of spend; null for orders. Who dropped out
    at an origin has no scores but a note there; the origin `as_of`, where nothing could be held out, tells who does not
    fit today. Gamma-Gamma is no candidate of its own, and has rows where it does not fit.
    """
    ruling = valuation.ruling
    if ruling is None:
        return pl.DataFrame(schema=COURT_SCHEMA)
    used = pl.when(pl.col("target") == "orders").then(pl.lit(valuation.orders_model)).otherwise(pl.lit(valuation.model))
    candidates = ruling.scores["candidate"].unique().sort().to_list()
    heard = [name for name in candidates if all(name in hearing.forecasts.orders for hearing in ruling.hearings)]
    covered = pl.DataFrame(
        {"candidate": heard, "target": "spend", "coverage": [coverage(ruling.hearings, name) for name in heard]},
        schema_overrides={"coverage": pl.Float64},
    )
    scored = ruling.scores.join(covered, on=["candidate", "target"], how="left").with_columns(
        is_winner=pl.col("candidate") == used, note=pl.lit(None, pl.String)
    )
    return pl.concat([scored, _dropped_out(valuation)]).sort("origin", "candidate", "target")


def _dropped_out(valuation: Valuation) -> pl.DataFrame:
    rows = [
        {
            "origin": one.on,
            "candidate": one.candidate,
            "target": target,
            "held_out_days": one.held_out_days,
            "buyers": one.buyers,
            "is_winner": False,
            "note": one.note,
        }
        for one in valuation.dropouts
        for target in (("spend",) if one.candidate == GAMMA_GAMMA else ("orders", "spend"))
    ]
    return pl.DataFrame(rows, schema=COURT_SCHEMA)
