"""The plain forecasts that a model must beat: own rate so far, what the last period brought, the mean of his like."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from models.purchase_history import histories, what_followed

Floats = npt.NDArray[np.float64]

NAIVE = ("past_rate", "last_period", "segment_mean")
# Segments of the plain rule: repeat purchases, and the part of the time since the first purchase that was silent.
_CELL = (
    pl.col("x").cut([0.0, 1.0, 3.0, 7.0]).cast(pl.String).alias("frequent"),
    (pl.col("silence") / (pl.col("age") + 1.0)).cut([0.1, 0.3, 0.6]).cast(pl.String).alias("silent"),
)


def naive_orders(known: pl.DataFrame, history: pl.DataFrame, at: date, horizon: int, look: date) -> dict[str, Floats]:
    """Return the purchases within the horizon after `at` that each rule expects of each row of `history`.

    `known` are the purchase days up to `at`; from `look` on, an earlier day, the segments learn.
    """
    rate = purchase_rate(history)
    x, age = history["x"].to_numpy(), history["age"].to_numpy()
    first: date = known.get_column("ordered_on").dt.min()  # type: ignore[assignment]
    before = max(at - timedelta(days=horizon), first)
    last = what_followed(known, history, before, at)["orders"].to_numpy() * horizon / max((at - before).days, 1)
    return {
        "past_rate": (x + 1.0) / (age + 1.0 / rate) * horizon if rate else np.zeros_like(x),
        "last_period": last,
        "segment_mean": _segment_mean(known, history, look, at, horizon),
    }


def purchase_rate(history: pl.DataFrame) -> float:
    """Return all customers' repeat purchases per day since their first one."""
    x, age = float(history["x"].sum()), float(history["age"].sum())
    return x / age if age else 0.0


def _segment_mean(known: pl.DataFrame, history: pl.DataFrame, look: date, at: date, horizon: int) -> Floats:
    """What customers of like frequency and silence bought after an earlier look, per day, times the horizon."""
    before = histories(known, look)
    seen = what_followed(known, before, look, at)["orders"]
    days = max((at - look).days, 1)
    counted = before.select(_CELL).with_columns(seen=seen)
    cells = counted.group_by("frequent", "silent").agg(mean=pl.col("seen").sum() / pl.len())
    found = history.select(_CELL).join(cells, on=["frequent", "silent"], how="left", maintain_order="left")["mean"]
    return found.fill_null(float(seen.sum()) / max(before.height, 1)).to_numpy() * (horizon / days)
