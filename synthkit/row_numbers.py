"""Keys as row numbers: which rows belong together, whatever their keys look like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.schema import ForeignKey

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NO_KEY = -1  # a row number that stands for: some part of the key is null
ORPHAN = -2  # a row number that stands for: there is no such parent


def parent_rows(data: Dataset, key: ForeignKey) -> Integers:
    """The position of the parent's row for each row of ``key.table``; ``NO_KEY`` or ``ORPHAN`` where none is.

    Where the parent repeats a key, its first row is meant.
    """
    return matching_rows(data[key.table].loc[:, list(key.columns)], data[key.parent].loc[:, list(key.parent_columns)])


def matching_rows(rows: pd.DataFrame, among: pd.DataFrame) -> Integers:
    """For each row the position of the first equal one in another frame; ``NO_KEY`` with a null, else ``ORPHAN``."""
    return _first_rows(*row_codes(rows, among))


def refined(codes: Integers, values: pd.Series[Any]) -> Integers:
    """Numbers for the distinct pairs of a number and a value, 0 for the first row's; null is a value like others.

    Example:
        >>> refined(np.array([0, 0, 1, 1]), pd.Series(["x", None, "x", "x"])).tolist()
        [0, 1, 2, 2]
    """
    part, distinct = pd.factorize(values)
    return pd.factorize(codes * (len(distinct) + 1) + part + 1)[0].astype("int64")


def row_codes(*frames: pd.DataFrame) -> tuple[Integers, ...]:
    """Number the distinct rows of frames with the same number of columns, alike in all frames.

    Columns are matched by place. A row in which any part is null gets -1.
    """
    codes, missing = _coded(frames)
    return _parted(np.where(missing, NO_KEY, codes), frames)


def combination_codes(*frames: pd.DataFrame) -> tuple[Integers, ...]:
    """The same, but null is a value as any other."""
    return _parted(_coded(frames)[0], frames)


def repeated(codes: Integers) -> Flags:
    """Which rows repeat the code of an earlier row; a negative code repeats nothing."""
    return pd.Series(codes).duplicated().to_numpy() & (codes >= 0)


def stacked(parts: Sequence[pd.Series[Any]]) -> pd.Series[Any]:
    """Columns of the same meaning one below the other, in a dtype that holds them all."""
    filled = [part for part in parts if len(part)] or parts[:1]  # an empty part must not decide the dtype
    return pd.concat(filled, ignore_index=True)


def _coded(frames: Sequence[pd.DataFrame]) -> tuple[Integers, Flags]:
    total = sum(len(frame) for frame in frames)
    codes, missing = np.zeros(total, dtype="int64"), np.zeros(total, dtype=bool)
    for place in range(frames[0].shape[1]):
        part, values = pd.factorize(stacked([frame.iloc[:, place] for frame in frames]))
        missing |= part < 0
        codes = pd.factorize(codes * (len(values) + 1) + part + 1)[0] if place else part.astype("int64") + 1
    return codes, missing


def _parted(codes: Integers, frames: Sequence[pd.DataFrame]) -> tuple[Integers, ...]:
    return tuple(np.split(codes, np.cumsum([len(frame) for frame in frames])[:-1]))


def _first_rows(child: Integers, parent: Integers) -> Integers:
    highest = max(child.max(initial=-1), parent.max(initial=-1))
    first = np.full(highest + 1, ORPHAN, dtype="int64")
    known = np.flatnonzero(parent >= 0)[::-1]  # backwards, so that the first row of a repeated key stays
    first[parent[known]] = known
    rows = np.full(len(child), NO_KEY, dtype="int64")
    rows[child >= 0] = first[child[child >= 0]]
    return rows
