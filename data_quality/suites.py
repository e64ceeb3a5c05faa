"""What is expected of the tables that models give out, in the rules of `data_quality.rules`."""

from __future__ import annotations

import polars as pl

from data_quality.rules import Rule, among, ascending, filled, unique, within

RFM_SEGMENTS = (
    "champions",
    "loyal",
    "potential_loyalist",
    "new",
    "promising",
    "needs_attention",
    "about_to_sleep",
    "at_risk",
    "cannot_lose",
    "hibernating",
    "lost",
    "lead",
)


def _potential_rules(one: str, key: str) -> tuple[Rule, ...]:
    return (
        filled(f"every potential of a {one} says whose it is", key),
        filled(f"every potential of a {one} names a category", "category"),
        unique(f"every {one} has one potential per category", key, "category"),
        within(f"no spend of a {one} is below 0", "actual", minimum=0),
        ascending(f"no potential of a {one} is below its spend", "actual", "potential"),
        ascending(f"no lower end of a {one}'s potential is above it", "potential_low", "potential"),
        ascending(f"no upper end of a {one}'s potential is below it", "potential", "potential_high"),
        within(f"every exhaustion of a {one} lies between 0 and 1", "exhaustion", 0, 1),
        among(f"every verdict on a {one} is a known one", "verdict", "exhausted", "open", "unknown"),
        filled(f"every potential of a {one} has a reason", "reason"),
    )


_MATCHING_RULES = ("new", "decision", "source_id", "email", "company", "phone", "similarity")

OUTPUT_RULES: dict[str, tuple[Rule, ...]] = {
    "customer_links": (
        filled("every source record has a customer", "customer_id"),
        filled("every source record has an id", "source_id"),
        unique("every source record belongs to one customer", "source_system", "entity", "source_id"),
        among("every source record is of a known entity", "entity", "contacts", "orders", "accounts"),
        among("every link says by what it was made", "matched_by", *_MATCHING_RULES),
        filled("every link has a match probability", "match_probability"),
        within("every match probability lies between 0 and 1", "match_probability", 0, 1),
        Rule(
            "every normalised phone number is in international form",
            "matching",
            (pl.col("phone_normalised"),),
            pattern=r"^\+[1-9][0-9]{4,14}$",
        ),
    ),
    "customer_value": (
        filled("every valued buyer has a customer id", "customer_id"),
        unique("every buyer is valued once", "customer_id"),
        filled("every valued buyer has an expected value", "clv"),
        within("no expected value is below 0", "clv", minimum=0),
        within("no lower end of an expected value is below 0", "clv_low", minimum=0),
        ascending("no lower end of an expected value is above it", "clv_low", "clv"),
        ascending("no upper end of an expected value is below it", "clv", "clv_high"),
        within("every upper end of an expected value is a number", "clv_high"),
        within("every chance of buying again lies between 0 and 1", "p_alive", 0, 1),
        within("no expected number of orders is below 0", "expected_orders", minimum=0),
        within("every risk of losing a buyer lies between 0 and 1", "churn_risk", 0, 1),
        within("nobody is overdue by less than nothing", "overdue_days", minimum=0),
        within("no margin at risk is below 0", "margin_at_risk", minimum=0),
        filled("every value says why", "reason"),
        within("no number of repeat purchase days is below 0", "frequency", minimum=0),
        within("no buyer's last purchase lies after the day of the run", "recency_days", minimum=0),
        ascending("no buyer's last purchase lies before the first", "recency_days", "age_days"),
        filled("every expected value says by which model", "model"),
        filled("every valued buyer has a value class", "value_class"),
        among("every value class is A, B or C", "value_class", "A", "B", "C"),
    ),
    "value_court": (
        unique("every forecast was judged once per origin and target", "origin", "candidate", "target"),
        among("every forecast was of orders or spend", "target", "orders", "spend"),
        within("every forecast's error is a number from 0 on", "rmse", minimum=0),
        within("every share of covered buyers lies between 0 and 1", "coverage", 0, 1),
    ),
    "customer_segments": (
        filled("every segmented customer has a customer id", "customer_id"),
        unique("every customer has one segment", "customer_id"),
        within("every recency score lies between 1 and 5", "recency_score", 1, 5),
        within("every frequency score lies between 1 and 5", "frequency_score", 1, 5),
        within("every monetary score lies between 1 and 5", "monetary_score", 1, 5),
        filled("every customer has a named segment", "rfm_segment"),
        among("every segment is a known one", "rfm_segment", *RFM_SEGMENTS),
        filled("every segment of a customer has a reason", "reason"),
    ),
    "behaviour_segments": (
        filled("every behaviour segment has an id", "segment_id"),
        unique("every behaviour segment is there once", "segment_id"),
        filled("every behaviour segment has a name", "name"),
        unique("no two behaviour segments have the same name", "name"),
        filled("every behaviour segment is described in a sentence", "sentence"),
        among("every behaviour segment is of private or business customers", "customer_group", "private", "business"),
        within("no behaviour segment has fewer customers than none", "customer_count", minimum=0),
        within("every stability of a behaviour segment lies between 0 and 1", "stability", 0, 1),
    ),
    "customer_potential": _potential_rules("customer", "customer_id"),
    "account_potential": _potential_rules("company", "account_id"),
    "next_categories": (
        filled("every next category has a customer id", "customer_id"),
        filled("every next category is named", "category"),
        unique("every customer has each next category once", "customer_id", "category"),
        unique("no customer has two next categories of the same rank", "customer_id", "rank"),
        within("every rank of a next category lies between 1 and 3", "rank", 1, 3),
        within("every chance of a next category lies between 0 and 1", "probability", 0, 1),
        within("no lift of a next category is below 0", "lift", minimum=0),
        filled("every next category has a reason", "reason"),
    ),
    "lead_scores": (
        filled("every lead has a customer id", "customer_id"),
        unique("every lead is scored once", "customer_id"),
        within("every chance of a lead lies between 0 and 1", "conversion_probability", 0, 1),
        filled("every lead's chance says what it is based on", "basis"),
        among("every lead's chance has a known basis", "basis", "model", "average", "unknown"),
        filled("every lead's chance has a reason", "reason"),
    ),
    "next_best_channel": (
        filled("every channel choice has a customer id", "customer_id"),
        filled("every channel choice names a channel", "channel"),
        unique("every customer has each channel once", "customer_id", "channel"),
        unique("no customer has two channels of the same rank", "customer_id", "rank"),
        Rule(
            "every customer's ranks start at 1",
            "within",
            (pl.col("rank").min().over("customer_id").alias("first_rank"),),
            minimum=1,
            maximum=1,
        ),
        filled("every channel choice says whether it is allowed", "is_allowed"),
        filled("every channel choice says what it is based on", "basis"),
        among("every channel choice has a known basis", "basis", "uplift", "engagement", "default"),
        among("every expected effect says in which unit it is", "effect_unit", "margin", "reactions"),
        Rule(
            "every expected share of reactions lies between 0 and 1",
            "within",
            (pl.when(pl.col("effect_unit") == "reactions").then("expected_effect").alias("share_of_reactions"),),
            minimum=0,
            maximum=1,
        ),
        ascending("no lower end of an effect is above it", "effect_low", "expected_effect"),
        ascending("no upper end of an effect is below it", "expected_effect", "effect_high"),
    ),
    "campaign_results": (
        filled("every result names a campaign", "campaign_id"),
        filled("every result names a channel", "channel"),
        among("every outcome of a campaign is a known one", "outcome", "ordered", "margin"),
        unique("every campaign has each result once", "campaign_id", "channel", "outcome"),
        among(
            "every result says by which method it was reached",
            "method",
            *("holdout", "randomised", "doubly_robust", "cannot_be_told"),
        ),
        within("every p value lies between 0 and 1", "p_value", 0, 1),
        within("every effect of a campaign is a number", "effect"),
        ascending("no lower end of a campaign's effect is above it", "effect_low", "effect"),
        ascending("no upper end of a campaign's effect is below it", "effect", "effect_high"),
        filled("every result of a campaign has a reason", "reason"),
    ),
    "channel_months": (
        filled("every channel's month is dated", "month"),
        filled("every channel's month names a channel", "channel"),
        unique("every channel has each month once", "month", "channel"),
        ascending("no channel delivers more contacts than it makes", "delivered_count", "contact_count"),
        ascending("no channel has more answers than delivered contacts", "engaged_count", "delivered_count"),
        within("no cost of a channel is below 0", "cost", minimum=0),
    ),
    "channel_effects": (
        unique("every channel has its effect once", "channel"),
        ascending("no lower end of a channel's effect is above it", "effect_low", "effect"),
        ascending("no upper end of a channel's effect is below it", "effect", "effect_high"),
        within("every share with overlap lies between 0 and 1", "overlap_share", 0, 1),
        among("every verdict on a channel is a known one", "verdict", "pays", "adds", "unproven", "harms", "unknown"),
        filled("every channel's effect has a reason", "reason"),
    ),
    "contact_plan": (
        filled("every line of the plan has a customer id", "customer_id"),
        unique("every customer stands in the plan once", "customer_id"),
        filled("every line of the plan names a channel or none", "channel"),
        among("every channel of the plan is a known one", "channel", "email", "sms", "phone", "post", "none"),
        among("every arm of the plan is a known one", "arm", "policy", "explore", "holdout"),
        filled("every line of the plan has a propensity", "propensity"),
        within("every propensity is above 0 and at most 1", "propensity", 1e-12, 1),
        within("no cost of a contact is below 0", "cost", minimum=0),
        Rule(
            "nobody who is held out gets a contact",
            "among",
            (pl.when(pl.col("arm") == "holdout").then("channel").alias("channel_of_holdout"),),
            allowed=("none",),
        ),
        Rule(
            "the chances of every customer sum to 1",
            "within",
            (
                pl.sum_horizontal("chance_none", "chance_email", "chance_sms", "chance_phone", "chance_post").alias(
                    "sum"
                ),
            ),
            minimum=1 - 1e-6,
            maximum=1 + 1e-6,
        ),
        filled("every line of the plan has a reason", "reason"),
    ),
    "plan_limits": (
        unique("every limit of the plan is told once", "limit_name"),
        ascending("no limit of the plan is exceeded", "used", "capacity"),
        within("no price of a limit is below 0", "price", minimum=0),
        filled("every limit of the plan is told in words", "reason"),
    ),
    "what_if": (
        filled("every what-if names its lever", "lever"),
        within("no what-if costs less than nothing", "cost", minimum=0),
        ascending("no lower end of an added margin is above it", "added_low", "added_margin"),
        ascending("no upper end of an added margin is below it", "added_margin", "added_high"),
    ),
}
