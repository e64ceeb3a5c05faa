"""The orders that contacts bring are found again where they are known, also when the best customers were contacted."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models.contact_returns import Return, contact_returns
from models.contact_worth import COMPANY, LEAD, PERSON, ContactWorth
from models.customer_history import FEATURES, PACE
from models.decision_points import CONTEXT
from models.decision_rounds import CHANCES

EVERYBODY_IS_THERE = ContactWorth(None, 1.0, (20.0, 60.0), 1.0)
TRUE_RATES = {"person": 0.1, "company": 0.3}


def points(*, rows: int, seed: int, is_logged: bool = False) -> pl.DataFrame:
    """Decisions in which those who order much were called, and one in three is a company."""
    random = np.random.default_rng(seed)
    customer = random.integers(0, rows // 4, rows)
    eager, is_company = (customer * 7 % 100) / 100.0, customer % 3 == 0
    chance = 0.1 + 0.8 * eager
    called = random.random(rows) < chance
    rate = np.where(is_company, TRUE_RATES["company"], TRUE_RATES["person"])
    soon = random.poisson(0.2 + eager) + (called & (random.random(rows) < rate))
    known = dict.fromkeys((*FEATURES, *CONTEXT), np.zeros(rows)) | {
        "purchase_count": 1.0 + np.round(100 * eager),
        "is_company": is_company.astype(float),
    }
    chances = {"chance_none": 1.0 - chance, "chance_phone": chance} if is_logged else {}
    return pl.DataFrame(
        {
            "customer_id": pl.Series(customer).cast(pl.String),
            "arm": np.where(called, "phone", "none"),
            "purchases_soon": soon.astype(float),
            "purchases": (soon + random.poisson(0.2 + eager)).astype(float),
            **known,
            **dict.fromkeys(PACE, np.ones(rows)),
            **{name: pl.Series(chances.get(name, np.full(rows, np.nan))).fill_nan(None) for name in CHANCES},
        }
    )


@pytest.mark.parametrize("is_logged", [False, True])
def test_orders_brought_are_found_by_kind_though_the_best_were_called(is_logged: bool) -> None:
    """Accident: what good customers order anyway is taken for what calls bring."""
    decisions = points(rows=20_000, seed=1, is_logged=is_logged)
    found = contact_returns(decisions, EVERYBODY_IS_THERE, ["phone"])["phone"]
    means = decisions.group_by("arm").agg(pl.col("purchases").mean())
    called, left = (means.filter(arm=arm)["purchases"].item() for arm in ("phone", "none"))
    assert called - left > 3 * found.rate
    assert found.by_kind[PERSON] == pytest.approx(TRUE_RATES["person"], abs=0.05)
    assert found.by_kind[COMPANY] == pytest.approx(TRUE_RATES["company"], abs=0.07)
    assert found.rate == pytest.approx(1 / 6, abs=3 * found.standard_error)


def test_the_stated_error_is_that_of_repeated_samples() -> None:
    found = [
        contact_returns(points(rows=2_000, seed=seed), EVERYBODY_IS_THERE, ["phone"])["phone"] for seed in range(20)
    ]
    stated = np.mean([one.standard_error for one in found])
    assert np.std([one.rate for one in found]) == pytest.approx(stated, rel=0.4)


def test_a_channel_that_hardly_anybody_got_shows_nothing() -> None:
    """Accident: three letters, one order, and letters are written to everybody."""
    found = contact_returns(points(rows=2_000, seed=2), EVERYBODY_IS_THERE, ["phone", "post"])
    assert found["post"].standard_error == float("inf")
    assert np.array_equal(found["post"].spread(np.array([PERSON, COMPANY, LEAD])), [1, 1, 1])


def test_a_kind_that_answers_more_is_told_from_the_others() -> None:
    spread = Return((0.05, 0.2, 0.0), 0.1, 0.01).spread(np.array([COMPANY, PERSON, LEAD]))
    assert spread == pytest.approx([2.0, 0.5, 0.0])
