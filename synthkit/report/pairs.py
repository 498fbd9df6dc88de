"""How the columns of a table go together: which pairs are worth a picture, and how strongly each depends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit.report.crowd import BINNED, LEAST_ROWS
from synthkit.report.numbers import numbers
from synthkit.row_numbers import Floats, Integers
from synthkit.schema import Column

MOST_PAIRS = 3
MOST_PAIRED = 20  # columns of a matrix; the labels of more cannot be read
LEAST_PAIRED = 10 * LEAST_ROWS  # with fewer rows, hardly a cell of a grid may be shown
_LOOKED_AT = 20_000  # rows
_FEW = 40  # columns; of more, fewer rows are looked at
_LEVELS = 8

_Matrix: TypeAlias = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """How strongly each two columns depend on each other.

    Attributes:
        names: of the columns.
        real, synthetic: bias-corrected Cramer's V of each pair, in [0, 1]; None where a column is constant. Both
            are symmetric, and None on the diagonal.
    """

    names: tuple[str, ...]
    real: _Matrix
    synthetic: _Matrix


def strongest_pairs(real: pd.DataFrame, names: Sequence[str]) -> list[tuple[str, str]]:
    """The ``MOST_PAIRS`` pairs of numeric columns with the greatest absolute rank correlation (Spearman, 1904).

    It is taken over the real rows where both have a value, of which there must be ``LEAST_PAIRED`` among the
    some 20,000 rows that are looked at, or fewer of more than 40 columns. A constant column is in no pair.

    Example:
        >>> strongest_pairs(pd.DataFrame({"a": range(200), "b": range(200), "c": 1}), ["a", "b", "c"])
        [('a', 'b')]
    """
    rows = real.iloc[:: 1 + len(real) * max(_FEW, len(names)) // (_FEW * _LOOKED_AT)]
    ranks = pd.DataFrame({place: numbers(rows[name]) for place, name in enumerate(names)}).rank()
    if ranks.size == 0:
        return []
    with np.errstate(invalid="ignore"):
        strength = np.triu(np.nan_to_num(_correlations(ranks.to_numpy(dtype="float64")), nan=-1.0) + 2, 1) - 2
    order = np.argsort(-strength, axis=None, kind="stable")[:MOST_PAIRS].tolist()
    pairs = [divmod(place, len(names)) for place in order]
    return [(names[i], names[j]) for i, j in pairs if strength[i, j] >= 0]


def matrix(real: pd.DataFrame, synthetic: pd.DataFrame, columns: Sequence[Column]) -> Matrix | None:
    """The dependence of each two columns, over some 20,000 rows of each side; None with under ``LEAST_PAIRED`` rows.

    Numbers and times fall into eight bins with as many real rows each, categories are the eight most frequent
    real ones and all others; null counts as a value. V is that of Bergsma (2013).

    Example:
        >>> from synthkit.schema import ColumnKind
        >>> rows = pd.DataFrame({"a": list("xy") * 100, "b": list("uv") * 100, "c": list("mmnn") * 50})
        >>> matrix(rows, rows, [Column(name, ColumnKind.CATEGORICAL) for name in rows]).real
        ((None, 1.0, 0.0), (1.0, None, 0.0), (0.0, 0.0, None))
    """
    seen, drawn = (frame.iloc[:: 1 + len(frame) // _LOOKED_AT] for frame in (real, synthetic))
    if len(columns) < 2 or min(len(seen), len(drawn)) < LEAST_PAIRED:
        return None
    coded = [_levels(seen[column.name], drawn[column.name], column) for column in columns]
    sides = [_dependence([codes[side] for codes in coded]) for side in (0, 1)]
    return Matrix(tuple(column.name for column in columns), *sides)


def _correlations(ranks: Floats) -> Floats:
    """Absolute correlations of columns over the rows where both have a value; NaN where there are too few."""
    there = ~np.isnan(ranks)
    if there.all():
        centred = ranks - ranks.mean(axis=0)
        spread = np.sqrt((centred**2).sum(axis=0))
        spread[spread == 0] = np.nan
        enough = np.nan if len(ranks) < LEAST_PAIRED else 1.0
        strength: Floats = enough * np.abs((centred / spread).T @ (centred / spread))
        return strength
    found: Floats = pd.DataFrame(ranks).corr(min_periods=LEAST_PAIRED).to_numpy(dtype="float64")
    return np.abs(found)


def _levels(real: pd.Series[Any], synthetic: pd.Series[Any], column: Column) -> tuple[Integers, Integers]:
    """A level for each row of both sides: a bin, a category, all others, or null, which is 0."""
    if column.kind in BINNED:
        seen, drawn = numbers(real), numbers(synthetic)
        known = seen[~np.isnan(seen)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _LEVELS + 1)[1:-1])) if len(known) else known
        first, second = (np.where(np.isnan(v), 0, 1 + np.searchsorted(edges, v, side="right")) for v in (seen, drawn))
        return first.astype("int64"), second.astype("int64")
    common = real.value_counts().index[:_LEVELS]
    found = [np.asarray(common.get_indexer(pd.Index(values))) for values in (real, synthetic)]
    first, second = (
        np.where(values.isna(), 0, np.where(places < 0, _LEVELS + 1, places + 1))
        for values, places in zip((real, synthetic), found, strict=True)
    )
    return first.astype("int64"), second.astype("int64")


def _dependence(coded: Sequence[Integers]) -> _Matrix:
    """Bias-corrected Cramer's V of each two columns of levels."""
    rows = len(coded[0])
    used = [np.unique(codes, return_inverse=True)[1] for codes in coded]
    sizes = np.array([int(codes.max()) + 1 for codes in used])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    marks = np.zeros((rows, int(sizes.sum())), dtype="float32")
    for codes, start in zip(used, starts, strict=True):
        marks[np.arange(rows), start + codes] = 1
    counts = (marks.T @ marks).astype("float64")
    totals = np.diag(counts)
    shares = counts**2 / np.outer(totals, totals)
    phi = np.add.reduceat(np.add.reduceat(shares, starts, axis=0), starts, axis=1) - 1
    free = sizes - 1
    phi = np.maximum(0.0, phi - np.outer(free, free) / (rows - 1))
    levels = sizes - free**2 / (rows - 1)
    least = np.minimum.outer(levels, levels) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        strength: npt.NDArray[np.float64] = np.sqrt(phi / least).clip(0, 1)
    strength[least <= 0] = np.nan
    np.fill_diagonal(strength, np.nan)
    return tuple(tuple(None if np.isnan(v) else round(float(v), 4) for v in row) for row in strength)
