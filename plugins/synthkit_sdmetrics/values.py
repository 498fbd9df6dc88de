"""Columns and keys as arrays of numbers, the form in which SDMetrics is quick and cannot guess a type."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthkit import Column, ColumnKind, Dataset, ForeignKey

Numbers = NDArray[np.float64]
Rows = NDArray[np.intp]

_CONTINUOUS = (ColumnKind.NUMERICAL, ColumnKind.DATETIME)


@dataclass(frozen=True)
class Values:
    """One column of one dataset.

    Attributes:
        name: what to call it in a message.
        numbers: numbers, microseconds since 1970 (UTC), or the codes of categories; NaN for null.
        continuous: whether the numbers have an order and a distance; codes have none.
    """

    name: str
    numbers: Numbers
    continuous: bool

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """The cell of each value in a contingency table, null included: its code, or one of ten equal bins.

        Each dataset is cut over its own range and its greatest value shares a cell with null, as in
        SDMetrics' report.

        Raises:
            ValueError: a value is infinite.
        """
        if not self.continuous:
            return np.where(np.isnan(self.numbers), -1, self.numbers).astype(np.int64)
        edges = np.histogram_bin_edges(self.numbers[~np.isnan(self.numbers)])
        return np.digitize(self.numbers, edges)

    @property
    def series(self) -> pd.Series:
        """The numbers as SDMetrics takes them."""
        return pd.Series(self.numbers)

    def take(self, rows: Rows) -> Values:
        """The values of some rows."""
        return replace(self, numbers=self.numbers[rows])

    @property
    def fault(self) -> str:
        """Why a figure about these values may be undefined, in words; empty where nothing is wrong."""
        known = self.numbers[~np.isnan(self.numbers)]
        if not len(known):
            return "has no usable value" if len(self.numbers) else "has no rows"
        if np.isinf(known).any():
            return "holds infinite values"
        return "is constant" if self.continuous and known.min() == known.max() else ""


def columns(real: Dataset, synthetic: Dataset, table: str) -> tuple[tuple[Values, ...], tuple[Values, ...]]:
    """The columns of a table that are scored (no keys, personal data or text), real and synthetic."""
    scored = real.schema.modelled(table)
    both = [_both(real[table][c.name], synthetic[table][c.name], c) for c in scored]
    return tuple(first for first, _ in both), tuple(second for _, second in both)


def keys(dataset: Dataset, key: ForeignKey) -> tuple[Values, Values]:
    """The parent's key and the child's foreign key as codes of one code book."""
    parent, child = dataset[key.parent][key.parent_columns[0]], dataset[key.table][key.columns[0]]
    first, second = _codes(parent, child)
    return (
        Values(f"{key.parent}.{key.parent_columns[0]}", first, continuous=False),
        Values(f"{key.table}.{key.columns[0]}", second, continuous=False),
    )


def linked(parent: Values, child: Values) -> tuple[Rows, Rows] | None:
    """The rows of the child that have a parent, and the row of the parent for each.

    None where the parent's key holds a value twice: joining could then multiply the rows without bound.
    """
    owners = np.flatnonzero(~np.isnan(parent.numbers))
    codes = parent.numbers[owners].astype(np.intp)
    index = pd.Index(codes)
    if not index.is_unique:
        return None
    found = index.get_indexer(pd.Index(np.where(np.isnan(child.numbers), -1, child.numbers).astype(np.intp)))
    rows = np.flatnonzero(found >= 0)
    return rows, owners[found[rows]]


def _both(real: pd.Series, synthetic: pd.Series, column: Column) -> tuple[Values, Values]:
    if column.kind in _CONTINUOUS:
        read = _times if column.kind is ColumnKind.DATETIME else _amounts
        first, second = read(real), read(synthetic)
    else:
        first, second = _codes(real, synthetic)
    continuous = column.kind in _CONTINUOUS
    return Values(column.name, first, continuous), Values(column.name, second, continuous)


def _amounts(values: pd.Series) -> Numbers:
    if not pd.api.types.is_numeric_dtype(values):
        return np.full(len(values), np.nan)
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _times(values: pd.Series) -> Numbers:
    if not pd.api.types.is_datetime64_any_dtype(values):
        return np.full(len(values), np.nan)
    naive = values if values.dt.tz is None else values.dt.tz_convert(None)
    return np.where(naive.isna(), np.nan, naive.to_numpy("datetime64[us]").astype(np.int64))


def _codes(first: pd.Series, second: pd.Series) -> tuple[Numbers, Numbers]:
    # As objects, because two dtypes (text and str, int64 and Int64) must still share one code book.
    codes, _ = pd.factorize(pd.concat([first.astype(object), second.astype(object)], ignore_index=True))
    numbers = np.where(codes < 0, np.nan, codes.astype(np.float64))
    return numbers[: len(first)], numbers[len(first) :]
