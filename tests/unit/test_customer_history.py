"""What contacts brought that followed on a decision is not taken for what the decision brought."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.channel_effects import without_later_contacts
from models.contact_returns import Return
from models.contact_worth import ContactWorth
from models.customer_history import FEATURES, PACE, History, contacts_after
from models.decision_points import LATER

DAY = date(2026, 5, 10)


def history(*touches: tuple[str, str, int, str]) -> History:
    """Touches by customer, channel, days after `DAY`, and direction; nothing else is known."""
    rows = [
        (customer, channel, DAY + timedelta(days=after), direction) for customer, channel, after, direction in touches
    ]
    return History(
        pl.DataFrame(),
        pl.DataFrame(rows, schema=["customer_id", "channel", "touched_on", "direction"], orient="row"),
        pl.DataFrame(),
    )


def test_contacts_that_followed_count_as_far_as_they_could_act_until_the_end() -> None:
    known = history(
        ("a", "phone", 5, "outbound"),  # the decision's own days
        ("a", "phone", 9, "outbound"),
        ("a", "email", 22, "outbound"),  # the last seven days of the time
        ("a", "email", 27, "outbound"),
        ("a", "email", 29, "outbound"),  # afterwards
        ("a", "phone", 12, "inbound"),
    )
    moments = pl.DataFrame({"customer_id": ["b", "a"], "day": [DAY, DAY], "own_days": [7, 7]})
    found = contacts_after(moments, known, 28, acting_days=7)
    assert found.select("later_email", "later_phone").rows() == [(0.0, 0.0), (pytest.approx(1 + 2 / 7), 1.0)]


@pytest.mark.parametrize(("standard_error", "taken"), [(0.0, 2.0), (0.1, 1.0), (np.inf, 0.0)])
def test_what_later_contacts_bring_is_not_taken_for_what_the_decision_brought(
    standard_error: float, taken: float
) -> None:
    """Accident: who is not called this week is called the next, so calls seem to bring less than they do. Or: of a
    channel of which nothing is known noise is taken off."""
    zeros, ones = dict.fromkeys((*FEATURES, *LATER), 0.0), dict.fromkeys(PACE, 1.0)
    known = zeros | ones | {"outcome": 50.0, "purchase_count": 1.0, "margin_per_purchase": 20.0}
    points = pl.DataFrame([known, known | {"later_phone": 1.0}])
    returns = {"phone": Return((0.1, 0.3, 0.0), 0.15, standard_error)}
    found = without_later_contacts(points, ContactWorth(None, 1.0, (20.0, 60.0), 1.0), returns)
    assert found["outcome"].to_list() == [50.0, pytest.approx(50.0 - taken)]
