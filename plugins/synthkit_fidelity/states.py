"""What is kept of a chunk of data: counts and moments, which merge to those of all chunks together.

Counts are whole numbers, so that merging them is exact in any order; moments are exact to rounding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.integer[Any]]
Floats: TypeAlias = NDArray[np.float64]
Key: TypeAlias = tuple[Any, ...]  # what is counted, then the table or the foreign keys, then columns

_BLOCK = 1 << 15  # rows whose moments are taken at once, so that memory stays small
_LOSSY = 1e-3  # what may be left of a sum of squares after a subtraction that cancels


@dataclass(frozen=True)
class State:
    """All that is kept of some chunks.

    Attributes:
        parts: by what they are about.
        shared: those about tables that stand whole in every chunk, so that any one chunk tells all.
    """

    parts: Mapping[Key, Any]
    shared: frozenset[Key] = frozenset()

    def beside(self, other: State) -> State:
        """All that is kept of the same chunks in two states about different things."""
        return State({**self.parts, **other.parts}, self.shared | other.shared)

    def merge(self, other: State) -> State:
        """The state of both chunks together; which comes first does not matter."""
        both = self.parts.items()
        return State({k: p if k in self.shared else p.merge(other.parts[k]) for k, p in both}, self.shared)


@dataclass(frozen=True)
class Tally:
    """How often each number occurs.

    Attributes:
        values: rising.
        counts: one for each, above 0, in the narrowest type that holds them.
    """

    values: NDArray[Any]
    counts: Integers

    @classmethod
    def of(cls, values: NDArray[Any]) -> Tally:
        """Count numbers of any type, none of them NaN."""
        return cls._narrow(*np.unique(values, return_counts=True))

    @classmethod
    def of_codes(cls, codes: Integers, size: int) -> Tally:
        """Count whole numbers from 0 to below ``size``."""
        if size > 2 * len(codes) + 1024:  # hardly any of so many would occur
            return cls.of(codes)
        counts = np.bincount(codes, minlength=1)
        found = np.flatnonzero(counts)
        return cls._narrow(found, counts[found])

    @classmethod
    def _narrow(cls, values: NDArray[Any], counts: Integers) -> Tally:
        return cls(values, counts.astype(np.min_scalar_type(int(counts.max(initial=0)))))

    @property
    def total(self) -> int:
        """How many numbers were counted."""
        return int(self.counts.sum(dtype=np.int64))

    def merge(self, other: Tally) -> Tally:
        """Both together."""
        values, places = np.unique(np.concatenate([self.values, other.values]), return_inverse=True)
        counts = np.zeros(len(values), dtype=np.int64)
        np.add.at(counts, places, np.concatenate([self.counts, other.counts]))
        return self._narrow(values, counts)


@dataclass(frozen=True)
class Categories:
    """How often each category occurs; none has a count of 0."""

    counts: Mapping[Any, int]

    @property
    def total(self) -> int:
        """How many values were counted."""
        return sum(self.counts.values())

    def merge(self, other: Categories) -> Categories:
        """Both together."""
        return Categories(Counter(self.counts) + Counter(other.counts))


@dataclass(frozen=True)
class Margin:
    """One column of its own.

    Attributes:
        known: the values that are not null; times in microseconds since 1970 (UTC).
        nulls: how many are null.
        fault: why the column cannot be read, or empty.
    """

    known: Tally | Categories
    nulls: int
    fault: str = ""

    def merge(self, other: Margin) -> Margin:
        """Both together."""
        known: Any = self.known  # both are of one kind
        return Margin(known.merge(other.known), self.nulls + other.nulls, max(self.fault, other.fault))

    @property
    def rows(self) -> int:
        """How many rows there are, null or not."""
        return self.nulls + self.known.total

    @property
    def problem(self) -> str:
        """Why nothing can be said about the values, in words; empty where nothing is wrong."""
        empty = "" if self.rows > self.nulls else "has no usable value" if self.nulls else "has no rows"
        return self.fault or empty


@dataclass(frozen=True)
class Children:
    """How many children each row of a parent table has; adds up where the parent stands whole in each chunk."""

    counts: Integers

    def merge(self, other: Children) -> Children:
        """Both together."""
        return Children(self.counts + other.counts)

    @property
    def tally(self) -> Tally:
        """How many parents have how many children."""
        return Tally.of(self.counts)


@dataclass(frozen=True)
class Moments:
    """Sums over the rows where two columns are known, for each pair of columns: what correlations need.

    Attributes:
        rows: how many such rows there are.
        means: of the first column over them.
        squares: the sum of the first column's squared deviations.
        products: the sum of the products of both columns' deviations.
    """

    rows: Floats
    means: Floats
    squares: Floats
    products: Floats

    @classmethod
    def of(cls, columns: list[Floats]) -> Moments:
        """The moments of columns of equal length, NaN for null."""
        stops = range(0, max(len(columns[0]), 1), _BLOCK)
        blocks = (np.column_stack([column[i : i + _BLOCK] for column in columns]) for i in stops)
        return reduce(Moments.merge, map(cls._of_block, blocks))

    @classmethod
    def _of_block(cls, values: Floats) -> Moments:
        missing = np.isnan(values)
        known = 1.0 - missing
        with np.errstate(over="ignore", invalid="ignore"):  # beyond the range of floats: the figure will be NaN
            centre = np.where(missing, 0.0, values).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
            near = np.where(missing, 0.0, values - centre)
            rows, sums, raw = known.T @ known, near.T @ known, (near**2).T @ known
            shift = sums / np.maximum(rows, 1)
            squares, products = raw - sums * shift, near.T @ near - sums * shift.T
            found = cls(rows, centre[:, None] + shift, squares, products)
            for first, second in np.argwhere(squares < _LOSSY * raw):
                both = ~(missing[:, first] | missing[:, second])
                found._recount(first, second, values[:, [first, second]][both])
        return found

    def _recount(self, first: int, second: int, values: Floats) -> None:
        """Count the first of a pair of columns anew, whose common rows lie far from the mean of all its rows."""
        means = values.mean(axis=0)
        near, other = (values - means).T
        self.means[first, second], self.squares[first, second] = means[0], near @ near
        self.products[first, second] = self.products[second, first] = near @ other

    def merge(self, other: Moments) -> Moments:
        """Both together (Chan, Golub and LeVeque, 1983)."""
        rows = self.rows + other.rows
        share = other.rows / np.maximum(rows, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            apart = other.means - self.means
            weight = self.rows * share
            return Moments(
                rows,
                self.means + apart * share,
                self.squares + other.squares + apart**2 * weight,
                self.products + other.products + apart * apart.T * weight,
            )

    def correlation(self, first: int, second: int) -> float | None:
        """Pearson's correlation of two columns; None where it is undefined, as with a constant column.

        A column is constant if it varies by no more than rounding over the rows where the other is known.
        """
        both, turned = (first, second), (second, first)
        with np.errstate(all="ignore"):
            spreads = np.sqrt([self.squares[both], self.squares[turned]])
            rounding = 1e-13 * np.sqrt(self.rows[both]) * np.abs([self.means[both], self.means[turned]])
            r = self.products[both] / spreads[0] / spreads[1]
        return float(r.clip(-1, 1)) if np.isfinite(r) and (spreads > rounding).all() else None


def merged(states: Iterable[State]) -> State:
    """The state of all chunks together."""
    return reduce(State.merge, states)
