"""Values as tokens: small integers for what is frequent, bins for the rest, and values again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NULL = 0  # the token of null, of every column
_ATOMS = 1_000  # most frequent values with a token of their own
_BINS = 500
_CUTS = 126


@dataclass(frozen=True)
class Feature:
    """What may explain a column: a code for each row.

    Attributes:
        codes: from 0 (null) on, in the narrowest unsigned integers that hold them.
        size: one more than the greatest code that there can be.
        ordered: whether the codes are in an order; if so there are at most 128.
    """

    codes: npt.NDArray[Any]
    size: int
    ordered: bool

    def __post_init__(self) -> None:
        narrow = np.min_scalar_type(max(self.size - 1, 0))
        object.__setattr__(self, "codes", self.codes.astype(narrow, copy=False))

    def take(self, rows: Any) -> Feature:
        """Some of the rows."""
        return Feature(self.codes[rows], self.size, self.ordered)


class Codec(Protocol):
    """How the values of a column are tokens, and how they explain other columns."""

    @property
    def size(self) -> int:
        """The number of tokens, null among them."""

    @property
    def ordered(self) -> bool:
        """Whether the tokens are in an order."""

    @property
    def zero(self) -> int | None:
        """The token that stands for the number 0 alone, if there is one."""

    def tokens(self, values: Any) -> Integers:
        """The token of each value."""

    def draw(self, tokens: Integers, random: np.random.Generator) -> Any:
        """A value for each token."""

    def feature(self, values: Any) -> Feature:
        """The values as they explain others."""


@dataclass(frozen=True)
class Labels:
    """Labels from 1 on, 0 for none: they are their own tokens."""

    size: int
    ordered = False
    zero = None

    def tokens(self, values: Integers) -> Integers:
        return values

    def draw(self, tokens: Integers, random: np.random.Generator) -> Integers:
        del random  # there is one value of each token
        return tokens

    def feature(self, values: Integers) -> Feature:
        return Feature(values, self.size, ordered=False)


@dataclass(frozen=True)
class Categories(Labels):
    """Categories as labels, the most frequent first.

    Attributes:
        values: the category of each token from 1 on.
    """

    values: npt.NDArray[Any]

    @classmethod
    def learn(cls, values: pd.Series[Any]) -> Categories:
        """The categories of a column, the most frequent first."""
        counts = values.value_counts()
        known = sorted(counts.index, key=lambda value: (-counts[value], str(value)))
        return cls(len(known) + 1, np.array(known, dtype=object))

    def read(self, values: pd.Series[Any]) -> Integers:
        """The token of each category; an unknown one is like null."""
        found = pd.Index(self.values).get_indexer(pd.Index(values.astype(object)))
        return np.asarray(found + 1, dtype="int64")

    @property
    def words(self) -> npt.NDArray[Any]:
        """The category of each token from 0 on, None for null."""
        return np.append(np.array([None], dtype=object), self.values)


@dataclass(frozen=True)
class Numbers:
    """Numbers as tokens: values that many subjects share as atoms, all others in bins between quantiles.

    Attributes:
        step: every value is a multiple of it; 0 where there is no such grid.
        low, high: the ends of each token's values, from token 1 on, in ascending order; atoms have one value.
        edges: where the bins of smooth values end, ascending.
        bins: the token of each bin.
        cuts: where values are cut when they explain others, ascending.
        time: whether they are microseconds since 1970.
    """

    step: float
    low: Floats
    high: Floats
    edges: Floats
    bins: Integers
    cuts: Floats
    time: bool = False
    ordered = True

    @classmethod
    def learn(cls, values: Floats, subjects: Integers, *, step: float, least: int, time: bool = False) -> Numbers:
        """Learn from values (NaN for null) and whose each is; no token stands for fewer than ``least`` subjects."""
        known = ~np.isnan(values)
        values, subjects = values[known], subjects[known]
        atoms = _atoms(values, subjects, least)
        smooth = ~np.isin(values, atoms)
        edges = _edges(values[smooth], subjects[smooth], least)
        low, high = np.concatenate([atoms, edges[:-1]]), np.concatenate([atoms, edges[1:]])
        order = np.argsort(low + high, kind="stable")
        place = np.argsort(order, kind="stable") + 1
        low, high, bins = low[order], high[order], place[len(atoms) :].astype("int64")
        whole = cls(step, low, high, edges, bins, np.empty(0), time)
        return replace(whole, cuts=_cuts(low, high, np.bincount(whole.tokens(values), minlength=whole.size)[1:]))

    @property
    def size(self) -> int:
        """The number of tokens, null among them."""
        return len(self.low) + 1

    @property
    def zero(self) -> int | None:
        """The token that stands for the number 0 alone, if there is one."""
        found = np.flatnonzero((self.low == 0) & (self.high == 0))
        return int(found[0]) + 1 if len(found) else None

    def tokens(self, values: Floats) -> Integers:
        """The token of each value (NaN for null); atoms first, then the bin that it lies in."""
        exact = np.flatnonzero(self.low == self.high)
        if not self.size - 1:
            return np.zeros(len(values), dtype="int64")
        found = np.zeros(len(values), dtype="int64")
        if len(self.bins):
            found = self.bins[(np.searchsorted(self.edges, values, side="right") - 1).clip(0, len(self.bins) - 1)]
        if len(exact):
            place = np.searchsorted(self.low[exact], values).clip(max=len(exact) - 1)
            hit = self.low[exact][place] == values if len(self.bins) else np.ones(len(values), dtype=bool)
            found = np.where(hit, exact[place] + 1, found)
        return np.where(np.isnan(values), NULL, found)

    def draw(self, tokens: Integers, random: np.random.Generator) -> Floats:
        """A value for each token, NaN for null: even between its ends, and on the grid."""
        low, high = (np.append(np.nan, ends)[tokens] for ends in (self.low, self.high))
        drawn = low + (high - low) * random.random(len(tokens))
        return on_grid(drawn, low, high, self.step)

    def feature(self, values: Floats) -> Feature:
        """Where the values lie among the cuts."""
        codes = np.searchsorted(self.cuts, values, side="right") + 1
        return Feature(np.where(np.isnan(values), NULL, codes), len(self.cuts) + 2, ordered=True)


def on_grid(values: Floats, low: Floats, high: Floats, step: float) -> Floats:
    """The nearest multiples of a step that lie between two ends, where there is one."""
    if not step:
        return values
    with np.errstate(invalid="ignore"):
        least, most = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
        rounded = np.minimum(np.maximum(np.round(values / step), least), np.maximum(most, least)) + 0.0
        return rounded * step if step >= 1 else rounded / np.round(1 / step)


def grid(values: Floats, decimals: int | None) -> float:
    """The greatest step that all values (no nulls) are multiples of: whole numbers, or a power of ten below one."""
    if not len(values) or not np.isfinite(values).all():
        return 0.0
    digits = decimals if decimals is not None else next((d for d in range(7) if _round(values, d)), None)
    if digits is None:
        return 0.0
    if digits:
        return float(10.0**-digits)
    whole = np.unique(np.abs(np.round(values)))
    return float(max(np.gcd.reduce(whole[whole < 2**62].astype("int64")), 1)) if len(whole) else 1.0


def _round(values: Floats, digits: int) -> bool:
    return bool((np.round(values, digits) == values).all())


def _atoms(values: Floats, subjects: Integers, least: int) -> Floats:
    """The values that enough subjects share, ascending; of more than a thousand values only frequent ones."""
    distinct, codes = np.unique(values, return_inverse=True)
    counts = np.bincount(codes, minlength=len(distinct))
    width = int(subjects.max(initial=0)) + 1
    shared = np.bincount(np.unique(codes * width + subjects) // width, minlength=len(distinct))
    frequent = (shared >= least) & ((counts * _ATOMS >= len(values)) | (len(distinct) <= _ATOMS))
    return np.asarray(distinct[frequent], dtype="float64")


def _cuts(low: Floats, high: Floats, counts: Integers) -> Floats:
    """Where to cut between tokens, so that parts are of even size, but that frequent tokens are parts of their own."""
    if not len(low):
        return low
    order = np.lexsort((high, low))
    low, high, mass = low[order], high[order], counts[order].astype("float64")
    for _ in range(3):  # what frequent tokens have too much of is not to be shared out again
        mass = np.minimum(mass, mass.sum() / _CUTS)
    begins = np.append(
        low[:1], np.where(low[:-1] == high[:-1], np.maximum(low[1:], np.nextafter(low[:-1], np.inf)), low[1:])
    )
    part = np.floor((np.cumsum(mass) - mass / 2) / max(mass.sum(), 1e-9) * _CUTS)
    return np.asarray(np.unique(begins[1:][part[1:] > part[:-1]]))


def _edges(values: Floats, subjects: Integers, least: int) -> Floats:
    """Where bins of values of so many subjects at least end, between values; empty where there are too few for one."""
    if not len(values):
        return values
    order = np.argsort(values, kind="stable")
    values, subjects = values[order], subjects[order]
    bins = int(np.clip(len(values) // least, 1, _BINS))
    starts = np.unique(np.searchsorted(values, values[np.arange(bins) * len(values) // bins]))
    kept: list[int] = [0]
    seen: set[int] = set()
    for start, end in zip(starts, [*starts[1:], len(values)], strict=True):
        if len(seen) >= least:
            kept.append(int(start))
            seen = set()
        seen.update(subjects[start:end].tolist())
    if len(seen) < least and len(kept) > 1:  # the last ones join those before
        kept.pop()
    inner = (values[np.array(kept[1:], dtype="int64") - 1] + values[np.array(kept[1:], dtype="int64")]) / 2
    return np.concatenate([values[:1], inner, values[-1:]])
