"""Who got a campaign or was assigned by a plan, who did not and could have, and what is known of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from models.random_groups import draws

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

NONE, HOLDOUT = "none", "holdout"
# Who was reached through a channel within the year before a campaign could have been reached by it.
_REACH_DAYS = 365
_YEAR, _LONG_AGO, _RECENT_DAYS = 365, 1_095, 30


@dataclass(frozen=True)
class Contacts:
    """What happened, rows in any order.

    `touches`: customer_id, channel, campaign_id, touched_on, direction, has_left (unsubscribed, complained, or the
    address is dead). `orders`: customer_id, ordered_on, margin, is_purchase. `customers`: customer_id, first_seen_on.
    """

    touches: pl.DataFrame
    orders: pl.DataFrame
    customers: pl.DataFrame

    @property
    def sent(self) -> pl.DataFrame:
        """The touches that were ours to make."""
        return self.touches.filter(pl.col("direction") == "outbound", pl.col("customer_id").is_not_null())

    def until(self, as_of: date) -> Contacts:
        """Return what had happened by a day."""
        touches = self.touches.filter(pl.col("touched_on") <= as_of)
        return Contacts(touches, self.orders.filter(pl.col("ordered_on") <= as_of), self.customers)


@dataclass(frozen=True)
class Window:
    """The days whose orders count: from `start` on, at most `days`, as far as `as_of` has seen them."""

    start: date
    days: int
    as_of: date

    @property
    def seen(self) -> int:
        """How many of the days have passed."""
        return max(0, min((self.as_of - self.start).days + 1, self.days))

    @property
    def is_final(self) -> bool:
        """Whether all of them have passed."""
        return self.seen == self.days


@dataclass(frozen=True)
class CampaignGroup:
    """A campaign through one channel: customers in the order of their ids who could have got it, and which of them did.

    `sizes` counts all who got it, also those who had never been reached before, and those who could have, both before
    any drawing. `last_day` is when the last recipient was reached.
    """

    campaign_id: str
    channel: str
    day: date
    last_day: date
    customer_id: pl.Series
    is_treated: Booleans
    sizes: tuple[int, int]


def campaign_groups(contacts: Contacts, *, most: int) -> Iterator[CampaignGroup]:
    """Yield the campaigns, each with at most about `most` customers, drawn by lot."""
    sent = contacts.sent
    named = sent.filter(pl.col("campaign_id").is_not_null()).sort("campaign_id", "channel")
    for (channel,), touches in sorted(sent.partition_by("channel", as_dict=True).items()):
        campaigns = named.filter(channel=channel).partition_by("campaign_id", as_dict=True)
        for (campaign_id,), got_it in sorted(campaigns.items()):
            yield _group(str(campaign_id), str(channel), got_it, touches, most)


def _group(campaign_id: str, channel: str, got_it: pl.DataFrame, touches: pl.DataFrame, most: int) -> CampaignGroup:
    day, last_day = got_it.select(pl.col("touched_on").min(), pl.col("touched_on").max().alias("last")).row(0)
    ago = (pl.lit(day) - pl.col("touched_on")).dt.total_days()
    gone = touches.filter(pl.col("has_left"), ago > 0).select("customer_id")
    treated = got_it.select("customer_id").unique()
    # Of both groups only who was reached before: who is reached later may be so because he bought.
    reached = touches.filter(ago.is_between(1, _REACH_DAYS)).select("customer_id").unique()
    could = reached.join(gone, on="customer_id", how="anti").sort("customer_id")
    kept = could.filter(pl.Series(draws(could["customer_id"], "results") < most / max(could.height, 1)))
    is_treated = kept["customer_id"].is_in(treated["customer_id"].implode()).to_numpy()
    sizes = treated.height, could.join(treated, on="customer_id", how="anti").height
    return CampaignGroup(campaign_id, channel, day, last_day, kept["customer_id"], is_treated, sizes)


def first_plans(plans: Mapping[date, pl.DataFrame]) -> Iterator[tuple[str, date, pl.DataFrame]]:
    """Yield the first publication of each plan: what was decided; later ones of its period only follow it up."""
    seen: set[str] = set()
    for day in sorted(plans):
        for (plan_id,), plan in sorted(plans[day].partition_by("plan_id", as_dict=True).items()):
            if plan_id not in seen:
                seen.add(str(plan_id))
                yield str(plan_id), day, plan.sort("customer_id")


def treated_share(plan: pl.DataFrame) -> float:
    """Return the share of customers that the plan meant to treat, read off the lots by which it held out the others.

    It is where the fewest lots lie on the wrong side: who has another id since, by a merger, has another lot, too.
    """
    lots = draws(plan["customer_id"], HOLDOUT)
    order = np.argsort(lots)
    is_held_out = (plan["arm"] == HOLDOUT).to_numpy()[order]
    edges = np.concatenate([[0.0], lots[order], [1.0]])
    treated_below = np.concatenate([[0], np.cumsum(~is_held_out)])
    held_out_above = is_held_out.sum() - np.concatenate([[0], np.cumsum(is_held_out)])
    place = int(np.argmin(treated_below + held_out_above))
    return float(1.0 - edges[place : place + 2].mean())


def carried_out_share(plan: pl.DataFrame, contacts: Contacts, window: Window) -> float:
    """Return how many of the plan's contacts were made in the window; 1 for a plan without contacts."""
    wanted = plan.filter(pl.col("channel") != NONE).select("customer_id", "channel")
    end = window.start + timedelta(days=window.days)
    made = contacts.sent.filter(pl.col("touched_on").is_between(window.start, end, closed="left"))
    kept = wanted.join(made, on=["customer_id", "channel"], how="semi")
    return kept.height / wanted.height if wanted.height else 1.0


def known_before(customer_id: pl.Series, contacts: Contacts, day: date) -> Floats:
    """Return what was known of customers before a day: orders and margin of the year, days since the last order and
    since the first sight, contacts of the month; shape (customers, 5)."""
    ago = (pl.lit(day) - pl.col("ordered_on")).dt.total_days()
    past = contacts.orders.lazy().filter(ago > 0, pl.col("is_purchase"))
    bought = past.group_by("customer_id").agg(
        orders=(ago <= _YEAR).sum(), margin=_exact(pl.col("margin").filter(ago <= _YEAR)), silence=ago.min()
    )
    recent = (pl.lit(day) - pl.col("touched_on")).dt.total_days().is_between(1, _RECENT_DAYS)
    touched = contacts.sent.lazy().filter(recent).group_by("customer_id").agg(contacts=pl.len())
    known = (pl.lit(day) - pl.col("first_seen_on")).dt.total_days().clip(0, _LONG_AGO)
    found = (
        pl.LazyFrame({"customer_id": customer_id})
        .join(bought, on="customer_id", how="left", maintain_order="left")
        .join(touched, on="customer_id", how="left", maintain_order="left")
        .join(contacts.customers.lazy(), on="customer_id", how="left", maintain_order="left")
        .select("orders", "margin", pl.col("silence").fill_null(_LONG_AGO).clip(0, _LONG_AGO), known, "contacts")
    )
    return found.cast(pl.Float64).fill_null(0.0).collect().to_numpy()


def outcomes(customer_id: pl.Series, contacts: Contacts, window: Window) -> dict[str, Floats]:
    """Return whether customers bought in the window (`ordered`, 0 or 1), and with which `margin`."""
    end = window.start + timedelta(days=window.seen)
    inside = contacts.orders.lazy().filter(pl.col("ordered_on").is_between(window.start, end, closed="left"))
    bought = inside.group_by("customer_id").agg(
        ordered=pl.col("is_purchase").any(), margin=_exact(pl.col("margin"))
    )  # fmt: skip
    rows = pl.LazyFrame({"customer_id": customer_id}).join(
        bought, on="customer_id", how="left", maintain_order="left"
    )  # fmt: skip
    found = rows.select(pl.col("ordered", "margin").cast(pl.Float64).fill_null(0.0)).collect()
    return {name: found[name].to_numpy() for name in ("ordered", "margin")}


def _exact(amount: pl.Expr) -> pl.Expr:
    """The sum as decimals: that of floats depends on the order of rows."""
    return amount.cast(pl.Decimal(38, 4)).sum().cast(pl.Float64)
