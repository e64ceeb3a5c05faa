"""Customer value holds together, claims nothing on too few data, and uses the model only where it is better."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.bg_nbd import BgNbd
from models.gamma_gamma import GammaGamma
from models.lifetime_value import Backtest, backtest, customer_value, fit
from models.value_model import VALUE_SCHEMA, PastRate, ValueModel, score
from tests.unit.histories import as_features, cdnow_orders, simulated

AS_OF = date(2025, 12, 31)


@pytest.fixture(scope="module")
def cdnow() -> pl.DataFrame:
    return cdnow_orders()


def test_few_buyers_get_the_plain_rule_and_no_claims() -> None:
    features = as_features(simulated(BgNbd(1.0, 60.0, 0.5, 2.5, 0.0), GammaGamma(6, 4, 150, 0), customers=60, seed=1))
    model = fit(features)
    assert model.name == "past_rate"
    assert model.reason is not None
    assert model.reason.startswith("60 buyers")
    value = customer_value(features, as_of=AS_OF)
    assert value["model"].unique().to_list() == ["past_rate"]
    assert value.select("p_alive", "clv_low", "clv_high").null_count().row(0) == (60, 60, 60)
    assert value["clv"].min() > 0
    assert value["expected_orders"].is_finite().all()


def test_the_plain_rule_lies_between_own_and_mean_rate() -> None:
    rule = ValueModel(None, None, PastRate(0.01, 50.0), 0.5, "test")
    features = pl.DataFrame(
        {
            "customer_id": ["new", "regular"],
            "purchase_day_count": [1, 11],
            "repeat_purchase_days": [0, 10],
            "recency_days": [0, 10],
            "age_days": [0, 200],
            "monetary_value": [0.0, 80.0],
            "net_revenue": [100.0, 880.0],
        }
    )
    value = score(features, rule, as_of=AS_OF)
    assert value["expected_orders"].to_list() == pytest.approx([3.65, 365 * 11 / 300])
    assert value["clv"].to_list() == pytest.approx([3.65 * 75.0, 365 * 11 / 300 * 930 / 12])


def test_spend_that_depends_on_frequency_gets_the_plain_rule() -> None:
    history = simulated(BgNbd(0.8, 90.0, 0.5, 2.5, 0.0), GammaGamma(6, 4, 150, 0), customers=1000, seed=5)
    features = as_features(history.with_columns(monetary_value=pl.col("frequency") * 10.0))
    model = fit(features)
    assert model.name == "past_rate"
    assert "rank correlation 1.00" in str(model.reason)


@pytest.fixture(scope="module")
def shop() -> pl.DataFrame:
    truth, spend = BgNbd(0.8, 90.0, 0.8, 2.5, 0.0), GammaGamma(6.0, 4.0, 150.0, 0.0)
    return as_features(simulated(truth, spend, customers=1500, seed=2))


def test_the_result_has_the_contract_columns_and_holds_together(shop: pl.DataFrame) -> None:
    lead = shop.head(1).with_columns(customer_id=pl.lit("lead"), purchase_day_count=pl.lit(0, pl.Int64))
    value = customer_value(pl.concat([shop, lead]), as_of=AS_OF)
    assert value.schema == VALUE_SCHEMA
    assert value["customer_id"].to_list() == sorted(shop["customer_id"])
    assert value.select(pl.exclude("customer_id").null_count()).row(0) == (0,) * 12
    assert value.filter(~pl.col("clv").is_between("clv_low", "clv_high")).is_empty()
    assert value.filter(~pl.col("p_alive").is_between(0.0, 1.0)).is_empty()


def test_neither_row_order_nor_batches_change_the_result(shop: pl.DataFrame) -> None:
    value = customer_value(shop, as_of=AS_OF)
    assert_frame_equal(
        customer_value(shop.sample(fraction=1.0, shuffle=True, seed=4), as_of=AS_OF), value, check_exact=True
    )
    model = fit(shop)
    batches = [score(shop.slice(start, 500), model, as_of=AS_OF) for start in (0, 500, 1000)]
    assert_frame_equal(pl.concat(batches), score(shop, model, as_of=AS_OF), check_exact=True)


def test_the_best_customers_hold_four_fifths_of_all_value(shop: pl.DataFrame) -> None:
    value = customer_value(shop, as_of=AS_OF)
    share = {
        name: value.filter(pl.col("value_class") <= name)["clv"].sum() / value["clv"].sum() for name in ("A", "B", "C")
    }
    assert share["A"] == pytest.approx(0.80, abs=0.01)
    assert share["B"] == pytest.approx(0.95, abs=0.01)
    by_class = value.group_by("value_class").agg(low=pl.col("clv").min(), high=pl.col("clv").max()).sort("value_class")
    assert (by_class["low"].to_numpy()[:2] > by_class["high"].to_numpy()[1:]).all()


def test_value_is_margin_where_a_margin_is_known(shop: pl.DataFrame) -> None:
    model = fit(shop)
    as_margin = score(shop, model, as_of=AS_OF)
    as_revenue = score(shop.drop("margin"), model, as_of=AS_OF)
    at_half = score(shop.with_columns(margin_rate=0.5), model, as_of=AS_OF)
    np.testing.assert_allclose(as_margin["clv"], as_revenue["clv"] * 0.4)
    np.testing.assert_allclose(at_half["clv_high"], as_revenue["clv_high"] * 0.5)


def test_discounting_lowers_value_by_the_monthly_rate(shop: pl.DataFrame) -> None:
    model = fit(shop)
    plain, discounted = (score(shop, model, as_of=AS_OF, discount_rate=rate)["clv"].sum() for rate in (0.0, 0.10))
    assert 1.10**-0.5 < discounted / plain < 1.0


def test_a_model_survives_json(shop: pl.DataFrame) -> None:
    model = fit(shop)
    assert ValueModel.from_json(model.to_json()) == model
    assert model.purchases is not None
    assert BgNbd.from_json(model.purchases.to_json()) == model.purchases
    assert model.spend is not None
    assert GammaGamma.from_json(model.spend.to_json()) == model.spend
    assert json.loads(model.to_json())["reason"] is None


def test_no_buyer_gives_an_empty_table(shop: pl.DataFrame) -> None:
    value = customer_value(shop.clear(), as_of=AS_OF)
    assert value.schema == VALUE_SCHEMA
    assert value.is_empty()


def test_a_customer_who_was_refunded_in_full_has_no_negative_value(shop: pl.DataFrame) -> None:
    refunded = shop.with_columns(
        monetary_value=pl.when(pl.col("customer_id") == "C000000").then(-5.0).otherwise("monetary_value"),
        net_revenue=pl.when(pl.col("customer_id") == "C000000").then(-5.0).otherwise("net_revenue"),
    )
    assert customer_value(refunded, as_of=AS_OF)["clv"].min() >= 0.0


def test_scoring_needs_no_lifetimes() -> None:
    """Only fitting pays for the import, which also sets options of other packages."""
    code = "import sys, models.lifetime_value, models.value_model; sys.exit('lifetimes' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_the_backtest_prefers_the_model_where_customers_leave(cdnow: pl.DataFrame) -> None:
    trial = backtest(cdnow.lazy(), as_of=date(1998, 6, 30))
    assert trial is not None
    assert (trial.holdout_days, trial.buyers) == (136, 2357)
    assert trial.model_deviance < trial.rule_deviance
    assert "better than" in trial.verdict


def test_a_model_that_lost_its_backtest_is_not_used(shop: pl.DataFrame) -> None:
    model = fit(shop, trial=Backtest(90, 1500, model_deviance=1.2, rule_deviance=1.1))
    assert model.name == "past_rate"
    assert model.reason == (
        "BG/NBD forecast the last 90 days of 1500 buyers no better than their past rates do "
        "(Poisson deviance 1.200 against 1.100)."
    )
    assert fit(shop, trial=Backtest(90, 1500, 1.0, 1.1)).name == "bg_nbd+gamma_gamma"


def test_a_short_history_allows_no_backtest(cdnow: pl.DataFrame) -> None:
    assert backtest(cdnow.lazy(), as_of=date(1997, 3, 1)) is None
    assert backtest(cdnow.lazy(), as_of=date(1990, 1, 1)) is None
