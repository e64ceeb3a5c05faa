"""What is true of the company, beside what its systems say of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from twin.arrays import Bools, Floats, Ints, chosen, kept
from twin.calls import Calls
from twin.clock import day_of, utc_timestamps
from twin.company import Company, expected_orders, future_orders
from twin.hubspot_records import call_ids, message_ids
from twin.mailchimp import Activity, campaign_id
from twin.messages import WRITTEN, Messages
from twin.newsletters import Mailing, Newsletter
from twin.orders import CAUSES, NEVER, Orders
from twin.parameters import MessageParameters, Parameters
from twin.reactions import MACHINES, Events

PARAMETERS = "parameters.json"
LANDED_FILES = "landing.json"


def people_truth(company: Company, newsletter: Newsletter, orders: Orders) -> pl.DataFrame:
    """One row per person: who it is, its true traits, what it has bought and will buy. Money in euros."""
    traits, own, size = company.traits, company.own, company.people.count
    is_alive = company.is_alive_on(company.calendar.days)
    net = orders.total - orders.refunded
    categories = company.goods.categories
    return company.people.frame.drop("phone_national").with_columns(
        is_buyer=pl.Series(company.presence.is_buyer),
        is_alive=pl.Series(is_alive),
        joined_at=utc_timestamps(company.presence.joined_at),
        purchase_rate=pl.Series(traits.rate),
        dropout_probability=pl.Series(traits.leave),
        gone_after_days=kept(pl.Series(own.gone_from), own.gone_from < company.calendar.days),
        mean_order_value=pl.Series(traits.mean_spend / 100),
        favourite_category=chosen(categories, traits.favourite),
        second_category=chosen(categories, traits.second),
        order_count=pl.Series(np.bincount(orders.person, minlength=size)),
        charged_less_refunded=pl.Series(np.bincount(orders.person, weights=net, minlength=size) / 100),
        expected_orders=pl.Series(expected_orders(company)),
        future_order_count=pl.Series(future_orders(company)),
        conversion_probability=kept(pl.Series(expected_orders(company)), ~company.presence.is_buyer),
        open_chance=pl.Series(traits.open_chance),
        click_chance=pl.Series(traits.click_chance),
        has_privacy_proxy=pl.Series(traits.has_privacy_proxy),
        has_scanner=pl.Series(traits.has_scanner),
        reading_delay_seconds=pl.Series(traits.reading_delay),
        is_member=pl.Series(company.presence.is_member),
        has_left_newsletter=pl.Series(newsletter.left_with >= 0),
        has_bounced_for_good=pl.Series(newsletter.bounced_with >= 0),
    )


def orders_truth(company: Company, orders: Orders) -> pl.DataFrame:
    """One row per order: who placed it, why, and its money in euros as it stands at the end of the history."""
    return pl.DataFrame(
        {
            "order_number": "#" + pl.Series(orders.number()).cast(pl.String),
            "person_id": company.people.frame["person_id"].gather(pl.Series(orders.person)),
            "placed_at": utc_timestamps(orders.placed_at),
            "cause": chosen(CAUSES, orders.cause),
            "cause_number": kept(pl.Series(orders.cause_number), orders.cause_number >= 0),
            "line_count": pl.Series(np.diff(orders.line_start)),
            "goods": _euros(orders.goods),
            "discount": _euros(orders.discount),
            "shipping": _euros(orders.shipping),
            "tax": _euros(orders.tax),
            "total": _euros(orders.total),
            "refunded": _euros(orders.refunded),
            "is_cancelled": pl.Series(orders.cancelled_at != NEVER),
        }
    )


def channel_effects(company: Company) -> pl.DataFrame:
    """Person x channel: orders and margin (euros) that one contact adds while the person is alive, and as of the end.

    A contact is a delivered e-mail, letter or text message, or an answered outgoing call. The margin is that of the
    goods without VAT, after the average discount and before refunds.
    """
    parameters, traits = company.parameters, company.traits
    is_alive = company.is_alive_on(company.calendar.days)
    discounted = 1 - parameters.discount_share * parameters.discount_rate_percent / 100
    per_order = discounted / (1 + parameters.vat_percent / 100) * parameters.margin_rate * traits.mean_spend / 100
    effects = {"email": traits.email_effect, "phone": traits.phone_effect}
    if parameters.messages is not None:
        effects |= {"post": traits.letter_effect, "sms": traits.text_effect}
    return pl.concat(_effects(company, channel, effect, per_order, is_alive) for channel, effect in effects.items())


def _effects(company: Company, channel: str, effect: Floats, per_order: Floats, is_alive: Bools) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_id": company.people.frame["person_id"],
            "channel": chosen((channel,), np.zeros(len(effect), dtype=np.int64)),
            "added_orders": effect,
            "added_margin": effect * per_order,
            "added_orders_at_end": np.where(is_alive, effect, 0.0),
            "added_margin_at_end": np.where(is_alive, effect * per_order, 0.0),
        }
    )


def campaigns_truth(newsletter: Newsletter, activities: list[Activity], orders: Orders) -> pl.DataFrame:
    """One row per mailing: what it was, whom it reached, and the orders and money (euros) that it truly brought."""
    brought = orders.cause == CAUSES.index("email")
    size = len(newsletter.mailings)
    net = (orders.total - orders.refunded)[brought]
    number = orders.cause_number[brought]
    frame = pl.DataFrame(
        {
            "campaign_number": [mailing.number for mailing in newsletter.mailings],
            "campaign_id": [campaign_id(mailing) for mailing in newsletter.mailings],
            "title": [mailing.title for mailing in newsletter.mailings],
            "file_name": [f"{mailing.slug}.csv" for mailing in newsletter.mailings],
            "sent_at": utc_timestamps(np.array([mailing.sent_at for mailing in newsletter.mailings])),
            "held_out": [mailing.held_out.size for mailing in newsletter.mailings],
            "caused_orders": np.bincount(number, minlength=size),
            "caused_total": np.bincount(number, weights=net, minlength=size) / 100,
        }
    )
    return frame.hstack(pl.DataFrame([asdict(activity) for activity in activities]).rename({"rows": "file_rows"}))


def held_out(company: Company, newsletter: Newsletter) -> pl.DataFrame:
    """Mailing x person that was left out of it by chance."""
    counts = np.array([mailing.held_out.size for mailing in newsletter.mailings])
    person = np.concatenate([mailing.held_out for mailing in newsletter.mailings])
    return pl.DataFrame(
        {
            "campaign_number": np.repeat(np.arange(counts.size), counts),
            "person_id": company.people.frame["person_id"].gather(pl.Series(person)),
        }
    )


def calls_truth(company: Company, calls: Calls) -> pl.DataFrame:
    """One row per call: who, on which round's list and with what chance, and whether it brought an order."""
    return pl.DataFrame(
        {
            "call_id": pl.Series(call_ids(calls.person.size)).cast(pl.String),
            "person_id": company.people.frame["person_id"].gather(pl.Series(calls.person)),
            "made_at": utc_timestamps(calls.made_at),
            "is_inbound": calls.is_inbound,
            "round": kept(pl.Series(calls.round), ~calls.is_inbound),
            "propensity": kept(pl.Series(calls.propensity), ~calls.is_inbound),
            "is_reached": calls.outcome == 0,
            "brought_order": calls.moved_at >= 0,
        }
    )


def messages_truth(company: Company, messages: Messages) -> pl.DataFrame:
    """One row per letter and text message: who got it, with what chance, and whether it brought an order."""
    return pl.DataFrame(
        {
            "message_id": pl.Series(message_ids(messages)).cast(pl.String),
            "person_id": company.people.frame["person_id"].gather(pl.Series(messages.person)),
            "channel": chosen(WRITTEN, messages.channel),
            "campaign": messages.titles(),
            "sent_at": utc_timestamps(messages.sent_at),
            "propensity": kept(pl.Series(messages.propensity), ~np.isnan(messages.propensity)),
            "is_delivered": messages.is_delivered,
            "brought_order": messages.moved_at >= 0,
        }
    )


class MachineEvents:
    """The Parquet file of opens and clicks that no person made, filled mailing by mailing; a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._file: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, company: Company, mailing: Mailing, event: str, events: Events) -> None:
        """Append the machines' part of these events."""
        by_machine = np.flatnonzero(events.machine > 0)
        frame = self._frame(company, mailing, event, events, by_machine.astype(np.int64)).to_arrow()
        if self._file is None:
            self._file = pq.ParquetWriter(self.path, frame.schema, compression="zstd")
        self._file.write_table(frame)
        self.rows += by_machine.size

    def _frame(self, company: Company, mailing: Mailing, event: str, events: Events, index: Ints) -> pl.DataFrame:
        person, same = pl.Series(events.person[index]), np.zeros(index.size, dtype=np.int64)
        return pl.DataFrame(
            {
                "campaign_number": same + mailing.number,
                "title": chosen((mailing.title,), same),
                "person_id": company.people.frame["person_id"].gather(person),
                "email": company.presence.member_address.gather(person).str.to_lowercase(),
                "event": chosen((event,), same),
                "occurred_at": utc_timestamps(events.moment[index]),
                "machine": chosen(MACHINES, events.machine[index]),
            }
        )


def parameters_truth(company: Company) -> dict[str, object]:
    """The parameters that the company was drawn from, and what follows from the assortment."""
    goods, drawn_from = company.goods, asdict(company.parameters)
    if drawn_from["messages"] is None:
        del drawn_from["messages"]
    return {
        "seed": company.seed,
        "customers": company.people.count,
        "first_day": day_of(company.calendar.first).isoformat(),
        "last_day": day_of(company.calendar.last).isoformat(),
        **drawn_from,
        "categories": list(goods.categories),
        "category_popularity": goods.popularity.tolist(),
        "second_category_given_favourite": goods.second_given_favourite.tolist(),
    }


def read_parameters(content: Mapping[str, Any]) -> Parameters:
    """The parameters that `parameters_truth` has written down."""
    named = {each.name: content[each.name] for each in fields(Parameters) if each.name in content}
    if "messages" in named:
        named["messages"] = MessageParameters(**named["messages"])
    return Parameters(**named)


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write `content` as JSON for people, in the order given."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _euros(cents: Ints) -> pl.Series:
    return pl.Series(cents / 100).round(2).cast(pl.Decimal(18, 2))
