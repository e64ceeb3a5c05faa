"""How likely a contact without an order buys within the horizon, learned from how earlier contacts became buyers.

The past is cut into periods. Whoever was known and had not bought at the beginning of one either bought within it or
did not: a logistic regression over all of them gives the chance of a first purchase per period (discrete-time survival,
Singer and Willett 1993, "It's about time"). Over the horizon the contact grows older period by period, and the chances
add up. Only what was known at the beginning of a period is looked at. On held-out time the chances must beat the
average by more than noise; otherwise everybody has the average. What cannot be told from noise is left out
(`models.sure_coefficients`), so that it is no reason either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from models.lead_history import LeadHistory, features
from models.lead_reasons import reasons
from models.sure_coefficients import freed_of_noise

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAD_SCORES_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "conversion_probability": pl.Float64,
        "basis": pl.String,
        "within_days": pl.Int64,
        "known_days": pl.Int64,
        "is_lead": pl.Boolean,
        "reason": pl.String,
    }
)
MODEL, AVERAGE, UNKNOWN = "model", "average", "unknown"
FEWEST_CONVERSIONS = 50
# Of fewer contacts an average says next to nothing: its standard error would be more than a tenth.
FEWEST_AVERAGED = 20
_PERIODS_PER_HORIZON = 4
_SHORTEST_PERIOD = 14
_MOST_PERIODS = 24
_MOST_CONTACTS = 50_000
# Brier scores must differ by so many standard errors: 95 %, one-sided.
_SURE = 1.645


@dataclass(frozen=True)
class LeadModel:
    """What was learned, as plain numbers: the log odds of a first purchase per period."""

    names: tuple[str, ...]
    sources: tuple[str, ...]
    usual_reaction: float
    mean: Floats
    scale: Floats
    intercept: float
    coefficients: Floats
    period_days: int

    def standardised(self, leads: pl.DataFrame) -> Floats:
        """Return leads x features, 0 being what is usual for a contact."""
        values = features(leads, self.usual_reaction, self.sources).select(self.names).to_numpy()
        return np.asarray((values - self.mean) / self.scale)

    def probability(self, leads: pl.DataFrame, periods: int) -> Floats:
        """Return the chance of a first purchase within so many periods, the contact growing older with each."""
        none_yet = np.ones(leads.height)
        for period in range(periods):
            older = leads.with_columns(pl.col("age_days") + period * self.period_days)
            odds = self.standardised(older) @ self.coefficients + self.intercept
            none_yet *= 1.0 - 1.0 / (1.0 + np.exp(-odds))
        return np.asarray(np.round(1.0 - none_yet, 9))


@dataclass(frozen=True)
class LeadTrial:
    """What the chances were worth on held-out time, among contacts known at its beginning."""

    leads: int
    conversions: int
    expected: float
    brier: float
    average_brier: float
    standard_error: float
    lift: float
    """Conversions among the tenth with the highest chances, as a multiple of the average."""
    calibration_error: float
    """By how much chance and frequency differ, over ten groups of equal size, weighted by size."""

    @property
    def is_better(self) -> bool:
        """Whether the chances beat the average by more than noise."""
        return self.conversions >= FEWEST_CONVERSIONS and (
            self.average_brier - self.brier > _SURE * self.standard_error
        )


@dataclass(frozen=True)
class LeadScores:
    """The table (`LEAD_SCORES_SCHEMA`), and the trial; None where there was too little to try anything on."""

    table: pl.DataFrame
    trial: LeadTrial | None


def lead_scores(
    history: LeadHistory, leads: pl.DataFrame, *, as_of: date, horizon_days: int = 365, language: str = "en"
) -> LeadScores:
    """Return the chance of every lead (customer_id) to buy within the horizon, sorted by customer_id.

    Where history is shorter than three horizons, a third of it is looked ahead (`within_days`). Of whom is not known
    since when we know him, and everybody where no model beats the average, the average is told. Where fewer than
    `FEWEST_AVERAGED` were known at the beginning of the stretch there is none, and the chance is null. So it is for
    those among the history's first orders: companies whose people have bought, no leads any more (`is_lead`).
    """
    sources = history.sources()
    within = _within_days(history, as_of, horizon_days)
    period = max(_SHORTEST_PERIOD, within // _PERIODS_PER_HORIZON)
    periods = max(1, round(within / period))
    begin = as_of - timedelta(days=periods * period)
    trial = _trial(history, begin, period, periods, sources)
    model = _learned(history, as_of, period, sources) if trial and trial.is_better else None
    known = history.as_known_on(as_of, sources)
    average = _average(history, begin, as_of)
    plain_basis = UNKNOWN if average is None else AVERAGE
    if model is None:
        scored = known.with_columns(conversion_probability=pl.lit(average, pl.Float64), basis=pl.lit(plain_basis))
        said = pl.Series("reason", [None] * known.height, dtype=pl.String)
    else:
        chance = model.probability(known, periods)
        scored = known.with_columns(conversion_probability=pl.Series(chance), basis=pl.lit(MODEL))
        said = reasons(known, model.standardised(known) * model.coefficients, model.names, language)
    plain = _PLAIN_REASONS[language]["none"] if average is None else _plain_reason(trial, language)
    told = _told_of_all(leads, scored.with_columns(said.alias("reason")), (average, plain_basis, plain))
    table = _without_buyers(told, history, as_of, language).with_columns(within_days=pl.lit(periods * period))
    return LeadScores(
        table.select(pl.col(name).cast(dtype) for name, dtype in LEAD_SCORES_SCHEMA.items()).sort("customer_id"), trial
    )


def _told_of_all(leads: pl.DataFrame, scored: pl.DataFrame, plain: tuple[float | None, str, str]) -> pl.DataFrame:
    """The leads with what is told of them, and of who has no score or reason what is plainly told."""
    average, basis, reason = plain
    joined = leads.select("customer_id").unique().join(scored, on="customer_id", how="left")
    return joined.with_columns(
        pl.col("conversion_probability").fill_null(pl.lit(average, pl.Float64)),
        pl.col("basis").fill_null(basis),
        pl.col("reason").fill_null(reason),
        known_days=pl.col("age_days"),
    )


def _without_buyers(told: pl.DataFrame, history: LeadHistory, as_of: date, language: str) -> pl.DataFrame:
    """The table with no chance of a first order for whom there has been one."""
    bought = history.first_orders.filter(pl.col("first_order_on") <= as_of)["customer_id"]
    buys = pl.col("customer_id").is_in(bought.to_list())
    return told.with_columns(
        conversion_probability=pl.when(~buys).then("conversion_probability"),
        basis=pl.when(buys).then(pl.lit(UNKNOWN)).otherwise("basis"),
        is_lead=~buys,
        reason=pl.when(buys).then(pl.lit(_BUYS[language])).otherwise("reason"),
    )


_BUYS = {
    "en": "No lead any more: people of this company have bought.",
    "de": "Kein Interessent mehr: Mitarbeiter dieser Firma haben schon gekauft.",
}
_PLAIN_REASONS = {
    "en": {
        "none": "Too few have been known without an order for long enough to tell how many begin to buy.",
        "few": "The average of all contacts: too few have become buyers to tell them apart.",
        "no_better": "The average of all contacts: what is known of them does not foretell who buys.",
        "undated": "The average of all contacts: it is not known since when we know this one.",
    },
    "de": {
        "none": "Zu wenige sind lange genug ohne Bestellung bekannt, um zu sagen, wie viele Käufer werden.",
        "few": "Der Durchschnitt aller Kontakte: Zu wenige sind Käufer geworden, um sie zu unterscheiden.",
        "no_better": "Der Durchschnitt aller Kontakte: Was über sie bekannt ist, sagt nicht voraus, wer kauft.",
        "undated": "Der Durchschnitt aller Kontakte: Es ist nicht bekannt, seit wann wir diesen kennen.",
    },
}


def _plain_reason(trial: LeadTrial | None, language: str) -> str:
    phrases = _PLAIN_REASONS[language]
    if trial is None or trial.conversions < FEWEST_CONVERSIONS:
        return phrases["few"]
    return phrases["undated"] if trial.is_better else phrases["no_better"]


def _within_days(history: LeadHistory, as_of: date, horizon_days: int) -> int:
    first = history.events["known_on"].min()
    days = (as_of - first).days if isinstance(first, date) else 0
    return max(1, min(horizon_days, days // 3))


def _begins(history: LeadHistory, until: date, period: int) -> list[date]:
    """The first days of the periods up to a day, the newest first."""
    first = history.events["known_on"].min()
    if not isinstance(first, date):
        return []
    count = min(_MOST_PERIODS, (until - first).days // period)
    return [until - timedelta(days=period * number) for number in range(1, count + 1)]


def _periods(history: LeadHistory, until: date, period: int, sources: Sequence[str]) -> tuple[pl.DataFrame, Bools]:
    """Contacts at the beginning of every period up to a day, and whether they bought within it."""
    known, bought = [], []
    for begin in _begins(history, until, period):
        leads = history.as_known_on(begin, sources)
        leads = leads.gather_every(-(-max(leads.height, 1) // _MOST_CONTACTS))
        known.append(leads)
        bought.append(history.bought_within(leads, begin, begin + timedelta(days=period)).to_numpy())
    if not known:
        return history.as_known_on(until, sources).clear(), np.zeros(0, dtype=np.bool_)
    return pl.concat(known), np.concatenate(bought)


def _learned(history: LeadHistory, until: date, period: int, sources: tuple[str, ...]) -> LeadModel | None:
    from sklearn.linear_model import LogisticRegression

    leads, bought = _periods(history, until, period, sources)
    if bought.sum() < FEWEST_CONVERSIONS or bought.all():
        return None
    usual = int(leads["reactions"].sum()) / max(1, int(leads["mailings"].sum()))
    numbers = features(leads, usual, sources)
    values = numbers.to_numpy()
    mean, scale = values.mean(axis=0), values.std(axis=0)
    varies = scale > 1e-9
    names = tuple(name for name, is_used in zip(numbers.columns, varies, strict=True) if is_used)
    standardised = (values[:, varies] - mean[varies]) / scale[varies]
    regression = LogisticRegression(C=1.0, max_iter=1_000).fit(standardised, bought)
    intercept, coefficients = freed_of_noise(float(regression.intercept_[0]), regression.coef_[0], standardised)
    # rounded, because the last digits depend on the number of threads
    intercept, coefficients = round(intercept, 9), np.round(coefficients, 9)
    return LeadModel(names, sources, usual, mean[varies], scale[varies], intercept, coefficients, period)


def _average(history: LeadHistory, begin: date, until: date) -> float | None:
    """The share of those contacts known on a day who bought up to another, as that of one more would have been.

    None where they are too few.
    """
    leads = history.as_known_on(begin, ())
    if leads.height < FEWEST_AVERAGED:
        return None
    bought = history.bought_within(leads, begin, until)
    return round((float(bought.sum()) + 0.5) / (leads.height + 1.0), 9)


def _trial(history: LeadHistory, until: date, period: int, periods: int, sources: tuple[str, ...]) -> LeadTrial | None:
    """The chances of what was learned up to a day, on the days after it."""
    model = _learned(history, until, period, sources)
    leads = history.as_known_on(until, sources)
    if model is None or leads.is_empty():
        return None
    bought = history.bought_within(leads, until, until + timedelta(days=period * periods)).to_numpy()
    return trial_of(model.probability(leads, periods), bought)


def trial_of(chance: Floats, bought: Bools) -> LeadTrial:
    """Return how good chances were, given who bought. The rival is the average that only hindsight knows."""
    average = bought.mean()
    ours, theirs = (chance - bought) ** 2, (average - bought) ** 2
    order = np.argsort(-chance, kind="stable")
    tenths = np.array_split(order, 10)
    error = sum(len(part) * abs(chance[part].mean() - bought[part].mean()) for part in tenths if len(part))
    return LeadTrial(
        leads=len(bought),
        conversions=int(bought.sum()),
        expected=float(chance.sum()),
        brier=float(ours.mean()),
        average_brier=float(theirs.mean()),
        standard_error=float((theirs - ours).std(ddof=1) / np.sqrt(len(bought))) if len(bought) > 1 else 0.0,
        lift=float(bought[tenths[0]].mean() / average) if average > 0 and len(tenths[0]) else float("nan"),
        calibration_error=float(error / len(bought)),
    )
