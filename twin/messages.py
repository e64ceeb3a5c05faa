"""Letters and text messages: campaigns whose recipients are drawn by lot among those who may get them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from twin.arrays import SECONDS_PER_DAY, Bools, Floats, Ints, chosen, stream
from twin.clock import day_of, utc_timestamps
from twin.company import Company
from twin.parameters import MessageParameters

WRITTEN = ("post", "sms")
LETTER, TEXT = range(len(WRITTEN))
_NAMES = ("Brief", "SMS")
_SECONDS_OF_DAY = (11 * 3_600, 17 * 3_600)
# A letter is on its way for two days and lies on the table for some; who answers a text message does so soon.
_SECONDS_UNTIL_READ = (2 * SECONDS_PER_DAY, 600)
_MEAN_DAYS_TO_BUY = (4.0, 1.5)


@dataclass(frozen=True)
class Messages:
    """One entry per letter or text message, in the order of time. `channel` counts `WRITTEN`; `propensity` is the
    chance with which the person got it, NaN where a plan chose; `moved_at` is -1 where it brought no order."""

    person: Ints
    channel: Ints
    sent_at: Ints
    is_delivered: Bools
    propensity: Floats
    moved_at: Ints

    @classmethod
    def none(cls) -> Messages:
        """No message at all."""
        return cls(*(np.zeros(0, dtype=kind) for kind in ("i8", "i8", "i8", "?", "f8", "i8")))

    def and_then(self, *later: Messages) -> Messages:
        """These messages with later ones behind them."""
        parts = (self, *later)
        return Messages(*(np.concatenate([getattr(each, one.name) for each in parts]) for one in fields(Messages)))

    def titles(self) -> pl.Series:
        """The campaign of each message, as the company names it: by the day of its sending."""
        return utc_timestamps(self.sent_at).dt.to_string("%Y-%m-%d ") + chosen(_NAMES, self.channel)


def write_messages(company: Company) -> Messages:
    """All letters and text messages of the last two years; none in a company that does not write any."""
    if company.parameters.messages is None:
        return Messages.none()
    rounds = [
        _campaign(company, company.parameters.messages, channel, number)
        for number in range(company.parameters.messages.rounds)
        for channel in (LETTER, TEXT)
    ]
    return Messages.none().and_then(*rounds)


def _campaign(company: Company, parameters: MessageParameters, channel: int, number: int) -> Messages:
    """On a Monday; text messages follow the letters by a quarter of the time between two rounds, so as not to meet."""
    rng = stream(company.seed, f"{WRITTEN[channel]} {number}")
    apart = company.parameters.campaign_days / parameters.rounds
    day = company.calendar.days - company.parameters.campaign_days + int((number + 0.4 + 0.25 * channel) * apart)
    day -= day_of(company.calendar.first + day).weekday()
    share = (parameters.letter_share, parameters.text_share)[channel]
    people = np.flatnonzero(may_get(company, channel, day) & (rng.random(company.people.count) < share))
    return dispatched(rng, company, channel, day, people.astype(np.int64), np.full(people.size, share))


def may_get(company: Company, channel: int, day: int) -> Bools:
    """Contacts of the CRM, where an address stands with each; for a text message those of them who agreed to it.

    Who has bought is not asked: of whom an order was sent back the history says as little as of who never bought."""
    known = company.presence.has_contact & (company.traits.joined < day)
    return known & company.presence.accepts_texts if channel == TEXT else known


def arrival_share(parameters: MessageParameters | None, channel: int) -> float:
    """The chance that a message arrives."""
    return 0.0 if parameters is None else 1.0 - (parameters.returned_share, parameters.failed_share)[channel]


def dispatched(
    rng: np.random.Generator, company: Company, channel: int, day: int, person: Ints, propensity: Floats
) -> Messages:
    """One campaign's messages with all that came of them before the end of the history."""
    size, end = person.size, company.calendar.end
    seconds = np.full(size, _SECONDS_OF_DAY[channel])
    sent_at = company.calendar.moments(np.full(size, day), seconds)
    effect = (company.traits.letter_effect, company.traits.text_effect)[channel]
    is_delivered = rng.random(size) < arrival_share(company.parameters.messages, channel)
    is_moved = is_delivered & company.is_alive_on(day)[person] & (rng.random(size) < effect[person])
    waited = rng.exponential(_MEAN_DAYS_TO_BUY[channel] * SECONDS_PER_DAY, size).astype(np.int64)
    moved_at = sent_at + _SECONDS_UNTIL_READ[channel] + waited
    return Messages(
        person=person,
        channel=np.full(size, channel),
        sent_at=sent_at,
        is_delivered=is_delivered,
        propensity=propensity,
        moved_at=np.where(is_moved & (moved_at < end), moved_at, -1),
    )
