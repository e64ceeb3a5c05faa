"""Array types of the twin, its streams of random numbers, and words picked by number."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SECONDS_PER_DAY = 86_400


def stream(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for each topic, so that a change in one leaves the others as they were."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def weighted(rng: np.random.Generator, weights: npt.ArrayLike, size: int) -> Ints:
    """`size` indices into `weights`, drawn in proportion to them."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    drawn = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    return np.asarray(np.minimum(drawn, len(edges) - 1), dtype=np.int64)


def falling(count: int, power: float) -> Floats:
    """Weights of a list that is sorted by how common its entries are: 1 / rank^power."""
    return np.asarray(np.arange(1, count + 1, dtype=np.float64) ** -power, dtype=np.float64)


def chosen(words: Sequence[str], index: Ints, where: Bools | None = None) -> pl.Series:
    """The words at `index`; null where `where` is false."""
    picked = pl.Series(words, dtype=pl.String).gather(pl.Series(index))
    return picked if where is None else kept(picked, where)


def kept(values: pl.Series, where: Bools) -> pl.Series:
    """The values where `where` is true, null elsewhere."""
    return pl.select(pl.when(pl.Series(where)).then(values)).to_series()


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """The numbers start, start + 1, ... start + length - 1 of every range, one range after the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.asarray(np.arange(total) + np.repeat(starts - (ends - lengths), lengths), dtype=np.int64)
