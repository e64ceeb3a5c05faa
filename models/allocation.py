"""Who gets which contact, when contacts are scarce: one channel or none per customer, within capacities and a budget.

The scarce things get prices (Lagrange multipliers). At given prices every customer's best channel is found by itself,
and the sum of what customers then keep, plus the scarce things at their prices, bounds every plan's value from above.
The lowest such bound is that of the linear programme; cutting planes find it (Kelley 1960), HiGHS solves each small
master problem. A plan is then made of the choices at the last prices and repaired to hold every limit, so its distance
to the bound is certified whatever the numbers were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

NOBODY = -1
_TOLERANCE, _LEAST_WEIGHT = 1e-8, 1e-6
_MOST_ROUNDS = 200
# How far prices may move in one step, as a share of the highest that makes sense; it shrinks where a step fails.
_FIRST_STEP, _LEAST_STEP = 0.25, 1e-7
_SAMPLE = 20_000
# A contact that costs more than this share of the budget cannot be shared out finely.
_LUMP = 0.001


@dataclass(frozen=True)
class Scarcity:
    """What limits a plan: contacts per channel (inf: no limit), what a contact costs, and the budget (inf: none)."""

    capacities: Floats
    costs: Floats
    budget: float

    @property
    def limits(self) -> Floats:
        """Capacities and the budget in one row."""
        return np.append(self.capacities, self.budget)

    def used(self, chosen: Integers) -> Floats:
        """Return how much of each limit a plan uses."""
        counts = np.bincount(chosen[chosen != NOBODY], minlength=len(self.costs)).astype(float)
        return np.append(counts, counts @ self.costs)

    def price_of(self, prices: Floats) -> Floats:
        """Return what one contact of each channel takes at these prices of the limits."""
        return np.asarray(prices[:-1] + prices[-1] * self.costs)


@dataclass(frozen=True)
class Allocation:
    """The channel of each customer (`NOBODY`: none), the plan's value, and the bound that no plan exceeds.

    `prices` is what one more contact of each channel, and last one more unit of money, would add to the value.
    `preferred` is what each customer would get at `settled_prices`, those that lead to this very plan: where single
    contacts are large against the budget, whole ones must be settled first, and what is left has other prices.
    """

    chosen: Integers
    preferred: Integers
    value: float
    bound: float
    prices: Floats
    settled_prices: Floats

    @property
    def gap(self) -> float:
        """How far, at most, the plan stays behind the best one, as a share of the bound."""
        return (self.bound - self.value) / self.bound if self.bound > 0.0 else 0.0


def allocate(values: Floats, scarcity: Scarcity, draw: Floats) -> Allocation:
    """Return the plan for `values` (channels, customers), each contact's value less cost; -inf where not allowed.

    `draw` has a number in [0, 1) per customer, which breaks ties. Contacts of no positive value are never made.
    """
    worth = np.where((values > 0.0) & (scarcity.capacities >= 1.0)[:, None], values, -np.inf)
    found = _solved(worth, scarcity, draw)
    is_lump = scarcity.costs > _LUMP * scarcity.budget
    if not is_lump.any():
        return found
    settled = np.where(is_lump, scarcity.used(found.chosen)[:-1], scarcity.capacities)
    again = _solved(worth, replace(scarcity, capacities=settled), draw)
    better = again if again.value >= found.value else found
    return replace(better, bound=found.bound, prices=found.prices)


def _solved(worth: Floats, scarcity: Scarcity, draw: Floats) -> Allocation:
    prices, cuts = _prices(worth, scarcity, draw)
    mixed = _mixed(worth, scarcity, cuts, draw)
    preferred, bound = _best(worth, scarcity, prices)
    reduced = worth - scarcity.price_of(prices)[:, None]
    levelled = _levelled(mixed, reduced, scarcity, prices, draw)
    kept = within_limits(levelled, worth, scarcity, draw)
    chosen = _filled(kept, worth, reduced, scarcity, draw)
    return Allocation(chosen, preferred, _value(worth, chosen), bound, prices, prices)


@dataclass
class _Cuts:
    """The plans that were best at some prices: those prices, the plans' values and what they leave of each limit."""

    prices: list[Floats]
    values: list[float]
    spare: list[Floats]

    def add(self, worth: Floats, scarcity: Scarcity, prices: Floats) -> float:
        """Note the best plan at these prices and return the bound that they give."""
        chosen, bound = _best(worth, scarcity, prices)
        limited = np.isfinite(scarcity.limits)
        spare = np.where(limited, np.where(limited, scarcity.limits, 0.0) - scarcity.used(chosen), 0.0)
        self.prices.append(prices)
        self.values.append(_value(worth, chosen))
        self.spare.append(spare)
        return bound

    def lowest(self, low: Floats, high: Floats) -> tuple[Floats, float, Floats]:
        """Return the prices where the cuts promise the lowest bound, that bound, and the weights of the plans there."""
        from scipy.optimize import linprog

        scale = max(max(self.values), 1.0)
        slopes = np.column_stack([np.array(self.spare) / scale, -np.ones(len(self.values))])
        goal = np.append(np.zeros(len(low)), 1.0)
        box = [*zip(low, high, strict=True), (None, None)]
        found = linprog(goal, A_ub=slopes, b_ub=-np.array(self.values) / scale, bounds=box, method="highs")
        if found.x is None:
            raise ArithmeticError(f"The prices of the plan could not be found: {found.message}")
        return found.x[:-1], float(found.x[-1]) * scale, -found.ineqlin.marginals


def _prices(worth: Floats, scarcity: Scarcity, draw: Floats) -> tuple[Floats, _Cuts]:
    """The prices of the lowest bound, sought first on a sample, whose prices are nearly those of all."""
    highest = _highest_prices(worth, scarcity)
    start = np.zeros(len(highest))
    count = worth.shape[1]
    if count > 2 * _SAMPLE:
        rows = np.argsort(draw, kind="stable")[:_SAMPLE]
        share = _SAMPLE / count
        small = Scarcity(scarcity.capacities * share, scarcity.costs, scarcity.budget * share)
        start, _ = _descend(worth[:, rows], small, start, highest, _FIRST_STEP)
        return _descend(worth, scarcity, start, highest, 0.01)
    return _descend(worth, scarcity, start, highest, _FIRST_STEP)


def _descend(
    worth: Floats, scarcity: Scarcity, start: Floats, highest: Floats, first_step: float
) -> tuple[Floats, _Cuts]:
    cuts, best, step = _Cuts([], [], []), start, first_step
    bound = cuts.add(worth, scarcity, best)
    for _ in range(_MOST_ROUNDS):
        low, high = np.maximum(best - step * highest, 0.0), np.minimum(best + step * highest, highest)
        prices, promised, _ = cuts.lowest(low, high)
        inside = bool(((prices > low) | (low == 0.0)).all() and ((prices < high) | (high == highest)).all())
        if bound - promised <= _TOLERANCE * max(bound, 1.0):
            if inside or step >= 1.0:
                break
            step = min(1.0, 4.0 * step)
            continue
        found = cuts.add(worth, scarcity, prices)
        step = min(1.0, 2.0 * step) if found < bound and not inside else max(_LEAST_STEP, 0.5 * step)
        if found < bound:
            best, bound = prices, found
    return best, cuts


def _highest_prices(worth: Floats, scarcity: Scarcity) -> Floats:
    """No price above these is ever right; zero where there is no limit."""
    most = np.maximum(worth.max(axis=1, initial=0.0), 0.0)
    paid = scarcity.costs > 0.0
    money = (most[paid] / scarcity.costs[paid]).max(initial=0.0)
    return np.where(np.isfinite(scarcity.limits), np.append(most, money), 0.0)


def _best(worth: Floats, scarcity: Scarcity, prices: Floats) -> tuple[Integers, float]:
    """Each customer's best channel at these prices, and the bound on every plan that they give."""
    reduced = worth - scarcity.price_of(prices)[:, None]
    kept = np.maximum(reduced.max(axis=0, initial=-np.inf), 0.0)
    chosen = np.where(kept > 0.0, reduced.argmax(axis=0), NOBODY)
    paid = prices > 0.0
    return chosen, float(kept.sum() + prices[paid] @ scarcity.limits[paid])


def _value(worth: Floats, chosen: Integers) -> float:
    rows = np.flatnonzero(chosen != NOBODY)
    return float(worth[chosen[rows], rows].sum())


def _mixed(worth: Floats, scarcity: Scarcity, cuts: _Cuts, draw: Floats) -> Integers:
    """The plan of the linear programme is a mixture of the noted plans: each customer follows one of them by lot."""
    _, _, weights = cuts.lowest(np.zeros(len(scarcity.limits)), _highest_prices(worth, scarcity))
    active = np.flatnonzero(weights > _LEAST_WEIGHT)
    upto = np.cumsum(weights[active]) / weights[active].sum()
    evenly = draw.argsort(kind="stable").argsort(kind="stable") / max(len(draw), 1)
    lot = np.searchsorted(upto, evenly, side="right").clip(max=len(active) - 1)
    mixed = np.full(worth.shape[1], NOBODY, dtype=np.int64)
    for place, cut in enumerate(active):
        followers = lot == place
        mixed[followers], _ = _best(worth[:, followers], scarcity, cuts.prices[cut])
    return mixed


def _levelled(chosen: Integers, reduced: Floats, scarcity: Scarcity, prices: Floats, draw: Floats) -> Integers:
    """With customers moved into capacities that have a price and are not used up, where that costs less than it."""
    levelled = chosen.copy()
    for channel in np.flatnonzero(prices[:-1] > 0.0):
        spare = int(scarcity.capacities[channel] - (levelled == channel).sum())
        now = np.where(levelled == NOBODY, 0.0, reduced[levelled, np.arange(len(levelled))])
        lost = now - reduced[channel]
        rows = np.flatnonzero((levelled != channel) & (lost < prices[channel]))
        levelled[rows[np.lexsort((draw[rows], lost[rows]))[: max(spare, 0)]]] = channel
    return levelled


def within_limits(chosen: Integers, worth: Floats, scarcity: Scarcity, draw: Floats) -> Integers:
    """Return the plan without the least valuable contacts beyond a capacity, then those that give least for money."""
    kept = chosen.copy()
    rows = _highest_first(chosen, worth, draw)
    kept[rows[_place_within(kept[rows]) >= scarcity.capacities[kept[rows]]]] = NOBODY
    with np.errstate(divide="ignore"):
        rows = _highest_first(kept, worth / scarcity.costs[:, None], draw)
    spent = scarcity.costs[kept[rows]].cumsum()
    kept[rows[(spent > scarcity.budget) & (scarcity.costs[kept[rows]] > 0.0)]] = NOBODY
    return kept


def _filled(chosen: Integers, worth: Floats, reduced: Floats, scarcity: Scarcity, draw: Floats) -> Integers:
    """With contacts of customers who have none, the most valuable first, as long as any limit leaves room for one."""
    filled = chosen.copy()
    while True:
        used = scarcity.used(filled)
        has_room = (scarcity.capacities - used[:-1] >= 1.0) & (scarcity.costs <= scarcity.budget - used[-1])
        waiting = np.flatnonzero((filled == NOBODY) & (worth[has_room] > 0.0).any(axis=0))
        if not len(waiting):
            return filled
        wanted = np.full(len(chosen), NOBODY, dtype=np.int64)
        wanted[waiting] = np.where(has_room[:, None], reduced[:, waiting], -np.inf).argmax(axis=0)
        spare = Scarcity(scarcity.capacities - used[:-1], scarcity.costs, scarcity.budget - used[-1])
        filled = np.maximum(filled, within_limits(wanted, worth, spare, draw))


def _highest_first(chosen: Integers, score: Floats, draw: Floats) -> Integers:
    """The customers who have a contact, by the score of theirs."""
    rows = np.flatnonzero(chosen != NOBODY)
    return rows[np.lexsort((draw[rows], -score[chosen[rows], rows]))]


def _place_within(channels: Integers) -> Integers:
    """How many earlier entries are of the same channel."""
    order = np.argsort(channels, kind="stable")
    counts = np.bincount(channels) if len(channels) else np.zeros(0, dtype=np.int64)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    place = np.empty(len(channels), dtype=np.int64)
    place[order] = np.arange(len(channels)) - starts
    return place
