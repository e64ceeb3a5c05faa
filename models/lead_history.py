"""What was known of a contact on a day before his first purchase, as plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

RECENT_DAYS = 365
# A reaction counts so many days after the mailing was sent (int_leads_observed).
DAYS_TO_REACT = 7
# So long ago, or never: no difference any more.
_LONG_AGO = 365
# Mailings by which a contact's share of reactions is drawn towards the usual one.
_PRIOR_MAILINGS = 4.0
_MOST_SOURCES = 6


@dataclass(frozen=True)
class LeadHistory:
    """Events before the first purchase, and the purchases.

    `events` has customer_id, known_on, kind, detail and event_count (int_leads_observed), `first_orders` customer_id
    and first_order_on, one row per customer who bought, himself or, of a company, through its people.
    """

    events: pl.DataFrame
    first_orders: pl.DataFrame

    def sources(self) -> tuple[str, ...]:
        """The source systems with the most contacts."""
        records = self.events.filter(kind="record").group_by("detail").agg(pl.col("customer_id").n_unique().alias("n"))
        return tuple(records.sort("n", "detail", descending=[True, False])["detail"].head(_MOST_SOURCES))

    def as_known_on(self, day: date, sources: Sequence[str]) -> pl.DataFrame:
        """Return one row per contact known on a day who had not bought up to then, sorted by customer_id.

        Facts: age_days, mailings, reactions, conversations (the last `RECENT_DAYS`), days_since_reaction, open_deals,
        has_company, has_job_title, has_agreed, has_refused and for each source from_<source>.
        """
        known = self.events.lazy().filter(pl.col("known_on") <= day)
        bought = self.first_orders.lazy().filter(pl.col("first_order_on") <= day).select("customer_id")
        return (
            known.group_by("customer_id")
            .agg(_facts(day, sources))
            .join(bought, on="customer_id", how="anti")
            .sort("customer_id")
            .collect()
        )

    def bought_within(self, leads: pl.DataFrame, after: date, until: date) -> pl.Series:
        """Return for each of the leads whether the first purchase fell into the days after one and up to another."""
        inside = self.first_orders.filter(pl.col("first_order_on") > after, pl.col("first_order_on") <= until)
        return leads["customer_id"].is_in(inside["customer_id"].to_list())


def _facts(day: date, sources: Sequence[str]) -> list[pl.Expr]:
    is_recent = pl.col("known_on") > day - timedelta(days=RECENT_DAYS)

    def of(kind: str) -> pl.Expr:
        return pl.col("kind") == kind

    def count(where: pl.Expr) -> pl.Expr:
        return pl.col("event_count").filter(where).sum().cast(pl.Int64)

    last_reaction = pl.col("known_on").filter(of("reaction")).max()
    return [
        (pl.lit(day) - pl.col("known_on").min()).dt.total_days().alias("age_days"),
        count(of("mailing") & is_recent).alias("mailings"),
        count(of("reaction") & is_recent).alias("reactions"),
        count(of("conversation") & is_recent).alias("conversations"),
        (pl.lit(day) - last_reaction).dt.total_days().alias("days_since_reaction"),
        (count(of("deal")) - count(of("deal_closed"))).clip(0).alias("open_deals"),
        of("company").any().alias("has_company"),
        of("job_title").any().alias("has_job_title"),
        of("yes").any().alias("has_agreed"),
        of("no").any().alias("has_refused"),
        *((of("record") & (pl.col("detail") == source)).any().alias(f"from_{source}") for source in sources),
    ]


def features(leads: pl.DataFrame, usual_reaction: float, sources: Sequence[str]) -> pl.DataFrame:
    """Return the facts as numbers of comparable size, one column per feature.

    `usual_reaction` is the share of mailings that contacts react to; the fewer mailings, the nearer to it is a
    contact's own.
    """
    share = (pl.col("reactions") + _PRIOR_MAILINGS * usual_reaction) / (pl.col("mailings") + _PRIOR_MAILINGS)
    return leads.select(
        age=pl.col("age_days").clip(0).log1p(),
        reaction_share=share,
        mailings=pl.col("mailings").log1p(),
        days_since_reaction=pl.col("days_since_reaction").fill_null(_LONG_AGO).clip(0, _LONG_AGO).log1p(),
        conversations=pl.col("conversations").log1p(),
        open_deals=pl.col("open_deals").log1p(),
        **{
            name: pl.col(name).cast(pl.Float64)
            for name in (
                "has_company",
                "has_job_title",
                "has_agreed",
                "has_refused",
                *(f"from_{source}" for source in sources),
            )
        },
    ).cast(pl.Float64)
