"""Subjects as values to compare and as points: distances between points mean how alike subjects are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Axis = Callable[[Values], Values]

_AXES = 30  # most frequent categories of a column that have an axis of their own
_BLOCK = 1 << 22  # distances at once


@dataclass(frozen=True)
class Records:
    """Subjects of one part.

    Attributes:
        names: of the features, sorted.
        categorical: for each feature, whether its values are codes, which have no order.
        values: one row per subject, one column per feature: the place of a number among the real ones, from 0 to
            1, NaN for null; the code of a category, -1 for null.
        points: one row per subject, one column per axis.
        axes: for each axis, the feature that it belongs to.
    """

    names: tuple[str, ...]
    categorical: npt.NDArray[np.bool_]
    values: Values
    points: Values
    axes: Integers

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Integers | npt.NDArray[np.bool_]) -> Records:
        """Some of the subjects."""
        return Records(self.names, self.categorical, self.values[rows], self.points[rows], self.axes)

    def drawn(self, size: int, random: np.random.Generator) -> Records:
        """As many subjects, drawn without replacement; all of them where there are no more."""
        return self if len(self) <= size else self.take(random.permutation(len(self))[:size])

    def seen(self, features: npt.NDArray[np.bool_]) -> Values:
        """The points in the axes of some features only."""
        return self.points[:, features[self.axes]]


def records(frames: Sequence[pd.DataFrame]) -> tuple[Records, ...]:
    """Features of subjects of the training part, the holdout and others, alike for all; the first two set the scale.

    A number becomes its place among those of both real parts, so that no outlier rules the distance and neither
    part lies on the grid of the other; a category becomes one axis each, so that two different ones lie 1 apart;
    null is a category of its own. The order of rows and of columns changes nothing: both are sorted.
    """
    names = tuple(sorted(frames[0].columns))
    columns = [_placed([frame[name] for frame in frames]) for name in names]
    values = [_sorted(np.column_stack([column[i] for column in columns])) for i in range(len(frames))]
    categorical = np.array([isinstance(frames[0][name].dtype, pd.CategoricalDtype) for name in names])
    axes, owners = _axes(np.concatenate(values[:2]), categorical)
    points = [np.column_stack([axis(part[:, j]) for j, axis in zip(owners, axes, strict=True)]) for part in values]
    return tuple(Records(names, categorical, v, p, owners) for v, p in zip(values, points, strict=True))


def _sorted(values: Values) -> Values:
    return np.asarray(values[np.lexsort(values.T)])


def _placed(values: Sequence[pd.Series[Any]]) -> list[Values]:
    if isinstance(values[0].dtype, pd.CategoricalDtype):
        return [np.asarray(each.cat.codes, dtype="float64") for each in values]
    numbers = [each.to_numpy("float64") for each in values]
    real = np.sort(np.concatenate(numbers[:2]))
    known = real[~np.isnan(real)]
    return [np.where(np.isnan(each), np.nan, _place(each, known)) for each in numbers]


def _place(values: Values, known: Values) -> Values:
    ends = [np.searchsorted(known, values, side) for side in ("left", "right")]
    return np.asarray((ends[0] + ends[1]) / (2.0 * max(len(known), 1)))


def _axes(real: Values, categorical: npt.NDArray[np.bool_]) -> tuple[list[Axis], Integers]:
    """Functions of the values of a feature, and the feature of each; none that says what an earlier one says.

    So subjects without rows in another table, of whom all that these rows would tell is null, differ in one axis.
    """
    found: dict[bytes, tuple[Axis, int]] = {}
    for place, code in enumerate(categorical):
        for axis in _category_axes(real[:, place]) if code else _NUMBER_AXES:
            positions = axis(real[:, place])
            if np.ptp(positions) > 0:
                found.setdefault(positions.tobytes(), (axis, place))
    return [axis for axis, _ in found.values()], np.array([place for _, place in found.values()], dtype="int64")


def _position(values: Values) -> Values:
    return np.nan_to_num(values, nan=0.5)


def _missing(values: Values) -> Values:
    return np.isnan(values).astype("float64")


_NUMBER_AXES: tuple[Axis, ...] = (_position, _missing)


def _category_axes(real: Values) -> Iterator[Axis]:
    codes, counts = np.unique(real, return_counts=True)
    frequent = codes[np.argsort(-counts, kind="stable")[:_AXES]]
    for code in frequent:
        yield partial(_either, code)
    yield partial(_neither, frequent)


def _either(code: float, values: Values) -> Values:
    return np.asarray((values == code) * np.sqrt(0.5))


def _neither(codes: Values, values: Values) -> Values:
    return np.asarray(~np.isin(values, codes) * np.sqrt(0.5))


def nearest(of: Values, among: Values, count: int = 1) -> Values:
    """The distances of each point to its ``count`` nearest among others, the nearest first; shape (points, count).

    Rounded to six digits, so that equal points are 0 apart whatever the order of the sums.
    """
    count = min(count, len(among))
    found = np.empty((len(of), count))
    for rows, squares in _squares(of, among):
        found[rows] = np.sort(np.partition(squares, count - 1, axis=1)[:, :count], axis=1)
    found += (of**2).sum(axis=1)[:, None]
    return np.asarray(np.sqrt(np.maximum(found, 0)).round(6))


def closest(of: Values, among: Values) -> Integers:
    """The number of the nearest among others for each point; of two almost as near, either may be meant."""
    found = np.empty(len(of), dtype="int64")
    for rows, squares in _squares(of.astype("float32"), among.astype("float32")):
        found[rows] = squares.argmin(axis=1)
    return found


def _squares(of: Values, among: Values) -> Iterator[tuple[slice, Values]]:
    """Squared distances, block by block, less the square of each point itself, which changes no order."""
    turned = np.vstack([-2 * among.T, (among**2).sum(axis=1)])
    step = max(_BLOCK // max(len(among), 1), 1)
    for start in range(0, len(of), step):
        block = of[start : start + step]
        yield slice(start, start + len(block)), np.column_stack([block, np.ones(len(block), block.dtype)]) @ turned
