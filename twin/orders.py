"""The orders of the shop, to the cent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import SECONDS_PER_DAY, Bools, Floats, Ints, stream, weighted
from twin.assortment import Assortment
from twin.buying import Traits
from twin.calls import Calls
from twin.company import Company
from twin.messages import WRITTEN, Messages
from twin.newsletters import Mailing, Newsletter
from twin.parameters import Parameters

CAUSES = ("own", "email", "phone", *WRITTEN)
FIRST_NUMBER = 1_001
NEVER = np.iinfo(np.int64).max
_HOURS = (2, 4, 6, 7, 7, 8, 7, 6, 6, 7, 8, 9, 11, 12, 9, 5)
_FIRST_HOUR = 7


@dataclass(frozen=True)
class Orders:
    """Orders in the order of their numbers. Moments are UTC seconds (NEVER: has not happened), money is in cents.

    `cause_number` is the number of the mailing, or the position of the call or message, that brought the order, or -1.
    `line_start` has one entry more than there are orders; the lines of order i are line_start[i] up to line_start[i+1].
    """

    person: Ints
    placed_at: Ints
    cause: Ints
    cause_number: Ints
    line_start: Ints
    article: Ints
    quantity: Ints
    unit_price: Ints
    goods: Ints
    discount: Ints
    shipping: Ints
    tax: Ints
    paid_at: Ints
    cancelled_at: Ints
    refunded_at: Ints
    refund: Ints
    is_invoice: Bools
    is_in_store: Bools
    uses_second_email: Bools

    @property
    def count(self) -> int:
        """Number of orders."""
        return len(self.person)

    @property
    def subtotal(self) -> Ints:
        """Goods after discount."""
        return self.goods - self.discount

    @property
    def total(self) -> Ints:
        """What was charged in all."""
        return self.subtotal + self.shipping

    @property
    def refunded(self) -> Ints:
        """What has been paid back by the end of the history."""
        return self.refunded_by(NEVER - 1)

    def refunded_by(self, moment: int) -> Ints:
        """What had been paid back at a moment."""
        return np.where(self.refunded_at <= moment, self.refund, 0)

    def number(self) -> Ints:
        """The numbers that the shop gave."""
        return FIRST_NUMBER + np.arange(self.count)


def place_orders(company: Company, newsletter: Newsletter, calls: Calls, messages: Messages) -> Orders:
    """Every order up to the end of the history: those placed unasked, and those that a contact brought."""
    rng = stream(company.seed, "orders")
    unasked = company.own.day < company.calendar.days
    placed = placements(rng, company, unasked, newsletter.mailings, calls, messages)
    return filled(rng, company, placed, company.calendar.end)


@dataclass(frozen=True)
class Placements:
    """Who places an order when and why, in the order of time."""

    person: Ints
    placed_at: Ints
    cause: Ints
    cause_number: Ints


def filled(rng: np.random.Generator, company: Company, placed: Placements, end: int) -> Orders:
    """The orders with baskets, prices and fates as far as these have come by the moment `end`."""
    parameters, people, goods = company.parameters, company.people, company.goods
    person, placed_at, cause = placed.person, placed.placed_at, placed.cause
    line_start, article, quantity = _baskets(rng, parameters, company.traits, goods, person)
    unit_price = goods.prices[article]
    amount = unit_price * quantity
    worth = np.add.reduceat(amount, line_start[:-1])
    has_mail, has_phone = people.has("email")[person], people.has("phone")[person]
    is_in_store = ~has_mail | (has_phone & (cause == 0) & (rng.random(person.size) < 0.06))
    discount, shipping = _conditions(rng, parameters, worth, is_in_store)
    total = worth - discount + shipping
    part = np.where(np.diff(line_start) > 1, amount[line_start[:-1]] * (worth - discount) // worth, total)
    is_business = people.is_business[person]
    invoice_share = np.where(is_business, parameters.business_invoice_share, parameters.invoice_share)
    is_invoice = ~is_in_store & (rng.random(person.size) < invoice_share)
    return Orders(
        *(person, placed_at, cause, placed.cause_number, line_start, article, quantity, unit_price),
        goods=worth,
        discount=discount,
        shipping=shipping,
        tax=contained_tax(total, parameters.vat_percent),
        **_fates(rng, parameters, placed_at, is_invoice, total, part, end),
        is_invoice=is_invoice,
        is_in_store=is_in_store,
        uses_second_email=people.has("second_email")[person] & ~is_in_store & (rng.random(person.size) < 0.4),
    )


def _conditions(rng: np.random.Generator, parameters: Parameters, worth: Ints, is_in_store: Bools) -> tuple[Ints, Ints]:
    """Discount and shipping of each order."""
    has_discount = rng.random(worth.size) < parameters.discount_share
    discount = np.where(has_discount, (worth * parameters.discount_rate_percent + 50) // 100, 0)
    is_free = is_in_store | (worth - discount >= parameters.free_shipping_from)
    return discount, np.where(is_free, 0, parameters.shipping)


def contained_tax(total: Ints, percent: int) -> Ints:
    """The value added tax that is contained in totals, rounded half up to cents."""
    return (2 * total * percent + 100 + percent) // (2 * (100 + percent))


def placements(
    rng: np.random.Generator,
    company: Company,
    unasked: Bools,
    mailings: tuple[Mailing, ...],
    calls: Calls,
    messages: Messages,
    first_call: int = 0,
    first_message: int = 0,
) -> Placements:
    """The orders of `unasked` (of the company's own), of mailings, and of calls and messages, which count from
    `first_call` and `first_message`."""
    own, calendar = company.own, company.calendar
    hours = _FIRST_HOUR + weighted(rng, _HOURS, int(unasked.sum()))
    unasked_at = calendar.moments(own.day[unasked], hours * 3_600 + rng.integers(0, 3_600, hours.size))
    groups = [(own.person[unasked], unasked_at, 0, np.full(hours.size, -1))]
    for mailing in mailings:
        moved = mailing.recipients[mailing.is_moved]
        groups.append((moved, mailing.moved_at, 1, np.full(moved.size, mailing.number)))
    brought = np.flatnonzero(calls.moved_at >= 0).astype(np.int64)
    groups.append((calls.person[brought], calls.moved_at[brought], 2, first_call + brought))
    for channel in range(len(WRITTEN)):
        brought = np.flatnonzero((messages.moved_at >= 0) & (messages.channel == channel)).astype(np.int64)
        groups.append((messages.person[brought], messages.moved_at[brought], 3 + channel, first_message + brought))
    person = np.concatenate([group[0] for group in groups])
    placed_at = np.concatenate([group[1] for group in groups])
    cause = np.concatenate([np.full(len(group[0]), group[2]) for group in groups])
    cause_number = np.concatenate([group[3] for group in groups])
    order = np.lexsort((cause_number, cause, person, placed_at))
    return Placements(person[order], placed_at[order], cause[order], cause_number[order])


def _baskets(
    rng: np.random.Generator, parameters: Parameters, traits: Traits, goods: Assortment, person: Ints
) -> tuple[Ints, Ints, Ints]:
    """Where the lines of each order start, and the article and the pieces of each line.

    The worth of an order is drawn first and then spent on articles: of two neighbouring prices the upper one is taken
    as often as keeps the mean, so the goods of an order are worth on average what was drawn.
    """
    lines = np.minimum(1 + rng.poisson(parameters.extra_lines_mean, person.size), parameters.most_lines)
    line_start = np.concatenate([[0], np.cumsum(lines)]).astype(np.int64)
    worth = rng.gamma(parameters.spend_p, size=person.size) / parameters.spend_p * traits.mean_spend[person]
    share = rng.gamma(1.5, size=int(line_start[-1]))
    share /= np.repeat(np.add.reduceat(share, line_start[:-1]), lines)
    to_spend = np.repeat(worth, lines) * share
    category = _categories(rng, parameters, traits, goods, np.repeat(person, lines))
    dearest = goods.prices.reshape(len(goods.categories), -1)[:, -1][category]
    at_once = np.where(rng.random(to_spend.size) < 0.2, rng.integers(2, 4, to_spend.size), 1)
    quantity = np.maximum(np.where(to_spend > 1_000, at_once, 1), np.ceil(to_spend / dearest)).astype(np.int64)
    return line_start, _articles(rng, goods, category, to_spend / quantity), quantity


def _categories(
    rng: np.random.Generator, parameters: Parameters, traits: Traits, goods: Assortment, person: Ints
) -> Ints:
    taste = rng.random(person.size)
    category = weighted(rng, goods.popularity, person.size)
    is_second = taste < parameters.favourite_share + parameters.second_share
    category = np.where(is_second, traits.second[person], category)
    return np.where(taste < parameters.favourite_share, traits.favourite[person], category)


def _articles(rng: np.random.Generator, goods: Assortment, category: Ints, wanted: Floats) -> Ints:
    prices = goods.prices.reshape(len(goods.categories), -1).astype(np.float64)
    article = np.zeros(wanted.size, dtype=np.int64)
    taken_up = rng.random(wanted.size)
    for number, ladder in enumerate(prices):
        here = np.flatnonzero(category == number)
        upper = np.clip(np.searchsorted(ladder, wanted[here]), 1, len(ladder) - 1)
        chance = (wanted[here] - ladder[upper - 1]) / (ladder[upper] - ladder[upper - 1])
        article[here] = number * len(ladder) + upper - (taken_up[here] >= chance)
    return article


def _fates(
    rng: np.random.Generator,
    parameters: Parameters,
    placed_at: Ints,
    is_invoice: Bools,
    total: Ints,
    part: Ints,
    end: int,
) -> dict[str, Ints]:
    """When orders are paid, cancelled and refunded, and with how much; what lies beyond the end has not happened."""
    size = placed_at.size
    fate = rng.random(size)
    is_cancelled = fate < parameters.cancelled_share
    is_full = fate < parameters.cancelled_share + parameters.fully_refunded_share
    is_part = ~is_full & (
        fate < parameters.cancelled_share + parameters.fully_refunded_share + parameters.partly_refunded_share
    )
    at_once = placed_at + rng.integers(4, 60, size)
    on_invoice = placed_at + rng.integers(SECONDS_PER_DAY, 7 * SECONDS_PER_DAY, size)
    paid_at = np.where(is_invoice & ~is_cancelled, on_invoice, at_once)
    cancelled_at = at_once + rng.integers(600, 2 * SECONDS_PER_DAY, size)
    sent_back_at = paid_at + rng.integers(2 * SECONDS_PER_DAY, 14 * SECONDS_PER_DAY, size)
    refunded_at = np.where(is_cancelled, cancelled_at, sent_back_at)
    is_refunded = (is_full | is_part) & (refunded_at < end)
    return {
        "paid_at": np.where(paid_at < end, paid_at, NEVER),
        "cancelled_at": np.where(is_cancelled & is_refunded, cancelled_at, NEVER),
        "refunded_at": np.where(is_refunded, refunded_at, NEVER),
        "refund": np.where(is_refunded, np.where(is_part, part, total), 0),
    }
