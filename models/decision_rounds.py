"""Who was contacted when, and who was not: the rounds in which the company's past was decided.

A round is the day of an earlier plan that was carried out, or a week of contacts that no plan asked for. In a week the
first day counts on which a customer was contacted, if it was through one channel; what follows comes later. Compared
with a contact are those who had none until then. Contacts answer orders, by thanks or by reminders: those who had none,
or one of the same channel only, in all the week would be chosen by what they ordered after it began.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from models.channels import CHANNELS
from models.customer_history import History

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NONE = "none"
ARMS = (NONE, *CHANNELS)
CHANCES = tuple(f"chance_{arm}" for arm in ARMS)

APART = 7
LOOK_BACK_DAYS = 730
# A plan of which fewer contacts than this share were seen was not carried out, and says nothing; likewise a channel of
# it: letters that were never sent show no effect of letters.
_CARRIED_OUT = 0.5
LEFT_OUT = -1
_EPOCH, _DAY = date(1970, 1, 1), 86_400_000_000


@dataclass(frozen=True)
class Round:
    """What was decided on one day, or in the week after it, for `own_days` each: customers by their place, their arms
    (-1: left out), when and on which day each contact was made (microseconds and days since 1970, 0: there was none),
    and the chances if known."""

    day: date
    own_days: int
    customer: Integers
    arm: Integers
    made_at: Integers
    made_on: Integers
    chances: Floats | None

    def others(self, moments: Integers) -> npt.NDArray[np.bool_]:
        """Who is compared with a contact made to another at each of `moments`: who had none until the end of that day,
        or of a plan, for whom it asked none."""
        is_later = self.made_on > moments // _DAY
        return np.asarray((self.arm == 0) | is_later & (self.chances is None))

    def moments(self, random: np.random.Generator) -> Integers:
        """For each customer a moment at which anybody was contacted; without any, the beginning of the next day."""
        made = np.sort(self.made_at[self.made_at > 0])
        if len(made) == 0:
            return np.full(len(self.arm), ((self.day - _EPOCH).days + 1) * _DAY)
        return np.asarray(made[random.integers(0, len(made), len(self.arm))])


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


def planned(
    history: History, people: pl.DataFrame, as_of: date, horizon_days: int, period_days: int
) -> Iterator[Round]:
    """Yield the plans that were carried out and whose outcome is known by `as_of`.

    `history` has touched_at (`models.contact_days`), `people` customer_id and first_seen_on; places are those in it.
    """
    earliest = as_of - timedelta(days=LOOK_BACK_DAYS)
    for day, plan in first_plans(history).items():
        is_known = set(CHANCES) <= set(plan.columns)
        if not is_known or day < earliest or day + timedelta(days=max(horizon_days, period_days)) > as_of:
            continue
        if not carried_out_share(plan, history, day, period_days) >= _CARRIED_OUT:
            continue
        rows = _placed(plan.select("customer_id", "channel", *CHANCES), people).sort("place")
        shares = [carried_out_share(plan.filter(channel=name), history, day, period_days) for name in ARMS]
        is_idle = np.array(shares) < _CARRIED_OUT
        places = {name: LEFT_OUT if is_idle[place] else place for place, name in enumerate(ARMS)}
        arm = rows["channel"].replace_strict(places, return_dtype=pl.Int64)
        chances = np.where(is_idle, 0.0, rows.select(CHANCES).to_numpy())
        made_at = _made_at(rows, history, day, period_days)
        made_on = made_at // _DAY
        yield Round(day, period_days, rows["place"].to_numpy(), arm.to_numpy(), made_at, made_on, chances)


def _made_at(plan: pl.DataFrame, history: History, day: date, period_days: int) -> Integers:
    """When each planned contact was made, 0 where it was not."""
    made = history.contacts.filter(
        pl.col("touched_on") > day, pl.col("touched_on") <= day + timedelta(days=period_days)
    )
    first = made.group_by("customer_id", "channel").agg(made_at=_first_moment())
    joined = plan.lazy().join(first, on=["customer_id", "channel"], how="left", maintain_order="left")
    return joined.select(pl.col("made_at").fill_null(0)).collect().to_series().to_numpy()


def _first_moment() -> pl.Expr:
    return pl.col("touched_at").min().dt.epoch("us")


def observed(
    history: History, people: pl.DataFrame, last: date, taken: Sequence[date], period_days: int
) -> Iterator[Round]:
    """Weeks before `last` in which anybody was contacted, but for those that belong to a plan."""
    number = ((pl.lit(last) - pl.col("touched_on")).dt.total_days() + APART) // APART
    weeks = history.contacts.with_columns(number=number).filter(pl.col("number").is_between(0, LOOK_BACK_DAYS // APART))
    first_on = pl.col("touched_on").min()
    of_first_day = pl.col("channel").filter(pl.col("touched_on") == first_on)
    arms = weeks.group_by("number", "customer_id").agg(
        made_at=_first_moment(),
        made_on=first_on.dt.epoch("d").cast(pl.Int64),
        channel=of_first_day.first(),
        channels=of_first_day.n_unique(),
    )
    is_one = (pl.col("channels") == 1) & pl.col("channel").is_in(CHANNELS)
    places = {name: place for place, name in enumerate(ARMS)}
    arm = pl.when(is_one).then(pl.col("channel").replace_strict(places, default=LEFT_OUT, return_dtype=pl.Int64))
    rows = _placed(arms.with_columns(arm=arm.otherwise(LEFT_OUT)).collect(), people)
    first_seen = people["first_seen_on"].to_numpy()
    for (week,), group in sorted(rows.partition_by("number", as_dict=True).items()):
        day = last - timedelta(days=APART * int(week))
        if any(start - timedelta(days=APART) < day < start + timedelta(days=period_days) for start in taken):
            continue
        of_all = np.zeros((3, people.height), dtype=np.int64)
        of_all[:, group["place"].to_numpy()] = group.select("arm", "made_at", "made_on").to_numpy().T
        customer = np.flatnonzero(first_seen <= np.datetime64(day))
        arm_of_week, made_at, made_on = of_all[:, customer]
        yield Round(day, 1, customer, arm_of_week, made_at, made_on, None)


def _placed(rows: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    return rows.join(people.select("customer_id").with_row_index("place"), on="customer_id").with_columns(
        pl.col("place").cast(pl.Int64)
    )
