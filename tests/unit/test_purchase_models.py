"""BG/NBD and Gamma-Gamma reproduce what was published, and recover what was simulated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from scipy.special import betainc, betaln, gammaln

from models import bg_nbd, gamma_gamma
from models.bg_nbd import BgNbd
from models.fitting import fit_bg_nbd, fit_gamma_gamma, fit_modified_bg_nbd
from models.gamma_gamma import GammaGamma
from models.modified_bg_nbd import ModifiedBgNbd
from models.purchase_history import summarise
from tests.unit.histories import CALIBRATION_END, cdnow_orders, simulated

Floats = npt.NDArray[np.float64]

AS_OF = date(2025, 12, 31)


@pytest.fixture(scope="module")
def cdnow() -> pl.DataFrame:
    return cdnow_orders()


@pytest.fixture(scope="module")
def calibration(cdnow: pl.DataFrame) -> pl.DataFrame:
    """Frequency, recency, age in weeks and mean spend at the end of the published calibration period."""
    return summarise(cdnow.lazy(), as_of=CALIBRATION_END, unit_days=7.0).collect()


@pytest.fixture(scope="module")
def published(calibration: pl.DataFrame) -> BgNbd:
    return fit_bg_nbd(*(calibration[name].to_numpy() for name in ("frequency", "recency", "age")))


def test_the_published_bg_nbd_is_reproduced(published: BgNbd) -> None:
    """Fader, Hardie, Lee 2005, Marketing Science 24:2, table 2; further digits from other implementations."""
    assert [round(value, 3) for value in (published.r, published.alpha, published.a, published.b)] == [
        0.243,
        4.414,
        0.793,
        2.426,
    ]
    assert [published.r, published.alpha, published.a, published.b] == pytest.approx(
        [0.242595, 4.413602, 0.792922, 2.425907], rel=1e-5
    )
    assert published.log_likelihood == pytest.approx(-9582.4292, abs=1e-3)


def test_the_published_gamma_gamma_is_reproduced(calibration: pl.DataFrame) -> None:
    """Fader, Hardie, Lee 2005, JMR 42; log likelihood as in the tests of CLVTools."""
    again = calibration.filter(pl.col("frequency") > 0)
    model = fit_gamma_gamma(again["frequency"].to_numpy(), again["monetary_value"].to_numpy())
    assert again.height == 946
    assert [round(model.p, 2), round(model.q, 2), round(model.v, 2), round(model.mean, 2)] == [6.25, 3.74, 15.44, 35.17]
    assert model.log_likelihood == pytest.approx(-4055.918, abs=1e-3)


def test_the_published_expectation_is_reproduced(published: BgNbd) -> None:
    """The paper's example customer: two repeat purchases, the last in week 30.43 of 38.86, 39 weeks ahead."""
    expected = bg_nbd.expected_purchases(published, np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0)
    assert expected[0] == pytest.approx(1.226, abs=5e-4)


def test_compressed_rows_fit_as_single_rows_do(calibration: pl.DataFrame, published: BgNbd) -> None:
    from lifetimes import BetaGeoFitter

    columns = [calibration[name].to_numpy() for name in ("frequency", "recency", "age")]
    single = BetaGeoFitter().fit(*columns).params_
    assert [published.r, published.alpha, published.a, published.b] == pytest.approx(
        [single["r"], single["alpha"], single["a"], single["b"]], rel=1e-5
    )


def test_our_scoring_equals_that_of_lifetimes(calibration: pl.DataFrame) -> None:
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    x, t_x, age, m = (
        calibration[name].to_numpy().astype(float) for name in ("frequency", "recency", "age", "monetary_value")
    )
    peer = BetaGeoFitter().fit(x, t_x, age)
    ours = BgNbd(*(peer.params_[name] for name in ("r", "alpha", "a", "b")), log_likelihood=0.0)
    alive = peer.conditional_probability_alive(x, t_x, age)
    ahead = peer.conditional_expected_number_of_purchases_up_to_time(39.0, x, t_x, age)
    np.testing.assert_allclose(bg_nbd.p_alive(ours, x, t_x, age), alive, rtol=1e-9)
    np.testing.assert_allclose(bg_nbd.expected_purchases(ours, x, t_x, age, 39.0), ahead, rtol=1e-8)
    spend_peer = GammaGammaFitter().fit(x[x > 0], m[x > 0])
    spend = GammaGamma(*(spend_peer.params_[name] for name in ("p", "q", "v")), log_likelihood=0.0)
    np.testing.assert_allclose(
        gamma_gamma.expected_spend(spend, x, m), spend_peer.conditional_expected_average_profit(x, m), rtol=1e-9
    )


def count_probability(model: BgNbd, x: Floats, age: Floats, t: float, n: int) -> Floats:
    """Return P(n purchases within the next `t`) of customers who are still active.

    Given the history and being active, lambda ~ Gamma(r + x, alpha + T) and p ~ Beta(a, b + x), independently. So
    n purchases happen in two ways: exactly n came, and all were survived; or the n-th was the last one, and n or
    more would have come.
    """
    shape, survivals = model.r + x, model.b + x
    scale = model.alpha + age
    if n == 0:
        return np.asarray((scale / (scale + t)) ** shape)
    exactly_n = np.exp(
        gammaln(shape + n)
        - gammaln(shape)
        - gammaln(n + 1.0)
        + shape * np.log(scale / (scale + t))
        + n * np.log(t / (scale + t))
    )
    at_least_n = betainc(n, shape, t / (scale + t))
    survived = np.exp(betaln(model.a, survivals + n) - betaln(model.a, survivals))
    left_at_n = np.exp(betaln(model.a + 1.0, survivals + n - 1.0) - betaln(model.a, survivals))
    return np.asarray(survived * exactly_n + left_at_n * at_least_n)


@pytest.mark.parametrize(
    "model",
    [
        BgNbd(0.243, 4.414, 0.793, 2.426, 0.0),
        BgNbd(0.5, 120.0, 1.0, 0.04, 0.0),
        BgNbd(2.0, 60.0, 0.3, 0.7, 0.0),
        BgNbd(0.8, 69.0, 0.003, 6.7, 0.0),
        BgNbd(2.2, 30.0, 300.0, 820.0, 0.0),
    ],
    ids=["cdnow", "a = 1", "a + b = 1", "nobody leaves", "many leave"],
)
def test_the_count_distribution_sums_to_one_and_has_the_closed_form_mean(model: BgNbd) -> None:
    """Two derivations of one thing; the poles of the hypergeometric form at a = 1 and a + b = 1 are no special case."""
    x, age = np.array([0.0, 0.0, 1.0, 3.0, 40.0, 300.0]), np.array([1.0, 300.0, 30.0, 700.0, 900.0, 1000.0])
    probabilities = np.array([count_probability(model, x, age, 200.0, n) for n in range(3000)])
    np.testing.assert_allclose(probabilities.sum(axis=0), 1.0, atol=1e-6)
    mean = (probabilities * np.arange(3000)[:, None]).sum(axis=0)
    np.testing.assert_allclose(bg_nbd.expected_if_alive(model, x, age, 200.0), mean, rtol=1e-3)


def test_simulated_parameters_are_recovered() -> None:
    truth, spend = BgNbd(0.8, 90.0, 0.8, 2.5, 0.0), GammaGamma(6.0, 4.0, 150.0, 0.0)
    history = simulated(truth, spend, customers=8000, seed=7)
    found = fit_bg_nbd(*(history[name].to_numpy() for name in ("frequency", "recency", "age")))
    assert [found.r, found.alpha] == pytest.approx([truth.r, truth.alpha], rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(truth.a / (truth.a + truth.b), rel=0.1)
    again = history.filter(pl.col("frequency") > 0)
    model = fit_gamma_gamma(again["frequency"].to_numpy(), again["monetary_value"].to_numpy())
    assert model.mean == pytest.approx(spend.mean, rel=0.05)


def test_one_day_is_one_purchase_and_the_future_is_unknown() -> None:
    orders = pl.LazyFrame(
        [
            ("a", date(2025, 1, 1), 10.0),
            ("a", date(2025, 1, 1), 5.0),
            ("a", date(2025, 1, 11), 30.0),
            ("a", date(2025, 1, 11), 10.0),
            ("a", date(2025, 1, 21), 20.0),
            ("a", date(2026, 1, 1), 99.0),
            ("b", date(2025, 12, 31), 7.0),
        ],
        schema=["customer_id", "ordered_on", "net_revenue"],
        orient="row",
    )
    assert summarise(orders, as_of=AS_OF).collect().rows() == [("a", 2, 20.0, 364.0, 30.0), ("b", 0, 0.0, 0.0, 0.0)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_customers_who_never_leave_are_fitted_too(seed: int) -> None:
    """Then a and b are not determined, and the usual start of the search does not always converge."""
    history = simulated(BgNbd(0.75, 65.0, 1e-9, 5.0, 0.0), GammaGamma(6, 4, 150, 0), customers=1500, seed=seed)
    model = fit_bg_nbd(*(history[name].to_numpy() for name in ("frequency", "recency", "age")))
    assert model.a / (model.a + model.b) < 0.02
    assert [model.r, model.alpha] == pytest.approx([0.75, 65.0], rel=0.15)


@pytest.mark.parametrize("fit", [fit_bg_nbd, fit_modified_bg_nbd])
def test_customers_who_all_buy_at_one_rate_are_fitted_with_a_penalty(
    fit: Callable[[Floats, Floats, Floats], BgNbd | ModifiedBgNbd],
) -> None:
    """Accident: r runs away to millions, forecasts become no numbers, and the best model drops out.

    Everybody buys once in 100 days on average, by chance alone, and nobody leaves.
    """
    random = np.random.default_rng(5)
    age = random.integers(100, 700, 800).astype(float)
    x = random.poisson(age / 100.0).astype(float)
    t_x = np.where(x > 0, np.floor(age * random.random(800) ** (1.0 / np.maximum(x, 1.0))), 0.0)
    model = fit(x, t_x, age)
    assert model.r < 1e4
    active = model if isinstance(model, BgNbd) else model.of_active
    expected = bg_nbd.expected_if_alive(active, x, age, 365.0)
    assert np.isfinite(expected).all()
    assert expected.mean() == pytest.approx(3.65, rel=0.1)
