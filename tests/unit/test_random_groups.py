"""Lots are fair, can be drawn again, and ask of no scarce thing more than its share."""

from __future__ import annotations

import numpy as np
import pytest

from models.allocation import NOBODY, Scarcity
from models.random_groups import drawn_channels, draws, exploring_probabilities, exploring_shares, promising


def test_draws_are_the_same_for_ever() -> None:
    """Accident: another release of a library hashes differently, and the hold-out group is somebody else."""
    assert draws(["C1", "Müller"], "holdout").tolist() == [0.09493024272759643, 0.21343919584022142]


def test_draws_are_even_and_independent_of_each_other() -> None:
    """Accident: whoever is held out would also have explored."""
    names = [f"C{number}" for number in range(20_000)]
    first, second = draws(names, "holdout"), draws(names, "explore 2026-11")
    assert np.histogram(first, 10, (0.0, 1.0))[0] == pytest.approx(np.full(10, 2_000), abs=180)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


def test_explorers_keep_to_their_limits() -> None:
    """Accident: a tenth of the customers, exploring, takes all ten sales calls, or visits crowd out mails."""
    is_open = np.random.default_rng(0).random((3, 1_000)) < 0.8
    limits = Scarcity(np.array([np.inf, 1.0, np.inf]), np.array([0.01, 5.0, 60.0]), 10.0)
    even, shares = is_open / (1.0 + is_open.sum(axis=0)), np.full(1_000, 0.1)
    chances = exploring_probabilities(even, shares, limits)
    expected = (chances[:-1] * shares).sum(axis=1)
    assert expected[1] <= 1.0
    assert expected @ limits.costs <= 10.0 + 1e-9
    assert chances[0] == pytest.approx(even[0])
    assert chances.sum(axis=0) == pytest.approx(np.ones(1_000))
    assert (chances[:-1][~is_open] == 0.0).all()


def test_those_explore_most_of_whom_it_is_in_doubt_what_is_best() -> None:
    """Accident: of those who could show whether calls pay hardly anybody is called, or more explore than was said."""
    wanted = np.tile(np.array([[0.97], [0.01]]), (1, 1_000))
    wanted[:, :50] = 0.4
    shares = exploring_shares(wanted, 0.05)
    assert shares.mean() == pytest.approx(0.05)
    assert ((shares[:50] > 0.4) & (shares[:50] <= 0.5)).all()
    assert (shares[50:] > 0.005).all()
    assert exploring_shares(wanted[:, 50:], 0.05) == pytest.approx(np.full(950, 0.05))
    assert (exploring_shares(wanted, 0.0) == 0.0).all()


def test_nobody_explores_more_surely_than_surely() -> None:
    """Accident: nine tenths shall explore, few are in doubt, and the odds of all others come out below zero."""
    wanted = np.zeros((2, 100))
    wanted[:, :10] = 0.4
    shares = exploring_shares(wanted, 0.9)
    assert shares.mean() == pytest.approx(0.9)
    assert shares.max() <= 1.0
    assert shares[:10].min() >= shares[10:].max()
    assert exploring_shares(wanted[:, :0], 0.05).size == 0


def test_explorers_try_what_may_be_the_best_and_every_open_channel_at_times() -> None:
    """Accident: hopeless calls at 5 EUR are made for the sake of knowledge, or one unlucky month closes a channel."""
    worth = np.array([[0.2, 0.2, 0.2, 0.2], [-4.0, -0.5, 6.0, 6.0], [np.nan] * 4])
    error = np.array([[0.05] * 4, [1.0] * 4, [np.nan] * 4])
    is_open = np.array([[True] * 4, [True, True, True, False], [True] * 4])
    wanted = promising(worth, error, is_open)
    even = 1.0 / (1.0 + is_open.sum(axis=0))
    assert wanted[2] == pytest.approx(even)
    assert 0.0 < wanted[1, 0] < 0.1 < wanted[1, 1] < 0.5 < wanted[1, 2]
    assert wanted[1, 3] == 0.0
    assert (wanted[0] > 0.0).all()
    assert (wanted.sum(axis=0) < 1.0).all()


def test_a_channel_is_drawn_as_often_as_its_probability_says() -> None:
    """Accident: the last channel or none is never drawn."""
    probabilities = np.tile(np.array([[0.2], [0.5], [0.3]]), (1, 10_000))
    found = drawn_channels(probabilities, np.random.default_rng(1).random(10_000))
    shares = [float((found == channel).mean()) for channel in (0, 1, NOBODY)]
    assert shares == pytest.approx([0.2, 0.5, 0.3], abs=0.02)
