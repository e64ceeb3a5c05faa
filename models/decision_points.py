"""The company's past as decisions: a customer on a day, what was known then, the contact that followed, and the margin
that came.

Two kinds. An earlier contact plan that was carried out was a decision with known chances: what it assigned counts,
whatever became of it. Otherwise weeks are looked at: who was contacted in it through one channel, and who was not;
chances are estimated. The decision is that of the day before the contact, so that an order which led to a contact is
known then, and no result of it; of who had none, that of the day before a contact of another in this week. Weeks differ
(mailings are sent before Christmas), so what was done in one and bought after a day by all goes along as `CONTEXT`, and
customers are compared with those of the same weeks.

Contacted customers and others are sampled in numbers of one order, by the day and the channel, so that little
computing sees much contrast. Known chances are corrected for that; estimated ones are those of the sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from models.channels import CHANNELS
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
from models.effects import Decisions

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NONE = "none"
ARMS = (NONE, *CHANNELS)
CHANCES = tuple(f"chance_{arm}" for arm in ARMS)
LATER = tuple(f"later_{channel}" for channel in CHANNELS)
CONTEXT = ("usual_margin", *(f"{channel}_share" for channel in CHANNELS))

_APART = 7
# What a contact brings, it brings for the most part within so many days.
_SOON_DAYS = 7
_LOOK_BACK_DAYS = 730
MOST = 24_000
# A plan of which fewer contacts than this share were seen was not carried out, and says nothing; likewise a channel of
# it: letters that were never sent show no effect of letters.
_CARRIED_OUT = 0.5
_LEFT_OUT = -1
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class _Round:
    """What was decided on one day, for so many days: customers by their place, their arms (-1: left out), the day
    before each contact as an ordinal (0: there was none), and the chances if known."""

    day: date
    own_days: int
    customer: Integers
    arm: Integers
    eve: Integers
    chances: Floats | None

    def eves(self, random: np.random.Generator) -> Integers:
        """The day before each contact; for who had none, that of anybody who had one."""
        made = np.sort(self.eve[self.eve > 0])
        drawn = made[random.integers(0, len(made), len(self.eve))] if len(made) else self.day.toordinal()
        return np.where(self.eve > 0, self.eve, drawn)

    def counts(self) -> Floats:
        return np.bincount(self.arm[self.arm != _LEFT_OUT], minlength=len(ARMS)).astype(float)


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
    people = history.customers.select("customer_id", "first_seen_on").sort("customer_id")
    rounds = [*_planned(history, people, as_of, horizon_days, period_days)]
    taken = [round_.day for round_ in rounds]
    rounds += _observed(history, people, as_of - timedelta(days=horizon_days + _APART - 1), taken, period_days)
    drawn = _drawn(rounds, people["customer_id"], most, others, seed)
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


def carried_out_share(plan: pl.DataFrame, history: History, day: date, period_days: int) -> float:
    """Return how many of a plan's contacts were made within its period; NaN for a plan without contacts."""
    wanted = plan.lazy().filter(pl.col("channel") != NONE).select("customer_id", "channel")
    made = history.contacts.filter(
        pl.col("touched_on") > day, pl.col("touched_on") <= day + timedelta(days=period_days)
    ).select("customer_id", "channel")
    counts = [
        table.select(pl.len()).collect().item()
        for table in (wanted, wanted.join(made.unique(), on=["customer_id", "channel"]))
    ]
    return float(counts[1] / counts[0]) if counts[0] else float("nan")


def first_plans(history: History) -> dict[date, pl.DataFrame]:
    """Return the first plan of each plan_id: what was decided; later ones of the period only follow it up."""
    found: dict[str, date] = {}
    for day in sorted(history.plans):
        for plan_id in history.plans[day]["plan_id"].unique():
            found.setdefault(plan_id, day)
    return {day: history.plans[day] for day in sorted(set(found.values()))}


def _planned(
    history: History, people: pl.DataFrame, as_of: date, horizon_days: int, period_days: int
) -> Iterator[_Round]:
    earliest = as_of - timedelta(days=_LOOK_BACK_DAYS)
    for day, plan in first_plans(history).items():
        is_known = set(CHANCES) <= set(plan.columns)
        if not is_known or day < earliest or day + timedelta(days=max(horizon_days, period_days)) > as_of:
            continue
        if not carried_out_share(plan, history, day, period_days) >= _CARRIED_OUT:
            continue
        rows = _placed(plan.select("customer_id", "channel", *CHANCES), people).sort("place")
        shares = [carried_out_share(plan.filter(channel=name), history, day, period_days) for name in ARMS]
        is_idle = np.array(shares) < _CARRIED_OUT
        places = {name: _LEFT_OUT if is_idle[place] else place for place, name in enumerate(ARMS)}
        arm = rows["channel"].replace_strict(places, return_dtype=pl.Int64)
        chances = np.where(is_idle, 0.0, rows.select(CHANCES).to_numpy())
        eve = _eves(rows, history, day, period_days)
        yield _Round(day, period_days, rows["place"].to_numpy(), arm.to_numpy(), eve, chances)


def _eves(plan: pl.DataFrame, history: History, day: date, period_days: int) -> Integers:
    """The day before each planned contact was made, as an ordinal, 0 where none was."""
    made = history.contacts.filter(
        pl.col("touched_on") > day, pl.col("touched_on") <= day + timedelta(days=period_days)
    )
    first = made.group_by("customer_id", "channel").agg(eve=_ordinal(pl.col("touched_on").min()) - 1)
    joined = plan.lazy().join(first, on=["customer_id", "channel"], how="left", maintain_order="left")
    return joined.select(pl.col("eve").fill_null(0)).collect().to_series().to_numpy()


def _ordinal(day: pl.Expr) -> pl.Expr:
    return day.cast(pl.Int64) + _EPOCH


def _dates(ordinals: Integers) -> pl.Series:
    return pl.Series(ordinals - _EPOCH, dtype=pl.Int32).cast(pl.Date)


def _observed(
    history: History, people: pl.DataFrame, last: date, taken: Sequence[date], period_days: int
) -> Iterator[_Round]:
    """Weeks before `last` in which anybody was contacted, but for those that belong to a plan."""
    number = ((pl.lit(last) - pl.col("touched_on")).dt.total_days() + _APART) // _APART
    weeks = history.contacts.with_columns(number=number).filter(
        pl.col("number").is_between(0, _LOOK_BACK_DAYS // _APART)
    )
    arms = weeks.group_by("number", "customer_id").agg(
        channel=pl.col("channel").first(),
        channels=pl.col("channel").n_unique(),
        eve=_ordinal(pl.col("touched_on").min()) - 1,
    )
    is_one = (pl.col("channels") == 1) & pl.col("channel").is_in(CHANNELS)
    places = {name: place for place, name in enumerate(ARMS)}
    arm = pl.when(is_one).then(pl.col("channel").replace_strict(places, default=_LEFT_OUT, return_dtype=pl.Int64))
    rows = _placed(arms.with_columns(arm=arm.otherwise(_LEFT_OUT)).collect(), people)
    first_seen = people["first_seen_on"].to_numpy()
    for (week,), group in sorted(rows.partition_by("number", as_dict=True).items()):
        day = last - timedelta(days=_APART * int(week))
        if any(start - timedelta(days=_APART) < day < start + timedelta(days=period_days) for start in taken):
            continue
        arm_of_all, eve_of_all = np.zeros((2, people.height), dtype=np.int64)
        arm_of_all[group["place"].to_numpy()] = group["arm"].to_numpy()
        eve_of_all[group["place"].to_numpy()] = group["eve"].to_numpy()
        customer = np.flatnonzero(first_seen <= np.datetime64(day))
        yield _Round(day, _APART, customer, arm_of_all[customer], eve_of_all[customer], None)


def _placed(rows: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    return rows.join(people.select("customer_id").with_row_index("place"), on="customer_id").with_columns(
        pl.col("place").cast(pl.Int64)
    )


def _drawn(rounds: Sequence[_Round], names: pl.Series, most: int, others: float, seed: int) -> pl.DataFrame:
    """Each channel's share alike, and of each week `others` times as many without a contact."""
    totals = sum((round_.counts() for round_ in rounds), np.zeros(len(ARMS)))
    quota = most / (2.0 * max((totals[1:] > 0.0).sum(), 1))
    rates = np.minimum(1.0, np.divide(quota, totals, out=np.ones(len(ARMS)), where=totals > 0.0))
    parts = [_sample(round_, rates, names, others, seed) for round_ in rounds]
    schema = {"customer_id": pl.String, "day": pl.Date, "own_days": pl.Int64, "eve": pl.Date, "arm": pl.String}
    schema |= dict.fromkeys((*CONTEXT[1:], *CHANCES), pl.Float64)
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def _sample(round_: _Round, rates: Floats, names: pl.Series, others: float, seed: int) -> pl.DataFrame:
    counts = round_.counts()
    own = rates.copy()
    own[0] = min(1.0, others * float((rates * counts)[1:].sum()) / max(counts[0], 1.0))
    wanted = np.where(round_.arm == _LEFT_OUT, 0.0, own[round_.arm])
    random = np.random.default_rng([seed, round_.day.toordinal(), round_.chances is not None])
    kept = np.flatnonzero(random.random(len(names))[round_.customer] < wanted)
    shares = own * counts / max(float((own * counts).sum()), 1.0)
    chances = np.full((len(kept), len(ARMS)), np.nan)
    eves = round_.eves(random)[kept]
    decided = eves
    if round_.chances is not None:
        chances = round_.chances[kept] * own
        chances /= chances.sum(axis=1, keepdims=True)
        decided = np.full(len(kept), round_.day.toordinal())
    return pl.DataFrame(
        {
            "customer_id": names.gather(round_.customer[kept]),
            "day": _dates(decided),
            "own_days": round_.own_days - (decided - round_.day.toordinal()),
            "eve": _dates(eves),
            "arm": pl.Series(np.array(ARMS)[round_.arm[kept]], dtype=pl.String),
            **{name: np.full(len(kept), share) for name, share in zip(CONTEXT[1:], shares[1:], strict=True)},
            **{name: pl.Series(chance).fill_nan(None) for name, chance in zip(CHANCES, chances.T, strict=True)},
        }
    )


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
