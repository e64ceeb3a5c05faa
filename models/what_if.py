"""What if there were more money, or more calls? The plan solved anew within other limits, from the published tables.

Customers who are held out stay out of it; those who explore count as if they followed the plan. Intervals hold the
doubt about each channel's mean effect (95 %), taken as one for all its contacts, as it is; not how customers differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import norm

from models.allocation import NOBODY, Scarcity, allocate
from models.channels import CHANNEL_WORDS
from models.contact_plan import PlanRules
from models.random_groups import draws
from models.sentences import number, worded

Floats = npt.NDArray[np.float64]

WHAT_IF_SCHEMA = pl.Schema(
    {
        "lever": pl.String,
        "amount": pl.Float64,
        "is_plan": pl.Boolean,
        "contact_count": pl.Int64,
        "cost": pl.Float64,
        "added_margin": pl.Float64,
        "added_low": pl.Float64,
        "added_high": pl.Float64,
        "next_price": pl.Float64,
        "reason": pl.String,
    }
)
PLAN, BUDGET = "plan", "budget"
_BUDGETS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
_CAPACITIES = (0.0, 0.5, 1.0, 2.0)
_SAMPLE = 20_000
_LEVEL = 0.95
# More contacts of a channel than this price, in money per contact, are worth a word.
_WORTH_TELLING = 0.005

_TEXTS = {
    "en": {
        "budget": "The next {currency} belongs in the budget: it would add up to {price} {currency} net.",
        "channel": "The next {currency} belongs in more {many}: one more would add up to {price} {currency} net.",
        "nothing": "No more money or contacts are needed: no further contact adds more than it costs.",
    },
    "de": {
        "budget": "Der nächste {currency} gehört ins Budget: er brächte netto bis zu {price} {currency}.",
        "channel": (
            "Der nächste {currency} gehört in mehr {many}: ein Kontakt mehr brächte netto bis zu {price} {currency}."
        ),
        "nothing": "Mehr Geld oder Kontakte braucht es nicht: kein weiterer Kontakt bringt mehr, als er kostet.",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Offers:
    """The contacts that can be made: margins and what they count (channels, customers), -inf where nothing is possible.

    `errors` is the doubt about the mean effect of each channel; `share` the part of all customers that is looked at.
    """

    channels: tuple[str, ...]
    margins: Floats
    worth: Floats
    errors: Floats
    draw: Floats
    share: float


@dataclass(frozen=True)
class Solved:
    """A plan within some limits: contacts by channel, cost, the margin added with its interval, and the prices.

    A price is what one more of a limit would add, less its cost, each contact counting by its priority.
    """

    contacts: Mapping[str, float]
    cost: float
    margin: float
    low: float
    high: float
    prices: Mapping[str, float]


def offers(
    channels: pl.DataFrame, contacts: pl.DataFrame, effects: pl.DataFrame, rules: PlanRules, *, most: int = _SAMPLE
) -> Offers:
    """Return the possible contacts from next_best_channel, contact_plan and channel_effects as they are published.

    Of more than `most` customers a sample is taken by hash: then limits of a few contacts are told but roughly.
    """
    names = tuple(rules.channels)
    people = contacts.filter(pl.col("arm") != "holdout").select("customer_id", "priority").sort("customer_id")
    draw = draws(people["customer_id"], "what if")
    share = min(1.0, most / max(people.height, 1))
    kept = people.filter(pl.Series(draw < share))
    is_open = pl.col("obstacle").is_null() | (pl.col("obstacle") == "closed")
    margin = pl.when(is_open).then("expected_margin").alias("margin")
    wide = channels.select("customer_id", "channel", margin).pivot("channel", index="customer_id", values="margin")
    missing = [pl.lit(None, pl.Float64).alias(name) for name in names if name not in wide.columns]
    joined = kept.join(wide.with_columns(missing), on="customer_id", how="left", maintain_order="left")
    margins = joined.select(names).cast(pl.Float64).fill_null(np.nan).to_numpy().T
    costs = rules.scarcity.costs[:, None]
    worth = np.where(np.isnan(margins), -np.inf, (margins - costs) * joined["priority"].to_numpy())
    errors = dict(effects.select("channel", "planned_error").iter_rows())
    doubt = np.array([errors.get(name) or 0.0 for name in names])
    return Offers(names, margins, worth, doubt, draw[draw < share], share)


def solve(offered: Offers, rules: PlanRules) -> Solved:
    """Return the best plan within the rules' capacities and budget."""
    scarcity = rules.scarcity
    scaled = Scarcity(scarcity.capacities * offered.share, scarcity.costs, scarcity.budget * offered.share)
    found = allocate(offered.worth, scaled, offered.draw)
    rows = np.flatnonzero(found.chosen != NOBODY)
    chosen = found.chosen[rows]
    counts = np.bincount(chosen, minlength=len(offered.channels)) / offered.share
    margin = float(offered.margins[chosen, rows].sum()) / offered.share
    reach = float(norm.ppf(0.5 + _LEVEL / 2.0)) * float(np.sqrt(((counts * offered.errors) ** 2).sum()))
    return Solved(
        contacts=dict(zip(offered.channels, counts.tolist(), strict=True)),
        cost=float(counts @ scarcity.costs),
        margin=margin,
        low=margin - reach,
        high=margin + reach,
        prices=dict(zip((*offered.channels, BUDGET), _prices(offered.worth, scaled, found.prices), strict=True)),
    )


def _prices(worth: Floats, scarcity: Scarcity, prices: Floats) -> list[float]:
    """The prices, with those of channels of which there is none: what its first contact would add to what is kept."""
    is_closed = scarcity.capacities < 1.0
    kept = (worth - scarcity.price_of(prices)[:, None])[~is_closed].max(axis=0, initial=0.0)
    first = (worth - prices[-1] * scarcity.costs[:, None] - kept).max(axis=1, initial=0.0)
    return [*np.where(is_closed, first, prices[:-1]).tolist(), float(prices[-1])]


def as_planned(rules: PlanRules, limits: pl.DataFrame) -> PlanRules:
    """Return the rules with the capacities and the budget of plan_limits: what is left of them in the period.

    Channels that are not among the limits were not planned with, and are left out.
    """
    left = dict(limits.select("limit_name", "capacity").iter_rows())
    channels = {
        name: replace(rule, capacity=None if left[name] is None else int(left[name]))
        for name, rule in rules.channels.items()
        if name in left
    }
    return replace(rules, channels=channels, budget=left[BUDGET])


def with_limits(
    rules: PlanRules, *, budget: float | None = None, capacities: Mapping[str, int] | None = None
) -> PlanRules:
    """Return the rules with another budget, and other capacities of some channels."""
    channels = dict(rules.channels)
    for name, capacity in (capacities or {}).items():
        channels[name] = replace(channels[name], capacity=capacity)
    return replace(rules, channels=channels, budget=rules.budget if budget is None else budget)


def what_if(offered: Offers, rules: PlanRules, *, currency: str, language: str) -> pl.DataFrame:
    """Return the plan, and the plan with other budgets and with other capacities of each channel (`WHAT_IF_SCHEMA`).

    `amount` is the budget, or the capacity of the channel that `lever` names; next_price is what one more of it adds.
    """
    plan = solve(offered, rules)
    rows = [_row(PLAN, plan.cost, plan, is_plan=True)]
    rows += [
        _row(lever, amount, solve(offered, changed), is_plan=False)
        for lever, amount, changed in _levers(plan, offered, rules)
    ]
    frame = pl.DataFrame(rows, schema_overrides={"next_price": pl.Float64}).with_columns(
        pl.col("amount", "cost", "added_margin", "added_low", "added_high", "next_price").round(2),
        reason=pl.when(pl.col("is_plan")).then(pl.lit(next_sentence(plan, rules, currency, language))),
    )
    return frame.select(pl.col(name).cast(dtype) for name, dtype in WHAT_IF_SCHEMA.items())


def where_next(plan: Solved, rules: PlanRules) -> tuple[str, float] | None:
    """Return the limit, one more of which adds most for its money, and what it adds; None where nothing adds.

    One more of the budget is a unit of money; one more contact is held against what it costs, and comes first where it
    costs nothing.
    """
    costs = {name: rule.cost for name, rule in rules.channels.items()} | {BUDGET: 1.0}
    worth = {name: price for name, price in plan.prices.items() if price >= _WORTH_TELLING}
    for_money = {name: price / costs[name] if costs[name] else np.inf for name, price in worth.items()}
    best = max(worth, key=lambda name: (for_money[name], worth[name], name), default=None)
    return None if best is None else (best, worth[best])


def next_sentence(plan: Solved, rules: PlanRules, currency: str, language: str) -> str:
    """Return in words where the next money belongs. What it adds is a price, and so the most that it can add."""
    texts, found = _TEXTS[language], where_next(plan, rules)
    if found is None:
        return texts["nothing"]
    name, price = found
    told = {"currency": currency, "price": pl.select(number(pl.lit(price), language, 2)).item()}
    if name == BUDGET:
        return worded(texts["budget"], **told)
    return worded(texts["channel"], many=CHANNEL_WORDS[language][name][1], **told)


def _budget_to_vary(plan: Solved, offered: Offers, rules: PlanRules) -> float:
    """The budget where it is scarce, else what the plan needs of it: beyond that the curve is flat."""
    if rules.budget is None or plan.prices[BUDGET] < _WORTH_TELLING:
        return plan.cost
    return rules.budget or solve(offered, replace(rules, budget=None)).cost


def _levers(plan: Solved, offered: Offers, rules: PlanRules) -> Iterator[tuple[str, float, PlanRules]]:
    base = _budget_to_vary(plan, offered, rules)
    if base > 0.0:
        for factor in _BUDGETS:
            yield BUDGET, factor * base, with_limits(rules, budget=factor * base)
    for name, rule in rules.channels.items():
        start = plan.contacts[name] if rule.capacity is None else rule.capacity
        if start > 0.0 and (plan.contacts[name] or plan.prices[name]):
            for factor in _CAPACITIES:
                yield name, int(factor * start), with_limits(rules, capacities={name: int(factor * start)})


def _row(lever: str, amount: float, solved: Solved, *, is_plan: bool) -> dict[str, object]:
    return {
        "lever": lever,
        "amount": float(amount),
        "is_plan": is_plan,
        "contact_count": round(sum(solved.contacts.values())),
        "cost": solved.cost,
        "added_margin": solved.margin,
        "added_low": solved.low,
        "added_high": solved.high,
        "next_price": solved.prices.get(lever),
    }
