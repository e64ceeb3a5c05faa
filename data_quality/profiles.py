"""What a landed file looked like, in aggregates without personal values, and how it differs from earlier ones.

Files are compared within their series: the same vendor and entity, and the same name but for numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

import polars as pl

from data_quality.contracts import Contract

EARLIER_COMPARED = 5
"""Only the latest files of a series are compared with: what was usual years ago is not any more."""

WHOLE_LISTS = frozenset({"accounts", "contacts", "products"})
"""Exports of these hold everything each time, so one earlier file tells what to expect; others are often slices."""

EARLIER_NEEDED = 3
"""Fewer slices (months, say) do not tell what is usual."""

LEAST_SHARE_OF_ROWS = 0.7
"""Whole lists hardly shrink by three tenths; an export that broke off does."""

LEAST_SHARE_OF_A_SLICE = 0.4
"""Months differ by their season: a quiet one holds half as much as a busy one."""

FEWEST_ROWS = 50
"""In smaller files shares and quantiles move by chance alone; a drop is told against files of this size."""

LARGEST_LOSS_OF_FILLED = 0.25
"""A column that loses a quarter of its cells has lost a source, not some values."""

LARGEST_STABILITY_INDEX = 0.25
"""The population stability index above which the credit industry calls a distribution shifted."""

LARGEST_RATIO_OF_MEDIANS = 5.0
"""Prices do not rise fivefold between two exports; cents read as euros are a hundredfold."""

_SMALLEST_SHARE = 0.001


@dataclass(frozen=True)
class Profile:
    """One landed file: its rows, the share of filled cells by column, the shares of codes by column, the median of
    the absolute amounts where the entity has money, and its newest timestamp."""

    rows: int
    filled: dict[str, float] = field(default_factory=dict)
    codes: dict[str, dict[str, float]] = field(default_factory=dict)
    median_amount: float | None = None
    newest_at: str | None = None

    def as_json(self) -> dict[str, object]:
        """The profile as JSON can hold it; `Profile(**...)` reads it back."""
        return asdict(self)


def profile(contract: Contract, frame: pl.LazyFrame) -> Profile:
    """The profile of one raw file, read once. Codes are only those of columns with a closed list of values."""
    names = [column.name for column in contract.columns]
    coded = [(column.name, code) for column in contract.columns for code in column.allowed]
    newest = pl.col("file_horizon").max().dt.strftime("%Y-%m-%d %H:%M:%S")
    aggregates = [pl.len().alias("rows"), newest.alias("newest")]
    aggregates += [pl.col(name).count().alias(f"filled {name}") for name in names]
    aggregates += [(pl.col(name) == code).sum().alias(f"code {name} {code}") for name, code in coded]
    if contract.amount:
        aggregates.append(pl.col(contract.amount).cast(pl.Float64).abs().median().alias("median"))
    (found,) = frame.select(aggregates).collect().to_dicts()
    rows = found["rows"]
    codes: dict[str, dict[str, float]] = {}
    for name, code in coded:
        codes.setdefault(name, {})[code] = _share(found[f"code {name} {code}"] or 0, found[f"filled {name}"])
    filled = {name: _share(found[f"filled {name}"], rows) for name in names}
    return Profile(rows, filled, codes, found.get("median"), found["newest"])


def differences(entity: str, new: Profile, earlier: Sequence[Profile]) -> tuple[str, ...]:
    """What is unusual about a file beside earlier ones of its series (oldest first), as sentences without values.

    Nothing where there are too few earlier files to tell.
    """
    compared = [one for one in earlier if one.rows >= FEWEST_ROWS][-EARLIER_COMPARED:]
    if len(compared) < (1 if entity in WHOLE_LISTS else EARLIER_NEEDED):
        return ()
    sentences = list(_fewer_rows(entity, new, compared))
    if new.rows >= FEWEST_ROWS:
        sentences += [*_emptier(new, compared), *_other_codes(new, compared), *_other_amounts(new, compared)]
    return tuple(sentences)


def _fewer_rows(entity: str, new: Profile, earlier: Sequence[Profile]) -> Iterator[str]:
    counts = [one.rows for one in earlier]
    usual, least = (
        (max(counts), LEAST_SHARE_OF_ROWS) if entity in WHOLE_LISTS else (median(counts), LEAST_SHARE_OF_A_SLICE)
    )
    if new.rows < least * usual:
        yield (
            f"{new.rows:,} rows are {1 - new.rows / usual:.0%} fewer than the {usual:,.0f} of earlier files; "
            "the export may have broken off"
        )


def _emptier(new: Profile, earlier: Sequence[Profile]) -> Iterator[str]:
    for name, share in new.filled.items():
        usual = median(one.filled.get(name, 0.0) for one in earlier)
        if usual - share > LARGEST_LOSS_OF_FILLED:
            yield f"{name.replace('_', ' ')} is filled in {share:.0%} of the rows instead of {usual:.0%}"


def _other_codes(new: Profile, earlier: Sequence[Profile]) -> Iterator[str]:
    if len(earlier) < EARLIER_NEEDED:
        return
    for name, shares in new.codes.items():
        usual = {code: sum(one.codes.get(name, {}).get(code, 0.0) for one in earlier) / len(earlier) for code in shares}
        if sum(shares.values()) and sum(usual.values()) and stability_index(usual, shares) > LARGEST_STABILITY_INDEX:
            code = max(sorted(shares), key=lambda one: abs(shares[one] - usual[one]))
            yield (
                f"{name.replace('_', ' ')} is distributed otherwise than before: "
                f"'{code}' {shares[code]:.0%} instead of {usual[code]:.0%}"
            )


def _other_amounts(new: Profile, earlier: Sequence[Profile]) -> Iterator[str]:
    medians = [one.median_amount for one in earlier if one.median_amount]
    if len(medians) < EARLIER_NEEDED or not new.median_amount:
        return
    ratio = new.median_amount / median(medians)
    if not 1 / LARGEST_RATIO_OF_MEDIANS <= ratio <= LARGEST_RATIO_OF_MEDIANS:
        yield f"the median amount is {ratio:.3g} times the usual one; the decimal sign or the currency may have changed"


def stability_index(expected: Mapping[str, float], found: Mapping[str, float]) -> float:
    """The population stability index of two distributions over the same classes; 0 where they are the same."""
    pairs = [(max(expected[name], _SMALLEST_SHARE), max(found[name], _SMALLEST_SHARE)) for name in sorted(expected)]
    return sum((new - old) * math.log(new / old) for old, new in pairs)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
