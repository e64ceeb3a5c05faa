"""On which day the contacts of a plan were made, if they were made on the day of the plan itself.

A plan knows all of its day and is carried out after it. But exports may be drawn in the morning, and the mails leave in
the afternoon. Such contacts are the plan's: it would not have asked for them had they been made before, for then the
customer would have had a contact only that day. Dated the day after, they are taken for what came of the plan, and not
for what it knew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

_KEYS = ("customer_id", "channel", "touched_on")


def after_their_plans(touches: pl.DataFrame, plans: Mapping[date, pl.DataFrame]) -> pl.DataFrame:
    """Return the touches (customer_id, channel, touched_on, direction and others), in the same order, those that one of
    `plans` (by day) asked for and that were made on its very day dated the day after."""
    if not plans:
        return touches
    asked = pl.concat(
        plan.select("customer_id", "channel", touched_on=pl.lit(day), is_asked=pl.col("channel") != "none")
        for day, plan in sorted(plans.items())
    )
    told = touches.join(asked.unique(_KEYS), on=_KEYS, how="left", maintain_order="left")
    is_its_own = pl.col("is_asked").fill_null(value=False) & (pl.col("direction") == "outbound")
    return told.with_columns(
        touched_on=pl.when(is_its_own).then(pl.col("touched_on").dt.offset_by("1d")).otherwise("touched_on")
    ).drop("is_asked")
