"""A no is a no, evidence counts for what it is worth, and every channel has one place in the order."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import beta

from models.channels import CHANNELS, CHANNELS_SCHEMA, fit_prior, rank_channels

ALLOWED = {
    "consent_email": True,
    "consent_phone": True,
    "consent_sms": True,
    "consent_post": True,
    "is_suppressed": False,
    "has_email": True,
    "has_phone": True,
    "has_address": True,
}


def customer(customer_id: str, **changes: bool | None) -> dict[str, object]:
    return {"customer_id": customer_id, **ALLOWED, **changes}


def customers(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"customer_id": pl.String} | dict.fromkeys(ALLOWED, pl.Boolean))


def touches(*rows: tuple[str, str, int, int]) -> pl.DataFrame:
    """channel_engagement with (customer_id, channel, delivered_count, engaged_count)."""
    schema = {"customer_id": pl.String, "channel": pl.String, "delivered_count": pl.Int64, "engaged_count": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


CROWD = touches(
    *[(f"crowd{number:03}", "email", 10, number % 5) for number in range(50)],
    *[(f"crowd{number:03}", "phone", 2, number % 2) for number in range(50)],
)


def row(ranked: pl.DataFrame, customer_id: str, channel: str) -> dict[str, object]:
    return ranked.row(by_predicate=(pl.col("customer_id") == customer_id) & (pl.col("channel") == channel), named=True)


@pytest.mark.parametrize("channel", ["email", "phone", "sms"])
@pytest.mark.parametrize(("consent", "is_allowed"), [(True, True), (False, False), (None, False)])
def test_unknown_is_not_yes(channel: str, consent: bool | None, is_allowed: bool) -> None:
    ranked = rank_channels(CROWD, customers(customer("c", **{f"consent_{channel}": consent})))
    assert row(ranked, "c", channel)["is_allowed"] is is_allowed


@pytest.mark.parametrize(("consent", "is_allowed"), [(True, True), (False, False), (None, True)])
def test_letters_are_allowed_until_refused(consent: bool | None, is_allowed: bool) -> None:
    ranked = rank_channels(CROWD, customers(customer("c", consent_post=consent)))
    assert row(ranked, "c", "post")["is_allowed"] is is_allowed


def test_suppression_closes_every_channel() -> None:
    ranked = rank_channels(CROWD, customers(customer("c", is_suppressed=True)))
    assert not ranked["is_allowed"].any()
    assert ranked["reason"].str.contains("blocked").all()


def test_no_address_closes_its_channels() -> None:
    ranked = rank_channels(CROWD, customers(customer("c", has_phone=False, has_address=None)))
    assert ranked.filter("is_allowed")["channel"].to_list() == ["email"]
    assert row(ranked, "c", "sms")["reason"] == "Not possible: no phone number is known."


def test_evidence_moves_a_customer_away_from_the_average_but_not_all_the_way() -> None:
    engagement = pl.concat([CROWD, touches(("few", "email", 1, 1), ("many", "email", 40, 40))])
    ranked = rank_channels(engagement, customers(customer("few"), customer("many"), customer("none")))
    none, few, many = (row(ranked, name, "email") for name in ("none", "few", "many"))
    assert none["expected_effect"] < few["expected_effect"] < many["expected_effect"] < 1.0  # type: ignore[operator]
    assert (none["basis"], few["basis"], many["basis"]) == ("default", "engagement", "engagement")
    assert many["reason"] == "Engaged with 40 of 40 e-mails in the last 365 days."
    assert many["effect_high"] - many["effect_low"] < none["effect_high"] - none["effect_low"]  # type: ignore[operator]


def test_the_interval_is_that_of_the_posterior() -> None:
    engagement = pl.concat([CROWD, touches(("c", "email", 8, 3))])
    prior = fit_prior(
        engagement.filter(pl.col("channel") == "email").select(delivered="delivered_count", engaged="engaged_count")
    )
    assert prior is not None
    found = row(rank_channels(engagement, customers(customer("c"))), "c", "email")
    posterior = beta(prior.engaged + 3, prior.ignored + 5)
    assert found["expected_effect"] == pytest.approx(posterior.mean())
    assert (found["effect_low"], found["effect_high"]) == pytest.approx(tuple(posterior.ppf([0.1, 0.9])))


def test_the_prior_of_a_simulated_channel_is_recovered() -> None:
    random = np.random.default_rng(11)
    delivered = random.integers(1, 30, 20_000)
    engaged = random.binomial(delivered, random.beta(0.8, 3.2, 20_000))
    prior = fit_prior(pl.DataFrame({"delivered": delivered, "engaged": engaged}))
    assert prior is not None
    assert (prior.engaged, prior.ignored) == pytest.approx((0.8, 3.2), rel=0.1)


def test_customers_who_do_not_differ_share_one_rate() -> None:
    random = np.random.default_rng(11)
    prior = fit_prior(pl.DataFrame({"delivered": [10] * 5000, "engaged": random.binomial(10, 0.2, 5000)}))
    assert prior is not None
    assert prior.engaged + prior.ignored > 200


def test_nothing_is_claimed_of_a_channel_that_never_reached_anybody() -> None:
    found = row(rank_channels(CROWD, customers(customer("c"))), "c", "post")
    assert (found["expected_effect"], found["effect_low"], found["effect_high"]) == (None, None, None)
    assert found["basis"] == "default"
    assert found["rank"] == 4


@pytest.mark.parametrize(("language", "said"), [("en", "react to letters"), ("de", "auf Briefe reagieren")])
def test_a_letter_that_nobody_could_be_seen_to_answer_is_not_taken_for_one_without_effect(
    language: str, said: str
) -> None:
    """Accident: letters are logged when they go out, answers never are, so letters look useless and are never sent."""
    engagement = pl.concat([CROWD, touches(*[(f"crowd{number:03}", "post", 3, 0) for number in range(50)])])
    ranked = rank_channels(engagement, customers(customer("crowd001"), customer("c")), language=language)
    for name in ("crowd001", "c"):
        found = row(ranked, name, "post")
        assert (found["expected_effect"], found["basis"]) == (None, "default")
        assert said in str(found["reason"])
    answered = rank_channels(pl.concat([engagement, touches(("c", "post", 1, 1))]), customers(customer("crowd001")))
    assert row(answered, "crowd001", "post")["basis"] == "engagement"


def test_allowed_comes_before_promising() -> None:
    engagement = pl.concat([CROWD, touches(("c", "phone", 10, 10))])
    ranked = rank_channels(engagement, customers(customer("c", consent_phone=False)))
    assert ranked["channel"].to_list() == ["email", "sms", "post", "phone"]


def test_every_customer_has_each_channel_and_rank_once_whatever_the_row_order() -> None:
    people = customers(*(customer(f"c{number:02}", consent_email=number % 2 == 0) for number in range(20)))
    engagement = pl.concat([CROWD, touches(("c03", "visit", 3, 3), ("c04", "sms", 0, 0), ("c05", "email", 2, 5))])
    ranked = rank_channels(engagement, people)
    assert ranked.schema == CHANNELS_SCHEMA
    per_customer = ranked.group_by("customer_id").agg(pl.col("channel").sort(), pl.col("rank").sort())
    assert per_customer.height == 20
    assert per_customer["channel"].to_list() == [sorted(CHANNELS)] * 20
    assert per_customer["rank"].to_list() == [[1, 2, 3, 4]] * 20
    assert ranked["expected_effect"].drop_nulls().is_between(0.0, 1.0).all()
    shuffled = rank_channels(
        engagement.sample(fraction=1.0, shuffle=True, seed=1), people.sample(fraction=1.0, shuffle=True, seed=2)
    )
    assert_frame_equal(shuffled, ranked, check_exact=True)


def test_no_touch_at_all_still_gives_an_order() -> None:
    ranked = rank_channels(CROWD.clear(), customers(customer("c")))
    assert ranked["channel"].to_list() == list(CHANNELS)
    assert ranked["basis"].unique().to_list() == ["default"]
