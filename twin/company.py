"""The invented company before it writes to anybody: its people, what drives them, and what they buy unasked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from twin.arrays import Bools, Floats, Ints
from twin.assortment import Assortment, assortment
from twin.buying import OwnOrders, Traits, draw_traits, simulate_own_orders
from twin.clock import Calendar, day_number
from twin.parameters import Parameters
from twin.people import People, invent_people
from twin.presence import Presence, spread


@dataclass(frozen=True)
class Company:
    """Everything that is settled before mailings and calls. Arrays run along the people."""

    parameters: Parameters
    seed: int
    calendar: Calendar
    goods: Assortment
    people: People
    traits: Traits
    own: OwnOrders
    presence: Presence

    def is_alive_on(self, day: float) -> Bools:
        """Who has bought before this day of the history and will go on buying."""
        return (self.traits.first_order < day) & (self.own.gone_from > day)


def invent_company(parameters: Parameters, customers: int, seed: int, end: date) -> Company:
    """A company with so many people (buyers and leads together), whose history ends with the day `end`."""
    calendar = Calendar(day_number(end) - parameters.history_days + 1, day_number(end))
    goods = assortment()
    people = invent_people(parameters, customers, seed)
    traits = draw_traits(parameters, people, goods, seed)
    own = simulate_own_orders(parameters, traits, seed)
    presence = spread(parameters, people, traits, calendar, seed)
    return Company(parameters, seed, calendar, goods, people, traits, own, presence)


def expected_orders(company: Company) -> Floats:
    """Orders that each person will place unasked within `future_days` after the end, given its true traits.

    For leads it is the chance of a first order: what may follow that one is left out.
    """
    traits, ahead = company.traits, company.parameters.future_days
    after = -np.expm1(-traits.rate * traits.leave * ahead) / traits.leave
    first = -np.expm1(-np.where(np.isfinite(traits.lead_rate), traits.lead_rate, 0.0) * ahead)
    alive = np.where(company.is_alive_on(company.calendar.days), after, 0.0)
    return np.where(company.presence.is_buyer, alive, first)


def future_orders(company: Company) -> Ints:
    """Orders that each person in fact places unasked within `future_days` after the end."""
    is_ahead = company.own.day >= company.calendar.days
    return np.bincount(company.own.person[is_ahead], minlength=company.people.count).astype(np.int64)
