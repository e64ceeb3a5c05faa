"""Mailchimp's exports: the audience in three files, the list of campaigns, and the activity of each campaign.

Times of members and of their activity are in UTC without saying so; only the list of campaigns has German time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from twin import traces
from twin.arrays import Ints, chosen, kept, stream
from twin.clock import day_of, offset, utc_text
from twin.company import Company
from twin.exports import CsvFile, columns_of, quoted_where_needed
from twin.newsletters import Mailing, Newsletter
from twin.reactions import Events

_MEMBER = ("Email Address", "First Name", "Last Name")
_AFTER = columns_of(
    "MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,"
    "LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
_UNSUBSCRIBED = columns_of("UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER")
_CLEANED = ("CLEAN_TIME", "CLEAN_CAMPAIGN_TITLE", "CLEAN_CAMPAIGN_ID")
AUDIENCE_HEADERS = {
    "subscribed": (*_MEMBER, *_AFTER),
    "unsubscribed": (*_MEMBER, *_UNSUBSCRIBED, *_AFTER),
    "cleaned": (*_MEMBER, *_CLEANED, *_AFTER),
}
CAMPAIGNS_HEADER = (
    *("Title", "Subject", "List", "Send Date", "Send Weekday", "Total Recipients", "Successful Deliveries"),
    *("Soft Bounces", "Hard Bounces", "Total Bounces", "Times Forwarded", "Forwarded Opens", "Unique Opens"),
    *("Open Rate", "Total Opens", "Unique Clicks", "Click Rate", "Total Clicks", "Unsubscribes", "Abuse Complaints"),
    *("Times Liked on Facebook", "Folder Id", "Unique Id", "Total Orders", "Total Gross Sales", "Total Revenue"),
)
_LIST = "Stammkunden-Newsletter"
_SHOP = "https://shop.stammhaus.example"


def campaign_id(mailing: Mailing) -> str:
    """Mailchimp's id of a mailing: ten hexadecimal digits."""
    return f"{0xA1B2C30000 + 7_919 * (mailing.number + 1):010x}"


def write_audience(folder: Path, company: Company, newsletter: Newsletter) -> pl.DataFrame:
    """Write the three files of the audience; returns their truth: source_id and the person's id as true_id."""
    members = np.flatnonzero(company.presence.is_member).astype(np.int64)
    left, bounced = newsletter.left_with[members] >= 0, newsletter.bounced_with[members] >= 0
    states = {"subscribed": ~(left | bounced), "unsubscribed": left, "cleaned": bounced}
    for state, is_in in states.items():
        file = folder / f"{state}_email_audience_export_4f2a9c71d0.csv"
        with CsvFile(file, quoted_where_needed(AUDIENCE_HEADERS[state])) as csv:
            csv.write(_members(company, newsletter, state, members[is_in]))
    index = pl.Series(members)
    return pl.DataFrame(
        {
            "source_id": company.presence.member_address.gather(index).str.to_lowercase(),
            "true_id": company.people.frame["person_id"].gather(index),
            "trap": traces.held(company, traces.MAILCHIMP)["trap"].gather(index),
        }
    )


def _members(company: Company, newsletter: Newsletter, state: str, person: Ints) -> pl.DataFrame:
    rng = stream(company.seed, f"audience {state}")
    index, size = pl.Series(person), person.size
    joined_at = company.presence.joined_at[person]
    departed_with = {"unsubscribed": newsletter.left_with, "cleaned": newsletter.bounced_with}.get(state)
    departed_at = (
        np.zeros(size, dtype=np.int64)
        if departed_with is None
        else _departed(newsletter, departed_with[person], person, state == "unsubscribed")
    )
    frame = traces.held(company, traces.MAILCHIMP)
    ip = "203.0.113." + pl.Series(rng.integers(1, 255, size)).cast(pl.String)
    tags = ('"Stammkunde","Filiale"', '"Stammkunde"', '"VIP","Blog"')
    cells: dict[str, pl.Series] = {
        "Email Address": company.presence.member_address.gather(index),
        "First Name": frame["first_name"].gather(index),
        "Last Name": frame["last_name"].gather(index),
        "MEMBER_RATING": pl.Series(rng.integers(1, 6, size)),
        "OPTIN_TIME": utc_text(joined_at),
        "OPTIN_IP": ip,
        "CONFIRM_TIME": utc_text(joined_at + 90),
        "CONFIRM_IP": ip,
        "CC": frame["country"].gather(index).str.to_lowercase(),
        "LAST_CHANGED": utc_text(np.maximum(joined_at + 90, departed_at)),
        "LEID": pl.Series(600_000_001 + person * 4),
        "EUID": _hexadecimal(person),
        "TAGS": chosen(tags, rng.integers(0, 3, size), rng.random(size) < 0.3),
        **({} if departed_with is None else _departure(newsletter, state, departed_with[person], departed_at, rng)),
    }
    nothing = kept(cells["OPTIN_TIME"], np.zeros(size, dtype=np.bool_))
    return pl.DataFrame({name: cells.get(name, nothing) for name in AUDIENCE_HEADERS[state]})


def _departed(newsletter: Newsletter, mailing: Ints, person: Ints, has_left: bool) -> Ints:
    sent_at = np.array([mailing.sent_at for mailing in newsletter.mailings], dtype=np.int64)[mailing]
    return sent_at + (600 + person * 7_919 % 80_000 if has_left else 90)


def _departure(
    newsletter: Newsletter, state: str, mailing: Ints, departed_at: Ints, rng: np.random.Generator
) -> dict[str, pl.Series]:
    titles = [each.title for each in newsletter.mailings]
    ids = [campaign_id(each) for each in newsletter.mailings]
    letters = "UNSUB" if state == "unsubscribed" else "CLEAN"
    reasons = ("NORMAL", "NOT_RELEVANT", "NO_LONGER_INTERESTED", "OTHER")
    reason = rng.integers(0, len(reasons), mailing.size)
    return {
        f"{letters}_TIME": utc_text(departed_at),
        f"{letters}_CAMPAIGN_TITLE": chosen(titles, mailing),
        f"{letters}_CAMPAIGN_ID": chosen(ids, mailing),
        f"{letters}_REASON": chosen(reasons, reason),
        f"{letters}_REASON_OTHER": chosen(('Zu viele Mails, "jede Woche"',), np.zeros_like(reason), reason == 3),
    }


def _hexadecimal(numbers: Ints) -> pl.Series:
    """Ten hexadecimal digits for each number below 2^16 squared; different numbers get different ones."""
    digits = [f"{number:04x}" for number in range(1 << 16)]
    upper, lower = np.divmod(numbers, 1 << 16)
    return pl.select(
        pl.concat_str(pl.lit("5e"), chosen(digits, (lower * 48_271 + upper) % (1 << 16)), chosen(digits, upper))
    ).to_series()


@dataclass(frozen=True)
class Activity:
    """What one mailing led to, as Mailchimp counts it, machines included. `rows` are the rows of all its files."""

    sent: int
    hard_bounces: int
    soft_bounces: int
    unique_opens: int
    total_opens: int
    unique_clicks: int
    total_clicks: int
    unsubscribed: int
    rows: int


def write_activity(folder: Path, company: Company, mailing: Mailing, opens: Events, clicks: Events) -> Activity:
    """Write what happened with one mailing: a file per kind of activity, named after the campaign."""
    delivered = mailing.recipients[mailing.is_delivered]
    has_opened = np.isin(delivered, opens.person)
    clicked = np.unique(clicks.person)
    bounced = mailing.recipients[~mailing.is_delivered]
    kinds = chosen(("soft", "hard"), mailing.is_hard_bounce[~mailing.is_delivered].astype(np.int64))
    mail = company.presence.member_address
    files = {
        "aggregate_activity/opened": _addresses(mail, delivered[has_opened]),
        "aggregate_activity/not_opened": _addresses(mail, delivered[~has_opened]),
        "aggregate_activity/click_activity": _addresses(mail, clicked),
        "aggregate_activity/bounces": _addresses(mail, bounced).with_columns(kinds.alias("Bounce Type")),
        "granular_activity/opens": _timed(mail, opens),
        "granular_activity/clicks": _timed(mail, clicks).with_columns(_links(company, mailing, clicks).alias("Url")),
    }
    rows = 0
    for kind, frame in files.items():
        if frame.height:
            with CsvFile(folder / kind / f"{mailing.slug}.csv", quoted_where_needed(frame.columns)) as csv:
                csv.write(frame)
            rows += frame.height
    return Activity(
        sent=mailing.recipients.size,
        hard_bounces=int(mailing.is_hard_bounce.sum()),
        soft_bounces=int(mailing.is_soft_bounce.sum()),
        unique_opens=int(has_opened.sum()),
        total_opens=opens.person.size,
        unique_clicks=clicked.size,
        total_clicks=clicks.person.size,
        unsubscribed=int(mailing.is_leaving.sum()),
        rows=rows,
    )


def _addresses(mail: pl.Series, person: Ints) -> pl.DataFrame:
    return pl.DataFrame({"Email Address": mail.gather(pl.Series(person))})


def _timed(mail: pl.Series, events: Events) -> pl.DataFrame:
    return pl.DataFrame({"Email": mail.gather(pl.Series(events.person)), "Timestamp": utc_text(events.moment)})


def _links(company: Company, mailing: Mailing, clicks: Events) -> pl.Series:
    urls = [
        f"{_SHOP}/collections/{number + 1}-{name[:1].lower()}?utm_source=newsletter&utm_campaign={mailing.slug}"
        for number, name in enumerate(company.goods.categories)
    ]
    return chosen(urls, clicks.category)


def write_campaigns(path: Path, mailings: tuple[Mailing, ...], activities: list[Activity]) -> None:
    """Write the list of all campaigns with their sums, the newest first."""
    pairs = list(zip(mailings, activities, strict=True))
    rows = [_campaign(mailing, activity) for mailing, activity in reversed(pairs)]
    with CsvFile(path, quoted_where_needed(CAMPAIGNS_HEADER)) as csv:
        csv.write(pl.DataFrame(rows, schema=CAMPAIGNS_HEADER, orient="row"))


def _campaign(mailing: Mailing, done: Activity) -> tuple[str | int | float | None, ...]:
    bounces = done.hard_bounces + done.soft_bounces
    delivered = done.sent - bounces
    day, send_date = _send_date(mailing.sent_at)
    return (
        *(mailing.title, mailing.subject, _LIST, send_date, day, done.sent, delivered),
        *(done.soft_bounces, done.hard_bounces, bounces, 0, 0, done.unique_opens),
        *(_percent(done.unique_opens, delivered), done.total_opens, done.unique_clicks),
        *(_percent(done.unique_clicks, delivered), done.total_clicks, done.unsubscribed, 0),
        *(0, None, campaign_id(mailing), 0, 0.0, 0.0),
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}%" if whole else "0.00%"


def _send_date(moment: int) -> tuple[str, str]:
    """Weekday, and the date in Mailchimp's form: `Jun 09, 2026 09:30 pm`."""
    local = moment + int(offset(np.array([moment]))[0])
    days, seconds = divmod(local, 86_400)
    on, (hour, rest) = day_of(days), divmod(seconds, 3_600)
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[on.month - 1]
    weekday = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[on.weekday()]
    clock = f"{(hour + 11) % 12 + 1:02d}:{rest // 60:02d} {'am' if hour < 12 else 'pm'}"
    return weekday, f"{month} {on.day:02d}, {on.year} {clock}"
