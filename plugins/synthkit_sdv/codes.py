"""One column as codes that a network can make: which category or part of a range, and where in that part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int32]
Places = npt.NDArray[np.float32]

MOST = 500  # categories with a code of their own; the rest shares one
PARTS = 12  # of the range of a number, with equally many rows in each
KNOTS = 128  # of the distribution of a number
FEWEST = 10  # rows between two knots, or with a value of their own
OFTEN = 0.02  # of the rows: what a value needs for a code of its own
_DECIMALS = 10


@dataclass(frozen=True)
class Categories:
    """A categorical or boolean column: a code for each category, the most frequent first, and one for null.

    Attributes:
        values: the categories; None is null.
        counts: how many rows each of those that share the last code has; empty where none do.
    """

    values: tuple[Any, ...]
    counts: tuple[int, ...] = ()

    @classmethod
    def of(cls, cells: pd.Series) -> Self:
        """Learn the categories of a column of Python objects, NaN for null."""
        counted = cells.where(cells.notna(), None).value_counts(dropna=False)
        values = tuple(None if pd.isna(value) else value for value in counted.index)
        return cls(values, tuple(counted.tolist()[MOST - 1 :]) if len(values) > MOST else ())

    @property
    def width(self) -> int:
        """How many codes there are."""
        return len(self.values) - max(len(self.counts) - 1, 0)

    @property
    def ranged(self) -> int:
        """None of the codes is a part of a range."""
        return 0

    def coded(self, cells: pd.Series) -> tuple[Codes, Places]:
        """The code of each cell."""
        numbers = {value: number for number, value in enumerate(self.values) if value is not None}
        null = self.values.index(None) if None in self.values else 0
        codes = np.where(cells.isna(), null, cells.map(numbers).fillna(0)).astype("int32")
        return np.minimum(codes, self.width - 1), np.zeros(len(cells), "float32")

    def cells(self, codes: Codes, places: Places, random: np.random.Generator) -> pd.Series:
        """The category of each code; among those that share one, as frequent as they were."""
        del places
        numbers = codes.astype("int64")
        if self.counts:
            shared = numbers == self.width - 1
            chances = np.array(self.counts) / sum(self.counts)
            numbers[shared] += random.choice(len(chances), int(shared.sum()), p=chances)
        known = np.array([np.nan if value is None else value for value in self.values] + [None], dtype=object)[:-1]
        return pd.Series(known[numbers], dtype=object)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``from_dict`` takes it."""
        return {"values": list(self.values), "counts": list(self.counts)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The column that ``to_dict`` told."""
        return cls(tuple(plain["values"]), tuple(plain["counts"]))


@dataclass(frozen=True)
class Numbers:
    """A column of numbers: codes for parts of its range with equally many rows each, for frequent values and null.

    A number is told by its rank among all (the probability integral transform), so that the tail of a column is
    as easy to learn as its middle, whatever its shape. Ranks are known at knots, which lie between two values
    with ten rows or more from one to the next, so that no knot but the first and the last is anybody's value.

    Attributes:
        knots: numbers, rising; the first and last are the ends of what is told by ranks.
        ranks: of the knots, from 0 to 1.
        parts: of equal width in ranks.
        frequent: values with a code of their own.
        ends: the least and greatest value of all; empty where every cell is null.
        decimals: that all values have, or None.
        null: whether there is a code for null.
    """

    knots: tuple[float, ...]
    ranks: tuple[float, ...]
    parts: int
    frequent: tuple[float, ...]
    ends: tuple[float, ...]
    decimals: int | None
    null: bool

    @classmethod
    def of(cls, cells: pd.Series) -> Self:
        """Learn the distribution of a column of ``float64``, NaN for null."""
        known = cells.dropna().to_numpy("float64")
        values, counts = np.unique(known, return_counts=True)
        often = counts >= max(FEWEST, OFTEN * len(cells))
        if (~often).sum() == 1:
            often[:] = True  # there is no range
        knots, ranks = _knots(values[~often], counts[~often])
        share = counts[~often].sum() / len(cells)
        parts = max(round(min(PARTS * share, len(knots) - 1)), 1) if len(knots) else 0
        ends = (values[0], values[-1]) if len(values) else ()
        null = len(known) < len(cells)
        frequent = _plain(values[often])
        return cls(_plain(knots), _plain(ranks), parts, frequent, _plain(ends), _decimals(values), null)

    @property
    def width(self) -> int:
        """How many codes there are."""
        return self.parts + len(self.frequent) + self.null

    @property
    def ranged(self) -> int:
        """How many of the codes, the first ones, are parts of the range."""
        return self.parts

    def coded(self, cells: pd.Series) -> tuple[Codes, Places]:
        """The code of each cell, and where in its part of the range it lies, from -1 to 1."""
        numbers = cells.to_numpy("float64")
        codes, places = np.full(len(numbers), self.width - 1, "int32"), np.zeros(len(numbers), "float32")
        if self.parts:
            ranks = np.nan_to_num(np.interp(numbers, self.knots, self.ranks)) * self.parts
            codes = np.minimum(ranks.astype("int32"), self.parts - 1)
            places = (2 * (ranks - codes) - 1).astype("float32")
        for code, value in enumerate(self.frequent, start=self.parts):
            codes[numbers == value], places[numbers == value] = code, 0
        codes[np.isnan(numbers)], places[np.isnan(numbers)] = self.width - 1, 0
        return codes, places

    def cells(self, codes: Codes, places: Places, random: np.random.Generator) -> pd.Series:
        """The number of each code and place, within the ends and with as many decimals as the column had."""
        del random
        numbers = np.full(len(codes), np.nan)
        if self.parts:
            ranks = (codes + (np.clip(places, -1, 1) + 1) / 2) / self.parts
            numbers = np.where(codes < self.parts, np.interp(ranks, self.ranks, self.knots), np.nan)
        for code, value in enumerate(self.frequent, start=self.parts):
            numbers[codes == code] = value
        rounded = numbers if self.decimals is None else np.round(numbers, self.decimals)
        return pd.Series(np.clip(rounded, self.ends[0], self.ends[1]) if self.ends else rounded)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``from_dict`` takes it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The column that ``to_dict`` told."""
        told: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in plain.items()}
        return cls(**told)


def _knots(values: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]) -> tuple[Any, Any]:
    """Numbers between some of the values, and the share of rows below each; none where there are no two values."""
    if len(values) < 2:
        return np.array([]), np.array([])
    below = np.cumsum(counts)
    total = int(below[-1])
    wanted = np.linspace(0, total, min(KNOTS, max(total // FEWEST, 1)) + 1)[1:-1]
    places = np.unique(np.searchsorted(below[:-1], wanted))
    places = places[places < len(values) - 1]
    between = values[places] + (values[places + 1] - values[places]) / 2
    knots, first = np.unique(np.concatenate([values[:1], between, values[-1:]]), return_index=True)
    return knots, np.concatenate([[0], below[places] / total, [1]])[first]


def _decimals(values: npt.NDArray[np.float64]) -> int | None:
    """The fewest decimals with which every value can be written, or None."""
    with np.errstate(over="ignore"):  # rounding multiplies; what gets infinite is not equal
        fitting = (digits for digits in range(_DECIMALS + 1) if np.array_equal(np.round(values, digits), values))
        return next(fitting, None)


def _plain(numbers: Any) -> tuple[float, ...]:
    return tuple(float(number) for number in numbers)
