"""Small tables of counts: all that a chart may know about the data.

No figure here is about fewer than ``LEAST_ROWS`` real rows: smaller bins are merged, smaller groups are
folded into one, smaller cells are left blank and smaller numbers of nulls are not told.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit.schema import ColumnKind

LEAST_ROWS = 10
MOST_BINS = 40
MOST_GROUPS = 30
MOST_PAIRS = 3

_Floats: TypeAlias = npt.NDArray[np.float64]
_Counts: TypeAlias = npt.NDArray[np.int64]
_Series: TypeAlias = "pd.Series[Any]"

_HUGE = 1e150  # far beyond any axis, and squares of it are still finite
_DAY = 86400.0
_YEAR = 365.25 * _DAY
_TIME_STEPS = (
    *(1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 3 * 3600.0, 6 * 3600.0, 12 * 3600.0),
    *(days * _DAY for days in (1, 2, 7, 14, 28, 56, 91, 182)),  # whole weeks, so that each bin has as many weekends
    *(years * _YEAR for years in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000)),
)


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two, real or synthetic, looks like.

    Attributes:
        rows: the number of rows.
        nulls: the share of them that is null, in [0, 1]; None where the real rows that are null, or those
            that are not, are some but fewer than ``LEAST_ROWS``.
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
    """Shares of all rows by value.

    Attributes:
        names: the values that have a share of their own, the most frequent real one first. The two
            shares after theirs are those of all other values and of null.
    """

    names: tuple[str, ...]
    real: Side
    synthetic: Side


@dataclass(frozen=True, slots=True)
class Density:
    """Shares of the rows with both values, by the cells of a grid, the second axis varying fastest.

    A cell with fewer than ``LEAST_ROWS`` real rows has a real share of 0. A synthetic share below that of
    ``LEAST_ROWS`` real rows is 0 too, so that both sides fade out alike.

    Attributes:
        edges: those of each axis; the outermost cells hold all that lies beyond them too.
    """

    edges: tuple[tuple[float, ...], tuple[float, ...]]
    real: Side
    synthetic: Side


def histogram(real: _Series, synthetic: _Series, kind: ColumnKind) -> Histogram:
    """Count numbers or times in common bins, which follow the real values but do not show their extremes.

    Example:
        >>> ages = pd.Series([20, 21, 21, 22] * 25)
        >>> counted = histogram(ages, ages, ColumnKind.NUMERICAL)
        >>> counted.edges, counted.real.shares
        ((19.5, 20.5, 21.5, 22.5), (0.25, 0.5, 0.25))
    """
    temporal = kind is ColumnKind.DATETIME
    seen, drawn = (_known(_numbers(values)) for values in (real, synthetic))
    edges = _edges(seen, drawn, most=min(MOST_BINS, 5 + len(seen) // 25), temporal=temporal)
    starts = _merged(_binned(seen, edges))
    counts = [np.add.reduceat(_binned(values, edges), starts) for values in (seen, drawn)]
    return Histogram(
        edges=(*edges[starts].tolist(), float(edges[-1])),
        step=float(edges[1] - edges[0]),
        temporal=temporal,
        real=Side(len(real), _told_nulls(len(real), len(seen)), _real_shares(counts[0], len(seen))),
        synthetic=Side(len(synthetic), _share(len(synthetic) - len(drawn), len(synthetic)), _shares(counts[1])),
    )


def groups(real: _Series, synthetic: _Series) -> Groups:
    """Count the rows of each value; a value that fewer than ``LEAST_ROWS`` real rows have is not named.

    Example:
        >>> counted = groups(pd.Series(["a"] * 70 + ["b"] * 20 + ["c"] * 9 + ["d"]), pd.Series(["a", "z"]))
        >>> counted.names, counted.real.shares, counted.synthetic.shares
        (('a', 'b'), (0.7, 0.2, 0.1, 0.0), (0.5, 0.0, 0.5, 0.0))
    """
    seen, drawn = _value_counts(real), _value_counts(synthetic)
    names = _named(seen)
    told = _told_nulls(len(real), int(seen.sum()))
    counts = [_grouped(seen, names, 0 if told is None else len(real) - int(seen.sum()))]
    counts.append(_grouped(drawn, names, len(synthetic) - int(drawn.sum())))
    return Groups(
        names=tuple(names),
        real=Side(len(real), told, _real_shares(counts[0], int(seen.sum()))),
        synthetic=Side(len(synthetic), _share(counts[1][-1], len(synthetic)), _shares(counts[1])),
    )


def density(real: pd.DataFrame, synthetic: pd.DataFrame) -> Density:
    """Count the rows of two numeric columns in the cells of a common grid.

    Example:
        >>> pairs = pd.DataFrame({"a": [0, 1] * 50, "b": [0, 5] * 50})
        >>> counted = density(pairs, pairs)
        >>> counted.edges[0], sum(counted.real.shares), max(counted.real.shares)
        ((-0.5, 0.5, 1.5), 1.0, 0.5)
    """
    seen, drawn = (np.stack([_numbers(frame[name]) for name in frame]) for frame in (real, synthetic))
    seen, drawn = (values[:, ~np.isnan(values).any(axis=0)] for values in (seen, drawn))
    most = min(MOST_BINS, max(4, math.isqrt(seen.shape[1] // 4)))
    edges = [_edges(seen[i], drawn[i], most=most, temporal=False) for i in (0, 1)]
    counts = [_cells(values, edges) for values in (seen, drawn)]
    counts[0][counts[0] < LEAST_ROWS] = 0
    counts[1][counts[1] * seen.shape[1] < LEAST_ROWS * drawn.shape[1]] = 0
    return Density(
        edges=(tuple(edges[0].tolist()), tuple(edges[1].tolist())),
        real=Side(len(real), None, _shares(counts[0], seen.shape[1])),
        synthetic=Side(len(synthetic), None, _shares(counts[1], drawn.shape[1])),
    )


def strongest_pairs(real: pd.DataFrame, names: Sequence[str]) -> list[tuple[str, str]]:
    """The ``MOST_PAIRS`` pairs of numeric columns with the greatest absolute rank correlation (Spearman, 1904).

    It is taken over the real rows where both have a value, of which there must be ``LEAST_ROWS``, and at
    most some 20,000 rows are looked at. A constant column is in no pair.

    Example:
        >>> strongest_pairs(pd.DataFrame({"a": range(50), "b": range(50), "c": 1}), ["a", "b", "c"])
        [('a', 'b')]
    """
    rows = real.iloc[:: 1 + len(real) // 20_000]
    ranks = pd.DataFrame({place: _numbers(rows[name]) for place, name in enumerate(names)}).rank()
    strength = ranks.corr(min_periods=LEAST_ROWS).abs().to_numpy()
    pairs = [(i, j) for i, j in itertools.combinations(range(len(names)), 2) if strength[i, j] >= 0]
    pairs.sort(key=lambda pair: -strength[pair])
    return [(names[i], names[j]) for i, j in pairs[:MOST_PAIRS]]


def _numbers(values: _Series) -> _Floats:
    """Numbers as floats, times as seconds since 1970 on their own clock, null as NaN."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_localize(None)
    if values.dtype.kind != "M":
        return np.clip(values.to_numpy(dtype="float64", na_value=np.nan), -_HUGE, _HUGE)
    times = values.to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(times), np.nan, times.astype("int64") / 1e6)


def _known(values: _Floats) -> _Floats:
    return values[~np.isnan(values)]


def _edges(seen: _Floats, drawn: _Floats, *, most: int, temporal: bool) -> _Floats:
    """The edges of at most ``most`` equal bins, at round places."""
    values = seen if len(seen) >= LEAST_ROWS else drawn
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = _limits(values)
    unit = _DAY if temporal else 1.0
    whole = bool((values % unit == 0).all())
    for step in _steps(low, high, most, temporal=temporal, least=unit if whole else 0.0):
        first = math.floor(low / step)
        last = math.floor(high / step) + 1 if whole else math.ceil(high / step)
        if last - first <= most:
            break
    pad = 2 if last - first < 2 else 0  # one lonely bin would fill the chart
    edges = np.arange(first - pad, max(last, first + 1) + pad + 1) * step
    return edges - unit / 2 if whole else edges  # whole numbers lie in the middle, and each bin has as many of them


def _limits(values: _Floats) -> tuple[float, float]:
    """Where the outermost bins begin: at least ``LEAST_ROWS`` values, and 1 %, lie at or beyond each limit."""
    tail = min(0.5, max(0.01, LEAST_ROWS / len(values)))
    low, lower, upper, high = np.quantile(values, [tail, 0.25, 0.75, 1 - tail]).tolist()
    reach = 5 * (upper - lower)  # a very long tail would press all the rest into one bin
    if reach == 0:
        return low, high
    return max(low, lower - reach), min(high, upper + reach)


def _steps(low: float, high: float, most: int, *, temporal: bool, least: float) -> Iterator[float]:
    scale = max(abs(low), abs(high))
    constant = high - low <= 1e-9 * scale
    lone = _DAY if temporal else scale / 20 or 1.0
    smallest = max(lone if constant else (high - low) / most, least, 1e-250)
    if temporal:
        return (step for step in _TIME_STEPS if step >= smallest)
    power = math.floor(math.log10(smallest))
    rounded = (digit * 10.0**exponent for exponent in itertools.count(power) for digit in (1, 2, 5))
    return (step for step in rounded if step >= smallest)


def _binned(values: _Floats, edges: _Floats) -> _Counts:
    return np.bincount(_places(values, edges), minlength=len(edges) - 1)


def _places(values: _Floats, edges: _Floats) -> _Counts:
    """The bin of each value; the slack keeps 0.3 out of the bin that ends at 3 * 0.1."""
    places = np.floor((values - edges[0]) / (edges[1] - edges[0]) + 1e-9)
    return np.clip(places, 0, len(edges) - 2).astype("int64")


def _cells(values: _Floats, edges: Sequence[_Floats]) -> _Counts:
    shape = tuple(len(axis) - 1 for axis in edges)
    places = np.ravel_multi_index([_places(v, axis) for v, axis in zip(values, edges, strict=True)], shape)
    return np.bincount(places, minlength=math.prod(shape))


def _merged(counts: _Counts) -> list[int]:
    """The first bin of each run of bins, so that a run has no row at all or at least ``LEAST_ROWS``."""
    starts: list[int] = []
    held = 0
    for place, count in enumerate(counts.tolist()):
        if held == 0 or held >= LEAST_ROWS:
            starts.append(place)
            held = 0
        held += count
    while len(starts) > 1 and 0 < counts[starts[-1] :].sum() < LEAST_ROWS:
        starts.pop()
    return starts


def _value_counts(values: _Series) -> pd.Series[int]:
    counts = values.value_counts()
    return pd.Series(counts.to_numpy(dtype="int64"), index=[str(v) for v in counts.index]).groupby(level=0).sum()


def _named(counts: pd.Series[int]) -> list[str]:
    """The values to show, so that all others together have no row or at least ``LEAST_ROWS``."""
    common = counts[counts >= LEAST_ROWS]
    names = sorted(common.index, key=lambda name: (-common[name], name))[:MOST_GROUPS]
    while names and 0 < counts.sum() - common[names].sum() < LEAST_ROWS:
        names.pop()
    return names


def _grouped(counts: pd.Series[int], names: list[str], nulls: int) -> _Counts:
    own = counts.reindex(names, fill_value=0).to_numpy(dtype="int64")
    return np.array([*own, counts.sum() - own.sum(), nulls], dtype="int64")


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else 0.0


def _shares(counts: _Counts, whole: int | None = None) -> tuple[float, ...] | None:
    total = int(counts.sum()) if whole is None else whole
    return tuple((counts / total).tolist()) if total else None


def _real_shares(counts: _Counts, known: int) -> tuple[float, ...] | None:
    """Nothing, where the real rows with a value are some but too few."""
    return None if 0 < known < LEAST_ROWS else _shares(counts)


def _told_nulls(rows: int, known: int) -> float | None:
    few = range(1, LEAST_ROWS)
    return None if known in few or rows - known in few else _share(rows - known, rows)
