"""Phone calls: rounds that sales makes, rather to good customers than to others, and calls that come in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import Bools, Floats, Ints, stream, weighted
from twin.clock import day_of
from twin.company import Company

OUTCOMES = ("Connected", "No answer", "Left voicemail", "Busy", "Wrong number")
_OUTCOME_WEIGHTS_WHEN_NOT_REACHED = (35, 12, 6, 2)
_WORKDAYS_OF_TWO_WEEKS = (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)
_DAY = 86_400


@dataclass(frozen=True)
class Calls:
    """One entry per call, in the order of time. `round` is -1 for calls that came in; `propensity` is the chance with
    which the person was on the round's list; `moved_at` is -1 where the call brought no order."""

    person: Ints
    round: Ints
    made_at: Ints
    outcome: Ints
    seconds: Ints
    propensity: Floats
    moved_at: Ints

    @property
    def is_inbound(self) -> Bools:
        """Whether the customer called."""
        return self.round < 0


@dataclass(frozen=True)
class PlannedCalls:
    """Calls before they are made: whom, in which round, on which day of the history, and with what chance."""

    person: Ints
    round: Ints
    day: Ints
    propensity: Floats


def make_calls(company: Company) -> Calls:
    """All calls of the last two years with contacts of the CRM that have a phone."""
    rng = stream(company.seed, "calls")
    can_be_called = company.presence.has_contact & company.people.has("phone")
    rounds = [_listed(rng, company, can_be_called, number) for number in range(company.parameters.call_rounds)]
    planned = [*rounds, _inbound(rng, company, can_be_called)]
    return made(
        rng,
        company,
        PlannedCalls(
            np.concatenate([calls.person for calls in planned]),
            np.concatenate([calls.round for calls in planned]),
            np.concatenate([calls.day for calls in planned]),
            np.concatenate([calls.propensity for calls in planned]),
        ),
    )


def _listed(rng: np.random.Generator, company: Company, can_be_called: Bools, number: int) -> PlannedCalls:
    """Sales calls those who have bought more: the more orders so far, the likelier a call."""
    parameters = company.parameters
    day = company.calendar.days - parameters.campaign_days
    day += int((number + 0.5) * parameters.campaign_days / parameters.call_rounds)
    day -= day_of(company.calendar.first + day).weekday()
    so_far = np.bincount(company.own.person[company.own.day < day], minlength=company.people.count)
    wanted = np.minimum(parameters.call_share * (0.4 + 0.45 * np.sqrt(so_far)), 0.8)
    propensity = np.where(can_be_called & (company.traits.joined < day), wanted, 0.0)
    people = np.flatnonzero(rng.random(propensity.size) < propensity).astype(np.int64)
    days = day + rng.choice(_WORKDAYS_OF_TWO_WEEKS, people.size)
    return PlannedCalls(people, np.full(people.size, number), days, propensity[people])


def _inbound(rng: np.random.Generator, company: Company, can_be_called: Bools) -> PlannedCalls:
    calls = can_be_called & (rng.random(can_be_called.size) < company.parameters.inbound_call_share)
    people = np.flatnonzero(calls).astype(np.int64)
    earliest = company.calendar.days - company.parameters.campaign_days
    first = np.maximum(company.traits.joined[people].astype(np.int64) + 1, earliest)
    people, first = people[first < company.calendar.days], first[first < company.calendar.days]
    days = rng.integers(first, company.calendar.days)
    return PlannedCalls(people, np.full(people.size, -1), days, np.full(people.size, np.nan))


def made(rng: np.random.Generator, company: Company, planned: PlannedCalls) -> Calls:
    """The calls with all that came of them before the end of the history, in the order of time."""
    person, size = planned.person, planned.person.size
    made_at = company.calendar.moments(planned.day, rng.integers(9 * 3_600, 17 * 3_600, size))
    is_inbound = planned.round < 0
    is_reached = is_inbound | (rng.random(size) < company.parameters.connected_share)
    outcome = np.where(is_reached, 0, 1 + weighted(rng, _OUTCOME_WEIGHTS_WHEN_NOT_REACHED, size))
    is_alive = (company.traits.first_order[person] < planned.day) & (company.own.gone_from[person] > planned.day)
    is_moved = is_reached & ~is_inbound & is_alive & (rng.random(size) < company.traits.phone_effect[person])
    moved_at = made_at + 900 + rng.exponential(3 * _DAY, size).astype(np.int64)
    seconds = np.where(is_reached, 20 + rng.exponential(180, size), rng.integers(3, 30, size)).astype(np.int64)
    order = np.lexsort((planned.round, person, made_at))
    order = order[made_at[order] < company.calendar.end]
    return Calls(
        person=person[order],
        round=planned.round[order],
        made_at=made_at[order],
        outcome=outcome[order],
        seconds=seconds[order],
        propensity=planned.propensity[order],
        moved_at=np.where(is_moved & (moved_at < company.calendar.end), moved_at, -1)[order],
    )
