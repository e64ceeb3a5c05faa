"""Campaigns to judge by: the public one of Hillstrom (2008), and simulated ones whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from models.effects import Decisions, doubly_robust, fit_outcomes, held_out_difference
from models.personalisation import fit_effects
from models.qini import qini_coefficient

HILLSTROM_ARMS = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
SPLITS = 10
_CUSTOMERS, _OUTCOME_SD = 20_000, 20.0


def hillstrom(folder: Path, *, outcome: str = "visit") -> Decisions:
    """The 64,000 customers, three arms of equal chance, `outcome` one of visit, conversion, spend."""
    table = pl.read_csv(folder / "hillstrom.csv", infer_schema_length=None)
    features = table.select(
        "recency",
        "history",
        "mens",
        "womens",
        "newbie",
        *(pl.col("zip_code").eq(area).alias(area) for area in ("Rural", "Urban")),
        *(pl.col("channel").eq(bought).alias(bought) for bought in ("Web", "Phone")),
    )
    places = {name: place for place, name in enumerate(HILLSTROM_ARMS)}
    return Decisions(
        customer=np.arange(table.height),
        features=features.cast(pl.Float64).to_numpy(),
        arm=table["segment"].replace_strict(places, return_dtype=pl.Int64).to_numpy(),
        outcome=table[outcome].cast(pl.Float64).to_numpy(),
        arms=HILLSTROM_ARMS,
        propensities=np.full((table.height, len(HILLSTROM_ARMS)), 1.0 / len(HILLSTROM_ARMS)),
    )


def one_against_none(decisions: Decisions, arm: int) -> Decisions:
    """The customers of one arm and of none."""
    kept = decisions.at(np.isin(decisions.arm, (0, arm)))
    return Decisions(
        customer=kept.customer,
        features=kept.features,
        arm=np.asarray(kept.arm == arm).astype(np.int64),
        outcome=kept.outcome,
        arms=(decisions.arms[0], decisions.arms[arm]),
        propensities=np.full((len(kept.arm), 2), 0.5),
    )


def splits(decisions: Decisions, count: int = SPLITS) -> Iterator[tuple[Decisions, Decisions]]:
    """70/30 splits with seeds 0, 1, ..., each part with the same share of every arm and outcome."""
    from sklearn.model_selection import train_test_split

    rows, strata = np.arange(len(decisions.arm)), 2 * decisions.arm + decisions.outcome
    for seed in range(count):
        train, test = train_test_split(rows, test_size=0.3, random_state=seed, stratify=strata)
        yield decisions.at(train), decisions.at(test)


def our_qini(train: Decisions, test: Decisions) -> float:
    """The Qini of our effects per customer, learned on one part, on the other."""
    difference = held_out_difference(train)
    scores = doubly_robust(train, difference=difference)
    model = fit_effects(train, scores, fit_outcomes(train, difference=difference), is_shrunk=True)
    return qini_coefficient(test.outcome, test.arm == 1, model.effects(test.features).effect[:, 0])


def two_model_qini(train: Decisions, test: Decisions) -> float:
    """The Qini of the reference: a logistic regression for the treated, another for the untreated."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    chances = []
    for arm in (0, 1):
        part = train.at(train.arm == arm)
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(part.features, part.outcome)
        chances.append(model.predict_proba(test.features)[:, 1])
    return qini_coefficient(test.outcome, test.arm == 1, chances[1] - chances[0])


def simulated_campaign(seed: int, *, best_arm_differs: bool, customers: int = _CUSTOMERS) -> Decisions:
    """Three random arms and four features, the outcome's standard deviation 20.

    Either the third arm is best for everyone (by 1.0, and both effects vary by 0.6 with the second feature), or the
    third and the second are each best for half of the customers, by 2.0, along the second feature.
    """
    random = np.random.default_rng([seed, best_arm_differs])
    spend, silence = random.lognormal(3.0, 1.0, customers), random.uniform(0.0, 365.0, customers)
    features = np.column_stack([spend, silence, random.integers(0, 2, customers), random.normal(size=customers)])
    side = np.where(silence < 182.5, 1.0, -1.0)
    none = np.zeros(customers)
    if best_arm_differs:
        effects = np.column_stack([none, 1.0 + side, 1.0 - side])
    else:
        effects = np.column_stack([none, 0.5 + 0.3 * side, 1.5 + 0.3 * side])
    arm = random.integers(0, 3, customers)
    usual = 2.0 * np.log(spend) - silence / 100.0
    outcome = usual + effects[np.arange(customers), arm] + random.normal(0.0, _OUTCOME_SD, customers)
    chances = np.full((customers, 3), 1.0 / 3.0)
    return Decisions(np.arange(customers), features, arm, outcome, ("none", "email", "phone"), chances)
