"""What limits a plan, in words: what is used of each channel and of the budget, and what one more would be worth."""

from __future__ import annotations

from collections.abc import Mapping

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
        "free": "No limit is set.",
        "worth": "One more {one} is worth {price} {currency}.",
        "money": "One more {currency} is worth {price} {currency}, itself not counted.",
        "left": "Not all of it is needed, so more of it adds nothing.",
        "default": " The capacity is the shipped default; set your own in settings.yml.",
    },
    "de": {
        "closed": "Geschlossen: Kapazität oder Obergrenze ist null, so wird niemand angesprochen.",
        "free": "Keine Grenze gesetzt.",
        "worth": "Ein Kontakt mehr ({one}) ist {price} {currency} wert.",
        "money": "Ein {currency} mehr ist {price} {currency} wert, er selbst nicht mitgerechnet.",
        "left": "Nicht alles wird gebraucht; mehr davon bringt nichts.",
        "default": " Die Kapazität ist die mitgelieferte; setzen Sie Ihre eigene in settings.yml.",
    },
}


def plan_limits(
    plan: Plan, rules: PlanRules, defaults: Mapping[str, bool], *, currency: str, language: str
) -> pl.DataFrame:
    """Return one row per channel and one for the budget (`PLAN_LIMITS_SCHEMA`), with what one more is worth in words.

    `defaults` says of each whether its capacity is the shipped one.
    """
    texts = _TEXTS[language]
    names = {name: CHANNEL_WORDS[language][name][0] for name in rules.channels}
    closed = [name for name, rule in rules.channels.items() if rule.capacity == 0 or rule.frequency_cap == 0]
    values = {"price": number(pl.col("price"), language, 2), "currency": pl.lit(currency)}
    one = pl.col("limit_name").replace_strict(names, default="", return_dtype=pl.String)
    said = (
        pl.when(pl.col("limit_name").is_in(closed)).then(pl.lit(texts["closed"]))
        .when(pl.col("capacity").is_null()).then(pl.lit(texts["free"]))
        .when(pl.col("price") < _WORTH_TELLING).then(pl.lit(texts["left"]))
        .when(pl.col("limit_name") == BUDGET).then(sentence(texts["money"], **values))
        .otherwise(sentence(texts["worth"], one=one, **values))
    )  # fmt: skip
    is_shown = pl.col("is_default") & pl.col("capacity").is_not_null()
    costs = {name: rule.cost for name, rule in rules.channels.items()}
    caps = {name: rule.frequency_cap for name, rule in rules.channels.items()}
    name = pl.col("limit_name")
    limits = plan.limits.rename({"limit": "limit_name"}).with_columns(
        plan_id=pl.lit(plan.contacts["plan_id"].first(), pl.String),
        price=pl.col("price").round(4),
        used=pl.col("used").round(4),
        cost=name.replace_strict(costs, default=None, return_dtype=pl.Float64),
        frequency_cap=name.replace_strict(caps, default=None, return_dtype=pl.Int64),
        is_default=name.replace_strict(dict(defaults), return_dtype=pl.Boolean),
    )
    told = limits.with_columns(reason=said + pl.when(is_shown).then(pl.lit(texts["default"])).otherwise(pl.lit("")))
    return told.select(pl.col(name).cast(dtype) for name, dtype in PLAN_LIMITS_SCHEMA.items())
