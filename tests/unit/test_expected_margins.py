"""What a plan reckons with for each customer, where no reaction to a channel can be seen."""

from __future__ import annotations

import polars as pl
import pytest

from models.channel_effects import Evidence
from models.contact_worth import ContactWorth
from models.expected_margins import assumed_margins, expected_margins


def test_letters_that_are_shown_to_add_margin_add_more_with_those_who_order_more() -> None:
    """Accident: as no export tells who answered a letter, small customers are worth one as much as large ones."""
    features = pl.DataFrame(
        {
            "customer_id": ["small", "large"],
            "purchase_count": [4, 4],
            "margin_per_purchase": [10.0, 30.0],
            "is_company": [0, 0],
            "age": [100.0, 100.0],
        }
    )
    ranked = pl.DataFrame(
        {"customer_id": ["small", "large"], "channel": "post", "is_allowed": True, "expected_effect": None},
        schema_overrides={"expected_effect": pl.Float64},
    )
    worth = ContactWorth(presence=None, lead_chance=0.1, usual_margins=(20.0, 20.0), weight=1.0)
    evidence = Evidence(pl.DataFrame())
    assumed = assumed_margins(ranked, features, worth, evidence, usual=20.0, orders_per_reaction=0.1)
    assert assumed["assumed_margin"].null_count() == 2
    effects = pl.DataFrame({"channel": ["post"], "planned_margin": [2.0], "planned_error": [0.5]})
    margins = expected_margins(assumed, features, evidence, effects).sort("customer_id")
    large, small = margins["expected_margin"]
    assert large / small == pytest.approx(28.0 / 12.0, rel=1e-3)
    assert large + small == pytest.approx(4.0, rel=1e-3)
