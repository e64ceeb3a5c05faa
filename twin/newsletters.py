"""The newsletter: who gets which mailing, who bounces or leaves, and whom it moves to buy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import Bools, Floats, Ints, stream
from twin.clock import Calendar, day_of
from twin.company import Company
from twin.parameters import Parameters

_THEMES = (
    ("Neue Ernte", "Frisch geröstet, frisch gemahlen"),
    ("Schoene Dinge", "Schöne Dinge für lange Abende"),
    ("Rabattwoche", "Nur bis Sonntag: 10 % auf alles"),
    ("Balkonzeit", "Es grünt, es blüht – jetzt pflanzen"),
    ("Bueropost", 'Ordnung, sagt man, ist "das halbe Leben"'),
    ("Rezepte", "Drei Rezepte, ein Topf"),
)
_SEND_TIMES = (9 * 3_600 + 1_800, 18 * 3_600)
_DAY = 86_400


@dataclass(frozen=True)
class Mailing:
    """One mailing. The arrays `is_*` run along `recipients`; `moved_at` along the recipients that it moved to buy."""

    number: int
    title: str
    subject: str
    sent_at: int
    recipients: Ints
    held_out: Ints
    is_hard_bounce: Bools
    is_soft_bounce: Bools
    is_leaving: Bools
    is_moved: Bools
    moved_at: Ints

    @property
    def slug(self) -> str:
        """The title as it stands in file names."""
        return self.title.lower().replace(" ", "-")

    @property
    def is_delivered(self) -> Bools:
        """Which recipients got it."""
        return ~(self.is_hard_bounce | self.is_soft_bounce)


@dataclass(frozen=True)
class Newsletter:
    """All mailings, and the mailing with which each member left or bounced for good (-1: none)."""

    mailings: tuple[Mailing, ...]
    left_with: Ints
    bounced_with: Ints


@dataclass(frozen=True)
class Announcement:
    """A mailing before it is sent: its number, its words, its day of the history and its moment."""

    number: int
    title: str
    subject: str
    day: int
    sent_at: int


def send_newsletters(company: Company) -> Newsletter:
    """The mailings of the last `campaign_days`, each held out from a random share of the members.

    A share of them (`selective_mailing_share`) goes rather to those who have bought more, as calls do.
    """
    rng, choice = stream(company.seed, "newsletters"), stream(company.seed, "mailing lists")
    parameters, presence, count = company.parameters, company.presence, company.people.count
    left_with, bounced_with = np.full(count, -1), np.full(count, -1)
    mailings = []
    for number in range(parameters.campaign_count):
        news = _announced(parameters, company.calendar, number)
        is_open_to = presence.is_member & (presence.joined_at < news.sent_at) & (left_with < 0) & (bounced_with < 0)
        if choice.random() < parameters.selective_mailing_share:
            is_open_to &= choice.random(count) < _favour(company, news.day)
        members = np.flatnonzero(is_open_to).astype(np.int64)
        is_held_out = rng.random(members.size) < parameters.held_out_share
        mailing = sent(rng, company, news, members[~is_held_out], members[is_held_out])
        left_with[mailing.recipients[mailing.is_leaving]] = number
        bounced_with[mailing.recipients[mailing.is_hard_bounce]] = number
        mailings.append(mailing)
    return Newsletter(tuple(mailings), left_with, bounced_with)


def _favour(company: Company, day: int) -> Floats:
    """The chance to be on a selective list: the more orders so far, the likelier."""
    so_far = np.bincount(company.own.person[company.own.day < day], minlength=company.people.count)
    return np.minimum(0.15 + 0.3 * np.sqrt(so_far), 0.9)


def _announced(parameters: Parameters, calendar: Calendar, number: int) -> Announcement:
    """Mailings go out evenly, in turn on a Tuesday and on a Thursday."""
    apart = parameters.campaign_days / parameters.campaign_count
    day = calendar.days - parameters.campaign_days + int((number + 0.3) * apart)
    day += (1, 3)[number % 2] - day_of(calendar.first + day).weekday()
    theme, subject = _THEMES[number % len(_THEMES)]
    seconds = np.array([_SEND_TIMES[number % len(_SEND_TIMES)]], dtype=np.int64)
    sent_at = int(calendar.moments(np.array([day]), seconds)[0])
    title = f"{day_of(calendar.first + day).isoformat()} {theme}"
    return Announcement(number, title, subject, day, sent_at)


def sent(rng: np.random.Generator, company: Company, news: Announcement, recipients: Ints, held_out: Ints) -> Mailing:
    """The mailing as it went out to these recipients, with all that came of it before the end of the history."""
    parameters, end = company.parameters, company.calendar.end
    effect = np.where(company.is_alive_on(news.day), company.traits.email_effect, 0.0)
    fate = rng.random(recipients.size)
    is_hard = fate < parameters.hard_bounce_share
    is_soft = ~is_hard & (fate < parameters.hard_bounce_share + parameters.soft_bounce_share)
    is_delivered = ~(is_hard | is_soft)
    is_moved = is_delivered & (rng.random(recipients.size) < effect[recipients])
    moved_at = news.sent_at + 600 + (rng.exponential(2 * _DAY, recipients.size)).astype(np.int64)
    is_moved &= moved_at < end
    return Mailing(
        number=news.number,
        title=news.title,
        subject=news.subject,
        sent_at=news.sent_at,
        recipients=recipients,
        held_out=held_out,
        is_hard_bounce=is_hard,
        is_soft_bounce=is_soft,
        is_leaving=is_delivered & ~is_moved & (rng.random(recipients.size) < parameters.unsubscribe_share),
        is_moved=is_moved,
        moved_at=moved_at[is_moved],
    )
