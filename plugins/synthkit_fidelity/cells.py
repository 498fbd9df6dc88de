"""Columns as numbers, and as cells: small whole numbers that stand for what the real data have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthkit import Column, ColumnKind
from synthkit_fidelity.states import Categories, Floats, Margin, Tally

BINS = 5  # of numbers and dates
COMMON = 4  # categories that keep a cell of their own where three columns meet

Codes = NDArray[np.int32]


def continuous(column: Column) -> bool:
    """Whether its values have an order and a distance: numbers and dates."""
    return column.kind in (ColumnKind.NUMERICAL, ColumnKind.DATETIME)


def summary(values: pd.Series[Any], column: Column) -> Margin:
    """One column of its own."""
    if not continuous(column):
        codes, names = pd.factorize(values)
        counts = np.bincount(codes + 1, minlength=1)
        return Margin(Categories(dict(zip(names.tolist(), counts[1:].tolist(), strict=True))), int(counts[0]))
    numbers = read(values, column)
    missing = np.isnan(numbers)
    return Margin(Tally.of(numbers[~missing]), int(missing.sum()), _fault(values, column))


def read(values: pd.Series[Any], column: Column) -> Floats:
    """Numbers, or microseconds since 1970 (UTC); NaN for null, and for all that is none or infinite."""
    if not _readable(values, column):
        return np.full(len(values), np.nan)
    if column.kind is ColumnKind.DATETIME:
        naive = values if values.dt.tz is None else values.dt.tz_convert(None)
        return np.where(naive.isna(), np.nan, naive.to_numpy("datetime64[us]").astype(np.int64))
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isinf(numbers), np.nan, numbers)


def _readable(values: pd.Series[Any], column: Column) -> bool:
    if column.kind is ColumnKind.DATETIME:
        return pd.api.types.is_datetime64_any_dtype(values)
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_complex_dtype(values)


def _fault(values: pd.Series[Any], column: Column) -> str:
    if not _readable(values, column):
        return f"is not stored as {'dates' if column.kind is ColumnKind.DATETIME else 'numbers'}"
    infinite = column.kind is ColumnKind.NUMERICAL and np.isinf(values.to_numpy(np.float64, na_value=np.nan)).any()
    return "holds infinite values" if infinite else ""


@dataclass(frozen=True)
class Cells:
    """The cells of one column, decided by the real data alone.

    Null is cell 0. Numbers and dates fall into up to five quantile bins of the real data, the outer ones
    open: a value belongs to the bin of its mid-distribution rank (Parzen, 2004), so that a value that many
    rows share is never torn apart and need not swallow its neighbours. Each real category has a cell, the
    most frequent first; categories that the real data do not have share the last cell.

    Attributes:
        column: which column.
        edges: the greatest value of each bin but the last.
        names: the cell of each category.
        scale: what a number is multiplied by so that it is about 1; a power of 2, which loses no digit.
    """

    column: Column
    edges: Floats
    names: dict[Any, int]
    scale: float = 1.0

    @classmethod
    def of(cls, column: Column, real: Margin) -> Cells:
        """The cells that the real values of a column decide."""
        if isinstance(real.known, Categories):
            counts = real.known.counts
            names = sorted(counts, key=lambda name: (-counts[name], type(name).__name__, str(name)))
            return cls(column, np.empty(0), {name: i for i, name in enumerate(names, start=1)})
        greatest = float(np.abs(real.known.values).max(initial=0.0))
        exponent = int(np.clip(np.frexp(greatest)[1], -540, 540))  # half of the range of floats
        return cls(column, _edges(real.known), {}, 2.0**-exponent)

    @property
    def size(self) -> int:
        """How many cells there are."""
        return 2 + (len(self.edges) if continuous(self.column) else len(self.names))

    def of_categories(self, values: pd.Series[Any]) -> Codes:
        """The cell of each category."""
        codes, names = pd.factorize(values)
        cells = [self.names.get(name, self.size - 1) for name in names.tolist()]
        return np.array([*cells, 0], dtype=np.int32)[codes]

    def of_numbers(self, numbers: Floats) -> Codes:
        """The cell of each number or time, NaN for null."""
        bins = np.searchsorted(self.edges, numbers).astype(np.int32) + 1
        return np.where(np.isnan(numbers), np.int32(0), bins)

    def scaled(self, values: pd.Series[Any]) -> Floats:
        """Numbers of about 1, so that their squares stay within the range of floats."""
        with np.errstate(over="ignore"):  # far beyond the real numbers: infinite, which has no correlation
            return read(values, self.column) * self.scale

    @cached_property
    def coarse(self) -> Codes:
        """The cell of each cell where three columns meet: the rarer categories share one."""
        cells = np.arange(self.size, dtype=np.int32)
        if continuous(self.column):
            return cells
        return np.where(cells == self.size - 1, COMMON + 2, np.minimum(cells, COMMON + 1)).astype(np.int32)


def _edges(known: Tally) -> Floats:
    counts = known.counts.astype(np.float64)
    middle = (counts.cumsum() - counts / 2) / max(known.total, 1)
    last = np.flatnonzero(np.diff((middle * BINS).astype(np.intp)))
    return np.asarray(known.values[last], dtype=np.float64)
