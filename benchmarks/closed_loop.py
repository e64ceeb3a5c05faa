"""The loop of outreach in the twin: are effects learned without bias, and does a year of plans come near the oracle's?

    python -m benchmarks.closed_loop [--only effects loop] [--seeds 20] [--customers 6000] [--months 12]

effects: the mean effect per channel from a history in which the best customers were mailed and called, against the
truth, beside the naive difference. loop: each month effects are learned from all that happened so far, and a plan by
the shipped rules is made, carried out and responded to. What its contacts truly add, less their cost, is compared with
what knowing the true effect on every customer would allow within the same rules (the oracle), and with plain ways.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.twin_history import history_of
from models.allocation import NOBODY, Scarcity, allocate
from models.contact_plan import ChannelRule, PlanRules
from models.customer_history import History
from models.decision_points import as_decisions, decision_points
from models.effects import doubly_robust, held_out_difference, mean_effects
from models.outreach import Policy, outreach
from twin.clock import day_number
from twin.months import CHANNELS, World, begin, play
from twin.parameters import Parameters

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Row = tuple[str, str, str]

# The shipped 40 calls a week, for a company of 6,000.
_CALLS = 160 / 6_000
_RELEARNED = 3
BIASED = Parameters(selective_mailing_share=0.6)
WAYS = ("oracle", "ours", "mail to all", "call whom one can", "random")


def shipped_policy(customers: int) -> Policy:
    """The rules that a company has that sets none but for a smaller hold-out group (a tenth is shipped), its calls in
    proportion to its size. Text messages and letters are closed: the twin has none."""
    channels = {
        "email": ChannelRule(0.01, None, 4),
        "phone": ChannelRule(5.0, round(_CALLS * customers), 1),
        **dict.fromkeys(("sms", "post"), ChannelRule(0.0, 0, 0)),
    }
    rules = PlanRules(
        channels, overall_cap=6, cool_down_days=3, budget=None, holdout_share=0.05, explore_share=0.05
    )  # fmt: skip
    return Policy(rules)


@dataclass(frozen=True)
class Learned:
    """One channel in one company: the true mean effect, ours with its interval, and the naive difference."""

    channel: str
    truth: float
    ours: float
    low: float
    high: float
    naive: float


def learned_effects(customers: int, seed: int, policy: Policy) -> list[Learned]:
    """Return what a biased history shows of each channel, by our estimate and by the naive one."""
    world = begin(customers, seed=seed, parameters=BIASED)
    known = known_history(world, {})
    points = decision_points(known, as_of=world.today, horizon_days=policy.horizon_days, period_days=policy.period_days)
    decisions = as_decisions(points)
    scores = doubly_robust(decisions, difference=held_out_difference(decisions))
    place = {name: number for number, name in enumerate(decisions.arms)}
    found = []
    for effect in mean_effects(scores):
        both = scores.has_overlap[:, 0] & scores.has_overlap[:, place[effect.arm]]
        outcome = {arm: points["outcome"].filter(points["arm"] == arm).mean() for arm in ("none", effect.arm)}
        naive = float(outcome[effect.arm]) - float(outcome["none"])  # type: ignore[arg-type]
        truth = float(_true_effects(world, points, effect.arm)[both].mean())
        found.append(Learned(effect.arm, truth, effect.effect, effect.low, effect.high, naive))
    return found


def _true_effects(world: World, points: pl.DataFrame, channel: str) -> Floats:
    """The true effect of a contact in the week after each decision, the customer alive in its middle or not."""
    people = _places(world, points["customer_id"])
    first = world.company.calendar.first
    day = points["day"].map_elements(day_number, return_dtype=pl.Int64).to_numpy() - first + 3
    traits, own = world.company.traits, world.company.own
    is_alive = (traits.first_order[people] < day) & (own.gone_from[people] > day)
    return np.where(is_alive, world.margin_of_contact(channel)[people], 0.0)


def known_history(world: World, plans: dict[date, pl.DataFrame]) -> History:
    """What the company knows by now, of whom it may contact too."""
    known = history_of(world.company, world.newsletter, world.calls, world.orders_so_far)
    is_open = pl.Series(world.can_be_reached("email"))
    customers = known.customers.with_columns(consent_email=is_open, has_email=is_open)
    return History(known.orders, known.touches, customers, plans)


def _places(world: World, ids: pl.Series) -> Integers:
    names = world.company.people.frame["person_id"]
    places = pl.DataFrame({"customer_id": names, "place": np.arange(len(names))})
    joined = pl.DataFrame({"customer_id": ids}).join(places, on="customer_id", how="left", maintain_order="left")
    return joined["place"].to_numpy()


@dataclass
class Year:
    """What each way has added so far, less costs, and whom it called the month before: nobody is called twice running,
    since the cap on calls looks back 30 days."""

    policy: Policy
    value: dict[str, float] = field(default_factory=lambda: dict.fromkeys(WAYS, 0.0))
    called: dict[str, Integers] = field(default_factory=lambda: {way: np.zeros(0, np.int64) for way in WAYS})

    def add(self, way: str, world: World, contacts: dict[str, Integers]) -> None:
        """Count a month's contacts by what they truly add on average."""
        for channel, people in contacts.items():
            reached = people[world.can_be_reached(channel)[people]]
            self.value[way] += float((world.added_margin(channel)[reached] - self.policy.costs[channel]).sum())
        self.called[way] = contacts.get("phone", np.zeros(0, np.int64))

    def open_to(self, way: str, world: World) -> Booleans:
        """Whom this way may contact through each channel now, (channels, customers)."""
        is_open = np.vstack([world.can_be_reached(channel) for channel in CHANNELS])
        is_open[CHANNELS.index("phone"), self.called[way]] = False
        return is_open


def played_year(customers: int, seed: int, months: int) -> Year:
    """Play one company for some months by our plans, and reckon what other ways would have added in the same months."""
    policy = shipped_policy(customers)
    world, year, plans = begin(customers, seed=seed), Year(policy), {}
    random = np.random.default_rng([seed, 1])
    evidence = None
    for month in range(months):
        # Effects are learned anew every third month: that is what takes the time.
        if month % _RELEARNED == 0:
            evidence = None
        known = known_history(world, plans)
        found = outreach(known, as_of=world.today, policy=policy, seed=seed, evidence=evidence)
        evidence = found.evidence
        plans[world.today] = found.plan.contacts
        ours = {
            name: _places(world, found.plan.contacts.filter(channel=name)["customer_id"]) for name in CHANNELS
        }  # fmt: skip
        year.add("ours", world, ours)
        for way in WAYS:
            if way != "ours":
                year.add(way, world, _other_way(way, year, world, random))
        world = play(world, ours)
    return year


def _other_way(way: str, year: Year, world: World, random: np.random.Generator) -> dict[str, Integers]:
    is_open = year.open_to(way, world)
    rules = year.policy.rules
    limits = [rules.channels[name].capacity for name in CHANNELS]
    lot = random.random(is_open.shape[1])
    if way == "oracle":
        net = [world.added_margin(name) - rules.channels[name].cost for name in CHANNELS]
        capacities = np.array([np.inf if limit is None else float(limit) for limit in limits])
        scarcity = Scarcity(capacities, np.array([rules.channels[name].cost for name in CHANNELS]), np.inf)
        chosen = allocate(np.where(is_open, np.vstack(net), -np.inf), scarcity, lot).chosen
    elif way == "random":
        drawn = random.integers(0, len(CHANNELS), is_open.shape[1])
        drawn = np.where(is_open.all(axis=0), drawn, np.argmax(is_open, axis=0))
        chosen = np.where(is_open.any(axis=0), drawn, NOBODY)
    else:
        channel = {"mail to all": 0, "call whom one can": 1}[way]
        chosen = np.where(is_open[channel], channel, NOBODY)
    order = np.argsort(lot, kind="stable")
    contacts = {}
    for place, name in enumerate(CHANNELS):
        people = order[chosen[order] == place]
        contacts[name] = people[: limits[place]].astype(np.int64)
    return contacts


def effect_rows(seeds: int, customers: int) -> Iterator[Row]:
    """Bias against the naive difference, and coverage, over companies."""
    policy = shipped_policy(customers)
    found = [each for seed in range(seeds) for each in learned_effects(customers, seed, policy)]
    covered = np.mean([each.low <= each.truth <= each.high for each in found])
    for channel in CHANNELS:
        rows = [each for each in found if each.channel == channel]
        truth, ours, naive = (np.array([getattr(each, name) for each in rows]) for name in ("truth", "ours", "naive"))
        bias, error, naive_bias = (
            (ours - truth).mean(),
            (ours - truth).std() / np.sqrt(len(rows)),
            (naive - truth).mean(),
        )
        yield (
            f"bias of the mean effect, {channel}, {seeds} companies",
            f"<= {abs(naive_bias) / 5:.3f} (a fifth of the naive)",
            f"{bias:+.3f} +- {error:.3f} (naive {naive_bias:+.3f}, truth {truth.mean():.3f})",
        )
    yield f"95 % intervals that cover the truth, {len(found)}", "90 to 99 %", f"{covered:.1%}"


def loop_rows(seeds: int, customers: int, months: int) -> Iterator[Row]:
    """The year's added margin less costs, as shares of the oracle's, over companies."""
    years = [played_year(customers, seed, months) for seed in range(seeds)]
    name = f"{months} months, {seeds} companies of {customers:,}"
    for way in WAYS[1:]:
        shares = np.array([year.value[way] / year.value["oracle"] for year in years])
        asked = ">= 75 %" if way == "ours" else "below ours"
        pooled = sum(year.value[way] for year in years) / sum(year.value["oracle"] for year in years)
        yield f"{name}: {way}, share of the oracle's", asked, f"{pooled:.1%} ({shares.min():.1%} to {shares.max():.1%})"
    others = [max(year.value[way] for way in WAYS[2:]) for year in years]
    above = sum(year.value["ours"] > other for year, other in zip(years, others, strict=True))
    yield f"{name}: ours above all plain ways", f"{seeds}", f"{above}"


def main() -> None:
    """Measure the parts that were asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="*", choices=["effects", "loop"], default=["effects", "loop"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--customers", type=int, default=6_000)
    parser.add_argument("--months", type=int, default=12)
    arguments = parser.parse_args()
    print("\n## The closed loop\n\n| figure | asked | ours |\n|---|---|---|", flush=True)
    for part in arguments.only:
        started = time.monotonic()
        rows = (
            effect_rows(arguments.seeds, arguments.customers)
            if part == "effects"
            else loop_rows(arguments.seeds, arguments.customers, arguments.months)
        )
        for figure, asked, ours in rows:
            print(f"| {figure} | {asked} | {ours} |", flush=True)
        print(f"| seconds for all of this ({part}) | | {time.monotonic() - started:.0f} |", flush=True)


if __name__ == "__main__":
    main()
