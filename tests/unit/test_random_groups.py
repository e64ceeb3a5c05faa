"""Lots are fair, can be drawn again, and ask of no scarce thing more than its share."""

from __future__ import annotations

import numpy as np
import pytest

from models.allocation import NOBODY, Scarcity
from models.random_groups import drawn_channels, draws, exploring_probabilities


def test_draws_are_the_same_for_ever() -> None:
    """Accident: another release of a library hashes differently, and the hold-out group is somebody else."""
    assert draws(["C1", "Müller"], "holdout").tolist() == [0.09493024272759643, 0.21343919584022142]


def test_draws_are_even_and_independent_of_each_other() -> None:
    """Accident: whoever is held out would also have explored."""
    names = [f"C{number}" for number in range(20_000)]
    first, second = draws(names, "holdout"), draws(names, "explore 2026-11")
    assert np.histogram(first, 10, (0.0, 1.0))[0] == pytest.approx(np.full(10, 2_000), abs=180)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


def test_explorers_leave_capacities_and_the_budget_their_share() -> None:
    """Accident: a tenth of the customers, exploring, takes all ten sales calls, or visits crowd out mails."""
    is_open = np.random.default_rng(0).random((3, 1_000)) < 0.8
    scarcity = Scarcity(np.array([np.inf, 10.0, np.inf]), np.array([0.01, 5.0, 60.0]), 100.0)
    chances = exploring_probabilities(is_open, scarcity)
    expected = chances[:-1].sum(axis=1)
    assert expected[1] <= 10.0
    assert expected @ scarcity.costs <= 100.0 + 1e-9
    assert expected[0] == pytest.approx((is_open / (1.0 + is_open.sum(axis=0)))[0].sum())
    assert chances.sum(axis=0) == pytest.approx(np.ones(1_000))
    assert (chances[:-1][~is_open] == 0.0).all()


def test_a_channel_is_drawn_as_often_as_its_probability_says() -> None:
    """Accident: the last channel or none is never drawn."""
    probabilities = np.tile(np.array([[0.2], [0.5], [0.3]]), (1, 10_000))
    found = drawn_channels(probabilities, np.random.default_rng(1).random(10_000))
    shares = [float((found == channel).mean()) for channel in (0, 1, NOBODY)]
    assert shares == pytest.approx([0.2, 0.5, 0.3], abs=0.02)
