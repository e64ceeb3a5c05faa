"""MBG/NBD and Pareto/NBD, the rivals of BG/NBD, give what was published and what lifetimes computes."""

from __future__ import annotations

import numpy as np
import pytest

from models import modified_bg_nbd, pareto_nbd
from models.fitting import NoFitError, fit_bg_nbd, fit_modified_bg_nbd, fit_pareto_nbd
from models.modified_bg_nbd import ModifiedBgNbd
from models.pareto_nbd import ParetoNbd
from models.purchase_history import summarise
from tests.unit.histories import CALIBRATION_END, cdnow_orders

WEEKS_AHEAD = 39.0


@pytest.fixture(scope="module")
def columns() -> list[np.ndarray]:
    """Frequency, recency and age in weeks of the CDNOW sample at the end of the published calibration period."""
    history = summarise(cdnow_orders().lazy(), as_of=CALIBRATION_END, unit_days=7.0).collect()
    return [history[name].to_numpy().astype(float) for name in ("frequency", "recency", "age")]


def test_the_published_pareto_nbd_is_reproduced(columns: list[np.ndarray]) -> None:
    """Fader, Hardie, Lee 2005, Marketing Science 24:2, table 2; the search stops in the fifth digit."""
    model = fit_pareto_nbd(*columns)
    assert [round(value, 3) for value in (model.r, model.s)] == [0.553, 0.606]
    assert [model.alpha, model.beta] == pytest.approx([10.578, 11.669], rel=1e-4)
    assert model.log_likelihood == pytest.approx(-9595.0, abs=0.05)


def test_mbg_nbd_is_that_of_lifetimes(columns: list[np.ndarray]) -> None:
    """No paper prints MBG/NBD for these data; the package's own numbers are the reference."""
    from lifetimes import ModifiedBetaGeoFitter

    peer = ModifiedBetaGeoFitter().fit(*columns)
    ours = fit_modified_bg_nbd(*columns)
    expected = [float(peer.params_[name]) for name in ("r", "alpha", "a", "b")]
    assert [ours.r, ours.alpha, ours.a, ours.b] == pytest.approx(expected, rel=1e-3)
    same = ModifiedBgNbd(*[*expected, 0.0])
    alive = peer.conditional_probability_alive(*columns)
    ahead = peer.conditional_expected_number_of_purchases_up_to_time(WEEKS_AHEAD, *columns)
    np.testing.assert_allclose(modified_bg_nbd.p_alive(same, *columns), alive, rtol=1e-9)
    np.testing.assert_allclose(modified_bg_nbd.expected_purchases(same, *columns, WEEKS_AHEAD), ahead, rtol=1e-7)


@pytest.mark.parametrize("parameters", [(0.553, 10.578, 0.606, 11.669), (0.9, 20.0, 0.4, 3.0)])
def test_pareto_nbd_is_that_of_lifetimes(columns: list[np.ndarray], parameters: tuple[float, ...]) -> None:
    """Both orders of alpha and beta, which the formula tells apart."""
    from lifetimes import ParetoNBDFitter

    x, t_x, age = columns
    peer = ParetoNBDFitter()
    peer.params_ = dict(zip(("r", "alpha", "s", "beta"), parameters, strict=True))
    ours = ParetoNbd(*[*parameters, 0.0])
    ahead = peer.conditional_expected_number_of_purchases_up_to_time(WEEKS_AHEAD, x, t_x, age)
    np.testing.assert_allclose(pareto_nbd.p_alive(ours, *columns), peer.conditional_probability_alive(x, t_x, age))
    np.testing.assert_allclose(pareto_nbd.expected_purchases(ours, *columns, WEEKS_AHEAD), ahead, rtol=1e-6)


def test_a_customer_of_a_thousand_orders_gets_a_finite_forecast() -> None:
    """lifetimes overflows there; one wholesaler must not turn the total into nothing."""
    one = [np.array([value]) for value in (1_000.0, 380.0, 380.0)]
    expected = pareto_nbd.expected_purchases(ParetoNbd(0.553, 74.0, 0.606, 81.7, 0.0), *one, 365.0)
    assert 200.0 < expected[0] < 1_000.0


def test_histories_that_bear_no_model_say_so() -> None:
    """Accident: a search that fails ends the night's run with an error of another package."""
    nothing = [np.zeros(3), np.zeros(3), np.zeros(3)]
    for fit in (fit_bg_nbd, fit_modified_bg_nbd, fit_pareto_nbd):
        with pytest.raises(NoFitError):
            fit(*nothing)
