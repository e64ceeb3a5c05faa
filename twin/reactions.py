"""Opens and clicks of a mailing: those of people, and those of machines that only look as if."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import Bools, Floats, Ints, stream, weighted
from twin.assortment import Assortment
from twin.buying import Traits
from twin.company import Company
from twin.newsletters import Mailing
from twin.parameters import Parameters

_DAY = 86_400
# A scanner in front of a mailbox opens and follows every link within so many seconds; no human reads so fast. A slow
# one does the same in its turn, up to half an hour later.
SCANNER_SECONDS = 25
SLOW_SCANNER_SECONDS = 1_800
# The proxy of a mail program fetches the pictures within minutes to hours, whether or not anybody reads.
PROXY_MEAN_SECONDS = 1_500
LINKS_PER_MAILING = 4


@dataclass(frozen=True)
class Events:
    """Opens or clicks in the order of time: who, when, on which category (-1: an open), and what kind of machine
    did it (0: a person, 1: a scanner, 2: a privacy proxy)."""

    person: Ints
    moment: Ints
    category: Ints
    machine: Ints


MACHINES = ("person", "scanner", "privacy_proxy")


def react(company: Company, mailing: Mailing) -> tuple[Events, Events]:
    """The opens and the clicks of a mailing, as far as they happened before the end of the history."""
    rng = stream(company.seed, f"reactions {mailing.number}")
    traits, goods, until = company.traits, company.goods, company.calendar.end
    got_it = mailing.recipients[mailing.is_delivered]
    must = (mailing.is_moved | mailing.is_leaving)[mailing.is_delivered]
    day = company.calendar.days - (until - mailing.sent_at) / _DAY
    interest = np.where(company.is_alive_on(day)[got_it], 1.0, 0.6)
    opens = must | (rng.random(got_it.size) < traits.open_chance[got_it] * interest)
    clicks = opens & (must | (rng.random(got_it.size) < traits.click_chance[got_it]))
    read_at = mailing.sent_at + 60 + _reading_delay(rng, traits.reading_delay[got_it])
    again = opens & (rng.random(got_it.size) < 0.25)
    clicked_at = read_at + 8 + rng.exponential(40, got_it.size).astype(np.int64)
    more_at = read_at + rng.exponential(_DAY, got_it.size).astype(np.int64)
    liked = _liked(rng, traits, goods, got_it)
    scanned, scanned_at = _scanned(rng, traits, mailing, got_it)
    proxied, proxied_at = _proxied(rng, company.parameters, traits, mailing, got_it)
    return (
        _events(
            until,
            (got_it[opens], read_at[opens], -1, 0),
            (got_it[again], more_at[again], -1, 0),
            (scanned, scanned_at, -1, 1),
            (proxied, proxied_at, -1, 2),
        ),
        _events(
            until,
            (got_it[clicks], clicked_at[clicks], liked[clicks], 0),
            *((scanned, scanned_at + 1 + link, link_of(mailing, goods, link), 1) for link in range(LINKS_PER_MAILING)),
        ),
    )


def link_of(mailing: Mailing, goods: Assortment, link: int) -> int:
    """The category that a link of the mailing leads to."""
    return (mailing.number + 2 * link) % len(goods.categories)


def _reading_delay(rng: np.random.Generator, median: Floats) -> Ints:
    """Seconds until people read, some after days."""
    return np.minimum(rng.lognormal(np.log(median), 1.6), 14 * _DAY).astype(np.int64)


def _liked(rng: np.random.Generator, traits: Traits, goods: Assortment, people: Ints) -> Ints:
    taste = rng.random(people.size)
    any_other = weighted(rng, goods.popularity, people.size)
    liked = np.where(taste < 0.55, traits.favourite[people], any_other)
    return np.where((taste >= 0.55) & (taste < 0.8), traits.second[people], liked)


def _scanned(rng: np.random.Generator, traits: Traits, mailing: Mailing, got_it: Ints) -> tuple[Ints, Ints]:
    scanned = got_it[traits.has_scanner[got_it]]
    at_once = rng.integers(2, SCANNER_SECONDS - LINKS_PER_MAILING, scanned.size)
    in_turn = at_once * (SLOW_SCANNER_SECONDS // SCANNER_SECONDS)
    return scanned, mailing.sent_at + np.where(traits.has_slow_scanner[scanned], in_turn, at_once)


def _proxied(
    rng: np.random.Generator, parameters: Parameters, traits: Traits, mailing: Mailing, got_it: Ints
) -> tuple[Ints, Ints]:
    behind = got_it[traits.has_privacy_proxy[got_it]]
    fetched = behind[rng.random(behind.size) < parameters.privacy_proxy_open_share]
    delay: Floats = rng.exponential(PROXY_MEAN_SECONDS, fetched.size)
    return fetched, mailing.sent_at + 30 + delay.astype(np.int64)


def _events(until: int, *groups: tuple[Ints, Ints, Ints | int, int]) -> Events:
    person = np.concatenate([people for people, *_ in groups])
    moment = np.concatenate([moments for _, moments, *_ in groups])
    category = np.concatenate([np.broadcast_to(kind, people.shape) for people, _, kind, _ in groups])
    machine = np.concatenate([np.full(people.shape, by) for people, _, _, by in groups])
    is_past: Bools = moment < until
    order = np.lexsort((category, person, moment))
    order = order[is_past[order]]
    return Events(person[order], moment[order], category[order], machine[order])
