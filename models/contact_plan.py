"""The coming period's plan: at most one marketing contact per customer, through the channel where it adds most.

A contact must be allowed, and nothing may stand against it: suppression, an open complaint, a contact only days ago,
caps on how often. What is then possible is shared out by `models.allocation` within capacities and the budget.

A stable hold-out group gets nothing and a small share of the others explores, both by lot. So what the plan did can be
measured without bias afterwards: `propensity` is the probability with which this customer got what he got, and
`chance_<channel>` and `chance_none` are those of all that he could have got.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from models.allocation import NOBODY, Allocation, Scarcity, allocate, within_limits
from models.plan_reasons import plan_reason
from models.random_groups import drawn_channels, draws, exploring_probabilities, exploring_shares, promising

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

PLAN_SCHEMA = pl.Schema(
    {
        "plan_id": pl.String,
        "customer_id": pl.String,
        "channel": pl.String,
        "arm": pl.String,
        "propensity": pl.Float64,
        "expected_margin": pl.Float64,
        "cost": pl.Float64,
        "reason": pl.String,
    }
)
NONE = "none"
# By at most this share, drawn by lot, contacts are told apart that are worth the same: so prices decide between them,
# for those in other arms as for those who follow the plan. What it costs is in the gap.
_TIE_BREAK = 1e-3


@dataclass(frozen=True)
class ChannelRule:
    """What a contact costs, how many can be made in the period (None: no limit) and how many one customer may get.

    `frequency_cap` counts within the window that `contact_count` counts in; zero means nobody through this channel.
    """

    cost: float
    capacity: int | None
    frequency_cap: int


@dataclass(frozen=True)
class PlanRules:
    """The rules of a plan. `overall_cap` is over all channels, `budget` None means no limit."""

    channels: Mapping[str, ChannelRule]
    overall_cap: int
    cool_down_days: int
    budget: float | None
    holdout_share: float
    explore_share: float

    def __post_init__(self) -> None:
        shares = (self.holdout_share, self.explore_share)
        if not all(0.0 <= share < 1.0 for share in shares):
            raise ValueError(f"Hold-out and exploring shares must be at least 0 and below 1; found {shares}.")
        rules = self.channels.values()
        if any(rule.cost < 0.0 or rule.frequency_cap < 0 or (rule.capacity or 0) < 0 for rule in rules):
            raise ValueError(f"Costs, caps and capacities must not be negative; found {dict(self.channels)}.")

    def is_shut(self, rule: ChannelRule) -> bool:
        """Whether a limit or cap of this way is zero."""
        return 0 in (rule.capacity, rule.frequency_cap, self.overall_cap)

    def is_closed(self, rule: ChannelRule) -> bool:
        """Whether nobody can be contacted this way: it is shut, or the budget does not pay for one."""
        return self.is_shut(rule) or (self.budget is not None and rule.cost > self.budget)

    @property
    def scarcity(self) -> Scarcity:
        """Capacities, costs and the budget as numbers."""
        rules = list(self.channels.values())
        return Scarcity(
            capacities=np.array([np.inf if rule.capacity is None else float(rule.capacity) for rule in rules]),
            costs=np.array([rule.cost for rule in rules]),
            budget=np.inf if self.budget is None else self.budget,
        )


@dataclass(frozen=True)
class Plan:
    """The plan (`PLAN_SCHEMA`, priority, chances; one row per customer, sorted by customer_id), and how it was reached.

    `obstacles` has a row per customer and channel: what stands against a contact, null where nothing does. `limits` has
    a row per channel, and one for the budget: capacity (null: none), used, open_count (customers with whom the channel
    was possible) and price, what one more contact, or one more unit of money, would add.
    """

    contacts: pl.DataFrame
    obstacles: pl.DataFrame
    limits: pl.DataFrame
    value: float
    bound: float
    gap: float


@dataclass(frozen=True)
class _Lots:
    """Who is in which arm, what explorers got, with which probability each customer explores, and with which he would
    then get each channel (none last)."""

    is_held_out: Booleans
    explores: Booleans
    explored: Integers
    shares: Floats
    probabilities: Floats


def plan_contacts(
    options: pl.DataFrame,
    customers: pl.DataFrame,
    rules: PlanRules,
    *,
    plan_id: str,
    language: str = "en",
    unproven: Collection[str] = (),
) -> Plan:
    """Return the plan for all `customers`.

    `customers` has customer_id, is_suppressed, has_open_complaint, has_open_followup (of service: it comes first) and
    priority (a factor on what a contact adds, null for 1). `options` has customer_id, channel, expected_margin (null:
    unknown, so only explored), margin_error (its standard error, null for 0), is_allowed (consent and an address),
    contact_count (in the caps' window) and days_since_contact (null: never); an absent row is not allowed. Rows of
    other channels than the rules' tell of contacts that were made by them, which count for the cap over all and the
    cool-down. Nobody gets a contact that is not expected to add more than it costs, unless he explores. Reasons say of
    `unproven` channels that their effect is not shown.
    """
    people = _blocked_channels(options, customers, rules).collect()
    channels = list(rules.channels)
    is_open = np.vstack([people[f"blocked_{name}"].is_null().to_numpy() for name in channels])
    priority = people["priority"].to_numpy()
    margins, errors = (
        np.vstack([people[f"{what}_{name}"].to_numpy() for name in channels]) for what in ("margin", "error")
    )
    net = (margins - rules.scarcity.costs[:, None]) * priority
    worth = np.where(is_open & ~np.isnan(margins), net, -np.inf)
    wanted = promising(net, errors * priority, is_open)
    lots = _lots(people["customer_id"], wanted, rules, plan_id)
    found = _allocated(worth, lots, rules, draws(people["customer_id"], f"tie {plan_id}"))
    chosen = np.where(lots.is_held_out, NOBODY, np.where(lots.explores, lots.explored, found.chosen))
    chances = _chances(found.preferred, lots, rules)
    reason = plan_reason(channels, language, unproven)
    contacts = _contacts(people, chosen, chances, lots, rules, reason)
    drawn = [pl.Series(f"chance_{name}", chance) for name, chance in zip([*channels, NONE], chances, strict=True)]
    return Plan(
        contacts=contacts.with_columns(plan_id=pl.lit(plan_id)).select(*PLAN_SCHEMA.names(), "priority", *drawn),
        obstacles=_obstacles(people, channels),
        limits=_limits(chosen, is_open, found, rules),
        value=found.value,
        bound=found.bound,
        gap=found.gap,
    )


def _blocked_channels(options: pl.DataFrame, customers: pl.DataFrame, rules: PlanRules) -> pl.LazyFrame:
    """Customers by customer_id, with what stands against each channel (blocked_*, null: open) and margin_*."""
    people = customers.lazy().sort("customer_id").with_columns(pl.col("priority").fill_null(1.0).cast(pl.Float64))
    seen = (
        options.lazy()
        .group_by("customer_id")
        .agg(all_count=pl.col("contact_count").sum(), days=pl.col("days_since_contact").min())
    )
    people = people.join(seen, on="customer_id", how="left", maintain_order="left")
    for name, rule in rules.channels.items():
        own = (
            options.lazy()
            .filter(pl.col("channel") == name)
            .select(
                "customer_id",
                is_allowed_here="is_allowed",
                count_here="contact_count",
                **{
                    f"{what}_{name}": pl.col(column).cast(pl.Float64)
                    for what, column in (("margin", "expected_margin"), ("error", "margin_error"))
                },
            )
        )
        people = people.join(own, on="customer_id", how="left", maintain_order="left", validate="1:1")
        people = people.with_columns(
            _obstacle(rules, rule).alias(f"blocked_{name}"),
            pl.col(f"margin_{name}", f"error_{name}").fill_null(float("nan")),
        ).drop("is_allowed_here", "count_here")
    return people


def _obstacle(rules: PlanRules, rule: ChannelRule) -> pl.Expr:
    """The first thing that stands against a contact through this channel, null where nothing does."""
    return (
        pl.when(pl.col("is_suppressed").fill_null(True)).then(pl.lit("suppressed"))
        .when(pl.col("has_open_complaint").fill_null(False)).then(pl.lit("complaint"))
        .when(pl.col("has_open_followup").fill_null(False)).then(pl.lit("followup"))
        .when(~pl.col("is_allowed_here").fill_null(False)).then(pl.lit("consent"))
        .when(pl.col("days").fill_null(rules.cool_down_days) < rules.cool_down_days).then(pl.lit("cool_down"))
        .when(pl.lit(rules.overall_cap > 0) & (pl.col("all_count").fill_null(0) >= rules.overall_cap))
        .then(pl.lit("overall_cap"))
        .when(pl.lit(rule.frequency_cap > 0) & (pl.col("count_here").fill_null(0) >= rule.frequency_cap))
        .then(pl.lit("channel_cap"))
        .when(pl.lit(rules.is_closed(rule))).then(pl.lit("closed"))
    )  # fmt: skip


def _lots(customer: pl.Series, wanted: Floats, rules: PlanRules, plan_id: str) -> _Lots:
    is_held_out = draws(customer, "holdout") < rules.holdout_share
    shares = exploring_shares(wanted, rules.explore_share)
    explores = ~is_held_out & (draws(customer, f"explore {plan_id}") < shares)
    limits = rules.explore_share * rules.scarcity.limits if rules.explore_share else np.zeros(len(wanted) + 1)
    probabilities = exploring_probabilities(
        wanted, shares, Scarcity(limits[:-1], rules.scarcity.costs, float(limits[-1]))
    )
    draw = draws(customer, f"channel {plan_id}")
    explored = np.where(explores, drawn_channels(probabilities, draw), NOBODY)
    # Explorers need a small share of each limit on average, all of it once in a blue moon, and never more.
    explored = within_limits(explored, np.ones(wanted.shape), rules.scarcity, draw)
    return _Lots(is_held_out, explores, explored, shares, probabilities)


def _allocated(worth: Floats, lots: _Lots, rules: PlanRules, draw: Floats) -> Allocation:
    """The policy's plan, within what explorers leave. Prices tell what those in other arms would have got by it: never
    a contact of which explorers have left nothing."""
    used = rules.scarcity.used(lots.explored)
    left = Scarcity(rules.scarcity.capacities - used[:-1], rules.scarcity.costs, rules.scarcity.budget - used[-1])
    follows = ~lots.is_held_out & ~lots.explores
    is_left = (left.capacities >= 1.0) & (left.costs <= left.budget)
    told_apart = np.where(is_left[:, None], worth * (1.0 + _TIE_BREAK * draw), -np.inf)
    found = allocate(told_apart[:, follows], left, draw[follows])
    reduced = told_apart - left.price_of(found.settled_prices)[:, None]
    would_get = np.where(reduced.max(axis=0, initial=-np.inf) > 0.0, reduced.argmax(axis=0), NOBODY)
    would_get[follows] = found.chosen
    chosen = np.where(follows, would_get, NOBODY)
    rows = np.flatnonzero(chosen != NOBODY)
    return replace(found, chosen=chosen, preferred=would_get, value=float(worth[chosen[rows], rows].sum()))


def _chances(policy: Integers, lots: _Lots, rules: PlanRules) -> Floats:
    """The probabilities, over all lots, with which each customer gets each channel or, last, none."""
    follows = np.zeros_like(lots.probabilities)
    follows[policy, np.arange(len(policy))] = 1.0
    acting = (1.0 - lots.shares) * follows + lots.shares * lots.probabilities
    chances = (1.0 - rules.holdout_share) * acting
    chances[NOBODY] += rules.holdout_share
    return np.asarray(chances)


def _obstacles(people: pl.DataFrame, channels: list[str]) -> pl.DataFrame:
    per_channel = [
        people.select("customer_id", pl.lit(name).alias("channel"), pl.col(f"blocked_{name}").alias("obstacle"))
        for name in channels
    ]
    return pl.concat(per_channel)


def _limits(chosen: Integers, is_open: Booleans, found: Allocation, rules: PlanRules) -> pl.DataFrame:
    limits = rules.scarcity.limits
    return pl.DataFrame(
        {
            "limit": [*rules.channels, "budget"],
            "capacity": [None if np.isinf(limit) else float(limit) for limit in limits],
            "used": rules.scarcity.used(chosen),
            "open_count": [*is_open.sum(axis=1).tolist(), int(is_open.any(axis=0).sum())],
            "price": found.prices,
        },
        schema_overrides={"capacity": pl.Float64},
    )


def _contacts(
    people: pl.DataFrame, chosen: Integers, chances: Floats, lots: _Lots, rules: PlanRules, reason: pl.Expr
) -> pl.DataFrame:
    names = [*rules.channels, NONE]
    costs = [*(rule.cost for rule in rules.channels.values()), 0.0]
    arm = np.where(lots.is_held_out, "holdout", np.where(lots.explores, "explore", "policy"))
    own_margin = pl.coalesce(
        pl.when(pl.col("channel") == name).then(pl.col(f"margin_{name}").fill_nan(None)) for name in rules.channels
    )
    places = pl.Series("place", np.where(chosen == NOBODY, len(names) - 1, chosen))
    return people.with_columns(
        places.replace_strict(dict(enumerate(names)), return_dtype=pl.String).alias("channel"),
        places.replace_strict(dict(enumerate(costs)), return_dtype=pl.Float64).alias("cost"),
        pl.Series("arm", arm),
        pl.Series("propensity", chances[chosen, np.arange(len(chosen))]),
    ).with_columns(expected_margin=own_margin).with_columns(reason=reason)  # fmt: skip
