"""Plans hold every limit, and stay as near to the best one as they say."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse
from scipy.optimize import linprog

from models.allocation import NOBODY, Scarcity, allocate

COSTS = np.array([0.01, 0.08, 5.0, 1.2, 60.0])


def company(customers: int, *, seed: int, ties: str = "none") -> tuple[np.ndarray, Scarcity, np.ndarray]:
    """Values, limits and draws; `ties` says for how many channels everybody is worth the same."""
    random = np.random.default_rng(seed)
    values = random.gamma(1.0, 1.0, (5, customers)) * np.array([[0.5], [0.7], [8.0], [2.0], [40.0]])
    same = {"none": 0, "some": 3, "all": 5}[ties]
    values[:same] = np.array([[1.0], [1.5], [8.0], [2.0], [40.0]])[:same]
    values[random.random(values.shape) < 0.3] = -np.inf
    capacities = np.floor(np.array([np.inf, 0.2 * customers, 0.01 * customers, 0.1 * customers, 0.001 * customers]))
    return values - COSTS[:, None], Scarcity(capacities, COSTS, 0.1 * customers), random.random(customers)


def lp_bound(values: np.ndarray, scarcity: Scarcity) -> float:
    """The linear programme's value, every variable written out."""
    channels, customers = values.shape
    rows = [
        sparse.kron(np.ones((1, channels)), sparse.eye(customers)),
        sparse.kron(sparse.eye(channels), np.ones((1, customers))),
        sparse.csr_matrix(np.repeat(scarcity.costs, customers)[None]),
    ]
    limits = np.concatenate([np.ones(customers), scarcity.limits])
    kept = np.isfinite(limits)
    worth = np.where(values > 0.0, values, 0.0).ravel()
    found = linprog(-worth, A_ub=sparse.vstack(rows).tocsr()[kept], b_ub=limits[kept], bounds=(0, 1), method="highs")
    return float(-found.fun)


@pytest.mark.parametrize("ties", ["none", "some", "all"])
def test_the_bound_is_that_of_the_linear_programme(ties: str) -> None:
    """Accident: a gap is certified against a bound that is none, or a loose one hides a poor plan."""
    values, scarcity, draw = company(300, seed=4, ties=ties)
    assert allocate(values, scarcity, draw).bound == pytest.approx(lp_bound(values, scarcity), rel=1e-5)


@pytest.mark.parametrize("ties", ["none", "some", "all"])
def test_large_plans_are_within_half_a_percent_of_the_bound(ties: str) -> None:
    """Accident: where the same effect is expected of everybody, prices alone choose all customers or none."""
    values, scarcity, draw = company(30_000, seed=5, ties=ties)
    found = allocate(values, scarcity, draw)
    assert 0.0 <= found.gap <= 0.005
    assert (scarcity.used(found.chosen) <= scarcity.limits).all()


def test_no_limit_is_exceeded_and_nothing_forbidden_is_done() -> None:
    """Accident: eleven calls for ten slots, a letter to somebody who refused letters, a contact that costs more."""
    for seed in range(40):
        values, scarcity, draw = company(50, seed=seed, ties=("none", "some", "all")[seed % 3])
        found = allocate(values, scarcity, draw)
        rows = np.flatnonzero(found.chosen != NOBODY)
        assert (scarcity.used(found.chosen) <= scarcity.limits + 1e-9).all()
        assert (values[found.chosen[rows], rows] > 0.0).all()
        assert found.value == pytest.approx(values[found.chosen[rows], rows].sum())
        assert found.value <= found.bound * (1.0 + 1e-9)


def test_without_limits_everybody_gets_his_best_channel() -> None:
    """Accident: prices stay where nothing is scarce."""
    values, _, draw = company(500, seed=6)
    found = allocate(values, Scarcity(np.full(5, np.inf), COSTS, np.inf), draw)
    best = values.max(axis=0)
    assert found.value == pytest.approx(best[best > 0.0].sum())
    assert found.prices.tolist() == [0.0] * 6


def test_capacities_of_zero_or_nobody_at_all_give_an_empty_plan() -> None:
    """Accident: an empty month ends in a failed search for prices."""
    values, scarcity, draw = company(100, seed=7)
    none = allocate(values, Scarcity(np.zeros(5), COSTS, scarcity.budget), draw)
    assert (none.chosen == NOBODY).all()
    assert allocate(values[:, :0], scarcity, draw[:0]).value == 0.0


def test_a_price_is_what_one_more_contact_adds() -> None:
    """Accident: "one more sales call is worth 14 EUR" is said and not so."""
    values, scarcity, draw = company(20_000, seed=8)
    found = allocate(values, scarcity, draw)
    more = scarcity.capacities + np.array([0.0, 0.0, 2.0, 0.0, 0.0])
    gained = allocate(values, Scarcity(more, COSTS, scarcity.budget), draw).bound - found.bound
    assert gained / 2.0 == pytest.approx(found.prices[2], rel=0.1)
