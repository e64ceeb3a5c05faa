"""Which channel next? Ranked by how a customer has engaged so far; without evidence, by how customers do in general.

Engagement rates are beta-binomial: each channel's customers give a prior (method of moments, Kleinman 1973), each
customer's own touches update it. So one click in one mail does not make a rate of 100 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import betaincinv

from models.sentences import sentence

Floats = npt.NDArray[np.float64]

# Cheapest first: the order in which equal channels are ranked.
CHANNELS = ("email", "sms", "phone", "post")

CHANNELS_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "channel": pl.String,
        "rank": pl.Int64,
        "is_allowed": pl.Boolean,
        "basis": pl.String,
        "expected_effect": pl.Float64,
        "effect_low": pl.Float64,
        "effect_high": pl.Float64,
        "reason": pl.String,
    }
)

_ADDRESS = {"email": "has_email", "sms": "has_phone", "phone": "has_phone", "post": "has_address"}
# Of each channel: a contact, contacts, and the address that it needs.
CHANNEL_WORDS = {
    "en": {
        "email": ("e-mail", "e-mails", "e-mail address"),
        "sms": ("text message", "text messages", "phone number"),
        "phone": ("call", "calls", "phone number"),
        "post": ("letter", "letters", "postal address"),
    },
    "de": {
        "email": ("E-Mail", "E-Mails", "E-Mail-Adresse"),
        "sms": ("SMS", "SMS", "Telefonnummer"),
        "phone": ("Anruf", "Anrufe", "Telefonnummer"),
        "post": ("Brief", "Briefe", "Postanschrift"),
    },
}
_TEXTS = {
    "en": {
        "seen": "Engaged with {{engaged}} of {{delivered}} {many} in the last 365 days.",
        "never": "No {one} has reached any customer yet, so nothing is known of its effect.",
        "unseen": "No export tells whether customers react to {many}, so nothing is known of their effect.",
        "average": "No {one} has reached this customer in the last 365 days; the average of all is taken.",
        "suppressed": "Not allowed: marketing contacts are blocked for this customer.",
        "refused": "Not allowed: the customer refused contact by {one}.",
        "address": "Not possible: no {address} is known.",
        "consent": "Not allowed: no consent to contact by {one} is known.",
    },
    "de": {
        "seen": "{{engaged}} von {{delivered}} Kontakten ({many}) der letzten 365 Tage fanden eine Reaktion.",
        "never": "Noch kein Kontakt ({one}) hat irgendeinen Kunden erreicht; über die Wirkung ist nichts bekannt.",
        "unseen": "Kein Export sagt, ob Kunden auf {many} reagieren; über die Wirkung ist nichts bekannt.",
        "average": "In den letzten 365 Tagen erreichte den Kunden kein Kontakt ({one}); es gilt der Schnitt aller.",
        "suppressed": "Nicht erlaubt: Werbekontakte sind für diesen Kunden gesperrt.",
        "refused": "Nicht erlaubt: der Kunde hat diesem Weg widersprochen ({one}).",
        "address": "Nicht möglich: keine {address} bekannt.",
        "consent": "Nicht erlaubt: für diesen Weg ist keine Einwilligung bekannt ({one}).",
    },
}  # fmt: skip

# A prior worth fewer touches than one says nothing, one worth more than a thousand would never listen.
_WEAKEST_PRIOR, _STRONGEST_PRIOR = 1.0, 1000.0
# What a prior is worth where the channel's customers are too few, or touched too seldom, to tell how they differ.
_USUAL_PRIOR = 10.0
_FEWEST_CUSTOMERS = 30
_INTERVAL = (0.1, 0.9)
# Exports tell that they went out, and hardly ever that they were answered.
_ONE_WAY = ("sms", "post")


@dataclass(frozen=True)
class EngagementPrior:
    """Beta distribution of a channel's engagement rate among customers."""

    engaged: float
    ignored: float


def rank_channels(engagement: pl.DataFrame, customers: pl.DataFrame, *, language: str = "en") -> pl.DataFrame:
    """Return every customer's four channels in the order to use them, sorted by customer_id, rank (`CHANNELS_SCHEMA`).

    `engagement` has customer_id, channel, delivered_count, engaged_count (last 365 days; other channels than the
    four are left out). `customers` has customer_id, consent_email, consent_phone, consent_sms, consent_post,
    is_suppressed, has_email, has_phone, has_address.

    expected_effect is the expected share of delivered touches that the customer engages with, effect_low and
    effect_high its 80 % credible interval. They are null for a channel in which nobody was ever reached, and for
    letters and text messages where no answer to any is known: it is not that nobody reacts, but that nobody sees it.
    `basis` is `engagement` where the customer was reached in the channel and reactions are known, else `default`.
    Allowed channels rank first, then the greater expected effect; a tie goes to the cheaper channel.
    """
    touches = engagement.select(
        "customer_id",
        "channel",
        delivered=pl.col("delivered_count").fill_null(0).clip(0).cast(pl.Int64),
        engaged=pl.min_horizontal(pl.col("engaged_count").fill_null(0).clip(0), "delivered_count").cast(pl.Int64),
    ).filter(pl.col("channel").is_in(CHANNELS), pl.col("delivered") > 0)
    ranked = [_one_channel(channel, touches.filter(channel=channel), customers, language) for channel in CHANNELS]
    return (
        pl.concat(ranked)
        .sort(
            ["customer_id", "is_allowed", "expected_effect", "order"],
            descending=[False, True, True, False],
            nulls_last=True,
        )
        .with_columns(rank=pl.int_range(pl.len()) % len(CHANNELS) + 1)
        .select(pl.col(name).cast(dtype) for name, dtype in CHANNELS_SCHEMA.items())
    )


def fit_prior(counts: pl.DataFrame) -> EngagementPrior | None:
    """Return the prior of one channel from (delivered, engaged) counts, one row per customer; None without a touch.

    The rate is the pooled one (with half a touch of each kind added), the weight follows from how much more the
    customers' own rates scatter than chance alone explains.
    """
    cells = counts.group_by("delivered", "engaged").agg(customers=pl.len()).sort("delivered", "engaged")
    if cells.is_empty():
        return None
    n, k, w = (cells[column].to_numpy().astype(float) for column in ("delivered", "engaged", "customers"))
    touches = float((w * n).sum())
    rate = (float((w * k).sum()) + 0.5) / (touches + 1.0)
    weight = _prior_weight(n, k, w, rate) if w.sum() >= _FEWEST_CUSTOMERS else _USUAL_PRIOR
    return EngagementPrior(engaged=rate * weight, ignored=(1.0 - rate) * weight)


def _prior_weight(n: Floats, k: Floats, w: Floats, rate: float) -> float:
    """The number of touches that the prior is worth: 1 / rho - 1, rho the correlation of a customer's touches."""
    touches, customers = float((w * n).sum()), float(w.sum())
    scatter = float((w * (k - rate * n) ** 2 / n).sum())
    spare = touches - customers - float((w * n**2).sum()) / touches + 1.0
    if spare <= 0.0:
        return _USUAL_PRIOR
    rho = (scatter / (rate * (1.0 - rate)) - (customers - 1.0)) / spare
    return float(np.clip(1.0 / rho - 1.0, _WEAKEST_PRIOR, _STRONGEST_PRIOR)) if rho > 0.0 else _STRONGEST_PRIOR


def _one_channel(channel: str, touches: pl.DataFrame, customers: pl.DataFrame, language: str) -> pl.DataFrame:
    counts = (
        customers.lazy()
        .join(touches.lazy().select("customer_id", "delivered", "engaged"), on="customer_id", how="left")
        .with_columns(pl.col("delivered", "engaged").fill_null(0), is_allowed=_is_allowed(channel))
    )
    is_unseen = channel in _ONE_WAY and touches.height > 0 and touches["engaged"].sum() == 0
    prior = None if is_unseen else fit_prior(touches)
    effects = _effects(counts.select("delivered", "engaged").unique().collect(), prior)
    has_reactions = pl.lit(prior is not None) & (pl.col("delivered") > 0)
    return (
        counts.join(effects.lazy(), on=["delivered", "engaged"], how="left")
        .select(
            "customer_id",
            "is_allowed",
            "expected_effect",
            "effect_low",
            "effect_high",
            channel=pl.lit(channel),
            order=pl.lit(CHANNELS.index(channel)),
            basis=pl.when(has_reactions).then(pl.lit("engagement")).otherwise(pl.lit("default")),
            reason=_reason(channel, language, is_unseen=is_unseen),
        )
        .collect()
    )


def _effects(cells: pl.DataFrame, prior: EngagementPrior | None) -> pl.DataFrame:
    """Mean and 80 % interval of the posterior for each pair of counts."""
    if prior is None:
        unknown = pl.lit(None, pl.Float64)
        return cells.with_columns(expected_effect=unknown, effect_low=unknown, effect_high=unknown)
    a = prior.engaged + cells["engaged"].to_numpy()
    b = prior.ignored + (cells["delivered"] - cells["engaged"]).to_numpy()
    low, high = (pl.Series(betaincinv(a, b, level)) for level in _INTERVAL)
    return cells.with_columns(expected_effect=pl.Series(a / (a + b)), effect_low=low, effect_high=high)


def _is_allowed(channel: str) -> pl.Expr:
    """Unknown is not yes, but for letters, which may be sent until somebody refuses them."""
    consent = pl.col(f"consent_{channel}")
    agreed = consent.fill_null(True) if channel == "post" else consent.fill_null(False)
    return agreed & pl.col(_ADDRESS[channel]).fill_null(False) & ~pl.col("is_suppressed").fill_null(False)


def _reason(channel: str, language: str, *, is_unseen: bool) -> pl.Expr:
    one, many, address = CHANNEL_WORDS[language][channel]
    texts = {name: text.format(one=one, many=many, address=address) for name, text in _TEXTS[language].items()}
    evidence = (
        pl.when(pl.lit(is_unseen))
        .then(pl.lit(texts["unseen"]))
        .when(pl.col("delivered") > 0)
        .then(sentence(texts["seen"], engaged=pl.col("engaged"), delivered=pl.col("delivered")))
        .when(pl.col("expected_effect").is_null())
        .then(pl.lit(texts["never"]))
        .otherwise(pl.lit(texts["average"]))
    )
    return (
        pl.when(pl.col("is_suppressed").fill_null(False))
        .then(pl.lit(texts["suppressed"]))
        .when(pl.col(f"consent_{channel}").eq(False).fill_null(False))
        .then(pl.lit(texts["refused"]))
        .when(~pl.col(_ADDRESS[channel]).fill_null(False))
        .then(pl.lit(texts["address"]))
        .when(~pl.col("is_allowed"))
        .then(pl.lit(texts["consent"]))
        .otherwise(evidence)
    )
