"""Subjects as points: distances between them mean how alike they are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

Points = npt.NDArray[np.float64]

_BLOCK = 1 << 23  # distances at once


def points(frames: tuple[pd.DataFrame, ...]) -> tuple[Points, ...]:
    """Features of subjects as points, alike for all frames; the first one sets the scale.

    A number becomes its rank among those of the first frame, from 0 to 1, so that no outlier rules the distance;
    a category becomes one axis each, so that two different ones lie 1 apart; null is a category of its own.
    """
    columns = list(_axes(frames))
    return tuple(np.column_stack([column[i] for column in columns]) for i in range(len(frames)))


def _axes(frames: tuple[pd.DataFrame, ...]) -> Iterator[list[npt.NDArray[np.float64]]]:
    for name in frames[0].columns:
        values = [frame[name] for frame in frames]
        missing = [each.isna().to_numpy() for each in values]
        if isinstance(values[0].dtype, pd.CategoricalDtype):
            codes = [each.cat.codes.to_numpy() for each in values]
            for code in range(-1, len(values[0].cat.categories)):
                yield [(each == code) * np.sqrt(0.5) for each in codes]
        else:
            yield from _ranks([each.to_numpy("float64") for each in values], missing)


def _ranks(values: list[Points], missing: list[npt.NDArray[np.bool_]]) -> Iterator[list[Points]]:
    known = np.sort(values[0][~missing[0]])
    if len(known):
        yield [np.where(gone, 0.5, _place(each, known)) for each, gone in zip(values, missing, strict=True)]
    if any(gone.any() for gone in missing):
        yield [gone.astype("float64") for gone in missing]


def _place(values: Points, known: Points) -> Points:
    ends = [np.searchsorted(known, values, side) for side in ("left", "right")]
    return np.asarray((ends[0] + ends[1]) / (2.0 * len(known)))


def nearest(of: Points, among: Points, count: int = 1) -> Points:
    """The distances of each point to its ``count`` nearest among others, the nearest first; shape (points, count).

    Rounded to six digits, so that equal points are 0 apart whatever the order of the sums.
    """
    count = min(count, len(among))
    found = np.empty((len(of), count), dtype="float64")
    squares = (among**2).sum(axis=1)
    step = max(_BLOCK // max(len(among), 1), 1)
    for start in range(0, len(of), step):
        block = of[start : start + step]
        distances = (block**2).sum(axis=1)[:, None] + squares - 2 * block @ among.T
        closest = np.partition(distances, count - 1, axis=1)[:, :count]
        found[start : start + step] = np.sqrt(np.maximum(np.sort(closest, axis=1), 0)).round(6)
    return found
