"""With whom a contact is worth more, whatever it adds on average: with customers who are still there, and order much.

A contact that brings one order in fifty brings as many times more margin as the customer's orders are larger, and none
from somebody who has left. Who is still there is told from frequency, recency and age by the purchase model that fits
the company's customers best (`models.purchase_models`); what an order brings, by the customer's own orders, drawn
towards what is usual with his kind as far as orders of one customer differ (Bühlmann's credibility).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from models.customer_history import YEAR, History
from models.fitting import NoFitError
from models.purchase_models import PurchaseModel, fit_purchase_model

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

PERSON, COMPANY, LEAD = range(3)
_FEWEST = 100
_MODELS = ("bg_nbd", "mbg_nbd")
# Of fewer buyers of a kind what is usual with all is taken.
_FEWEST_OF_KIND = 30
# So many orders is what is usual worth beside a customer's own, at least and at most.
_WEAKEST, _STRONGEST = 0.2, 5.0


@dataclass(frozen=True)
class ContactWorth:
    """A model of who is still there (None: every buyer is), the share of customers without an order who order within a
    year, the usual margin of an order of persons and of companies, and how many own orders that counts for."""

    presence: PurchaseModel | None
    lead_chance: float
    usual_margins: tuple[float, float]
    weight: float

    def chance(self, features: pl.DataFrame) -> Floats:
        """Return the chance that each customer is still there, or that there will be a first order; `features` has x,
        t_x and age (null before the first order)."""
        has_bought = features["age"].is_not_null().to_numpy()
        chance = np.where(has_bought, 1.0, self.lead_chance)
        if self.presence is not None and has_bought.any():
            chance[has_bought] = self.presence.p_alive(features.filter(pl.col("age").is_not_null()))
        return np.asarray(chance, dtype=np.float64)

    def of(self, features: pl.DataFrame) -> Floats:
        """Return that chance times the margin to expect of an order; `features` has purchase_count and
        margin_per_purchase, too."""
        own, count = (features[name].to_numpy() for name in ("margin_per_purchase", "purchase_count"))
        usual = np.where(features["is_company"].to_numpy() > 0, self.usual_margins[1], self.usual_margins[0])
        per_order = (count * np.maximum(own, 0.0) + self.weight * usual) / (count + self.weight)
        return np.asarray(per_order * self.chance(features))


def kinds_of(features: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Return what kind of customer each is: `PERSON` or `COMPANY` with an order, or `LEAD`."""
    is_company, has_bought = features["is_company"].to_numpy() > 0, features["purchase_count"].to_numpy() > 0
    return np.where(has_bought, np.where(is_company, COMPANY, PERSON), LEAD).astype(np.int64)


def contact_worth(history: History, features: pl.DataFrame, *, as_of: date) -> ContactWorth:
    """Return what the past says of who is still there and what an order brings; `features` are all customers' today."""
    buyers = features.filter(pl.col("purchase_count") > 0)
    return ContactWorth(
        _presence(buyers),
        _lead_chance(history, features, as_of),
        (_usual(buyers, is_company=False), _usual(buyers, is_company=True)),
        _own_orders_worth_the_usual(history.orders, buyers),
    )


def _presence(buyers: pl.DataFrame) -> PurchaseModel | None:
    if buyers.height < _FEWEST:
        return None
    fitted = []
    for name in _MODELS:
        try:
            fitted.append(fit_purchase_model(name, buyers))
        except NoFitError:
            continue
    return max(fitted, key=lambda model: model.parameters.log_likelihood, default=None)


def _lead_chance(history: History, features: pl.DataFrame, as_of: date) -> float:
    """Of the customers known a year ago without an order until then, how many have ordered since."""
    day = as_of - timedelta(days=YEAR)
    known = history.customers.filter(pl.col("first_seen_on") <= day).select("customer_id")
    then = features.select("customer_id", "age").join(known, on="customer_id").filter(pl.col("age").fill_null(0) < YEAR)
    return (then["age"].count() + 0.5) / (then.height + 1.0)


def _usual(buyers: pl.DataFrame, *, is_company: bool) -> float:
    """What an order brings the average buyer of a kind; where it has few, the average of all."""
    own = buyers.filter((pl.col("is_company") > 0) == is_company)
    taken = (own if own.height >= _FEWEST_OF_KIND else buyers)["margin_per_purchase"].sort().to_numpy()
    return max(float(taken.mean()), 0.0) if len(taken) else 0.0


def _own_orders_worth_the_usual(orders: pl.DataFrame, buyers: pl.DataFrame) -> float:
    """The variance of one customer's orders over that between customers of a kind, in logarithms: few are huge."""
    rows = (
        orders.lazy()
        .filter("is_purchase", pl.col("margin") > 0.0)
        .join(buyers.lazy().select("customer_id", "is_company"), on="customer_id")
        .select("customer_id", "is_company", size=pl.col("margin").cast(pl.Float64).log())
        .sort("customer_id", "size")
        .collect()
    )
    _, first, place = np.unique(rows["customer_id"].to_numpy(), return_index=True, return_inverse=True)
    count, size = np.bincount(place).astype(float), rows["size"].to_numpy()
    if len(count) < _FEWEST or len(size) == len(count):
        return 1.0
    mean = np.bincount(place, size) / count
    within = float(((size - mean[place]) ** 2).sum()) / (len(size) - len(count))
    is_company = rows["is_company"].to_numpy()[first] > 0
    apart = np.concatenate([mean[kind] - mean[kind].mean() for kind in (is_company, ~is_company) if kind.any()])
    between = float((apart**2).mean()) - within * float((1.0 / count).mean())
    return float(np.clip(within / between, _WEAKEST, _STRONGEST)) if between > 0.0 else _STRONGEST
