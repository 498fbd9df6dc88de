"""Small tables of counts: all that a chart may know about the data.

No figure here is about fewer than ``LEAST_ROWS`` real rows: smaller bins are merged, smaller groups are
folded into "other", smaller cells are left blank and smaller numbers of nulls are not told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit.schema import ColumnKind

LEAST_ROWS = 10
MOST_BINS = 40
MOST_CELLS = 24
MOST_GROUPS = 30

_Floats: TypeAlias = npt.NDArray[np.float64]
_Counts: TypeAlias = npt.NDArray[np.int64]

_DAY = 86400.0
_YEAR = 365.25 * _DAY
_TIME_STEPS = (
    *(1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 3 * 3600.0, 6 * 3600.0, 12 * 3600.0),
    *(_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 91 * _DAY, 182 * _DAY),  # whole weeks: weekdays even out
    *(years * _YEAR for years in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000, 100000)),
)


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two, real or synthetic, looks like.

    Attributes:
        rows: the number of rows.
        nulls: the share of them that is null, in [0, 1]; None where the real rows that are null, or those
            that are not, are fewer than ``LEAST_ROWS``.
        shares: the share of each bin, group or cell, in [0, 1]; None where there is nothing to show.
    """

    rows: int
    nulls: float | None
    shares: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares of the rows with a value, by common bins.

    Attributes:
        edges: one more than there are bins, rising; times are seconds since 1970. The outermost bins
            hold all that lies beyond them too.
        step: the width of a bin that was not merged with its neighbours.
        temporal: whether the edges are times.
    """

    edges: tuple[float, ...]
    step: float
    temporal: bool
    real: Side
    synthetic: Side


@dataclass(frozen=True, slots=True)
class Groups:
    """Shares of all rows by value, the greatest real group first.

    Attributes:
        names: the values; None stands for every other value.
        nulls: whether the last share is that of the nulls, which has no name.
    """

    names: tuple[str | None, ...]
    nulls: bool
    real: Side
    synthetic: Side


@dataclass(frozen=True, slots=True)
class Density:
    """Shares of the rows with both values, by cells of a grid; the last axis varies fastest.

    Attributes:
        x_edges, y_edges: one more than there are cells along that axis, rising; the outermost cells hold
            all that lies beyond them too.

    Cells with fewer than ``LEAST_ROWS`` real rows hold 0 on the real side, and cells with a smaller share
    than so many real rows hold 0 on the synthetic side, so that both fade out alike.
    """

    x_edges: tuple[float, ...]
    y_edges: tuple[float, ...]
    real: Side
    synthetic: Side


def histogram(real: pd.Series, synthetic: pd.Series, kind: ColumnKind) -> Histogram:
    """Count numbers or times in common bins, which follow the real values and hide their extremes.

    Example:
        >>> ages = pd.Series([20, 30, 30, 40] * 25)
        >>> aged = histogram(ages, ages, ColumnKind.NUMERICAL)
        >>> aged.edges[0], aged.edges[-1], aged.real.shares[:2]
        (15.0, 45.0, (0.25, 0.0))
    """
    temporal = kind is ColumnKind.DATETIME
    seen, drawn = _numbers(real), _numbers(synthetic)
    known = seen[~np.isnan(seen)]
    edges = _edges(seen, drawn, temporal, most=min(MOST_BINS, max(5, len(known) // 15)))
    starts = _merged(_binned(seen, edges))
    counts = [np.add.reduceat(_binned(values, edges), starts) for values in (seen, drawn)]
    return Histogram(
        edges=tuple(edges[[*starts, -1]].tolist()),
        step=float(edges[1] - edges[0]),
        temporal=temporal,
        real=_real_side(len(seen), len(known), counts[0]),
        synthetic=_side(len(drawn), int(counts[1].sum()), counts[1]),
    )


def groups(real: pd.Series, synthetic: pd.Series) -> Groups:
    """Count the rows of each value; only values with ``LEAST_ROWS`` real rows are named.

    Example:
        >>> letters = groups(pd.Series(["a"] * 60 + ["b"] * 30 + ["c"] * 10), pd.Series(["a", "z"]))
        >>> letters.names, letters.synthetic.shares
        (('a', 'b', 'c', None), (0.5, 0.0, 0.0, 0.5))
    """
    seen, drawn = _value_counts(real), _value_counts(synthetic)
    named = _named(seen)
    others = [int(counts.sum() - counts.reindex(named).sum()) for counts in (seen, drawn)]
    names = (*named, None) if any(others) else tuple(named)
    counts = [_grouped(values, named, other if any(others) else None) for values, other in ((seen, others[0]), (drawn, others[1]))]
    return Groups(names=names, nulls=False, real=Side(0, 0, None), synthetic=Side(0, 0, None))
