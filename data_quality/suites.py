"""What is expected of a table: rules in plain words, built from the contracts for what comes in and written here
for what models give out. Rules know neither a library nor a file; `data_quality.expectations` judges by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from data_quality.contracts import Column, Contract

Severity = Literal["error", "warning"]
Kind = Literal["filled", "among", "within", "matching", "ascending"]


@dataclass(frozen=True, eq=False)
class Rule:
    """One expectation: a sentence that is true when it holds, and the values that are judged, as expressions.

    `filled`, `among` (allowed), `within` (minimum and maximum, else any finite number) and `matching` (pattern)
    judge one expression, `ascending` two: the first is not above the second. All but `filled` leave out nulls.
    """

    sentence: str
    kind: Kind
    values: tuple[pl.Expr, ...]
    severity: Severity = "error"
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""

    @property
    def name(self) -> str:
        """The sentence as an identifier: letters, digits and underscores."""
        return identifier(self.sentence)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a table must have for the rule to be judged, each once."""
        return tuple(dict.fromkeys(name for value in self.values for name in value.meta.root_names()))


def identifier(sentence: str) -> str:
    """A sentence as a name that Dagster takes for a check."""
    return re.sub(r"[^a-z0-9]+", "_", sentence.lower()).strip("_")


def entity_rules(contract: Contract) -> tuple[Rule, ...]:
    """The rules that a contract states for its raw table.

    A key that a file holds twice is a warning, because core keeps the newest of several records; exports of different
    days may of course hold the same record.
    """
    one = _singular(contract.entity)
    rules = [rule for column in contract.columns for rule in _column_rules(one, column)]
    return (*rules, _unique(f"no file holds the same {one} twice", "file_id", *contract.key, severity="warning"))


def _column_rules(one: str, column: Column) -> Iterator[Rule]:
    noun = column.name.replace("_", " ")
    value = (pl.col(column.name),)
    if column.required:
        yield _filled(f"every {one} has {_article(noun)} {noun}", column.name)
    if column.allowed:
        yield Rule(f"the {noun} of every {one} is a known one", "among", value, allowed=column.allowed)
    if column.minimum is not None or column.maximum is not None:
        bounds = (("at least", column.minimum), ("at most", column.maximum))
        limits = " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)
        sentence = f"the {noun} of every {one} is {limits}"
        yield Rule(sentence, "within", value, minimum=column.minimum, maximum=column.maximum)
    if column.pattern:
        yield Rule(f"the {noun} of every {one} has the agreed form", "matching", value, pattern=column.pattern)


def _singular(entity: str) -> str:
    noun = entity.replace("_", " ")
    return f"{noun.removesuffix('ies')}y" if noun.endswith("ies") else noun.removesuffix("s")


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _filled(sentence: str, column: str) -> Rule:
    """Judged on a mark for what is filled, so that long texts need not be copied."""
    mark = pl.when(pl.col(column).is_not_null()).then(pl.lit(1, pl.Int8))
    return Rule(sentence, "filled", (mark.alias(f"{column} is filled"),))


def _unique(sentence: str, *columns: str, severity: Severity = "error") -> Rule:
    """Judged on how many rows have the same values, where nulls are the same too."""
    rows = pl.len().over(*columns).alias(f"rows of one {'+'.join(columns)}")
    return Rule(sentence, "within", (rows,), severity, minimum=1, maximum=1)


def _among(sentence: str, column: str, *allowed: str) -> Rule:
    return Rule(sentence, "among", (pl.col(column),), allowed=allowed)


def _within(sentence: str, column: str, minimum: float | None = None, maximum: float | None = None) -> Rule:
    return Rule(sentence, "within", (pl.col(column),), minimum=minimum, maximum=maximum)


def _ascending(sentence: str, lower: str, higher: str) -> Rule:
    return Rule(sentence, "ascending", (pl.col(lower), pl.col(higher)))


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
        _filled(f"every potential of a {one} says whose it is", key),
        _filled(f"every potential of a {one} names a category", "category"),
        _unique(f"every {one} has one potential per category", key, "category"),
        _within(f"no spend of a {one} is below 0", "actual", minimum=0),
        _ascending(f"no potential of a {one} is below its spend", "actual", "potential"),
        _ascending(f"no lower end of a {one}'s potential is above it", "potential_low", "potential"),
        _ascending(f"no upper end of a {one}'s potential is below it", "potential", "potential_high"),
        _within(f"every exhaustion of a {one} lies between 0 and 1", "exhaustion", 0, 1),
        _among(f"every verdict on a {one} is a known one", "verdict", "exhausted", "open", "unknown"),
        _filled(f"every potential of a {one} has a reason", "reason"),
    )


_MATCHING_RULES = ("new", "decision", "source_id", "email", "company", "phone", "similarity")

OUTPUT_RULES: dict[str, tuple[Rule, ...]] = {
    "customer_links": (
        _filled("every source record has a customer", "customer_id"),
        _filled("every source record has an id", "source_id"),
        _unique("every source record belongs to one customer", "source_system", "entity", "source_id"),
        _among("every source record is of a known entity", "entity", "contacts", "orders", "accounts"),
        _among("every link says by what it was made", "matched_by", *_MATCHING_RULES),
        _filled("every link has a match probability", "match_probability"),
        _within("every match probability lies between 0 and 1", "match_probability", 0, 1),
        Rule(
            "every normalised phone number is in international form",
            "matching",
            (pl.col("phone_normalised"),),
            pattern=r"^\+[1-9][0-9]{4,14}$",
        ),
    ),
    "customer_value": (
        _filled("every valued buyer has a customer id", "customer_id"),
        _unique("every buyer is valued once", "customer_id"),
        _filled("every valued buyer has an expected value", "clv"),
        _within("no expected value is below 0", "clv", minimum=0),
        _within("no lower end of an expected value is below 0", "clv_low", minimum=0),
        _ascending("no lower end of an expected value is above it", "clv_low", "clv"),
        _ascending("no upper end of an expected value is below it", "clv", "clv_high"),
        _within("every upper end of an expected value is a number", "clv_high"),
        _within("every chance of buying again lies between 0 and 1", "p_alive", 0, 1),
        _within("no expected number of orders is below 0", "expected_orders", minimum=0),
        _within("every risk of losing a buyer lies between 0 and 1", "churn_risk", 0, 1),
        _within("nobody is overdue by less than nothing", "overdue_days", minimum=0),
        _within("no margin at risk is below 0", "margin_at_risk", minimum=0),
        _filled("every value says why", "reason"),
        _within("no number of repeat purchase days is below 0", "frequency", minimum=0),
        _within("no buyer's last purchase lies after the day of the run", "recency_days", minimum=0),
        _ascending("no buyer's last purchase lies before the first", "recency_days", "age_days"),
        _filled("every expected value says by which model", "model"),
        _filled("every valued buyer has a value class", "value_class"),
        _among("every value class is A, B or C", "value_class", "A", "B", "C"),
    ),
    "value_court": (
        _unique("every forecast was judged once per origin and target", "origin", "candidate", "target"),
        _among("every forecast was of orders or spend", "target", "orders", "spend"),
        _within("every forecast's error is a number from 0 on", "rmse", minimum=0),
        _within("every share of covered buyers lies between 0 and 1", "coverage", 0, 1),
    ),
    "customer_segments": (
        _filled("every segmented customer has a customer id", "customer_id"),
        _unique("every customer has one segment", "customer_id"),
        _within("every recency score lies between 1 and 5", "recency_score", 1, 5),
        _within("every frequency score lies between 1 and 5", "frequency_score", 1, 5),
        _within("every monetary score lies between 1 and 5", "monetary_score", 1, 5),
        _filled("every customer has a named segment", "rfm_segment"),
        _among("every segment is a known one", "rfm_segment", *RFM_SEGMENTS),
        _filled("every segment of a customer has a reason", "reason"),
    ),
    "behaviour_segments": (
        _filled("every behaviour segment has an id", "segment_id"),
        _unique("every behaviour segment is there once", "segment_id"),
        _filled("every behaviour segment has a name", "name"),
        _unique("no two behaviour segments have the same name", "name"),
        _filled("every behaviour segment is described in a sentence", "sentence"),
        _among("every behaviour segment is of private or business customers", "customer_group", "private", "business"),
        _within("no behaviour segment has fewer customers than none", "customer_count", minimum=0),
        _within("every stability of a behaviour segment lies between 0 and 1", "stability", 0, 1),
    ),
    "customer_potential": _potential_rules("customer", "customer_id"),
    "account_potential": _potential_rules("company", "account_id"),
    "next_categories": (
        _filled("every next category has a customer id", "customer_id"),
        _filled("every next category is named", "category"),
        _unique("every customer has each next category once", "customer_id", "category"),
        _unique("no customer has two next categories of the same rank", "customer_id", "rank"),
        _within("every rank of a next category lies between 1 and 3", "rank", 1, 3),
        _within("every chance of a next category lies between 0 and 1", "probability", 0, 1),
        _within("no lift of a next category is below 0", "lift", minimum=0),
        _filled("every next category has a reason", "reason"),
    ),
    "lead_scores": (
        _filled("every lead has a customer id", "customer_id"),
        _unique("every lead is scored once", "customer_id"),
        _within("every chance of a lead lies between 0 and 1", "conversion_probability", 0, 1),
        _filled("every lead's chance says what it is based on", "basis"),
        _among("every lead's chance has a known basis", "basis", "model", "average", "unknown"),
        _filled("every lead's chance has a reason", "reason"),
    ),
    "next_best_channel": (
        _filled("every channel choice has a customer id", "customer_id"),
        _filled("every channel choice names a channel", "channel"),
        _unique("every customer has each channel once", "customer_id", "channel"),
        _unique("no customer has two channels of the same rank", "customer_id", "rank"),
        Rule(
            "every customer's ranks start at 1",
            "within",
            (pl.col("rank").min().over("customer_id").alias("first_rank"),),
            minimum=1,
            maximum=1,
        ),
        _filled("every channel choice says whether it is allowed", "is_allowed"),
        _filled("every channel choice says what it is based on", "basis"),
        _among("every channel choice has a known basis", "basis", "uplift", "engagement", "default"),
        _among("every expected effect says in which unit it is", "effect_unit", "margin", "reactions"),
        Rule(
            "every expected share of reactions lies between 0 and 1",
            "within",
            (pl.when(pl.col("effect_unit") == "reactions").then("expected_effect").alias("share_of_reactions"),),
            minimum=0,
            maximum=1,
        ),
        _ascending("no lower end of an effect is above it", "effect_low", "expected_effect"),
        _ascending("no upper end of an effect is below it", "expected_effect", "effect_high"),
    ),
    "campaign_results": (
        _filled("every result names a campaign", "campaign_id"),
        _filled("every result names a channel", "channel"),
        _among("every outcome of a campaign is a known one", "outcome", "ordered", "margin"),
        _unique("every campaign has each result once", "campaign_id", "channel", "outcome"),
        _among(
            "every result says by which method it was reached",
            "method",
            *("holdout", "randomised", "doubly_robust", "cannot_be_told"),
        ),
        _within("every p value lies between 0 and 1", "p_value", 0, 1),
        _within("every effect of a campaign is a number", "effect"),
        _ascending("no lower end of a campaign's effect is above it", "effect_low", "effect"),
        _ascending("no upper end of a campaign's effect is below it", "effect", "effect_high"),
        _filled("every result of a campaign has a reason", "reason"),
    ),
    "channel_months": (
        _filled("every channel's month is dated", "month"),
        _filled("every channel's month names a channel", "channel"),
        _unique("every channel has each month once", "month", "channel"),
        _ascending("no channel delivers more contacts than it makes", "delivered_count", "contact_count"),
        _ascending("no channel has more answers than delivered contacts", "engaged_count", "delivered_count"),
        _within("no cost of a channel is below 0", "cost", minimum=0),
    ),
    "channel_effects": (
        _unique("every channel has its effect once", "channel"),
        _ascending("no lower end of a channel's effect is above it", "effect_low", "effect"),
        _ascending("no upper end of a channel's effect is below it", "effect", "effect_high"),
        _within("every share with overlap lies between 0 and 1", "overlap_share", 0, 1),
        _among("every verdict on a channel is a known one", "verdict", "pays", "adds", "unproven", "harms", "unknown"),
        _filled("every channel's effect has a reason", "reason"),
    ),
    "contact_plan": (
        _filled("every line of the plan has a customer id", "customer_id"),
        _unique("every customer stands in the plan once", "customer_id"),
        _filled("every line of the plan names a channel or none", "channel"),
        _among("every channel of the plan is a known one", "channel", "email", "sms", "phone", "post", "none"),
        _among("every arm of the plan is a known one", "arm", "policy", "explore", "holdout"),
        _filled("every line of the plan has a propensity", "propensity"),
        _within("every propensity is above 0 and at most 1", "propensity", 1e-12, 1),
        _within("no cost of a contact is below 0", "cost", minimum=0),
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
        _filled("every line of the plan has a reason", "reason"),
    ),
    "plan_limits": (
        _unique("every limit of the plan is told once", "limit_name"),
        _ascending("no limit of the plan is exceeded", "used", "capacity"),
        _within("no price of a limit is below 0", "price", minimum=0),
        _filled("every limit of the plan is told in words", "reason"),
    ),
    "what_if": (
        _filled("every what-if names its lever", "lever"),
        _within("no what-if costs less than nothing", "cost", minimum=0),
        _ascending("no lower end of an added margin is above it", "added_low", "added_margin"),
        _ascending("no upper end of an added margin is below it", "added_margin", "added_high"),
    ),
}
