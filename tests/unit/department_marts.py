"""The published tables of an invented company of four customers, from which departments' tables are made."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

AS_OF = date(2026, 1, 31)


def potentials(key: str, owners: list[str]) -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            key: owners,
            "category": ["*", "Tea", "*"],
            "actual": [10.0, 5.0, 20.0],
            "potential": [40.0, None, 20.0],
            "verdict": ["open", "unknown", "exhausted"],
            "exhaustion": [0.25, None, 1.0],
            "reason": ["r"] * 3,
        }
    )


def results() -> pl.LazyFrame:
    """A campaign with both outcomes, of which one cannot be told."""
    return pl.LazyFrame(
        {
            "campaign_id": ["mail:spring"] * 2,
            "channel": ["email"] * 2,
            "outcome": ["margin", "ordered"],
            "effect": [1.5, None],
            "effect_low": [0.5, None],
            "effect_high": [2.5, None],
            "method": ["doubly_robust", "cannot_be_told"],
            "sent_on": [AS_OF] * 2,
            "treated_count": [40] * 2,
            "control_count": [50] * 2,
            "reason": ["More.", "Too few."],
        }
    )


def outreach_marts() -> dict[str, pl.LazyFrame]:
    effects = {"effect": [1.5], "effect_low": [1.0], "effect_high": [2.0], "naive_difference": [9.0]}
    added = {"added_margin": [9.0], "added_low": [5.0], "added_high": [13.0]}
    return {
        "contact_plan": pl.LazyFrame(
            {
                "customer_id": ["c1", "c2", "c4"],
                "channel": ["phone", "none", "post"],
                "arm": ["policy", "holdout", "explore"],
                "expected_margin": [9.0, None, None],
                "cost": [5.0, 0.0, 1.2],
                "reason": ["r"] * 3,
                "plan_id": ["2026-01-31"] * 3,
            }
        ),
        "channel_effects": pl.LazyFrame(
            {"channel": ["email"], **effects, "contact_count": [9], "cost": [0.01], "overlap_share": [0.5]}
        ).with_columns(is_best_for_all=True, reason=pl.lit("r")),
        "plan_limits": pl.LazyFrame(
            {"limit_name": ["phone", "budget"], "capacity": [40.0, None], "used": [1.0, 6.2], "price": [14.0, 0.0]}
        ).with_columns(open_count=2, cost=5.0, frequency_cap=1, is_default=True, reason=pl.lit("r")),
        "what_if": pl.LazyFrame(
            {"lever": ["plan"], "amount": [5.0], "contact_count": [1], "cost": [5.0], **added}
        ).with_columns(next_price=0.0, reason=pl.lit("r")),
    }


def department_marts() -> dict[str, pl.LazyFrame]:
    """Every mart that a department's table needs, by name."""
    customers = pl.LazyFrame(
        {
            "customer_id": ["c1", "c2", "c3", "c4"],
            "first_name": ["Anna", "=cmd()", None, "Jörg"],
            "last_name": ["Meier", "Berg", "Celik", "Ödön"],
            "email": ["a@example.org", None, None, None],
            "phone": ["+49221471001", "+1+1", None, None],
            "is_suppressed": [False, False, True, False],
            "consent_email": [None, True, True, None],
            "consent_phone": [True, False, True, None],
        }
    )
    segments = customers.with_columns(
        rfm_segment=pl.Series(["champions", "lost", "champions", "lead"]),
        net_revenue=pl.Series([Decimal("100.10"), Decimal("50"), Decimal("200.20"), None], dtype=pl.Decimal(18, 4)),
        postal_region=pl.lit("01"),
    )
    return {
        "customers": customers,
        "marketing_segments": segments,
        "customer_360": customers.select(
            "customer_id", next_category=pl.lit("Tea"), potential_verdict=pl.lit("open")
        ).with_columns(best_channel=pl.Series(["phone", "post", None, None], dtype=pl.String)),
        "customer_value": pl.LazyFrame(
            {
                "customer_id": ["c1", "c2", "c3"],
                "clv": [10.0, 2.5, 30.0],
                "clv_low": [1.0, 0.0, 20.0],
                "clv_high": [25.0, 6.0, 45.0],
                "model": ["past_rate", "b", "past_rate"],
                "value_class": ["B", "C", "A"],
                "is_slipping": [True, False, True],
                "margin_at_risk": [50.0, None, 70.0],
                "overdue_days": [20, 0, 90],
                "usual_gap_days": [30, 10, 40],
                "recency_days": [50, 5, 130],
                "reason": ["r"] * 3,
            }
        ),
        "next_best_channel": pl.LazyFrame(
            {
                "customer_id": ["c1", "c1", "c2", "c2", "c3"],
                "channel": ["email", "phone", "email", "post", "email"],
                "rank": [2, 1, 1, 2, 1],
                "is_allowed": [True, True, False, True, False],
                "basis": ["engagement", "uplift", "default", "default", "default"],
                "expected_effect": [0.5, 2.25, None, 0.1, None],
                "effect_low": [0.4, 1.0, None, 0.0, None],
                "effect_high": [0.6, 3.0, None, 0.2, None],
                "effect_unit": ["reactions", "margin", "reactions", "reactions", "reactions"],
                "reason": ["r"] * 5,
            }
        ),
        **outreach_marts(),
        "accounts": pl.LazyFrame({"account_id": ["a1", "a2"], "name": ["+Plus GmbH", "Minus KG"]}),
        "customer_potential": potentials("customer_id", ["c1", "c1", "c2"]),
        "account_potential": potentials("account_id", ["a1", "a2", "a2"]),
        "next_categories": pl.LazyFrame(
            {
                "customer_id": ["c3", "c1", "c1"],
                "rank": [1, 2, 1],
                "category": ["Tea", "Cups", "Mills"],
                "probability": [0.5, 0.2, 0.3],
                "lift": [1.5, 1.1, 2.0],
                "reason": ["r"] * 3,
            }
        ),
        "campaign_results": results(),
        "channel_months": pl.LazyFrame({"month": [AS_OF], "channel": ["email"], "contact_count": [4]}),
        "lead_scores": pl.LazyFrame(
            {
                "customer_id": ["c3", "c4", "c2", "c1"],
                "conversion_probability": [0.9, 0.1, 0.4, None],
                "basis": ["model"] * 3 + ["unknown"],
                "is_lead": [True, True, True, False],
                "reason": ["r"] * 4,
            }
        ),
        "behaviour_segments": pl.LazyFrame(
            {
                "name": ["Regular buyers"],
                "customer_group": ["private"],
                "sentence": ["2 customers who bought on 3 or more days."],
                "customer_count": [2],
                "net_revenue": [Decimal("150.10")],
                "learned_on": [AS_OF],
            }
        ),
        "segment_migration": pl.LazyFrame(
            {
                "segmentation": ["rfm", "rfm"],
                "from_segment": ["new", "loyal"],
                "to_segment": ["loyal", "loyal"],
                "customer_count": [1, 5],
                "net_revenue": [Decimal("50"), Decimal("500")],
                "previous_as_of": [AS_OF, AS_OF],
                "is_move": [True, False],
            }
        ),
        "sales_buyers": segments.head(3),
        "sales_accounts": pl.LazyFrame({"account_id": ["a1"], "name": ["+Plus GmbH"]}),
        "quarantine": pl.LazyFrame(
            {
                "file": ["b.csv", "a.csv"],
                "line": [2, 7],
                "entity": ["orders", "contacts"],
                "vendor": ["shopify", "hubspot"],
                "column_name": ["Total", None],
                "value": ["=1+1", None],
                "reason": ['Total: "=1+1" is not an amount', "The row has 3 cells, the header has 4."],
                "raw_text": ["#1;=1+1", "1,2,3"],
            }
        ),
        "service_followups": pl.LazyFrame(
            {"customer_id": ["c2", "c1"], "reason": ["refund", "open_ticket"], "priority": [2, 1]}
        ),
    }
