"""Whom to contact next, through which channel: from the tables of a day to recommendations and the period's plan.

`outreach` is the whole of it, a pure function that can be called month after month: hand the plans that it gave back in
as `History.plans`, by the day of their making, and what they did is learned from with their own known chances.

    history = History(orders, touches, customers, plans={})
    found = outreach(history, as_of=date(2026, 6, 30), policy=Policy(rules))
    found.channel_effects, found.next_best_channel, found.plan.contacts, found.plan.limits
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from models.channel_effects import Evidence, effects_table, learn_effects
from models.channels import CHANNELS, rank_channels
from models.contact_days import after_their_plans
from models.contact_plan import Plan, PlanRules, plan_contacts
from models.contact_worth import contact_worth
from models.customer_history import FEATURES, YEAR, History, features_at
from models.decision_rounds import first_plans
from models.effect_reasons import SHOWN, choice_sentence
from models.expected_margins import assumed_margins, channel_means, expected_margins, usual_margin

NEXT_BEST_CHANNEL_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "channel": pl.String,
        "rank": pl.Int64,
        "is_allowed": pl.Boolean,
        "basis": pl.String,
        "expected_effect": pl.Float64,
        "effect_low": pl.Float64,
        "effect_high": pl.Float64,
        "reason": pl.String,
        "effect_unit": pl.String,
        "expected_margin": pl.Float64,
        "obstacle": pl.String,
    }
)


@dataclass(frozen=True)
class Policy:
    """What a plan keeps to, for how long it is, and what is assumed until effects are measured.

    `rules` holds costs, and capacities and budget of the whole period; frequency caps count the `cap_days` before.
    Effects are those on the margin of the `horizon_days` after a decision.
    """

    rules: PlanRules
    period_days: int = 28
    horizon_days: int = 28
    cap_days: int = 30
    assumed_orders_per_reaction: float = 0.02

    @property
    def costs(self) -> dict[str, float]:
        """What a contact costs, by channel."""
        return {name: rule.cost for name, rule in self.rules.channels.items()}


@dataclass(frozen=True)
class Outreach:
    """What a day's tables say: effects by channel, channels by customer, the plan, and the evidence behind them."""

    channel_effects: pl.DataFrame
    next_best_channel: pl.DataFrame
    plan: Plan
    evidence: Evidence


def outreach(
    history: History,
    *,
    as_of: date,
    policy: Policy,
    language: str = "en",
    seed: int = 0,
) -> Outreach:
    """Return effects, recommendations and the plan as of a day, from the tables of `History` up to that day.

    `channel_effects` has a row per channel (`CHANNEL_EFFECTS_SCHEMA`), `next_best_channel` one per customer and channel
    (`NEXT_BEST_CHANNEL_SCHEMA`), `plan.contacts` one per customer (`PLAN_SCHEMA` and chances), `plan.limits` one per
    channel and one for the budget. Rows after `as_of` are left out. The order of rows does not matter.
    """
    history = until(history, as_of)
    moments = history.customers.select("customer_id", day=pl.lit(as_of)).sort("customer_id")
    features = features_at(moments, history)
    worth = contact_worth(history, features, as_of=as_of)
    evidence = learn_effects(
        history,
        as_of=as_of,
        horizon_days=policy.horizon_days,
        period_days=policy.period_days,
        costs=policy.costs,
        worth=worth,
        seed=seed,
    )
    ranked = rank_channels(_engagement(history, as_of), history.customers, language=language)
    usual = usual_margin(features)
    assumed = assumed_margins(
        ranked, features, worth, evidence, usual=usual, orders_per_reaction=policy.assumed_orders_per_reaction
    )
    effects = effects_table(
        evidence,
        channel_means(assumed, "assumed_margin"),
        channel_means(assumed, "worth"),
        policy.costs,
        most=policy.assumed_orders_per_reaction * usual,
        language=language,
    )
    margins = expected_margins(assumed, features, evidence, effects)
    channels = _recommended(ranked, features, evidence, policy, language)
    unproven = effects.filter(~pl.col("verdict").is_in(SHOWN))["channel"].to_list()
    plan = _plan(history, channels, margins, as_of=as_of, policy=policy, language=language, unproven=unproven)
    told = channels.join(margins, on=["customer_id", "channel"], how="left").join(
        plan.obstacles, on=["customer_id", "channel"], how="left"
    )
    return Outreach(effects, told.select(NEXT_BEST_CHANNEL_SCHEMA.names()).sort("customer_id", "rank"), plan, evidence)


def plan_start(history: History, *, as_of: date, period_days: int) -> date:
    """Return the day from which the plan of `as_of` runs: that of the last plan while its period lasts."""
    starts = [day for day in first_plans(history) if as_of - timedelta(days=period_days) < day <= as_of]
    return max(starts, default=as_of)


def until(history: History, as_of: date) -> History:
    """Return the history as it was known on a day. A plan's own contacts come after it."""
    known = replace(
        history,
        orders=history.orders.filter(pl.col("ordered_on") <= as_of, pl.col("customer_id").is_not_null()),
        touches=history.touches.filter(pl.col("touched_on") <= as_of, pl.col("customer_id").is_not_null()),
        plans={day: plan for day, plan in history.plans.items() if day < as_of},
    )
    return replace(known, touches=after_their_plans(known.touches, first_plans(known)))


def _engagement(history: History, as_of: date) -> pl.DataFrame:
    recent = history.contacts.filter(pl.col("touched_on") > as_of - timedelta(days=YEAR))
    delivered = pl.col("is_delivered").fill_null(False)
    return (
        recent.group_by("customer_id", "channel")
        .agg(
            delivered_count=delivered.sum().cast(pl.Int64),
            engaged_count=(delivered & pl.col("is_engaged").fill_null(False)).sum().cast(pl.Int64),
        )
        .collect()
    )


def _recommended(
    ranked: pl.DataFrame, features: pl.DataFrame, evidence: Evidence, policy: Policy, language: str
) -> pl.DataFrame:
    """The channels of every customer, ranked by what the gate allows to say: measured and worth it, unmeasured by
    reactions, measured and not worth it. Where the gate stays shut, its best single channel comes first: it was chosen
    on held-out customers, and means over other customers may differ by a hair."""
    measured = pl.concat([_measured(channel, features, evidence) for channel in evidence.found] or [_NOTHING])
    joined = ranked.join(measured, on=["customer_id", "channel"], how="left")
    is_measured = pl.col("effect").is_not_null()
    costs = pl.col("channel").replace_strict(policy.costs, default=0.0, return_dtype=pl.Float64)
    worth = pl.col("effect") - costs
    told = joined.with_columns(
        expected_effect=pl.coalesce("effect", "expected_effect"),
        effect_low=pl.when(is_measured).then("low").otherwise("effect_low"),
        effect_high=pl.when(is_measured).then("high").otherwise("effect_high"),
        basis=pl.when(is_measured).then(pl.lit("uplift")).otherwise("basis"),
        effect_unit=pl.when(is_measured).then(pl.lit("margin")).otherwise(pl.lit("reactions")),
        class_=pl.when(worth > 0).then(0).when(is_measured).then(2).otherwise(1),
        worth=worth.fill_null(0.0),
        is_best=pl.col("choice").eq("best").fill_null(value=False),
        cost=costs,
        before="rank",
    ).with_columns(
        reason=pl.when(is_measured & pl.col("is_allowed")).then(choice_sentence(language)).otherwise("reason")
    )
    ordered = told.sort(
        ["customer_id", "is_allowed", "class_", "is_best", "worth", "before"],
        descending=[False, True, False, True, True, False],
    )
    return ordered.with_columns(rank=pl.int_range(pl.len()).over("customer_id") + 1)


_NOTHING = pl.DataFrame(
    schema={
        "customer_id": pl.String,
        "channel": pl.String,
        "effect": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "choice": pl.String,
    }
)


def _measured(channel: str, features: pl.DataFrame, evidence: Evidence) -> pl.DataFrame:
    found = evidence.found[channel]
    choice = "best" if channel == evidence.best_for_all else "other"
    columns = {"effect": pl.lit(found.effect), "low": pl.lit(found.low), "high": pl.lit(found.high)}
    if evidence.ruling.is_personal:
        own = evidence.effects(features.select(FEATURES).to_numpy(), is_ranking=False)[channel]
        choice = "personal"
        columns = {name: pl.lit(pl.Series(getattr(own, name))) for name in columns}
    frame = features.select("customer_id", channel=pl.lit(channel), choice=pl.lit(choice), **columns)
    return frame.with_columns(pl.col("effect", "low", "high").round(4)).select(_NOTHING.columns)


def _plan(
    history: History,
    channels: pl.DataFrame,
    margins: pl.DataFrame,
    *,
    as_of: date,
    policy: Policy,
    language: str,
    unproven: Collection[str],
) -> Plan:
    start = plan_start(history, as_of=as_of, period_days=policy.period_days)
    contacted = _contacted(history, as_of, policy.cap_days)
    possible = (
        channels.lazy()
        .select("customer_id", "channel", "is_allowed")
        .join(margins.lazy(), on=["customer_id", "channel"], how="left")
        .join(contacted, on=["customer_id", "channel"], how="left")
        .with_columns(pl.col("contact_count").fill_null(0))
    )
    # Who was visited yesterday is not written to today: a plan makes no visits, but they are contacts.
    elsewhere = contacted.filter(~pl.col("channel").is_in(CHANNELS))
    options = pl.concat([possible, elsewhere], how="diagonal_relaxed").collect()
    rules = replace(
        _left_over(policy.rules, history, start), cool_down_days=max(policy.rules.cool_down_days, (as_of - start).days)
    )
    plan_id = start.isoformat()
    return plan_contacts(options, history.customers, rules, plan_id=plan_id, language=language, unproven=unproven)


def _contacted(history: History, as_of: date, cap_days: int) -> pl.LazyFrame:
    ago = (pl.lit(as_of) - pl.col("touched_on")).dt.total_days()
    return history.contacts.group_by("customer_id", "channel").agg(
        contact_count=(ago < cap_days).sum().cast(pl.Int64), days_since_contact=ago.min()
    )


def _left_over(rules: PlanRules, history: History, start: date) -> PlanRules:
    """The rules with what the period's contacts so far have left of capacities and budget."""
    made = history.contacts.filter(pl.col("touched_on") > start).group_by("channel").agg(pl.len())
    counts: Mapping[str, int] = dict(made.collect().iter_rows())
    spent = sum(rule.cost * counts.get(name, 0) for name, rule in rules.channels.items())
    channels = {
        name: replace(rule, capacity=None if rule.capacity is None else max(rule.capacity - counts.get(name, 0), 0))
        for name, rule in rules.channels.items()
    }
    return replace(rules, channels=channels, budget=None if rules.budget is None else max(rules.budget - spent, 0.0))
