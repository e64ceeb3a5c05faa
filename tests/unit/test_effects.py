"""Effects of contacts are those of the contacts, not of whom was contacted."""

from __future__ import annotations

import numpy as np
import pytest

from models.effects import Decisions, comparability, customer_folds, doubly_robust, mean_and_error, mean_effects

ARMS = ("none", "email", "phone")
EMAIL_EFFECT, PHONE_EFFECT = 1.0, 3.0


def biased_history(*, people: int, seed: int) -> tuple[Decisions, np.ndarray]:
    """The best customers were called; the true effects are 1 and 3. Also returns the true propensities."""
    random = np.random.default_rng(seed)
    spend = random.lognormal(3.0, 1.0, people)
    silence = random.uniform(0.0, 365.0, people)
    worth = np.log(spend) - 3.0 - silence / 200.0
    odds = np.column_stack([np.zeros(people), -0.5 + 0.5 * worth, -1.5 + 1.2 * worth])
    propensities = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    arm = (random.random(people)[:, None] > propensities.cumsum(axis=1)).sum(axis=1)
    effect = np.array([0.0, EMAIL_EFFECT, PHONE_EFFECT])[arm]
    outcome = 4.0 * np.maximum(worth, -1.0) + effect + random.normal(0.0, 5.0, people)
    features = np.column_stack([spend, silence, random.normal(size=people)])
    return Decisions(np.arange(people), features, arm.astype(np.int64), outcome, ARMS), propensities


def test_the_bias_of_a_history_in_which_the_best_were_called_is_removed() -> None:
    """Accident: the naive difference credits the call with what good customers buy anyway."""
    ours, naive, covered = [], [], 0
    for seed in range(20):
        decisions, _ = biased_history(people=4_000, seed=seed)
        found = mean_effects(doubly_robust(decisions, seed=seed, difference=0.0))
        ours.append([effect.effect for effect in found])
        naive.append(
            [
                decisions.outcome[decisions.arm == arm].mean() - decisions.outcome[decisions.arm == 0].mean()
                for arm in (1, 2)
            ]
        )
        covered += sum(effect.low <= true <= effect.high for effect, true in zip(found, (1.0, 3.0), strict=True))
    truth = np.array([EMAIL_EFFECT, PHONE_EFFECT])
    bias, naive_bias = np.mean(ours, axis=0) - truth, np.mean(naive, axis=0) - truth
    assert (naive_bias > 1.0).all()
    assert (np.abs(bias) <= naive_bias / 5.0).all(), (bias, naive_bias)
    assert 36 <= covered <= 40, covered


def test_wrong_outcome_models_do_no_harm_where_propensities_were_logged() -> None:
    """Accident: only one half of "doubly" robust works. Without features the outcome model knows nothing."""
    found = []
    for seed in range(10):
        decisions, propensities = biased_history(people=4_000, seed=seed)
        blind = Decisions(
            decisions.customer, np.zeros((4_000, 1)), decisions.arm, decisions.outcome, ARMS, propensities
        )
        found.append([effect.effect for effect in mean_effects(doubly_robust(blind, seed=seed, difference=0.0))])
    assert np.abs(np.mean(found, axis=0) - [EMAIL_EFFECT, PHONE_EFFECT]).max() < 0.25


def test_those_tell_most_who_could_as_well_have_been_contacted_as_not() -> None:
    """Accident: one order of a customer who is hardly ever called counts like those of fifty, so nothing is proven."""
    decisions, _ = biased_history(people=4_000, seed=1)
    scores = doubly_robust(decisions, difference=0.0)
    _, phone = mean_effects(scores)
    both = comparability(scores, 2) > 0.0
    contrast = scores.values[both, 2] - scores.values[both, 0]
    _, error_of_all_alike = mean_and_error(contrast, scores.customer[both])
    assert phone.standard_error < 0.8 * error_of_all_alike
    assert phone.low < PHONE_EFFECT < phone.high


def test_people_who_could_not_have_been_called_are_left_out_and_counted() -> None:
    """Accident: effects are claimed for people of a kind that was never called."""
    decisions, _ = biased_history(people=4_000, seed=1)
    far = np.arange(4_000) % 2 == 0
    features = np.column_stack([decisions.features, far])
    arm = np.where(far & (decisions.arm == 2), 0, decisions.arm)
    found = mean_effects(doubly_robust(Decisions(decisions.customer, features, arm, decisions.outcome, ARMS)))
    assert found[0].share > 0.95
    assert 0.3 < found[1].share < 0.5
    assert found[1].effective_size < (arm == 2).sum()


def test_an_arm_that_hardly_anybody_got_shows_no_contrast() -> None:
    """Accident: three calls make an effect with an interval."""
    decisions, _ = biased_history(people=2_000, seed=2)
    arm = np.where((decisions.arm == 2) & (np.cumsum(decisions.arm == 2) > 3), 0, decisions.arm)
    email, phone = mean_effects(
        doubly_robust(Decisions(decisions.customer, decisions.features, arm, decisions.outcome, ARMS))
    )
    assert email.has_contrast
    assert not phone.has_contrast


def test_repeated_rows_of_a_customer_do_not_make_intervals_narrower() -> None:
    """Accident: monthly decisions of the same people pass for new evidence."""
    values = np.random.default_rng(3).normal(size=500)
    once = mean_and_error(values, np.arange(500))
    tenfold = mean_and_error(np.tile(values, 10), np.tile(np.arange(500), 10))
    assert tenfold == pytest.approx(once)


def test_a_customers_rows_share_a_fold() -> None:
    """Accident: a model is judged on customers whom it has seen."""
    fold = customer_folds(np.tile(np.arange(50), 3), 5, seed=0)
    assert (fold[:50] == fold[50:100]).all()
    assert np.bincount(fold[:50]).tolist() == [10] * 5


@pytest.mark.parametrize("broken", ["features", "arm", "log"])
def test_impossible_decisions_are_refused(broken: str) -> None:
    """Accident: a missing value or a propensity of zero ends as an infinite effect."""
    features, arm, log = np.zeros((2, 1)), np.array([0, 1]), np.full((2, 2), 0.5)
    if broken == "features":
        features[0, 0] = np.nan
    elif broken == "arm":
        arm[1] = 2
    else:
        log[1, 1] = 0.0
    with pytest.raises(ValueError, match=r"must be|cannot be right"):
        Decisions(np.arange(2), features, arm, np.zeros(2), ("none", "email"), log)


def test_an_arm_that_had_no_large_order_by_chance_is_not_taken_for_a_sure_one() -> None:
    """Accident: of a hundred people who were called none happened to order much, so calls surely bring nothing."""
    random = np.random.default_rng(5)
    called = np.arange(2_000) < 100
    outcome = np.where(called, 10.0, np.where(random.random(2_000) < 0.02, 500.0, 0.0))
    decisions = Decisions(
        customer=np.arange(2_000),
        features=random.normal(size=(2_000, 2)),
        arm=called.astype(np.int64),
        outcome=outcome,
        arms=("none", "phone"),
        propensities=np.tile([0.95, 0.05], (2_000, 1)),
    )
    effect = mean_effects(doubly_robust(decisions, seed=1, difference=0.0))[0]
    assert effect.standard_error > 0.6 * outcome.std() / 10.0


def test_customers_who_hardly_could_get_an_arm_do_not_drown_its_effect() -> None:
    """Accident: a plan calls its best customers and mails one in a thousand of them, whose only order then counts like
    a thousand, or whose silence makes every effect look possible."""
    random = np.random.default_rng(5)
    people, is_called = 4_000, np.arange(4_000) < 400
    propensities = np.where(is_called[:, None], [0.1, 0.001, 0.899], [0.1, 0.899, 0.001])
    arm = (random.random(people)[:, None] > propensities.cumsum(axis=1)).sum(axis=1).astype(np.int64)
    outcome = np.where(is_called, 20.0, 5.0) + random.normal(0.0, np.where(is_called, 60.0, 10.0))
    decisions = Decisions(np.arange(people), is_called[:, None].astype(float), arm, outcome, ARMS, propensities)
    email, _ = mean_effects(doubly_robust(decisions, difference=0.0))
    assert email.share == pytest.approx(0.9)
    assert email.low < 0.0 < email.high
    assert email.standard_error < 1.0
