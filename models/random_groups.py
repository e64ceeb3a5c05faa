"""Who is held out and who explores: lots that are drawn by a hash, so that they can be drawn again at any time.

The hold-out group depends on the customer alone and stays from plan to plan; who explores is drawn anew for each plan.
Every explorer draws by himself among his open channels and none, so the probability of each is known.
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


def draws(names: Iterable[str], purpose: str) -> Floats:
    """Return a number in [0, 1) per name, the same for the same name and purpose for ever and everywhere."""
    key = blake2b(purpose.encode(), digest_size=16).digest()
    digests = b"".join(blake2b(name.encode(), key=key, digest_size=8).digest() for name in names)
    return np.asarray((np.frombuffer(digests, dtype="<u8") >> np.uint64(11)) / 2.0**53)


def exploring_probabilities(is_open: Booleans, scarcity: Scarcity) -> Floats:
    """Return the probability with which an explorer draws each channel and, last, none: (channels + 1, customers).

    Every open channel and none are equally likely, as long as explorers, who are a share of all customers, need no
    greater share of any capacity or of the budget. `is_open` is (channels, customers).
    """
    equal = is_open / (1.0 + is_open.sum(axis=0))
    wanted = equal.sum(axis=1)
    share = np.minimum(1.0, np.divide(scarcity.capacities, wanted, out=np.ones(len(wanted)), where=wanted > 0.0))
    spending = share * wanted * scarcity.costs
    level = _level(spending, scarcity.budget)
    share = share * np.divide(level, spending, out=np.ones(len(share)), where=spending > level)
    drawn = equal * share[:, None]
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
