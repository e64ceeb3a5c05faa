"""Campaigns are credited with what they did, however often one looks, and only where the groups are as drawn."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.looks import false_alarms
from models.experiments import compare, has_mismatch, sizes_mismatch


@pytest.mark.parametrize("kind", ["arriving", "maturing"])
def test_looking_daily_raises_no_false_alarms(kind: str) -> None:
    """Accident: somebody looks every morning and stops when the interval leaves zero."""
    ours, naive = false_alarms(100, kind=kind, customers=800)
    assert ours <= 5
    if kind == "arriving":
        assert naive >= 10


def test_a_true_effect_is_found_and_covered() -> None:
    """Accident: intervals that never leave zero raise no false alarms either."""
    found = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        before, is_treated = random.normal(0.0, 3.0, (4_000, 1)), random.random(4_000) < 0.8
        outcome = before[:, 0] + 0.5 * is_treated + random.normal(0.0, 2.0, 4_000)
        comparison = compare(outcome, is_treated, before, planned=4_000)
        assert comparison is not None
        found.append(comparison)
    assert np.mean([comparison.effect for comparison in found]) == pytest.approx(0.5, abs=0.03)
    assert np.mean([comparison.low > 0.0 for comparison in found]) >= 0.95
    assert np.mean([comparison.low <= 0.5 <= comparison.high for comparison in found]) >= 0.95
    assert np.mean([comparison.variance_kept for comparison in found]) == pytest.approx(4.0 / 13.0, abs=0.03)


def test_adjusting_by_the_past_neither_makes_nor_hides_an_effect() -> None:
    """Accident: the slope is taken over both groups, and an effect that goes with the past is partly explained away."""
    random = np.random.default_rng(1)
    is_treated, effects = random.random(2_000) < 0.5, []
    for _ in range(200):
        before = random.normal(size=2_000)
        outcome = 2.0 * before + is_treated + random.normal(size=2_000)
        comparison = compare(outcome, is_treated, before, planned=2_000)
        assert comparison is not None
        effects.append(comparison.effect)
    assert np.mean(effects) == pytest.approx(1.0, abs=0.01)
    assert np.std(effects) == pytest.approx(2.0 / np.sqrt(2_000), rel=0.15)


def test_the_p_value_and_the_interval_say_the_same() -> None:
    """Accident: p = .03 stands beside an interval that holds zero."""
    random = np.random.default_rng(2)
    for _ in range(200):
        outcome, is_treated = random.normal(size=300), random.random(300) < 0.5
        outcome = outcome + random.uniform(0.0, 0.8) * is_treated
        comparison = compare(outcome, is_treated, planned=1_000)
        assert comparison is not None
        assert (comparison.p_value < 0.05) == (not comparison.low <= 0.0 <= comparison.high)


def test_groups_that_are_not_as_drawn_are_noticed() -> None:
    """Accident: bounced addresses fall out of the treated group only, and the campaign looks brilliant."""
    assert has_mismatch(8_700, 1_100, treated_share=0.9)
    assert not has_mismatch(8_960, 1_040, treated_share=0.9)
    assert sizes_mismatch(0, 0, treated_share=0.9) == 1.0
    random = np.random.default_rng(3)
    drawn = random.binomial(1_000, 0.9, 2_000)
    assert sum(has_mismatch(size, 1_000 - size, treated_share=0.9) for size in drawn) <= 6


def test_a_group_of_one_tells_nothing() -> None:
    """Accident: a variance of one customer ends as NaN in a report."""
    assert compare(np.ones(5), np.array([True, False, False, False, False]), planned=5) is None
    silent = compare(np.zeros(6), np.arange(6) < 3, planned=6)
    assert silent is not None
    assert (silent.effect, silent.p_value, silent.variance_kept) == (0.0, 1.0, 1.0)
