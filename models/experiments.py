"""Did it work? A contacted group against its hold-out group, looked at as often as one likes.

The difference in means is adjusted by what was known before the campaign (CUPED: Deng et al. 2013,
doi:10.1145/2433396.2433413). Its interval holds at every look at once (an asymptotic confidence sequence: Waudby-Smith
et al. 2024, doi:10.1214/24-AOS2408), so looking daily and stopping when it looks good raises no false alarms. Groups
whose sizes cannot be chance say that something went wrong before any outcome was seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import lambertw
from scipy.stats import binomtest

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

# Sizes less likely than this are a fault of the assignment and no chance.
_MISMATCH = 0.001
_LEAST_GROUP = 2


@dataclass(frozen=True)
class Comparison:
    """The means of both groups, adjusted, their difference with its interval, and a p value, valid at every look.

    `variance_kept` is the share of the variance that the adjustment leaves (1: it was of no use).
    """

    treated: float
    control: float
    effect: float
    low: float
    high: float
    p_value: float
    variance_kept: float


def sizes_mismatch(treated: int, control: int, *, treated_share: float) -> float:
    """Return the probability of group sizes at least so far from the planned share (exact binomial test)."""
    return float(binomtest(treated, treated + control, treated_share).pvalue) if treated + control else 1.0


def has_mismatch(treated: int, control: int, *, treated_share: float) -> bool:
    """Return whether the sizes say that the groups are not those that were drawn, so no effect may be claimed."""
    return sizes_mismatch(treated, control, treated_share=treated_share) < _MISMATCH


def compare(
    outcome: Floats, is_treated: Booleans, before: Floats | None = None, *, planned: int, level: float = 0.95
) -> Comparison | None:
    """Return the comparison of treated and control customers, or None where a group has fewer than two.

    One entry per customer whose outcome is known by now. `before` holds (customers, k) numbers known before the
    campaign, without gaps. `planned` is how many customers there will be in the end: there the interval is narrowest,
    and it must not depend on what was seen.
    """
    sizes = is_treated.sum(), (~is_treated).sum()
    if min(sizes) < _LEAST_GROUP:
        return None
    adjusted = outcome if before is None else _adjusted(outcome, is_treated, before)
    means = [float(adjusted[group].mean()) for group in (is_treated, ~is_treated)]
    variance = sum(float(adjusted[group].var(ddof=1)) / group.sum() for group in (is_treated, ~is_treated))
    raw = sum(float(outcome[group].var(ddof=1)) / group.sum() for group in (is_treated, ~is_treated))
    effect, error = means[0] - means[1], float(np.sqrt(variance))
    low, high, p_value = at_every_look(effect, error, seen=len(outcome), planned=planned, level=level)
    return Comparison(
        treated=means[0],
        control=means[1],
        effect=effect,
        low=low,
        high=high,
        p_value=p_value,
        variance_kept=variance / raw if raw > 0.0 else 1.0,
    )


def at_every_look(
    effect: float, error: float, *, seen: int, planned: int, level: float = 0.95
) -> tuple[float, float, float]:
    """Return both ends of the interval and the p value that hold at every look, from an effect and its standard error.

    `seen` customers of the `planned` ones are known by now.
    """
    information = _information(seen, planned, 1.0 - level)
    reach = error * _reach(information, 1.0 - level)
    return effect - reach, effect + reach, _p_value(effect, error, information)


def _adjusted(outcome: Floats, is_treated: Booleans, before: Floats) -> Floats:
    """The outcome less what the past alone says of it. The slopes are those within the groups, so no effect is lost."""
    known = before.reshape(len(outcome), -1)
    centred, residual = known - known.mean(axis=0), outcome.astype(np.float64)
    within = known.astype(np.float64)
    for group in (is_treated, ~is_treated):
        within[group] -= within[group].mean(axis=0)
        residual[group] -= residual[group].mean()
    slopes, *_ = np.linalg.lstsq(within, residual, rcond=None)
    return np.asarray(outcome - centred @ slopes)


def _information(seen: int, planned: int, alpha: float) -> float:
    """How much has been seen, on the scale on which the interval is narrowest when all has been (ibid., appendix B)."""
    at_the_end = float(-lambertw(-(alpha**2) / np.e, -1).real - 1.0)
    return at_the_end * seen / planned


def _reach(information: float, alpha: float) -> float:
    """Half the interval, in standard errors; 1.96 of them would hold at one look only."""
    return float(np.sqrt((1.0 + 1.0 / information) * (np.log1p(information) - 2.0 * np.log(alpha))))


def _p_value(effect: float, error: float, information: float) -> float:
    """The alpha at which the interval would just touch zero."""
    if error == 0.0:
        return 1.0 if effect == 0.0 else 0.0
    exponent = 0.5 * (np.log1p(information) - (effect / error) ** 2 * information / (1.0 + information))
    return float(np.exp(min(0.0, exponent)))
