"""What channels did and cost, month by month."""

from __future__ import annotations

from datetime import date

import polars as pl

from models.campaign_groups import Contacts
from models.campaign_results import RESULTS_SCHEMA
from models.channel_months import MONTHS_SCHEMA, channel_months

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


AS_OF = date(2026, 6, 30)
COLUMNS = ["campaign_id", "channel", "outcome", "effect", "effect_low", "effect_high", "treated_count", "sent_on"]


def months(results: pl.DataFrame | None = None, *, reverse: bool = False, as_of: date = AS_OF) -> pl.DataFrame:
    touches = pl.DataFrame(
        [
            ("a", "email", date(2026, 5, 10), "outbound", True, True),
            ("b", "email", date(2026, 5, 10), "outbound", True, False),
            ("c", "email", date(2026, 5, 10), "outbound", False, False),
            ("a", "email", date(2026, 6, 2), "outbound", True, False),
            ("a", "phone", date(2026, 5, 31), "outbound", True, True),
            ("a", "phone", date(2026, 5, 30), "inbound", True, True),
        ],
        schema=["customer_id", "channel", "touched_on", "direction", "is_delivered", "is_engaged"],
        orient="row",
    )
    orders = pl.DataFrame(
        [
            ("a", date(2026, 5, 20), 10.0, True),
            ("a", date(2026, 6, 20), 20.0, True),
            ("b", date(2026, 6, 7), 40.0, True),
            ("c", date(2026, 5, 9), 80.0, True),
            ("c", date(2026, 5, 12), 0.0, False),
        ],
        schema=["customer_id", "ordered_on", "margin", "is_purchase"],
        orient="row",
    )
    customers = pl.DataFrame({"customer_id": ["a", "b", "c"], "first_seen_on": [date(2025, 1, 1)] * 3})
    tables = [table.reverse() if reverse else table for table in (touches, orders, customers)]
    known = pl.DataFrame(schema=RESULTS_SCHEMA) if results is None else results
    return channel_months(Contacts(*tables), known, costs={"email": 0.1, "post": 1.0}, as_of=as_of, horizon_days=28)


def test_an_order_follows_the_last_contact_of_a_channel_within_the_horizon() -> None:
    """The order of 7 June comes on the day after the 28 of the mail, that of 20 June after the newer mail and the call.

    Accident: an order counts as following for a day longer than campaigns are measured for.
    """
    found = months().select("channel", "month", "following_order_count", "following_margin").rows()
    assert found == [("email", MAY, 1, 10.0), ("email", JUNE, 1, 20.0), ("phone", MAY, 1, 20.0)]


def test_a_run_as_of_an_earlier_day_knows_no_later_order() -> None:
    """Accident: `run --as-of` credits the call with an order that came three weeks after that day."""
    found = months(as_of=date(2026, 5, 31)).select("channel", "month", "following_order_count").rows()
    assert found == [("email", MAY, 1), ("phone", MAY, 0)]


def test_contacts_answers_and_costs_are_counted_and_summed_up() -> None:
    table = months()
    assert table.schema == MONTHS_SCHEMA
    columns = (
        "contact_count",
        "delivered_count",
        "engaged_count",
        "cost",
        "cumulative_cost",
        "cumulative_contact_count",
    )
    assert table.select(columns).rows() == [(3, 2, 1, 0.3, 0.3, 3), (1, 1, 0, 0.1, 0.4, 4), (1, 1, 1, None, None, 1)]
    assert table.equals(months(reverse=True))


def test_what_is_not_measured_is_not_said_to_have_been_added() -> None:
    rows = [("mail:a", "email", "margin", 2.0, 1.0, 3.0, 3, MAY), ("plan:x", "all", "margin", 9.0, 8.0, 10.0, 3, MAY)]
    results = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    columns = ("measured_count", "added_margin", "return_on_cost", "cumulative_added_margin")
    assert months(results).select(columns).rows() == [(3, 6.0, 19.0, 6.0), (0, None, None, 6.0), (0, None, None, None)]
    assert months(results).row(0, named=True)["added_margin_low"] == 3.0


def test_a_measured_plan_is_not_counted_twice_by_the_campaign_that_carried_it_out() -> None:
    rows = [("mail:a", "email", "margin", 2.0, 1.0, 3.0, 3, MAY), ("plan:x", "email", "margin", 1.0, 0.0, 2.0, 2, MAY)]
    first = months(pl.DataFrame(rows, schema=COLUMNS, orient="row")).row(0, named=True)
    assert (first["measured_count"], first["added_margin"]) == (2, 2.0)


def test_a_plan_that_is_carried_out_in_the_next_month_is_not_counted_twice() -> None:
    """Accident: the plan begins on 30 May, its mailing goes out on 2 June, and both months have what it added.

    A campaign from before the plan counts all the same.
    """
    rows = [
        ("plan:x", "email", "margin", 1.0, 0.0, 2.0, 2, date(2026, 5, 30)),
        ("mail:plan", "email", "margin", 2.0, 1.0, 3.0, 1, date(2026, 6, 2)),
        ("mail:own", "email", "margin", 4.0, 3.0, 5.0, 1, date(2026, 5, 10)),
    ]
    found = months(pl.DataFrame(rows, schema=COLUMNS, orient="row")).filter(channel="email")
    assert found.select("month", "measured_count", "added_margin").rows() == [(MAY, 3, 6.0), (JUNE, 0, None)]


def test_the_return_is_that_of_the_contacts_whose_effect_is_known() -> None:
    """One contact that nobody measured takes no return away, and neither does a plan that goes on into the next month.

    Accident: a plan of ten mails, three of them made in May, shows more than three times its return in May.
    """
    for size, returned in ((2, 19.0), (10, 19.0)):
        rows = [("plan:x", "email", "margin", 2.0, 1.0, 3.0, size, MAY)]
        first = months(pl.DataFrame(rows, schema=COLUMNS, orient="row")).row(0, named=True)
        assert (first["measured_count"], first["added_margin"], first["return_on_cost"]) == (size, 2.0 * size, returned)
