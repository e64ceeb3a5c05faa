"""What limits a plan, in words: what is used of each channel and of the budget, and what one more would be worth."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from models.channels import CHANNEL_WORDS
from models.contact_plan import Plan, PlanRules
from models.sentences import number, sentence

PLAN_LIMITS_SCHEMA = pl.Schema(
    {
        "plan_id": pl.String,
        "limit_name": pl.String,
        "capacity": pl.Float64,
        "used": pl.Float64,
        "open_count": pl.Int64,
        "price": pl.Float64,
        "cost": pl.Float64,
        "frequency_cap": pl.Int64,
        "is_default": pl.Boolean,
        "reason": pl.String,
    }
)
BUDGET = "budget"
# A price below a hundredth of the currency is no reason to do anything.
_WORTH_TELLING = 0.005

_TEXTS = {
    "en": {
        "closed": "Closed: capacity or cap is zero, so nobody is contacted this way.",
        "nothing": "It is zero, so only contacts that cost nothing are made.",
        "used_up": "Used up: nothing is left of it until the plan's period is over.",
        "unpaid": "What there is of the budget does not pay for one, so nobody is contacted this way.",
        "short": "It does not pay for a single contact of some channels.",
        "free": "No limit is set.",
        "worth": "One more {one} is worth up to {price} {currency}.",
        "money": "One more {currency} is worth up to {price} {currency}, itself not counted.",
        "left": "Not all of it is needed, so more of it adds nothing.",
        "capacity": " The capacity is the shipped default; set your own in settings.yml.",
        "cap": " The cap per customer is the shipped default; set your own in settings.yml.",
        "both": " Capacity and cap per customer are the shipped defaults; set your own in settings.yml.",
    },
    "de": {
        "closed": "Geschlossen: Kapazität oder Obergrenze ist null, so wird niemand angesprochen.",
        "nothing": "Es ist null, also gibt es nur Kontakte, die nichts kosten.",
        "used_up": "Aufgebraucht: Bis zum Ende des Planzeitraums ist nichts davon übrig.",
        "unpaid": "Was vom Budget da ist, bezahlt keinen einzigen Kontakt; so wird niemand angesprochen.",
        "short": "Für einige Kanäle bezahlt es keinen einzigen Kontakt.",
        "free": "Keine Grenze gesetzt.",
        "worth": "Ein Kontakt mehr ({one}) ist bis zu {price} {currency} wert.",
        "money": "Ein {currency} mehr ist bis zu {price} {currency} wert, er selbst nicht mitgerechnet.",
        "left": "Nicht alles wird gebraucht; mehr davon bringt nichts.",
        "capacity": " Die Kapazität ist die mitgelieferte; setzen Sie Ihre eigene in settings.yml.",
        "cap": " Die Obergrenze je Kunde ist die mitgelieferte; setzen Sie Ihre eigene in settings.yml.",
        "both": " Kapazität und Obergrenze je Kunde sind die mitgelieferten; setzen Sie Ihre eigenen in settings.yml.",
    },
}


def plan_limits(
    plan: Plan,
    rules: PlanRules,
    defaults: Mapping[str, bool],
    default_caps: Collection[str] = (),
    *,
    currency: str,
    language: str,
) -> pl.DataFrame:
    """Return one row per channel and one for the budget (`PLAN_LIMITS_SCHEMA`), with what one more is worth in words.

    `defaults` says of each whether its capacity is the shipped one, `default_caps` names the channels whose cap is.
    """
    texts = _TEXTS[language]
    said = pl.coalesce(_obstacle(plan, rules, texts), _worth(rules, currency, language))
    costs = {name: rule.cost for name, rule in rules.channels.items()}
    caps = {name: min(rule.frequency_cap, rules.overall_cap) for name, rule in rules.channels.items()}
    name = pl.col("limit_name")
    limits = plan.limits.rename({"limit": "limit_name"}).with_columns(
        plan_id=pl.lit(plan.contacts["plan_id"].first(), pl.String),
        price=pl.col("price").round(4),
        used=pl.col("used").round(4),
        cost=name.replace_strict(costs, default=None, return_dtype=pl.Float64),
        frequency_cap=name.replace_strict(caps, default=None, return_dtype=pl.Int64),
        is_default=name.replace_strict(dict(defaults), return_dtype=pl.Boolean),
    )
    told = limits.with_columns(reason=said + _shipped(default_caps, texts))
    return told.select(pl.col(name).cast(dtype) for name, dtype in PLAN_LIMITS_SCHEMA.items())


def _shipped(default_caps: Collection[str], texts: Mapping[str, str]) -> pl.Expr:
    """Which of the numbers nobody has set: they are in force all the same."""
    is_capacity = pl.col("is_default") & pl.col("capacity").is_not_null()
    is_cap = pl.col("limit_name").is_in(list(default_caps))
    return (
        pl.when(is_capacity & is_cap).then(pl.lit(texts["both"]))
        .when(is_capacity).then(pl.lit(texts["capacity"]))
        .when(is_cap).then(pl.lit(texts["cap"]))
        .otherwise(pl.lit(""))
    )  # fmt: skip


def _obstacle(plan: Plan, rules: PlanRules, texts: Mapping[str, str]) -> pl.Expr:
    """Why no contact can be made, null where one can: by what was set, or by what is left of it."""
    left = dict(plan.limits.select("limit", "capacity").iter_rows())[BUDGET]
    unpaid = [name for name, rule in rules.channels.items() if left is not None and rule.cost > left]
    closed = [name for name, rule in rules.channels.items() if rules.is_shut(rule)]
    name, is_nothing = pl.col("limit_name"), pl.col("capacity") == 0.0
    return (
        pl.when(name.is_in(closed)).then(pl.lit(texts["closed"]))
        .when(is_nothing & (name == BUDGET) & pl.lit(rules.budget == 0.0)).then(pl.lit(texts["nothing"]))
        .when(is_nothing).then(pl.lit(texts["used_up"]))
        .when(name.is_in(unpaid)).then(pl.lit(texts["unpaid"]))
        .when((name == BUDGET) & pl.lit(bool(unpaid))).then(pl.lit(texts["short"]))
    )  # fmt: skip


def _worth(rules: PlanRules, currency: str, language: str) -> pl.Expr:
    """What one more is worth where contacts can be made."""
    texts = _TEXTS[language]
    names = {name: CHANNEL_WORDS[language][name][0] for name in rules.channels}
    values = {"price": number(pl.col("price"), language, 2), "currency": pl.lit(currency)}
    one = pl.col("limit_name").replace_strict(names, default="", return_dtype=pl.String)
    return (
        pl.when(pl.col("capacity").is_null()).then(pl.lit(texts["free"]))
        .when(pl.col("price") < _WORTH_TELLING).then(pl.lit(texts["left"]))
        .when(pl.col("limit_name") == BUDGET).then(sentence(texts["money"], **values))
        .otherwise(sentence(texts["worth"], one=one, **values))
    )  # fmt: skip
