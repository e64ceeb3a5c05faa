"""Which records lead to others, and how many lead nowhere."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Reference:
    """A column of one entity that names a record of another entity of the same source."""

    entity: str
    column: str
    to_entity: str
    to_column: str = "source_id"
    by_title: bool = False
    """Whether names are compared, which file names write without their signs and blanks."""

    def key(self, column: str) -> pl.Expr:
        """What is compared of a column."""
        value = pl.col(column)
        return value.str.to_lowercase().str.replace_all(r"[^\pL\pN]+", "") if self.by_title else value


REFERENCES = (
    Reference("order_lines", "order_number", "orders", "order_number"),
    Reference("email_events", "campaign_name", "campaigns", "name", by_title=True),
    *(Reference(entity, "contact_source_id", "contacts") for entity in ("activities", "deals", "tickets")),
    *(Reference(entity, "company_source_id", "accounts") for entity in ("activities", "contacts", "deals", "tickets")),
)


def leading_nowhere(reference: Reference, frame: pl.LazyFrame, target: pl.LazyFrame) -> int:
    """How many rows name a record that the target does not hold.

    0 for sources of which the target holds nothing at all, because exports are often partial; cells that name several
    records (`;`) are left out.
    """
    known = target.select("source_system", key=reference.key(reference.to_column)).unique()
    named = frame.select("source_system", key=reference.key(reference.column)).filter(
        pl.col("key").is_not_null() & ~pl.col("key").str.contains(";", literal=True)
    )
    exported = named.join(known.select("source_system").unique(), on="source_system", how="semi")
    return int(exported.join(known, on=["source_system", "key"], how="anti").select(pl.len()).collect().item())
