"""Rows as flat features: own columns, and what the rows below each one are like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.row_numbers import Integers, parent_rows
from synthkit.schema import ColumnKind

Features = dict[str, "pd.Series[Any]"]
Numbers = npt.NDArray[np.float64]

_CATEGORIES = 10  # most frequent ones whose shares among the rows below are features
_DAY = 86_400_000_000  # microseconds


def features(table: str, *data: Dataset) -> tuple[pd.DataFrame, ...]:
    """Flatten a table of several data sets of one schema, alike for all.

    One row per row of the table, in its order, with the default index. Columns: its modelled columns under their
    names (numbers and booleans as ``float64``, times as days since 1970, categories as ``category`` with those of
    all data sets together); for each table below it over owner keys ``child.count`` and, of its modelled columns,
    ``child.column.mean`` (numbers and booleans), ``.min``, ``.max``, ``.std`` (numbers and times) and
    ``child.column=category``, the share of each of the ten most frequent categories of the first data set. Null
    is NaN; a row without rows below it has count 0 and NaN elsewhere. The data are not changed.

    Example:
        >>> from synthkit.testing import guarded
        >>> (frame,) = features("customers", guarded(subjects=20))
        >>> len(frame), [name for name in frame.columns if name.startswith("purchases.amount")]
        (20, ['purchases.amount.mean', 'purchases.amount.min', 'purchases.amount.max', 'purchases.amount.std'])
    """
    found = [_own(each, table) for each in data]
    below = [_ancestors(each, table) for each in data]
    for child in (name for name in below[0] if name != table):
        children = [_own(each, child) for each in data]
        for made, own, rows, each in zip(found, children, (b[child] for b in below), data, strict=True):
            made.update(_aggregates(child, own, rows, len(each[table]), children[0]))
    return _alike([pd.DataFrame(f, index=pd.RangeIndex(len(d[table]))) for f, d in zip(found, data, strict=True)])


def _own(data: Dataset, table: str) -> Features:
    return {column.name: _feature(data[table][column.name], column.kind) for column in data.schema.modelled(table)}


def _feature(values: pd.Series[Any], kind: ColumnKind) -> pd.Series[Any]:
    if kind is ColumnKind.CATEGORICAL:
        return values.astype(object).where(values.notna(), None).astype("category")
    if kind is ColumnKind.DATETIME and values.dtype.kind == "M":
        ticks = values.dt.tz_localize(None).to_numpy("datetime64[us]").astype("int64")
        return pd.Series(ticks, index=values.index).where(values.notna()) / _DAY
    return values.astype("float64")


def _ancestors(data: Dataset, table: str) -> dict[str, Integers]:
    """For the table and each one below it over owner keys, the row of the table that each row leads to, -1 for none."""
    rows = {table: np.arange(len(data[table]))}
    for name in data.schema.owned_by(table)[1:]:
        owner = data.schema.owner_of(name)
        if owner is not None:
            parents = parent_rows(data, owner)
            rows[name] = np.where(parents >= 0, np.append(rows[owner.parent], -1)[parents], -1)
    return rows


def _aggregates(child: str, own: Features, rows: Integers, total: int, first: Features) -> Features:
    led = rows >= 0
    groups = rows[led]
    found: Features = {f"{child}.count": pd.Series(np.bincount(groups, minlength=total).astype("float64"))}
    for name, values in own.items():
        known = values[led]
        if isinstance(values.dtype, pd.CategoricalDtype):
            for category in _frequent(first[name]):
                shares = _summary((known == category).to_numpy("float64"), groups, total)["mean"]
                found[f"{child}.{name}={category}"] = shares
        else:
            summary = _summary(known.to_numpy("float64"), groups, total)
            found |= {f"{child}.{name}.{what}": values for what, values in summary.items()}
    return found


def _frequent(values: pd.Series[Any]) -> list[Any]:
    """The most frequent categories, and of equally frequent ones the first by name, whatever the order of rows."""
    counts = values.value_counts()
    return sorted(counts.index[counts > 0], key=lambda category: (-counts[category], str(category)))[:_CATEGORIES]


def _summary(values: Numbers, groups: Integers, total: int) -> Features:
    """Mean, least, greatest and standard deviation of each group's values, NaN where there are too few.

    Each group is summed in the order of its values, so that the order of rows changes no digit.
    """
    known = ~np.isnan(values)
    order = np.lexsort((values[known], groups[known]))
    sorted_values, owners = values[known][order], groups[known][order]
    counts = np.bincount(owners, minlength=total)
    ends = np.cumsum(counts)
    with np.errstate(invalid="ignore", divide="ignore"):  # no value at all, and infinite ones
        means = np.bincount(owners, sorted_values, total) / counts
        squares = np.bincount(owners, (sorted_values - means[owners]) ** 2, total) / (counts - 1)
    padded = np.append(sorted_values, np.nan)
    least = np.where(counts > 0, padded[ends - counts], np.nan)
    greatest = np.where(counts > 0, padded[ends - 1], np.nan)
    spread = np.where(counts > 1, np.sqrt(np.maximum(squares, 0)), np.nan)
    named = {"mean": means, "min": least, "max": greatest, "std": spread}
    return {name: pd.Series(figures) for name, figures in named.items()}


def _alike(frames: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, ...]:
    """The frames with the same categories in each column."""
    for name in frames[0].columns:
        if isinstance(frames[0][name].dtype, pd.CategoricalDtype):
            known = sorted({str(c) for frame in frames for c in frame[name].cat.categories})
            for frame in frames:
                frame[name] = pd.Categorical(frame[name].astype(object).map(str, na_action="ignore"), categories=known)
    return tuple(frames)
