"""When and how much each person buys of its own accord: BG/NBD for the moments, Gamma-Gamma for the amounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import Bools, Floats, Ints, stream, weighted
from twin.assortment import Assortment
from twin.parameters import Parameters
from twin.people import People

_CHECK_IN = 1e-9
_READING_DELAY = 7_200.0


@dataclass(frozen=True)
class Traits:
    """What drives each person. Days count from the first day of the history; infinite means never. `reading_delay` is
    the number of seconds after which half of what the person opens has been opened."""

    joined: Floats
    lead_rate: Floats
    first_order: Floats
    rate: Floats
    leave: Floats
    mean_spend: Floats
    favourite: Ints
    second: Ints
    open_chance: Floats
    click_chance: Floats
    reading_delay: Floats
    email_effect: Floats
    phone_effect: Floats
    letter_effect: Floats
    text_effect: Floats
    has_privacy_proxy: Bools
    has_scanner: Bools
    has_slow_scanner: Bools


@dataclass(frozen=True)
class OwnOrders:
    """Orders that people place unasked, in no order: who and on which day; and the day after which each is gone."""

    person: Ints
    day: Floats
    gone_from: Floats


def draw_traits(parameters: Parameters, people: People, goods: Assortment, seed: int) -> Traits:
    """The traits of every person, drawn from the parameters."""
    rng = stream(seed, "traits")
    count, business = people.count, people.is_business
    joined = rng.random(count) * parameters.history_days
    usual_lead_rate = parameters.lead_rate_median * rng.lognormal(0, parameters.lead_rate_spread, count)
    is_lead = rng.random(count) < parameters.lead_share
    spend = rng.gamma(parameters.spend_q, 1 / parameters.spend_gamma, count)
    favourite = weighted(rng, goods.popularity, count)
    mean_spend = parameters.spend_p / spend * np.where(business, parameters.business_spend_factor, 1.0)
    open_chance = rng.beta(2, 4.5, count)
    habits = stream(seed, "reading habits")
    habit = habits.random(count)
    is_keen = habit < parameters.keen_reader_share
    is_late = ~is_keen & (habit < parameters.keen_reader_share + parameters.late_reader_share)
    letter_effect, text_effect = _message_effects(parameters, mean_spend, business, seed)
    lead_rate = usual_lead_rate * _eagerness(parameters, open_chance, business)
    return Traits(
        joined=joined,
        lead_rate=np.where(is_lead, lead_rate, np.inf),
        first_order=joined + np.where(is_lead, rng.exponential(1 / lead_rate), 0.0),
        rate=np.maximum(rng.gamma(parameters.rate_shape, 1 / parameters.rate_scale_days, count), _CHECK_IN),
        leave=rng.beta(parameters.leave_alpha, parameters.leave_beta, count),
        mean_spend=mean_spend,
        favourite=favourite,
        second=_seconds(rng, goods, favourite),
        open_chance=np.where(is_keen, habits.uniform(0.75, 0.95, count), open_chance),
        click_chance=rng.beta(1.5, 8, count),
        reading_delay=_READING_DELAY * np.where(is_keen, 0.25, np.where(is_late, 15.0, 1.0)),
        email_effect=_email_effect(rng, parameters, favourite, business),
        phone_effect=_phone_effect(rng, parameters, mean_spend, business),
        letter_effect=letter_effect,
        text_effect=text_effect,
        has_privacy_proxy=rng.random(count) < np.where(business, 0.0, parameters.privacy_proxy_share),
        has_scanner=rng.random(count) < np.where(business, parameters.business_scanner_share, parameters.scanner_share),
        has_slow_scanner=habits.random(count) < parameters.slow_scanner_share,
    )


def _eagerness(parameters: Parameters, open_chance: Floats, is_business: Bools) -> Floats:
    """How much sooner than usual a lead buys: readers of the newsletter and companies sooner than others."""
    reading = parameters.lead_reading_effect * (open_chance / float(np.median(open_chance)) - 1.0)
    return np.asarray(np.exp(reading) * np.where(is_business, parameters.business_lead_factor, 1.0))


def _seconds(rng: np.random.Generator, goods: Assortment, favourite: Ints) -> Ints:
    edges = np.cumsum(goods.second_given_favourite, axis=1)[favourite]
    return np.asarray((rng.random(len(favourite))[:, None] > edges[:, :-1]).sum(axis=1), dtype=np.int64)


def _email_effect(rng: np.random.Generator, parameters: Parameters, favourite: Ints, is_business: Bools) -> Floats:
    """Chance that one delivered e-mail brings one more order: high for lovers of coffee and tea, low for companies."""
    liking = np.where(favourite <= 1, 1.8, 0.6) * np.where(is_business, 0.2, 1.0)
    drawn = parameters.email_effect_mean * liking * rng.gamma(0.8, 1 / 0.8, len(favourite))
    return np.minimum(drawn, 0.5)


def _phone_effect(rng: np.random.Generator, parameters: Parameters, mean_spend: Floats, is_business: Bools) -> Floats:
    """Chance that one answered call brings one more order: high for companies and for those who spend much."""
    median = float(np.median(mean_spend))
    liking = np.where(mean_spend > median, 1.3, 0.6) * np.where(is_business, 2.5, 1.0)
    drawn = parameters.phone_effect_mean * liking * rng.gamma(1.5, 1 / 1.5, len(mean_spend))
    return np.minimum(drawn, 0.9)


def _message_effects(
    parameters: Parameters, mean_spend: Floats, is_business: Bools, seed: int
) -> tuple[Floats, Floats]:
    """Chances that one letter and one text message that arrive bring one more order: letters rather from those who
    spend much, text messages hardly from companies. None where the company writes neither."""
    if parameters.messages is None:
        return np.zeros(len(mean_spend)), np.zeros(len(mean_spend))
    drawn = stream(seed, "effects of messages").gamma(1.5, 1 / 1.5, (2, len(mean_spend)))
    letters = np.where(mean_spend > float(np.median(mean_spend)), 1.4, 0.6) * parameters.messages.letter_effect_mean
    texts = np.where(is_business, 0.2, 1.0) * parameters.messages.text_effect_mean
    return np.minimum(letters * drawn[0], 0.9), np.minimum(texts * drawn[1], 0.9)


def simulate_own_orders(parameters: Parameters, traits: Traits, seed: int) -> OwnOrders:
    """Every order that people place unasked, until the end of the history and `future_days` beyond.

    As in the BG/NBD model the first order ends nothing; after each later one the person is gone with its own chance.
    """
    rng = stream(seed, "own orders")
    until = parameters.history_days + parameters.future_days
    gone_from = np.full(len(traits.rate), np.inf)
    active = np.flatnonzero(traits.first_order < until).astype(np.int64)
    now = traits.first_order[active]
    people, days = [active], [now]
    while active.size:
        now = now + rng.exponential(size=active.size) / traits.rate[active]
        in_time = now < until
        active, now = active[in_time], now[in_time]
        people.append(active)
        days.append(now)
        leaves = rng.random(active.size) < traits.leave[active]
        gone_from[active[leaves]] = now[leaves]
        active, now = active[~leaves], now[~leaves]
    return OwnOrders(np.concatenate(people), np.concatenate(days), gone_from)
