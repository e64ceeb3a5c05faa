"""Which system knows whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from twin.arrays import Bools, Floats, Ints, kept, stream
from twin.buying import Traits
from twin.clock import Calendar
from twin.parameters import Parameters
from twin.people import People

_SIX_O_CLOCK = 6 * 3_600


@dataclass(frozen=True)
class Presence:
    """Per person: is there a shop account, a CRM contact, a newsletter membership; and since when is it known.

    `member_address` is the address on the newsletter's list. `joined_at` is a moment, always before the first order.
    `accepts_texts` is consent to text messages.
    """

    is_buyer: Bools
    has_account: Bools
    has_contact: Bools
    is_member: Bools
    member_address: pl.Series
    joined_at: Ints
    accepts_texts: Bools


def spread(parameters: Parameters, people: People, traits: Traits, calendar: Calendar, seed: int) -> Presence:
    """Who is held where. Whoever has not bought yet is at least a member or a CRM contact."""
    rng = stream(seed, "presence")
    count = people.count
    is_buyer = traits.first_order < calendar.days
    has_mail = people.has("email")
    has_account = has_mail & (
        rng.random(count) < np.where(is_buyer, parameters.shop_account_share, parameters.lead_shop_account_share)
    )
    is_member = has_mail & (rng.random(count) < parameters.member_share)
    # whoever came as a lead, be he a buyer by now or not: that a record was made tells nothing of what comes after it
    crm_share = _crm_share(parameters, np.isfinite(traits.lead_rate), people.is_business)
    has_contact = (rng.random(count) < crm_share) | ~(is_buyer | is_member | has_account)
    second = people.frame["second_email"]
    uses_second = people.has("second_email") & (rng.random(count) < 0.3)
    address = pl.select(pl.coalesce(kept(second, uses_second), people.frame["email"])).to_series()
    return Presence(
        is_buyer=is_buyer,
        has_account=has_account,
        has_contact=has_contact,
        is_member=is_member,
        member_address=kept(address, is_member),
        joined_at=calendar.moments(traits.joined, _SIX_O_CLOCK + rng.integers(0, 3_600, count)),
        accepts_texts=people.has("phone") & _agrees_to_texts(parameters, count, seed),
    )


def _agrees_to_texts(parameters: Parameters, count: int, seed: int) -> Bools:
    share = 0.0 if parameters.messages is None else parameters.messages.text_consent_share
    return stream(seed, "consent to texts").random(count) < share


def _crm_share(parameters: Parameters, came_as_lead: Bools, is_business: Bools) -> Floats:
    private = np.where(came_as_lead, parameters.lead_crm_share, parameters.crm_share)
    return np.where(is_business, parameters.business_crm_share, private)
