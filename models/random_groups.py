"""Who is held out and who explores: lots that are drawn by a hash, so that they can be drawn again at any time.

The hold-out group depends on the customer alone and stays from plan to plan; who explores is drawn anew for each plan.
Every explorer draws by himself among his open channels and none, rather those that may be the best, so the probability
of each is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from models.allocation import NOBODY, Scarcity

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

# What is known is drawn so many times, and so much of an explorer's probability does not depend on it.
_DRAWS, _EVEN = 32, 0.1


def draws(names: Iterable[str], purpose: str) -> Floats:
    """Return a number in [0, 1) per name, the same for the same name and purpose for ever and everywhere."""
    key = blake2b(purpose.encode(), digest_size=16).digest()
    digests = b"".join(blake2b(name.encode(), key=key, digest_size=8).digest() for name in names)
    return np.asarray((np.frombuffer(digests, dtype="<u8") >> np.uint64(11)) / 2.0**53)


def promising(worth: Floats, error: Floats, is_open: Booleans) -> Floats:
    """Return how likely each channel is the best for each customer, by what is known: (channels, customers).

    `worth` is what a contact is expected to add less its cost and `error` the standard error of that, both (channels,
    customers). A channel's error is common to all customers, so it is drawn once for all (Thompson 1933). A share of
    the probability is spread evenly over all open channels and none, for what is known may be wrong; where the worth
    is not known (NaN), a channel has just its even share.
    """
    even = is_open / (1.0 + is_open.sum(axis=0))
    is_told = is_open & ~np.isnan(worth)
    mean, spread = np.where(is_told, worth, -np.inf), np.where(is_told, np.nan_to_num(error), 0.0)
    best = np.zeros(worth.shape)
    columns = np.arange(worth.shape[1])
    for deviations in np.random.default_rng(0).standard_normal((_DRAWS, len(worth), 1)):
        drawn = mean + spread * deviations
        winner = drawn.argmax(axis=0)
        best[winner, columns] += drawn[winner, columns] > 0.0
    told_share = 1.0 - (even * ~is_told).sum(axis=0)
    likely = (1.0 - _EVEN) * told_share * best / _DRAWS
    return np.asarray(likely + np.where(is_told, _EVEN * even, even))


def exploring_shares(wanted: Floats, share: float) -> Floats:
    """Return the probability with which each customer explores: `share` on average, more where it is in doubt which of
    the channels and none is the best, as far as that goes, and some everywhere.

    Half is the most for anybody, but for what all have evenly where too few are in doubt.
    """
    likeliest = np.maximum(wanted.max(axis=0, initial=0.0), 1.0 - wanted.sum(axis=0))
    doubt = 1.0 - likeliest
    least = _EVEN * share

    def shares(scale: float) -> Floats:
        return np.asarray(np.minimum(least + scale * doubt, max(0.5, share)))

    if not doubt.size:
        return np.zeros(0)
    low, high = 0.0, 1.0 / max(float(doubt[doubt > 0.0].min(initial=1.0)), 1e-3)
    for _ in range(40):
        middle = (low + high) / 2.0
        low, high = (middle, high) if shares(middle).mean() < share else (low, middle)
    found = shares(low)
    mean = float(found.mean())
    missing = max(share - mean, 0.0)
    if found.max(initial=0.0) + missing <= 1.0:
        return np.asarray(found + missing)
    return np.asarray(found + missing * (1.0 - found) / (1.0 - mean))


def exploring_probabilities(wanted: Floats, shares: Floats, limits: Scarcity) -> Floats:
    """Return the probability with which an explorer draws each channel and, last, none: (channels + 1, customers).

    These are the `wanted` ones (channels, customers), as long as explorers, which customers are with the probabilities
    `shares`, need no more than the `limits` on average.
    """
    asked = (wanted * shares).sum(axis=1)
    part = np.minimum(1.0, np.divide(limits.capacities, asked, out=np.ones(len(asked)), where=asked > 0.0))
    spending = part * asked * limits.costs
    level = _level(spending, limits.budget)
    part = part * np.divide(level, spending, out=np.ones(len(part)), where=spending > level)
    drawn = wanted * part[:, None]
    return np.vstack([drawn, 1.0 - drawn.sum(axis=0)])


def drawn_channels(probabilities: Floats, draw: Floats) -> Integers:
    """Return the channel that each customer's draw in [0, 1) hits, -1 for none."""
    hit = (draw[None, :] >= probabilities[:-1].cumsum(axis=0)).sum(axis=0)
    return np.where(hit == len(probabilities) - 1, NOBODY, hit).astype(np.int64)


def _level(spending: Floats, budget: float) -> float:
    """The amount that no channel may exceed, so that all together keep to the budget: cheap channels are not cut."""
    left, waiting = budget, len(spending)
    for amount in np.sort(spending):
        if amount * waiting > left:
            return left / waiting
        left, waiting = left - float(amount), waiting - 1
    return np.inf
