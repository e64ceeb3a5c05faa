"""The loop of outreach in the twin: does a year of plans come near the oracle's?

    python -m benchmarks.closed_loop [--seeds 20] [--customers 6000] [--months 12]

Each month a plan by the shipped rules is made of all that happened so far, carried out and responded to. What its
contacts truly add, less their cost, is compared with what knowing the true effect on every customer would allow within
the same rules (the oracle), and with plain ways.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.twin_history import history_of
from models.allocation import NOBODY, Scarcity, allocate
from models.contact_plan import ChannelRule, PlanRules
from models.customer_history import History
from models.outreach import Policy, outreach
from twin.months import CHANNELS, World, begin, play

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Row = tuple[str, str, str]

# The shipped 40 calls a week, for a company of 6,000.
_CALLS = 160 / 6_000
_AT_ONCE = 2
WAYS = ("oracle", "ours", "mail to all", "call whom one can", "random")


def shipped_policy(customers: int) -> Policy:
    """The rules that a company has that sets none but for a smaller hold-out group (a tenth is shipped), its calls in
    proportion to its size. Text messages and letters are closed: this company writes none."""
    channels = {
        "email": ChannelRule(0.01, None, 4),
        "phone": ChannelRule(5.0, round(_CALLS * customers), 1),
        **dict.fromkeys(("sms", "post"), ChannelRule(0.0, 0, 0)),
    }
    rules = PlanRules(
        channels, overall_cap=6, cool_down_days=3, budget=None, holdout_share=0.05, explore_share=0.05
    )  # fmt: skip
    return Policy(rules)


def known_history(world: World, plans: dict[date, pl.DataFrame]) -> History:
    """What the company knows by now, of whom it may contact too."""
    known = history_of(world)
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
    for _ in range(months):
        known = known_history(world, plans)
        found = outreach(known, as_of=world.today, policy=policy, seed=seed)
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


def loop_rows(seeds: int, customers: int, months: int) -> Iterator[Row]:
    """The year's added margin less costs, as shares of the oracle's, over companies."""
    with ProcessPoolExecutor(_AT_ONCE, mp_context=get_context("spawn")) as pool:
        years = list(pool.map(partial(played_year, customers, months=months), range(seeds)))
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
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--customers", type=int, default=6_000)
    parser.add_argument("--months", type=int, default=12)
    arguments = parser.parse_args()
    print("\n## The closed loop\n\n| figure | asked | ours |\n|---|---|---|", flush=True)
    started = time.monotonic()
    for figure, asked, ours in loop_rows(arguments.seeds, arguments.customers, arguments.months):
        print(f"| {figure} | {asked} | {ours} |", flush=True)
    print(f"| seconds for all of this | | {time.monotonic() - started:.0f} |", flush=True)


if __name__ == "__main__":
    main()
