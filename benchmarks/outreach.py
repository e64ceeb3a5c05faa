"""Whom to contact next: effects, the gate, the contact plan and experiments, on public data and on known truth.

    python -m benchmarks.outreach [--only hillstrom gate plan looks history messages lots speed]

Prints one table: what was asked, what we reached.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.biased_history import bias_rows, message_rows, speed_rows
from benchmarks.campaigns import (
    HILLSTROM_ARMS,
    hillstrom,
    one_against_none,
    our_qini,
    simulated_campaign,
    splits,
    two_model_qini,
)
from benchmarks.looks import false_alarms
from benchmarks.plans import company_to_plan, rules_for, violations
from benchmarks.repeated_plans import lot_rows
from models.contact_plan import plan_contacts
from models.effects import doubly_robust, mean_effects
from models.personalisation import judge

REPO_ROOT = Path(__file__).resolve().parents[1]
SHARED_TEST_DATA = Path(os.environ.get("STAMMKUNDE_SHARED_DATA", REPO_ROOT.parent / "shared" / "data"))
CAMPAIGNS = 100
PLANNED = 1_000_000
LOOKED_AT = 1_000
PUBLISHED_EFFECTS = {"Mens E-Mail": (0.0766, 0.0034), "Womens E-Mail": (0.0452, 0.0032)}
ASKED_QINI = {"Mens E-Mail": 0.013, "Womens E-Mail": 0.063}

Row = tuple[str, str, str]


def main() -> None:
    """Measure the parts that were asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parts = parser.parse_args().only
    print("\n## Whom to contact next\n\n| figure | asked | ours |\n|---|---|---|", flush=True)
    for part in parts:
        started = time.monotonic()
        for figure, asked, ours in PARTS[part]():
            print(f"| {figure} | {asked} | {ours} |", flush=True)
        print(f"| seconds for all of this ({part}) | | {time.monotonic() - started:.0f} |", flush=True)


def hillstrom_rows() -> Iterator[Row]:
    """Effects, Qini and the gate on the public campaign."""
    decisions = hillstrom(SHARED_TEST_DATA / "hillstrom")
    for found in mean_effects(doubly_robust(decisions)):
        effect, error = PUBLISHED_EFFECTS[found.arm]
        yield f"visit effect, {found.arm}", f"{effect} +- {error}", f"{found.effect:.4f} +- {found.standard_error:.4f}"
    for arm, name in enumerate(HILLSTROM_ARMS[1:], start=1):
        pairs = list(splits(one_against_none(decisions, arm)))
        ours, theirs = ([qini(*pair) for pair in pairs] for qini in (our_qini, two_model_qini))
        yield (
            f"Qini of visits, {name}, 10 splits 70/30",
            f">= {ASKED_QINI[name]}",
            f"{np.mean(ours):.4f} +- {np.std(ours):.4f} (two logistic models {np.mean(theirs):.4f})",
        )
    for outcome in ("visit", "spend"):
        ruling = judge(hillstrom(SHARED_TEST_DATA / "hillstrom", outcome=outcome))
        said = "personal" if ruling.is_personal else f"{HILLSTROM_ARMS[ruling.best_arm]} to all"
        yield f"gate, {outcome}", "Mens E-Mail to all", f"{said} (gain {ruling.gain:.4f}, from {ruling.gain_low:.4f})"


def gate_rows() -> Iterator[Row]:
    """False claims and finds of the gate on simulated campaigns."""
    for best_arm_differs, figure, asked in (
        (False, "false claims that personalising pays", "<= 5"),
        (True, "found that personalising pays", ">= 80"),
    ):
        claims = [
            judge(simulated_campaign(seed, best_arm_differs=best_arm_differs)).is_personal for seed in range(CAMPAIGNS)
        ]
        yield f"{figure}, of {CAMPAIGNS} campaigns", asked, f"{sum(claims)}"


def plan_rows() -> Iterator[Row]:
    """Seconds, gap and violations of a large plan."""
    options, customers = company_to_plan(PLANNED, seed=1)
    rules = rules_for(PLANNED)
    started = time.monotonic()
    plan = plan_contacts(options, customers, rules, plan_id="2026-11")
    name = f"plan for {PLANNED:,} customers x {len(rules.channels)} channels"
    yield f"{name}, seconds", "<= 60", f"{time.monotonic() - started:.1f}"
    yield f"{name}, gap to the bound", "<= 0.5 %", f"{plan.gap:.3%}"
    yield f"{name}, violations", "0", f"{sum(violations(plan, options, customers, rules).values())}"


def look_rows() -> Iterator[Row]:
    """False alarms of campaigns that do nothing, looked at every day for four weeks."""
    for kind in ("arriving", "maturing"):
        ours, naive = false_alarms(LOOKED_AT, kind=kind)
        yield (
            f"A/A campaigns with daily looks, outcomes {kind}, false alarms of {LOOKED_AT}",
            f"<= {LOOKED_AT // 20}",
            f"{ours} (a t-test every day: {naive})",
        )


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "hillstrom": hillstrom_rows,
    "gate": gate_rows,
    "plan": plan_rows,
    "looks": look_rows,
    "history": bias_rows,
    "messages": message_rows,
    "lots": lot_rows,
    "speed": speed_rows,
}


if __name__ == "__main__":
    main()
