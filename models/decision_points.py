"""The company's past as decisions: a customer on a day, what was known then, the contact that followed, and the margin
that came.

Two kinds. An earlier contact plan that was carried out was a decision with known chances: what it assigned counts,
whatever became of it. Otherwise weeks are looked at: who was contacted in it, through which channel first, and who was
not until then; chances are estimated. The decision is that of the day before the contact, or of its own where the
customer had ordered before on that day, so that an order which led to a contact is known then, and no result of it; of
the others, that of the day before a contact of another in this week, or likewise of its own. Weeks differ (mailings
are sent before Christmas), so what was done in one and bought after a day by all goes along as `CONTEXT`, and customers
are compared with those of the same weeks.

Contacted customers and others are sampled in numbers of one order, by the day and the channel, so that little
computing sees much contrast. Known chances are corrected for that; estimated ones are those of the sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from models.channels import CHANNELS
from models.contact_days import after_their_orders, is_after_an_order
from models.customer_history import (
    CONTACT_FEATURES,
    FEATURES,
    PACE,
    History,
    contacts_after,
    features_at,
    margins_after,
    purchases_after,
)
from models.decision_rounds import APART, ARMS, CHANCES, NONE, Round, first_plans, observed, planned
from models.effects import Decisions

Floats = npt.NDArray[np.float64]

LATER = tuple(f"later_{channel}" for channel in CHANNELS)
CONTEXT = ("usual_margin", *(f"{channel}_share" for channel in CHANNELS))

# What a contact brings, it brings for the most part within so many days.
_SOON_DAYS = 7
MOST = 24_000


def decision_points(
    history: History,
    *,
    as_of: date,
    horizon_days: int,
    period_days: int,
    seed: int = 0,
    most: int = MOST,
    others: float = 1.0,
) -> pl.DataFrame:
    """Return sampled decisions whose outcome is known by `as_of`, sorted by day and customer_id: about `most` / 2 with
    a contact, and `others` times as many without.

    Columns: customer_id, day, arm (a channel or none), outcome (margin within `horizon_days` after the day), purchases
    (in the same time), purchases_soon (in the week from the contact on, or where there was none from that of another),
    `FEATURES`, `CONTEXT`, and `CHANCES` (null where they must be estimated).
    """
    history = after_their_orders(history)
    people = history.customers.select("customer_id", "first_seen_on").sort("customer_id")
    rounds = [*planned(history, people, as_of, horizon_days, period_days)]
    taken = [round_.day for round_ in rounds]
    rounds += observed(history, people, as_of - timedelta(days=horizon_days + APART - 1), taken, period_days)
    drawn = _decided(_drawn(rounds, people["customer_id"], most, others, seed), history)
    usual = _usual_margins(history, people, drawn["day"].unique().sort().to_list(), horizon_days)
    decided = drawn.join(usual, on="day", how="left", maintain_order="left")
    points = _blind_to_lots(features_at(decided, history), history)
    outcome = margins_after(points, history.orders, horizon_days).alias("outcome")
    purchases = purchases_after(points, history.orders, horizon_days).alias("purchases")
    eves = points.select("customer_id", day="eve")
    soon = purchases_after(eves, history.orders, min(_SOON_DAYS, horizon_days)).alias("purchases_soon")
    later = contacts_after(points, history, horizon_days, _SOON_DAYS)
    seen = ("outcome", "purchases", "purchases_soon", *LATER)
    columns = ("customer_id", "day", "arm", *seen, *FEATURES, *PACE, *CONTEXT, *CHANCES)
    return points.with_columns(outcome, purchases, soon, *later).select(columns).sort("day", "customer_id")


def as_decisions(points: pl.DataFrame) -> Decisions:
    """Return the points as arrays; arms that never occur are left out."""
    seen = set(points["arm"])
    arms = tuple(arm for arm in ARMS if arm == NONE or arm in seen)
    places = {arm: place for place, arm in enumerate(arms)}
    _, customer = np.unique(points["customer_id"].to_numpy(), return_inverse=True)
    chances = points.select(f"chance_{arm}" for arm in arms).cast(pl.Float64).fill_null(np.nan).to_numpy()
    return Decisions(
        customer=customer.astype(np.int64),
        features=points.select(FEATURES).to_numpy(),
        arm=points["arm"].replace_strict(places, return_dtype=pl.Int64).to_numpy(),
        outcome=points["outcome"].to_numpy(),
        arms=arms,
        propensities=None if np.isnan(chances).all() else chances,
        context=points.select(CONTEXT).to_numpy(),
    )


def _blind_to_lots(points: pl.DataFrame, history: History) -> pl.DataFrame:
    """Of contacts, let decisions with known chances know only those before the first plan.

    The hold-out group is always the same people. So later contacts would tell who is in it, and what the others bought
    on account of them would be taken for what such customers buy anyway.
    """
    logged = points.filter(pl.col(CHANCES[0]).is_not_null())
    if logged.is_empty():
        return points
    before = features_at(logged.select("customer_id", day=pl.lit(min(first_plans(history)))), history)
    blind = logged.with_columns(before.select(CONTACT_FEATURES))
    return pl.concat([points.filter(pl.col(CHANCES[0]).is_null()), blind])


def _drawn(rounds: Sequence[Round], names: pl.Series, most: int, others: float, seed: int) -> pl.DataFrame:
    """Each channel's share alike, and of each week `others` times as many without a contact."""
    totals = sum((_contacts(round_) for round_ in rounds), np.zeros(len(ARMS)))
    quota = most / (2.0 * max((totals > 0.0).sum(), 1))
    rates = np.minimum(1.0, np.divide(quota, totals, out=np.ones(len(ARMS)), where=totals > 0.0))
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "customer_id": pl.String,
        "day": pl.Date,
        "own_days": pl.Int64,
    }
    schema |= {"at": pl.Datetime("us"), "next_on": pl.Int64, "arm": pl.String}
    schema |= dict.fromkeys((*CONTEXT[1:], *CHANCES), pl.Float64)
    parts = [_sample(round_, rates, names, others, seed) for round_ in rounds]
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def _contacts(round_: Round) -> Floats:
    """How many were contacted through each channel."""
    counts = np.bincount(round_.arm[round_.arm > 0], minlength=len(ARMS))
    return counts.astype(float)


def _sample(round_: Round, rates: Floats, names: pl.Series, others: float, seed: int) -> pl.DataFrame:
    random = np.random.default_rng([seed, round_.day.toordinal(), round_.chances is not None])
    luck = random.random((2, len(names)))[:, round_.customer]
    moments = round_.moments(random)
    is_other = round_.others(moments)
    counts = _contacts(round_)
    counts[0] = float(is_other.sum())
    own = rates.copy()
    own[0] = min(1.0, others * float((rates * counts)[1:].sum()) / max(counts[0], 1.0))
    contacted = np.flatnonzero((round_.arm > 0) & (luck[0] < own[round_.arm]))
    alone = np.flatnonzero(is_other & (luck[1] < own[0]))
    kept = np.append(contacted, alone)
    shares = own * counts / max(float((own * counts).sum()), 1.0)
    chances = np.full((len(kept), len(ARMS)), np.nan)
    if round_.chances is not None:
        chances = round_.chances[kept] * own
        chances /= chances.sum(axis=1, keepdims=True)
    made = round_.made_at[contacted]
    return pl.DataFrame(
        {
            "customer_id": names.gather(round_.customer[kept]),
            "day": pl.repeat(round_.day, len(kept), dtype=pl.Date, eager=True),
            "own_days": pl.repeat(round_.own_days, len(kept), dtype=pl.Int64, eager=True),
            "at": np.append(np.where(made > 0, made, moments[contacted]), moments[alone]),
            "next_on": np.append(np.zeros_like(made), round_.made_on[alone]),
            "arm": pl.Series(np.array(ARMS)[np.append(round_.arm[contacted], np.zeros_like(alone))], dtype=pl.String),
            **{name: np.full(len(kept), share) for name, share in zip(CONTEXT[1:], shares[1:], strict=True)},
            **{name: pl.Series(chance).fill_nan(None) for name, chance in zip(CHANCES, chances.T, strict=True)},
        }
    ).with_columns(pl.col("at").cast(pl.Datetime("us")))


def _decided(drawn: pl.DataFrame, history: History) -> pl.DataFrame:
    """With the eve of each contact: the day before it, or its own where the customer had ordered before on that day.

    On the eve a week's contact was decided; a plan's was on the day of the plan. Whose own contact followed on the day
    after the eve is no other to compare with, nor is he of this week whose eve lies outside of it.
    """
    is_known = is_after_an_order(drawn.select("customer_id", "at"), history)
    eve = pl.col("at").dt.date().dt.offset_by("-1d")
    told = drawn.with_columns(eve=pl.when(is_known).then(pl.col("at").dt.date()).otherwise(eve))
    is_of_week = pl.col(CHANCES[0]).is_null()
    has_next = (pl.col("next_on") != 0) & (pl.col("next_on") - pl.col("eve").dt.epoch("d") <= 1)
    is_inside = (pl.col("eve") - pl.col("day")).dt.total_days().is_between(0, APART - 1)
    decided = told.filter(~is_of_week | (is_inside & ~has_next))
    return decided.with_columns(day=pl.when(is_of_week).then("eve").otherwise("day")).drop("at", "next_on")


def _usual_margins(history: History, people: pl.DataFrame, days: Sequence[date], horizon_days: int) -> pl.DataFrame:
    """What the average known customer brought in the days after: it tells good seasons from bad ones."""
    by_day = (
        history.orders.lazy()
        .group_by("ordered_on")
        .agg(margin=pl.col("margin").cast(pl.Decimal(38, 4)).sum().cast(pl.Float64))
        .sort("ordered_on")
        .collect()
    )
    ordered, summed = by_day["ordered_on"].to_numpy(), np.append(0.0, by_day["margin"].cum_sum().to_numpy())
    first_seen = np.sort(people["first_seen_on"].drop_nulls().to_numpy())
    starts = np.array(days, dtype="datetime64[D]")
    bounds = [
        np.searchsorted(ordered, starts + np.timedelta64(ahead, "D"), side="right") for ahead in (0, horizon_days)
    ]
    known = np.maximum(np.searchsorted(first_seen, starts, side="right"), 1)
    return pl.DataFrame(
        {"day": pl.Series(days, dtype=pl.Date), "usual_margin": (summed[bounds[1]] - summed[bounds[0]]) / known}
    )
