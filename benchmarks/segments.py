"""Segments, potential, next categories and leads: stability on public data, and the twin's known truth.

    python -m benchmarks.segments [--only behaviour potential categories leads]

Prints one table: what was asked, what we reached, and the candidates that lost.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import polars as pl
from scipy.stats import spearmanr

from benchmarks.hidden_orders import ALIKE, coverage, hidden_orders
from benchmarks.retail_behaviour import agreement, gaussian_mixture, k_means, ours, retail_values
from models.affinity import next_categories
from models.lead_history import LeadHistory
from models.leads import LeadTrial, lead_scores, trial_of
from models.potential import ALL
from twin.company import expected_orders, future_orders
from twin.first_contacts import invent_first_contacts
from twin.purchases import invent_purchases

REPO_ROOT = Path(__file__).resolve().parents[1]
SHARED_TEST_DATA = Path(os.environ.get("STAMMKUNDE_SHARED_DATA", REPO_ROOT.parent / "shared" / "data"))
AS_OF = date(2026, 6, 30)
# So far down sales reads the list of potential.
_FIRST = 200

Row = tuple[str, str, str]


def main() -> None:
    """Measure the parts that were asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parts = parser.parse_args().only
    print("\n## Segments, potential, next categories, leads\n\n| figure | asked | ours |\n|---|---|---|", flush=True)
    for part in parts:
        for row in PARTS[part]():
            print(f"| {' | '.join(row)} |", flush=True)


def behaviour_rows() -> Iterator[Row]:
    """How far the segments of Online Retail are those of resamples, beside other ways to find groups."""
    values = retail_values(SHARED_TEST_DATA / "online_retail")
    ways = {
        "boxes of round numbers (ours)": (ours, ">= .85 and higher than k-means"),
        "k-means, k by silhouette": (k_means(None), ""),
        "k-means, k = 4": (k_means(4), ""),
        "k-means, k = 5": (k_means(5), ""),
        "normal mixture, number by BIC": (gaussian_mixture, ""),
    }
    for name, (way, asked) in ways.items():
        count, told, mean, lowest = agreement(values, way, seed=2_026)
        yield (
            f"adjusted Rand index, 20 bootstraps of Online Retail: {name}",
            asked,
            f"{mean:.3f} (lowest {lowest:.3f}; {count} groups, {told:.0%} of variation)",
        )


def potential_rows() -> Iterator[Row]:
    """Coverage and ranking of potential where orders are hidden."""
    for name, parameters in (("customers differ", None), ("customers alike", ALIKE)):
        frames = [hidden_orders(5_000, seed, parameters) for seed in (11, 12, 13)]
        table = pl.concat(frames)
        for of_all, what in ((True, "all categories"), (False, "by category")):
            part = table.filter((pl.col("category") == ALL) == of_all)
            hidden, saturated = (coverage(part.filter(pl.col("hides") == hides)) for hides in (True, False))
            known = part.drop_nulls("potential")
            ranks = [spearmanr(known[column], known["full"]).statistic for column in ("potential", "segment_most")]
            room = [
                spearmanr(known[column] - known["actual"], known["full"] - known["actual"]).statistic
                for column in ("potential", "segment_most")
            ]
            label = f"{name}, {what}"
            first = known.filter("hides").sort(pl.col("potential") - pl.col("actual"), descending=True).head(_FIRST)
            yield (
                f"potential is not surpassed by the true spend, the {_FIRST} greatest rooms: {label}",
                "near .80",
                f"{(first['full'] <= first['potential'] + 0.01).mean():.3f}",
            )
            yield (
                f"90 % interval holds the true spend, orders hidden: {label}",
                ".87 to .93",
                f"{hidden:.3f} (nothing hidden: {saturated:.3f})",
            )
            yield (
                f"rank correlation with the true spend: {label}",
                "higher than segment's maximum",
                f"{ranks[0]:.3f} (segment's maximum {ranks[1]:.3f}); of the room {room[0]:.3f} ({room[1]:.3f})",
            )


def category_rows() -> Iterator[Row]:
    """Recall@3 on held-out time, of the twin's categories."""
    trials = next_categories(invent_purchases(8_000, seed=21)[1].lazy(), as_of=AS_OF).trials
    for trial in trials:
        who = f"customers of {trial.depth} categories so far" if trial.depth else "all customers"
        said = "told" if trial.is_better else "says nothing"
        yield (
            f"recall@3, {who} ({trial.customers})",
            "lift > 1, else abstain",
            f"{trial.recall:.3f} (most popular {trial.popular_recall:.3f}, lift {trial.lift:.2f}; {said})",
        )


def lead_rows() -> Iterator[Row]:
    """Chances of the twin's leads, on held-out time and in the twin's future."""
    for customers, seed in ((6_000, 31), (20_000, 32), (60_000, 33)):
        company, events, orders = invent_first_contacts(customers, seed)
        truth = company.people.frame.select(customer_id="person_id").with_columns(
            chance=pl.Series(expected_orders(company)), buys=pl.Series(future_orders(company) > 0)
        )
        leads = truth.join(orders, on="customer_id", how="anti")
        scores = lead_scores(LeadHistory(events, orders), leads, as_of=AS_OF)
        joined = scores.table.join(leads, on="customer_id")
        ahead = trial_of(joined["conversion_probability"].to_numpy(), joined["buys"].to_numpy())
        best = trial_of(joined["chance"].to_numpy(), joined["buys"].to_numpy())
        label = f"leads of a twin of {customers:,}"
        if scores.trial:
            yield f"{label}, held-out year", "Brier below the average's", _told(scores.trial)
        yield (
            f"{label}, the year after",
            "Brier below the average's",
            f"{_told(ahead)}; the truth itself {best.brier:.4f}",
        )


def _told(trial: LeadTrial) -> str:
    return (
        f"Brier {trial.brier:.4f} (average {trial.average_brier:.4f}), {trial.conversions} of {trial.leads} buy, "
        f"{trial.expected:.0f} expected, calibration error {trial.calibration_error:.3f}, top tenth {trial.lift:.2f}"
    )


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "behaviour": behaviour_rows,
    "potential": potential_rows,
    "categories": category_rows,
    "leads": lead_rows,
}


if __name__ == "__main__":
    main()
