"""The company played forward: a plan is carried out, people respond, and the next exports hold it all.

    world = begin(5_000, seed=1)
    world = play(world, {"email": people, "phone": others})     # 28 days
    write_world(folder, world)

Nothing that was written before changes but for what goes on: late opens, refunds, who has left. A world is only arrays,
so that years of it can be played in memory. Tickets and deals stay as they were at the beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

import numpy as np

from twin.arrays import Bools, Floats, Ints, stream
from twin.calls import Calls, PlannedCalls, made
from twin.clock import Calendar, day_of
from twin.company import Company, invent_company
from twin.messages import LETTER, TEXT, WRITTEN, Messages, arrival_share, dispatched, may_get
from twin.newsletters import Announcement, Newsletter, sent
from twin.orders import NEVER, Orders, filled, placements
from twin.parameters import Parameters
from twin.writing import Facts, TwinSummary, write_facts

CHANNELS = ("email", "phone")
"""Of every company; some write letters and text messages, too (`channels_of`)."""
MONTH_DAYS = 28
_WORKDAYS = (1, 2, 3, 4, 7, 8, 9, 10)
_NINE_O_CLOCK = 9 * 3_600


@dataclass(frozen=True)
class World:
    """The company, all that has been sent, called and ordered so far, and how it was at the beginning.

    Orders hold what will become of them; `orders_so_far` cuts that off at the end of the history.
    """

    company: Company
    newsletter: Newsletter
    calls: Calls
    messages: Messages
    orders: Orders
    beginning: Facts
    months: int = 0

    @property
    def today(self) -> date:
        """The last day of the history."""
        return day_of(self.company.calendar.last)

    @property
    def orders_so_far(self) -> Orders:
        """The orders as far as anything has become of them by now."""
        return known_by(self.orders, self.company.calendar.end)

    def can_be_reached(self, channel: str) -> Bools:
        """Who may be contacted through a channel now: members who have neither left nor bounced; contacts of the CRM
        with a phone; all contacts of the CRM by letter, and those who agreed by text message."""
        presence, people, news = self.company.presence, self.company.people, self.newsletter
        if channel in WRITTEN:
            return may_get(self.company, WRITTEN.index(channel), self.company.calendar.days)
        if channel == "phone":
            return presence.has_contact & people.has("phone")
        has_joined = presence.joined_at < self.company.calendar.end
        return presence.is_member & has_joined & (news.left_with < 0) & (news.bounced_with < 0)

    def margin_of_contact(self, channel: str) -> Floats:
        """The margin in euros that one contact with each person truly adds on average, while he goes on buying.

        That is made of the chance that it arrives or is answered, that it then brings an order, and the order's goods
        after discounts and what is sent back, without VAT.
        """
        parameters, traits = self.company.parameters, self.company.traits
        discounted = 1 - parameters.discount_share * parameters.discount_rate_percent / 100
        kept = self.orders.subtotal - np.minimum(self.orders.refunded, self.orders.subtotal)
        share_kept = kept.sum() / self.orders.subtotal.sum()
        net = discounted * share_kept / (1 + parameters.vat_percent / 100) * traits.mean_spend / 100
        delivered = 1 - parameters.hard_bounce_share - parameters.soft_bounce_share
        effect = {
            "email": traits.email_effect * delivered,
            "phone": traits.phone_effect * parameters.connected_share,
            "post": traits.letter_effect * arrival_share(parameters.messages, LETTER),
            "sms": traits.text_effect * arrival_share(parameters.messages, TEXT),
        }[channel]
        return np.asarray(effect * net * parameters.margin_rate)

    def added_margin(self, channel: str) -> Floats:
        """The margin in euros that one contact with each person truly adds in the month to come, on average."""
        is_alive = self.company.is_alive_on(self.company.calendar.days)
        return np.where(is_alive, self.margin_of_contact(channel), 0.0)


def begin(customers: int, *, seed: int, end: date = date(2026, 6, 30), parameters: Parameters | None = None) -> World:
    """The company that `write_company` writes for the same arguments, before any month is played."""
    facts = Facts.of(invent_company(parameters or Parameters(), customers, seed, end))
    return World(facts.company, facts.newsletter, facts.calls, facts.messages, facts.orders, facts)


def channels_of(parameters: Parameters) -> tuple[str, ...]:
    """The channels through which the company contacts people."""
    return CHANNELS if parameters.messages is None else (*CHANNELS, *WRITTEN)


def play(world: World, plan: Mapping[str, Ints]) -> World:
    """Return the world a month (28 days) later, in which these people got an e-mail, a call, a letter or a text.

    Who cannot be reached through the channel is left out. Raises ValueError for a channel that the company has not, or
    when the own orders of the people, which are drawn a year ahead, are used up.
    """
    channels = channels_of(world.company.parameters)
    if unknown := sorted(set(plan) - set(channels)):
        raise ValueError(f"The company has the channels {', '.join(channels)}; found {', '.join(unknown)}.")
    if (world.months + 1) * MONTH_DAYS > world.company.parameters.future_days:
        most = world.company.parameters.future_days // MONTH_DAYS
        raise ValueError(f"Only {most} months can be played; raise Parameters.future_days for more.")
    rng, company = stream(world.company.seed, f"month {world.months}"), _later(world.company)
    chosen = {name: np.unique(plan.get(name, np.zeros(0, np.int64))).astype(np.int64) for name in channels}
    reached = {name: people[world.can_be_reached(name)[people]] for name, people in chosen.items()}
    newsletter = _mailed(rng, world, company, reached["email"])
    calls = _called(rng, world, company, reached["phone"])
    messages = _written(world, company, reached)
    days = world.company.calendar.days
    unasked = (company.own.day >= days) & (company.own.day < days + MONTH_DAYS)
    mailings = newsletter.mailings[len(world.newsletter.mailings) :]
    first = {"first_call": len(world.calls.person), "first_message": len(world.messages.person)}
    placed = placements(rng, company, unasked, mailings, calls, messages, **first)
    orders = _appended(world.orders, filled(rng, company, placed, NEVER))
    return replace(
        world,
        company=company,
        newsletter=newsletter,
        calls=_joined(world.calls, calls),
        messages=world.messages.and_then(messages),
        orders=orders,
        months=world.months + 1,
    )


def write_world(folder: Path, world: World) -> TwinSummary:
    """Write `folder`/landing and `folder`/truth as `write_company` does, with all that has happened since."""
    facts = Facts(world.company, world.newsletter, world.calls, world.messages, world.orders_so_far)
    return write_facts(folder, facts, beginning=world.beginning)


def known_by(orders: Orders, moment: int) -> Orders:
    """The orders as they were known at a moment: what lies beyond it has not happened."""
    happened = {
        name: np.where(getattr(orders, name) < moment, getattr(orders, name), NEVER)
        for name in ("paid_at", "cancelled_at", "refunded_at")
    }
    return replace(orders, **happened, refund=np.where(happened["refunded_at"] < NEVER, orders.refund, 0))


def _later(company: Company) -> Company:
    calendar = Calendar(company.calendar.first, company.calendar.last + MONTH_DAYS)
    presence = replace(company.presence, is_buyer=company.traits.first_order < calendar.days)
    return replace(company, calendar=calendar, presence=presence)


def _mailed(rng: np.random.Generator, world: World, company: Company, people: Ints) -> Newsletter:
    if not people.size:
        return world.newsletter
    number, day = len(world.newsletter.mailings), world.company.calendar.days + 1
    moment = int(company.calendar.moments(np.array([day]), np.array([_NINE_O_CLOCK]))[0])
    title = f"{day_of(company.calendar.first + day).isoformat()} Kontaktplan"
    news = Announcement(number, title, "Für Sie ausgesucht", day, moment)
    mailing = sent(rng, company, news, people, np.zeros(0, dtype=np.int64))
    left, bounced = world.newsletter.left_with.copy(), world.newsletter.bounced_with.copy()
    left[people[mailing.is_leaving]] = number
    bounced[people[mailing.is_hard_bounce]] = number
    return Newsletter((*world.newsletter.mailings, mailing), left, bounced)


def _called(rng: np.random.Generator, world: World, company: Company, people: Ints) -> Calls:
    days = world.company.calendar.days + rng.choice(_WORKDAYS, people.size)
    number = np.full(people.size, company.parameters.call_rounds + world.months)
    return made(rng, company, PlannedCalls(people, number, days, np.full(people.size, np.nan)))


def _written(world: World, company: Company, reached: Mapping[str, Ints]) -> Messages:
    """Letters on the second day of the month, text messages on the third."""
    rng, done = stream(company.seed, f"messages of month {world.months}"), Messages.none()
    for channel, name in enumerate(WRITTEN):
        people = reached.get(name, np.zeros(0, np.int64))
        day = world.company.calendar.days + 1 + channel
        done = done.and_then(dispatched(rng, company, channel, day, people, np.full(people.size, np.nan)))
    return done


def _joined(before: Calls, after: Calls) -> Calls:
    parts = {part.name: (getattr(before, part.name), getattr(after, part.name)) for part in fields(Calls)}
    return Calls(**{name: np.concatenate(pair) for name, pair in parts.items()})


def _appended(before: Orders, after: Orders) -> Orders:
    """The orders of both, whose lines go on where the others' end."""
    parts = {part.name: (getattr(before, part.name), getattr(after, part.name)) for part in fields(Orders)}
    parts["line_start"] = before.line_start, before.line_start[-1] + after.line_start[1:]
    return Orders(**{name: np.concatenate(pair) for name, pair in parts.items()})
