"""What a customer could spend with us at most, measured by comparable customers, and how much of it he does spend.

Comparable are customers of the same kind whose relationship is as old and whose purchases are as large; for a category
in which a customer has not bought, those who buy as often in all. How many more purchases to expect of him
(`models.further_days`) follows from how many they are seen to make; each counts at the customer's own value, as far as
his purchases are enough to tell it. `potential` is the upper quantile of that (as the "realistic wallet" of Rosset et
al. 2007, "Wallet estimation models"), `potential_low` and `potential_high` hold 90 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from models.further_days import FEWEST_COMPARABLE, LEVELS, further_days
from models.sentences import number, sentence

POTENTIAL_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "category": pl.String,
        "actual": pl.Float64,
        "potential": pl.Float64,
        "potential_low": pl.Float64,
        "potential_high": pl.Float64,
        "exhaustion": pl.Float64,
        "verdict": pl.String,
        "comparable_count": pl.Int64,
        "reason": pl.String,
    }
)

ALL = "*"
# Potential is worth a word from a quarter more on.
NOTABLE = 1.25
# Categories beyond these bring too little to be worth a row for each customer.
MOST_CATEGORIES = 30
_AGES = (1 / 6, 1 / 3, 1 / 2, 3 / 4, 1, 2)
# Who has been known for a shorter part of the window is too new to be called exhausted.
_LONG_ENOUGH = 1 / 2
_SIZES = 3
_FREQUENCIES = (0, 1, 2, 4, 8, 16, 32)
# By so many days of the usual value the customer's own is drawn towards it.
_USUAL_DAYS = 2
_FOUND = (*LEVELS, "comparable")

_REASONS = {
    "en": {
        "few": "Fewer than {fewest} customers are comparable, too few to tell.",
        "open": "Bought on {days day|days} for {actual} within {window} days; going by {count} comparable customers, "
        "up to {potential} may be expected.",
        "new": "Did not buy within {window} days; going by {count} comparable customers, up to {potential} may be "
        "expected.",
        "new_here": "Did not buy it within {window} days; going by {count} comparable customers, up to {potential} may "
        "be expected.",
        "exhausted": "Bought on {days day|days} for {actual} within {window} days; hardly any of {count} comparable "
        "customers buys more.",
        "young": "Bought on {days day|days} for {actual}; hardly any of {count} customers who came as lately buys "
        "more, but it is too early to tell what will follow.",
        "unclear": "Bought on {days day|days} for {actual} within {window} days; of {count} comparable customers some "
        "buy as much and some more.",
        "some": "Did not buy within {window} days, but some of {count} comparable customers did; up to {potential} may "
        "be expected.",
        "some_here": "Did not buy it within {window} days, but some of {count} comparable customers did; up to "
        "{potential} may be expected.",
        "absent": "Did not buy within {window} days, like many of {count} comparable customers.",
        "absent_here": "Did not buy it within {window} days, like many of {count} comparable customers.",
    },
    "de": {
        "few": "Weniger als {fewest} Kunden sind vergleichbar, zu wenige für eine Aussage.",
        "open": "Kaufte an {days Tag|Tagen} für {actual} in {window} Tagen; nach {count} vergleichbaren Kunden sind "
        "bis zu {potential} zu erwarten.",
        "new": "Kaufte nichts in {window} Tagen; nach {count} vergleichbaren Kunden sind bis zu {potential} zu "
        "erwarten.",
        "new_here": "Kaufte davon nichts in {window} Tagen; nach {count} vergleichbaren Kunden sind bis zu "
        "{potential} zu erwarten.",
        "exhausted": "Kaufte an {days Tag|Tagen} für {actual} in {window} Tagen; kaum einer von {count} vergleichbaren "
        "Kunden kauft mehr.",
        "young": "Kaufte an {days Tag|Tagen} für {actual}; kaum einer von {count} ebenso neuen Kunden kauft mehr, "
        "doch ist es zu früh, um zu sagen, was noch folgt.",
        "unclear": "Kaufte an {days Tag|Tagen} für {actual} in {window} Tagen; von {count} vergleichbaren Kunden "
        "kaufen manche ebenso viel, manche mehr.",
        "some": "Kaufte nichts in {window} Tagen, manche von {count} vergleichbaren Kunden aber schon; bis zu "
        "{potential} sind zu erwarten.",
        "some_here": "Kaufte davon nichts in {window} Tagen, manche von {count} vergleichbaren Kunden aber schon; bis "
        "zu {potential} sind zu erwarten.",
        "absent": "Kaufte nichts in {window} Tagen, wie viele von {count} vergleichbaren Kunden.",
        "absent_here": "Kaufte davon nichts in {window} Tagen, wie viele von {count} vergleichbaren Kunden.",
    },
}


def customer_potential(
    purchases: pl.LazyFrame,
    customers: pl.DataFrame,
    *,
    as_of: date,
    window_days: int = 365,
    language: str = "en",
) -> pl.DataFrame:
    """Return one row per buyer and category (`POTENTIAL_SCHEMA`), sorted by both; the category `*` stands for all.

    `purchases` has customer_id, ordered_on, category (may be null) and net_revenue, one row per line; `customers` has
    customer_id and kind. A category of the company's own that is called `*` is none. Amounts are those of the
    `window_days` up to `as_of`, in the currency of net_revenue. Each row is measured by itself: those of the
    categories do not add up to that of all of them. Categories in which a customer neither bought nor is expected to
    have no row. Where fewer than `FEWEST_COMPARABLE` customers are comparable all but `actual` is null and the verdict
    unknown. Else it is exhausted where at least four in five would not spend a quarter more, and open where at least
    half of them would. Who has been known for less than half of the window is never exhausted: he has hardly begun.
    """
    one_category = pl.when(pl.col("category") != ALL).then("category")
    known = (
        purchases.filter(pl.col("ordered_on") <= as_of, pl.col("customer_id").is_not_null())
        .select("customer_id", "ordered_on", one_category, pl.col("net_revenue").cast(pl.Decimal(38, 4)))
        .collect()
    )
    recent = known.filter(pl.col("ordered_on") > as_of - timedelta(days=window_days))
    buyers = _buyers(known, recent, customers, as_of, window_days)
    measured = [_measured(_with_actual(buyers, recent), ALL, ("kind", "age", "size"))]
    for category in _largest_categories(recent):
        actual = _with_actual(buyers, recent.filter(category=category))
        known_here = _measured(actual, category, ("kind", "age", "size")).filter(pl.col("days") > 0)
        new_here = _measured(actual, category, ("kind", "frequency")).filter(
            (pl.col("days") == 0) & (pl.col("high") > 0)
        )
        measured += [known_here, new_here]
    return _judged(pl.concat(measured), window_days, language).sort("customer_id", "category")


def _buyers(
    known: pl.DataFrame, recent: pl.DataFrame, customers: pl.DataFrame, as_of: date, window_days: int
) -> pl.DataFrame:
    """Who has ever bought, with the classes by which customers are comparable, and the mean value of a purchase day."""
    age = (pl.lit(as_of) - pl.col("first_on")).dt.total_days()
    frequency = recent.group_by("customer_id").agg(frequency=pl.col("ordered_on").n_unique())
    share = (pl.col("value").rank("average") - 0.5) / pl.len()
    return (
        _daily(known)
        .group_by("customer_id")
        .agg(first_on=pl.col("ordered_on").min(), value=pl.col("spend").sum().cast(pl.Float64) / pl.len(), n=pl.len())
        .join(customers.select("customer_id", "kind"), on="customer_id", how="left")
        .join(frequency, on="customer_id", how="left")
        .with_columns(
            age=_class(age, [round(part * window_days) for part in _AGES]),
            size=(share * _SIZES).floor().cast(pl.Int64).over("kind"),
            frequency=_class(pl.col("frequency").fill_null(0), _FREQUENCIES),
        )
        .with_columns(likely_value=_likely_value())
        .select("customer_id", "kind", "age", "size", "frequency", "value", "likely_value")
        .sort("customer_id")
    )


def _likely_value() -> pl.Expr:
    """The customer's own value of a purchase day, drawn towards what is usual for his kind, in logarithms.

    One large first order seldom stays the rule; and where the greatest room stands first, such orders lead the list.
    """
    has_value = pl.col("value") > 0.0
    usual = pl.when(has_value).then("value").log().median().over("kind")
    drawn = (pl.col("n") * pl.col("value").log() + _USUAL_DAYS * usual) / (pl.col("n") + _USUAL_DAYS)
    return pl.when(has_value).then(drawn.exp()).otherwise(0.0)


def _class(value: pl.Expr, limits: Sequence[int]) -> pl.Expr:
    """How many of the limits lie below the value."""
    return pl.sum_horizontal((value > limit).cast(pl.Int64) for limit in limits)


def _daily(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.group_by("customer_id", "ordered_on").agg(spend=pl.col("net_revenue").sum())


def _largest_categories(recent: pl.DataFrame) -> list[str]:
    revenue = recent.drop_nulls("category").group_by("category").agg(pl.col("net_revenue").sum())
    return revenue.sort("net_revenue", "category", descending=[True, False])["category"].head(MOST_CATEGORIES).to_list()


def _with_actual(buyers: pl.DataFrame, bought: pl.DataFrame) -> pl.DataFrame:
    """The buyers with their purchase days and spend in these lines, and the value of a further purchase day.

    That value is the customer's own, drawn by one day towards the category's usual share of a likely purchase day.
    """
    spend = _daily(bought).group_by("customer_id").agg(days=pl.len().cast(pl.Int64), actual=pl.col("spend").sum())
    actual = pl.col("actual").cast(pl.Float64).fill_null(0.0).clip(0.0)
    joined = buyers.join(spend, on="customer_id", how="left", maintain_order="left")
    joined = joined.with_columns(pl.col("days").fill_null(0), actual)
    is_in = (pl.col("days") > 0) & (pl.col("value") > 0.0)
    # No more than all of it: after a voucher for the whole order one customer's share alone would be beyond bounds.
    share = (pl.col("actual") / pl.col("days") / pl.col("value")).clip(0.0, 1.0)
    usual_share = share.filter(is_in).mean().fill_null(0.0)
    return joined.with_columns(further=(pl.col("actual") + pl.col("likely_value") * usual_share) / (pl.col("days") + 1))


def _measured(frame: pl.DataFrame, category: str, alike: tuple[str, ...]) -> pl.DataFrame:
    """The frame with the quantiles of spend among the comparable customers.

    They are alike in all of the given classes, or in as many of the first ones as it takes to be enough.
    """
    rows = frame
    levels = [alike[:count] for count in range(len(alike), 0, -1)]
    for place, lookup in enumerate(further_days(frame, levels)):
        named = lookup.rename({name: f"{name}_{place}" for name in _FOUND})
        rows = rows.join(named, on=[*levels[place], "days"], how="left", maintain_order="left")
    best = {name: pl.coalesce(f"{name}_{place}" for place in range(len(levels))) for name in _FOUND}
    amounts = {name: pl.col("actual") + best[name] * pl.col("further") for name in LEVELS}
    return rows.select(
        "customer_id", "age", "days", "actual", category=pl.lit(category), comparable=best["comparable"], **amounts
    )


def _judged(rows: pl.DataFrame, window_days: int, language: str) -> pl.DataFrame:
    is_known = pl.col("comparable").is_not_null() & (pl.col("potential") > 0.0)
    verdict = (
        pl.when(is_known & ~pl.col("is_new") & _has_no_room())
        .then(pl.lit("exhausted"))
        .when(is_known & (pl.col("middle") > 0.0) & (pl.col("middle") >= NOTABLE * pl.col("actual")))
        .then(pl.lit("open"))
        .otherwise(pl.lit("unknown"))
    )
    return (
        rows.lazy()
        .with_columns(is_new=pl.col("age") < _AGES.index(_LONG_ENOUGH) + 1)
        .with_columns(
            potential_low=pl.col("low"),
            potential_high=pl.col("high"),
            exhaustion=pl.when(is_known).then((pl.col("actual") / pl.col("potential")).clip(0.0, 1.0)),
            verdict=verdict,
            comparable_count=pl.col("comparable").fill_null(0),
        )
        .with_columns(reason=_reason(window_days, language))
        .select(pl.col(name).cast(dtype) for name, dtype in POTENTIAL_SCHEMA.items())
        .collect()
    )


def _has_no_room() -> pl.Expr:
    return pl.col("potential") <= NOTABLE * pl.col("actual")


def _reason(window_days: int, language: str) -> pl.Expr:
    values = {
        "count": pl.col("comparable_count"),
        "fewest": pl.lit(str(FEWEST_COMPARABLE)),
        "days": pl.col("days"),
        "window": pl.lit(str(window_days)),
        "actual": number(pl.col("actual"), language),
        "potential": number(pl.col("potential").fill_null(0.0), language),
    }
    said = {name: sentence(template, **values) for name, template in _REASONS[language].items()}
    all_or_here = {
        name: pl.when(pl.col("category") == ALL).then(said[name]).otherwise(said[f"{name}_here"])
        for name in ("new", "some", "absent")
    }
    # what rounds to nothing is nothing to expect
    is_some = pl.col("potential").round() > 0.0
    return (
        pl.when(pl.col("comparable").is_null())
        .then(said["few"])
        .when((pl.col("days") == 0) & (pl.col("verdict") == "open"))
        .then(all_or_here["new"])
        .when(pl.col("days") == 0)
        .then(pl.when(is_some).then(all_or_here["some"]).otherwise(all_or_here["absent"]))
        .when(pl.col("verdict") == "open")
        .then(said["open"])
        .when(pl.col("verdict") == "exhausted")
        .then(said["exhausted"])
        .when(_has_no_room())
        .then(said["young"])
        .otherwise(said["unclear"])
    )
