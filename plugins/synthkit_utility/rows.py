"""Flat features as matrices for trees, in an order that the order of the tables' rows does not change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit import Dataset, features

Numbers = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LEAST = 50  # subjects that each side needs before chance says anything
TREES: dict[str, Any] = {
    "max_iter": 30,
    "learning_rate": 0.2,
    "max_leaf_nodes": 15,
    "early_stopping": False,
    "random_state": 0,
}

_CATEGORIES = 254  # of a column, and one more for all others: what scikit-learn's trees take
_HUGE = 1e300  # stands for infinity, between which and a number there is a middle


@dataclass(frozen=True)
class Rows:
    """Rows of one table in several data sets, as numbers that mean the same in all.

    Attributes:
        names: the features, sorted.
        categorical: which of them are the numbers of categories.
        matrices: one per data set, NaN for null.
    """

    names: tuple[str, ...]
    categorical: Flags
    matrices: tuple[Numbers, ...]

    def only(self, names: Sequence[str]) -> Rows:
        """Some of the features."""
        kept = np.isin(self.names, list(names))
        found = tuple(name for name, keep in zip(self.names, kept, strict=True) if keep)
        return Rows(found, self.categorical[kept], tuple(matrix[:, kept] for matrix in self.matrices))

    def sources(self, own: Sequence[str]) -> dict[str, Integers]:
        """The places of the features that come from each column: those of one column are one matter.

        A column of a table below is named ``table.column``, and the number of its rows ``table.count``.
        """
        found: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            found.setdefault(name if name in own else _source(name), []).append(place)
        return {name: np.asarray(places) for name, places in found.items()}


def rows_of(table: str, *data: Dataset) -> Rows | None:
    """The rows of a table with their features; None where a value cannot be read as its column's kind."""
    try:
        frames = features(table, *data)
    except (TypeError, ValueError):
        return None
    names = sorted(frames[0].columns)
    categorical = [isinstance(frames[0][name].dtype, pd.CategoricalDtype) for name in names]
    columns = [
        (_codes if numbered else _numbers)([frame[name] for frame in frames])
        for name, numbered in zip(names, categorical, strict=True)
    ]
    matrices = (np.column_stack([np.empty((len(f), 0)), *(c[i] for c in columns)]) for i, f in enumerate(frames))
    return Rows(tuple(names), np.asarray(categorical, dtype=bool), tuple(matrices))


def drawn(matrix: Numbers, owners: Integers, size: int, random: np.random.Generator) -> Integers:
    """Places of rows drawn without replacement, sorted by their values and those of their owner's other rows.

    So the order in which the rows came changes neither what is drawn nor its order.
    """
    hashes = pd.util.hash_pandas_object(pd.DataFrame(matrix), index=False).to_numpy()
    sums = np.zeros(int(owners.max(initial=0)) + 1, dtype="uint64")
    np.add.at(sums, owners, hashes)
    order = np.lexsort((hashes, owners, sums[owners]))
    return order[np.sort(random.permutation(len(order))[:size])]


def without_gaps(matrix: Numbers, training: Numbers) -> Numbers:
    """The matrix with 0 for null where no row to train on has a value: scikit-learn cannot bin such a column."""
    return np.where(np.isnan(training).all(axis=0) & np.isnan(matrix), 0.0, matrix)


def _source(name: str) -> str:
    """The column of an aggregate; what stands behind an equals sign is a category and no name."""
    column, equals, _ = name.partition("=")
    return column if equals or name.endswith(".count") else name.rpartition(".")[0]


def _numbers(parts: Sequence[pd.Series[Any]]) -> list[Numbers]:
    return [np.clip(part.to_numpy("float64"), -_HUGE, _HUGE) for part in parts]


def _codes(parts: Sequence[pd.Series[Any]]) -> list[Numbers]:
    """The rank of each category by its frequency; rare ones of a column with very many share the last."""
    codes = [part.cat.codes.to_numpy("int64") for part in parts]
    known = len(parts[0].cat.categories)
    counts = np.sum([np.bincount(each[each >= 0], minlength=known) for each in codes], axis=0)
    ranks = np.full(known + 1, float(_CATEGORIES))
    ranks[np.argsort(-counts, kind="stable")[:_CATEGORIES]] = np.arange(min(known, _CATEGORIES))
    ranks[-1] = np.nan  # the code of null is -1
    return [ranks[each] for each in codes]
