"""What else would a customer buy? The categories that his purchases speak for, where that is better than to name the
most popular ones.

Both are tried on the last stretch of time, by the number of categories that customers had bought in: recall@3 of the
categories that they then took up. Everything is learned on earlier stretches. For customers of a depth at which
affinity is not ahead by more than noise, nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_array

from models.co_purchases import MOST_CATEGORIES, Affinity, Floats, History, fit, history_of, taken_up, unit_rows
from models.potential import ALL
from models.sentences import number, sentence

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

NEXT_CATEGORIES_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "rank": pl.Int64,
        "category": pl.String,
        "probability": pl.Float64,
        "lift": pl.Float64,
        "within_days": pl.Int64,
        "reason": pl.String,
    }
)

TOP = 3
# Customers of so many categories and more are tried together.
DEEPEST = 3
# Fewer than these, and a difference in recall is noise.
_FEWEST_CUSTOMERS = 50
_FEWEST_CATEGORIES = 3
_SHORTEST_STRETCH = 28
# Recall must be higher by this many standard errors of the difference: 95 %, one-sided.
_SURE = 1.645
# Below this, and above its inverse, the purchases say so little that they are no reason.
_TELLING_LIFT = 1.1

_REASONS = {
    "en": {
        "earlier": "Has bought {category} before, but not within the last 12 months.",
        "other": "What this customer buys, above all {other}, makes {category} {lift} times as likely as for others "
        "who buy as much.",
        "whole": "What this customer buys makes {category} {lift} times as likely as for others who buy as much.",
        "usual": "Many customers buy {category}; what this one has bought says little about it.",
        "less": "Many customers buy {category}; by what this one buys a purchase is only {lift} times as likely as for "
        "others who buy as much.",
    },
    "de": {
        "earlier": "Hat {category} schon gekauft, aber nicht in den letzten 12 Monaten.",
        "other": "Was dieser Kunde kauft, vor allem {other}, macht {category} {lift}-mal so wahrscheinlich wie bei "
        "anderen, die ebenso viel kaufen.",
        "whole": "Was dieser Kunde kauft, macht {category} {lift}-mal so wahrscheinlich wie bei anderen, die ebenso "
        "viel kaufen.",
        "usual": "{category} kaufen viele; was dieser Kunde gekauft hat, sagt wenig darüber.",
        "less": "{category} kaufen viele; nach dem, was dieser Kunde kauft, ist ein Kauf nur {lift}-mal so "
        "wahrscheinlich wie bei anderen, die ebenso viel kaufen.",
    },
}


@dataclass(frozen=True)
class RecallTrial:
    """Recall@3 of held-out categories, among customers who had bought in `depth` categories (0: all customers)."""

    depth: int
    customers: int
    recall: float
    popular_recall: float
    standard_error: float

    @property
    def is_better(self) -> bool:
        """Whether affinity foretells more than popularity, by more than noise."""
        ahead = self.recall - self.popular_recall
        return self.customers >= _FEWEST_CUSTOMERS and ahead > _SURE * self.standard_error

    @property
    def lift(self) -> float:
        """Recall as a multiple of that of the most popular categories; not a number where that is none."""
        return self.recall / self.popular_recall if self.popular_recall else float("nan")


@dataclass(frozen=True)
class NextCategories:
    """The table (`NEXT_CATEGORIES_SCHEMA`) and the trials on held-out time: all customers, then by depth.

    Without trials the history was too short, or customers and categories too few, to hold anything out.
    """

    table: pl.DataFrame
    trials: tuple[RecallTrial, ...] = ()


def next_categories(
    purchases: pl.LazyFrame, *, as_of: date, horizon_days: int = 365, language: str = "en"
) -> NextCategories:
    """Return up to three categories per customer, sorted by customer_id and rank, with the trials on held-out time.

    `purchases` has customer_id, ordered_on and category, one row per line or more; rows without one are left out, and
    so is `*`, which stands for all of them elsewhere.
    A category bought within the last 365 days is no next one. `probability` is that of a purchase in the category
    within `within_days` (the horizon, at most a quarter of the history), `lift` its ratio to that of a customer who
    buys as much but whose purchases speak neither for nor against it. `language` is en or de.
    """
    known = _known(purchases, as_of)
    categories, stretch = _categories(known), _stretch(known, as_of, horizon_days)
    if len(categories) < _FEWEST_CATEGORIES or stretch < _SHORTEST_STRETCH:
        return NextCategories(NEXT_CATEGORIES_SCHEMA.to_frame())
    late, early = as_of - timedelta(days=stretch), as_of - timedelta(days=2 * stretch)
    first, second, now = (history_of(known, day, categories) for day in (early, late, as_of))
    then = taken_up(known, first, early, late, categories)
    later = taken_up(known, second, late, as_of, categories)
    if min(_takers(then), _takers(later)) < _FEWEST_CUSTOMERS:
        return NextCategories(NEXT_CATEGORIES_SCHEMA.to_frame())
    trials = _trials(fit(first, then), second, later)
    trusted = [trial.depth for trial in trials[1:] if trial.is_better]
    affinity = fit(second, later)
    told = [_told(affinity, now, rows, categories, trusted) for rows in now.chunks()]
    return NextCategories(_with_reasons(pl.concat(told), stretch, language), trials)


def _known(purchases: pl.LazyFrame, as_of: date) -> pl.DataFrame:
    columns = ("customer_id", "ordered_on", "category")
    is_seen = (pl.col("ordered_on") <= as_of) & (pl.col("category") != ALL)
    return purchases.filter(is_seen).select(columns).drop_nulls().unique().collect()


def _categories(known: pl.DataFrame) -> tuple[str, ...]:
    """The categories with the most buyers, the most popular first."""
    buyers = known.group_by("category").agg(buyers=pl.col("customer_id").n_unique())
    return tuple(buyers.sort("buyers", "category", descending=[True, False])["category"].head(MOST_CATEGORIES))


def _stretch(known: pl.DataFrame, as_of: date, horizon_days: int) -> int:
    first = known["ordered_on"].min()
    return min(horizon_days, (as_of - first).days // 4) if isinstance(first, date) else 0


def _takers(taken: csr_array) -> int:
    return int((taken.sum(axis=1) > 0).sum())


def _best(scores: Floats, is_lately: Bools) -> Ints:
    """The columns of each row's highest scores that are not of lately; -1 where there is none."""
    # rounded, because the last digits depend on the number of threads; equal ones go to the more popular category
    scores = np.where(is_lately, -np.inf, np.round(scores, 9))
    best = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
    return np.where(np.take_along_axis(is_lately, best, axis=1), -1, best)


def _trials(affinity: Affinity, history: History, taken: csr_array) -> tuple[RecallTrial, ...]:
    """What was learned before, beside two rivals: most buyers so far, and most customers who took it up anew."""
    popular = np.asarray((history.days > 0).sum(axis=0)).ravel().astype(np.float64)
    recalls, depths = [], []
    for rows in history.chunks():
        is_taken, is_lately = taken[rows].toarray() > 0, history.lately[rows].toarray() > 0
        scores = affinity.probability(affinity.features(history, rows))
        rivals = (np.broadcast_to(usual, scores.shape) for usual in (popular, affinity.take_up))
        has_any = is_taken.any(axis=1)
        found = [_recall(_best(one, is_lately), is_taken)[has_any] for one in (scores, *rivals)]
        recalls.append(np.stack(found, axis=1))
        depths.append(_depth(history.days[rows])[has_any])
    recall, depth = np.concatenate(recalls), np.concatenate(depths)
    return tuple(_trial(number, recall[(depth == number) | (number == 0)]) for number in range(DEEPEST + 1))


def _trial(depth: int, recall: Floats) -> RecallTrial:
    if len(recall) < 2:
        return RecallTrial(depth, len(recall), 0.0, 0.0, 0.0)
    ours, *rivals = recall.mean(axis=0)
    popular = max(rivals)
    error = (recall[:, 0] - recall[:, 1 + rivals.index(popular)]).std(ddof=1) / np.sqrt(len(recall))
    return RecallTrial(depth, len(recall), float(ours), float(popular), float(error))


def _recall(best: Ints, is_taken: Bools) -> Floats:
    """The share of the categories taken up that are among the best."""
    hits = (np.take_along_axis(is_taken, np.maximum(best, 0), axis=1) & (best >= 0)).sum(axis=1)
    return np.asarray(hits / np.maximum(is_taken.sum(axis=1), 1))


def _depth(days: csr_array) -> Ints:
    return np.asarray(np.minimum(np.diff(days.indptr), DEEPEST), dtype=np.int64)


def _told(
    affinity: Affinity, history: History, rows: slice, categories: tuple[str, ...], trusted: list[int]
) -> pl.DataFrame:
    """The best categories of customers of a trusted depth, with what speaks for each."""
    features = affinity.features(history, rows)
    probability, lift = affinity.probability(features), affinity.lift(features)
    best = _best(probability, history.lately[rows].toarray() > 0)
    best[~np.isin(_depth(history.days[rows]), trusted)] = -1
    row, place = np.nonzero(best >= 0)
    column = best[row, place]
    other = _most_telling(affinity, unit_rows(history.days[rows])[row].toarray(), column)
    names = pl.Series("category", categories, dtype=pl.String)
    return pl.DataFrame(
        {
            "customer_id": history.customers[rows].gather(pl.Series(row)),
            "rank": place + 1,
            "category": names.gather(pl.Series(column)),
            "probability": probability[row, column],
            "lift": lift[row, column],
            "other": names.gather(pl.Series(np.maximum(other, 0))),
            "has_other": other >= 0,
            "by_others": features[row, column, 1] * affinity.coefficients[1],
            "by_itself": features[row, column, 2] * affinity.coefficients[2],
            "is_earlier": features[row, column, 2] > 0.0,
        }
    )


def _most_telling(affinity: Affinity, bought: Floats, column: Ints) -> Ints:
    """Of each row's bought categories the one that speaks most for the column's; -1 where none does so at all.

    All rows being of the same length, only how much more one category says than the others tells anything.
    """
    others = affinity.weights.sum(axis=0) / max(1, len(affinity.mean) - 1)
    says = bought * (affinity.weights - others)[:, column].T
    says[np.arange(len(column)), column] = 0.0
    best = says.argmax(axis=1)
    return np.where(says[np.arange(len(column)), best] > 0.0, best, -1)


def _with_reasons(told: pl.DataFrame, within_days: int, language: str) -> pl.DataFrame:
    phrases = _REASONS[language]
    values = {name: pl.col(name) for name in ("category", "other")} | {"lift": number(pl.col("lift"), language, 1)}
    said = {name: sentence(phrase, **values) for name, phrase in phrases.items()}
    is_telling, is_less = pl.col("lift") >= _TELLING_LIFT, pl.col("lift") <= 1.0 / _TELLING_LIFT
    reason = (
        pl.when(is_telling & pl.col("has_other") & (pl.col("by_others") > pl.col("by_itself")))
        .then(said["other"])
        .when(is_less)
        .then(said["less"])
        .when("is_earlier")
        .then(said["earlier"])
        .when(is_telling)
        .then(said["whole"])
        .otherwise(said["usual"])
    )
    ranked = told.lazy().with_columns(within_days=pl.lit(within_days), reason=reason)
    return ranked.select(pl.col(name).cast(dtype) for name, dtype in NEXT_CATEGORIES_SCHEMA.items()).collect()
