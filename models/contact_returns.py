"""The orders that a contact brings from a customer who is still there: what a plan reckons with.

Margins scatter so much that thousands of contacts hardly show their effect on them; counted orders show it sooner, and
each customer's own margin per order values them. They are counted per chance to be still there
(`models.contact_worth`), for those who have left bring none.

The estimate is that of a partially linear model (Robinson 1988, doi:10.2307/1912705, cross-fitted as by Chernozhukov et
al. 2018, doi:10.1111/ectj.12097): what was to be expected of a customer on a day is taken off the orders and off the
contacts, by curves fitted on other customers, and the rest of the one is regressed on the rest of the other. A contact
whose chance was logged needs no curves. So those count most who could as well have been contacted as not, and hundreds
of thousands of decisions can be learned from in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import norm

from models.contact_worth import COMPANY, LEAD, PERSON, ContactWorth, kinds_of
from models.customer_history import FEATURES
from models.decision_points import CONTEXT
from models.effects import FEWEST_IN_ARM, customer_folds
from models.outcomes import curves

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

_KINDS = (PERSON, COMPANY, LEAD)
_FOLDS = 2
_RIDGE = 1.0
# A contact acts soon or not at all: for each order that it brings in its first week, the rest of the horizon is
# expected to bring none, give or take so many.
_LATE = 0.15
# Kinds of customers are expected to differ by so many times the rate of all.
_APART = 2.0
# So many standard errors below none, contacts are believed to take orders away.
_HARMS = -1.645


@dataclass(frozen=True)
class Return:
    """The orders that a contact brings from a customer who is still there: by kind (persons, companies, leads), and of
    all, with the standard error of the last."""

    by_kind: tuple[float, float, float]
    rate: float
    standard_error: float

    def spread(self, kinds: Integers) -> Floats:
        """Return by how many times each customer's kind brings more than all together."""
        if self.rate <= 0.0:
            return np.ones(len(kinds))
        return np.asarray(np.array(self.by_kind)[kinds] / self.rate)


@dataclass(frozen=True)
class _Contrast:
    """What is compared, beyond what was to be expected: contacts times chances to be there (n, kinds x channels), and
    orders of the first week and of the rest of the horizon, (n, 2). Weights are the inverse of how orders scatter."""

    customer: Integers
    contacts: Floats
    orders: Floats
    weight: Floats
    is_seen: list[bool]


def contact_returns(points: pl.DataFrame, worth: ContactWorth, channels: Sequence[str]) -> dict[str, Return]:
    """Return the orders brought by one contact through each of `channels`, from the points of `decision_points`.

    Kinds are told apart as far as their numbers allow: each kind's rate is drawn towards that of all, as if kinds
    differed by about `_APART` times the rate itself.
    """
    contrast, count = _contrast(points, worth, channels), len(channels)
    by_kind = _rates(contrast)
    of_all = _rates(
        replace(
            contrast,
            contacts=contrast.contacts.reshape(-1, len(_KINDS), count).sum(axis=1),
            is_seen=[any(contrast.is_seen[place::count]) for place in range(count)],
        )
    )
    found = {}
    for place, channel in enumerate(channels):
        rate, error = of_all[place]
        own = [by_kind[kind * count + place] for kind in _KINDS]
        person, company, lead = (_drawn(rate, *rate_and_error) for rate_and_error in own)
        found[channel] = Return((person, company, lead), rate, error)
    return found


def _drawn(rate: float, own: float, error: float) -> float:
    """A kind's own rate, drawn towards that of all. A contact may bring no orders, but hardly takes any away, unless
    that is shown: so what is below the rate of all is taken for the mean of what is above none."""
    doubt = (_APART * rate) ** 2
    if not np.isfinite(error) or not doubt or not error:
        return max(own if error == 0.0 else rate, 0.0)
    mean = rate + (own - rate) * doubt / (doubt + error**2)
    spread = float(np.sqrt(doubt * error**2 / (doubt + error**2)))
    if mean < _HARMS * spread:
        return 0.0
    above_none = mean + spread * float(np.exp(norm.logpdf(mean / spread) - norm.logcdf(mean / spread)))
    return max(mean, min(above_none, rate))


def _contrast(points: pl.DataFrame, worth: ContactWorth, channels: Sequence[str]) -> _Contrast:
    _, customer = np.unique(points["customer_id"].to_numpy(), return_inverse=True)
    kinds, chance = kinds_of(points), worth.chance(points)
    made = np.column_stack([(points["arm"] == name).to_numpy() for name in channels])
    logged = points.select(f"chance_{name}" for name in channels).cast(pl.Float64).fill_null(np.nan).to_numpy()
    size = np.hstack([np.tile(((kinds == kind) * chance)[:, None], len(channels)) for kind in _KINDS])
    soon, both = (points[name].to_numpy() for name in ("purchases_soon", "purchases"))
    weight = 1.0 / (chance + max(float(chance.mean()), 1e-9))
    targets = np.column_stack([np.tile(made, len(_KINDS)) * size, soon, both - soon])
    left = _left(_basis(points, chance), targets, weight, customer.astype(np.int64))
    known = np.tile(made - logged, len(_KINDS)) * size
    seen = [
        len(np.unique(customer[made[:, place] & (kinds == kind)])) for kind in _KINDS for place in range(len(channels))
    ]
    return _Contrast(
        customer=customer.astype(np.int64),
        contacts=np.where(np.isfinite(known), known, left[:, :-2]),
        orders=left[:, -2:],
        weight=weight,
        is_seen=[number >= FEWEST_IN_ARM for number in seen],
    )


def _basis(points: pl.DataFrame, chance: Floats) -> Floats:
    """Curves of what is known of the customer and of the day, and how they act on each other: a mailing of that day
    goes to those who are mailed, and a good season brings most from those who are there."""
    features, context = (points.select(names).to_numpy() for names in (FEATURES, CONTEXT))
    of_customer, plain = curves().fit_transform(features), _alike(features)
    parts = [np.ones((len(chance), 1)), of_customer, of_customer * chance[:, None]]
    context = context[:, np.ptp(context, axis=0) > 0.0]
    if context.shape[1]:
        of_day = curves().fit_transform(context)
        parts += [of_day, of_day * chance[:, None], *(plain * column[:, None] for column in _alike(context).T)]
    return np.hstack(parts)


def _alike(columns: Floats) -> Floats:
    """The columns around zero and of one scale."""
    scale = columns.std(axis=0)
    return np.asarray((columns - columns.mean(axis=0)) / np.where(scale > 0.0, scale, 1.0))


def _left(basis: Floats, targets: Floats, weight: Floats, customer: Integers) -> Floats:
    """What is left of the targets beyond what was to be expected, by curves fitted on other customers."""
    fold = customer_folds(customer, _FOLDS, 0)
    left = np.empty_like(targets)
    for held_out in range(_FOLDS):
        inside = fold == held_out
        weighted = basis[~inside] * weight[~inside, None]
        gram = basis[~inside].T @ weighted + _RIDGE * np.eye(basis.shape[1])
        left[inside] = targets[inside] - basis[inside] @ np.linalg.solve(gram, weighted.T @ targets[~inside])
    return left


def _rates(contrast: _Contrast) -> list[tuple[float, float]]:
    """The orders per contact and their standard error, by column of contacts. A customer's decisions are a cluster."""
    weighted = contrast.contacts * contrast.weight[:, None]
    inverse = np.linalg.pinv(weighted.T @ contrast.contacts)
    rates = inverse @ (weighted.T @ contrast.orders)
    rest = contrast.orders - contrast.contacts @ rates
    sums = [
        np.column_stack([np.bincount(contrast.customer, column) for column in (weighted * rest[:, [part]]).T])
        for part in (0, 1)
    ]
    variances = np.array([[np.diag(inverse @ (one.T @ other) @ inverse) for other in sums] for one in sums])
    return [
        _whole(rates[place], variances[:, :, place]) if is_seen else (0.0, float("inf"))
        for place, is_seen in enumerate(contrast.is_seen)
    ]


def _whole(rates: Floats, variance: Floats) -> tuple[float, float]:
    """The orders of the first week and of the rest, those of the rest drawn towards none, and their standard error."""
    doubt = (_LATE * rates[0]) ** 2
    trust = doubt / (doubt + variance[1, 1]) if variance[1, 1] > 0.0 else 1.0
    share = np.array([1.0, trust])
    return float(share @ rates), float(np.sqrt(max(share @ variance @ share, 0.0)))
