"""Small tables of counts: all that a chart may know about the data.

No figure here is about fewer than ``LEAST_ROWS`` real rows: smaller bins are merged, smaller groups are
folded into one, smaller cells are left blank and smaller numbers of nulls are not told.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
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
LEAST_PAIRED = 10 * LEAST_ROWS  # with fewer rows, hardly a cell of a grid may be shown

_Floats: TypeAlias = npt.NDArray[np.float64]
_Counts: TypeAlias = npt.NDArray[np.int64]
_Series: TypeAlias = "pd.Series[Any]"

_HUGE = 1e150  # far beyond any axis, and squares of it are still finite
_TINY = 1e-100  # no step is narrower
_DAY = 86400.0
_YEAR = 365.25 * _DAY
_TIME_STEPS = (
    *(1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 3 * 3600.0, 6 * 3600.0, 12 * 3600.0),
    *(days * _DAY for days in (1, 2, 7, 14, 28, 56, 91, 182)),  # whole weeks, so that each bin has as many weekends
    *(years * _YEAR for years in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000, 1_000_000)),
)


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two, real or synthetic, looks like.

    Attributes:
        rows: the number of rows.
        nulls: the share of them without a value (of a pair: without both), in [0, 1]; None where the real
            rows with a value, or those without, are some but fewer than ``LEAST_ROWS``.
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
        zeros: the shares, real and synthetic, of numbers that are exactly 0, a spike that a bin would hide;
            None where under 5 % of the real rows are, or where the rest of the bin would be too few.
    """

    edges: tuple[float, ...]
    step: float
    temporal: bool
    zeros: tuple[float, float] | None
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
    ``LEAST_ROWS`` real rows is 0 too, so that both sides fade out alike. Rows beyond the grid are in no cell.

    Attributes:
        edges: those of the cells along each axis, rising.
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
    seen, drawn = (_known(numbers(values)) for values in (real, synthetic))
    guide = seen if len(seen) >= LEAST_ROWS else drawn
    edges = _edges(guide, most=min(MOST_BINS, 5 + len(guide) // 25), temporal=temporal)
    starts = _merged(_binned(seen, edges)) if guide is seen else list(range(len(edges) - 1))
    counts = [np.add.reduceat(_binned(values, edges), starts) for values in (seen, drawn)]
    zero_bin = max(0, int(np.searchsorted(edges[starts], 0.0, side="right")) - 1)
    return Histogram(
        edges=(*edges[starts].tolist(), float(edges[-1])),
        step=float(edges[1] - edges[0]),
        temporal=temporal,
        zeros=None if temporal else _zeros(seen, drawn, int(counts[0][zero_bin])),
        real=_real_side(len(real), len(seen), counts[0], len(seen)),
        synthetic=_side(len(synthetic), len(drawn), counts[1], len(drawn)),
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
    nulls = len(real) - seen.total()
    counts = [_grouped(seen, names, 0 if _few(nulls) else nulls)]
    counts.append(_grouped(drawn, names, len(synthetic) - drawn.total()))
    return Groups(
        names=tuple(names),
        real=_real_side(len(real), seen.total(), counts[0], int(counts[0].sum())),
        synthetic=_side(len(synthetic), drawn.total(), counts[1], len(synthetic)),
    )


def density(real: pd.DataFrame, synthetic: pd.DataFrame) -> Density:
    """Count the rows of two numeric columns in the cells of a common grid.

    Example:
        >>> pairs = pd.DataFrame({"a": [0, 1] * 50, "b": [0, 5] * 50})
        >>> counted = density(pairs, pairs)
        >>> counted.edges[0], sum(counted.real.shares), max(counted.real.shares)
        ((-0.5, 0.5, 1.5), 1.0, 0.5)
    """
    seen, drawn = (np.stack([numbers(frame[name]) for name in frame]) for frame in (real, synthetic))
    seen, drawn = (values[:, ~np.isnan(values).any(axis=0)] for values in (seen, drawn))
    most = min(MOST_BINS, max(4, math.isqrt(seen.shape[1] // 4)))
    edges = [_edges(values, most=most, temporal=False) for values in seen]
    counts = [_cells(values, edges) for values in (seen, drawn)]
    counts[0][counts[0] < LEAST_ROWS] = 0
    counts[1][counts[1] * seen.shape[1] < LEAST_ROWS * drawn.shape[1]] = 0
    return Density(
        edges=(tuple(edges[0].tolist()), tuple(edges[1].tolist())),
        real=_real_side(len(real), seen.shape[1], counts[0], seen.shape[1]),
        synthetic=_side(len(synthetic), drawn.shape[1], counts[1], drawn.shape[1]),
    )


def strongest_pairs(real: pd.DataFrame, names: Sequence[str]) -> list[tuple[str, str]]:
    """The ``MOST_PAIRS`` pairs of numeric columns with the greatest absolute rank correlation (Spearman, 1904).

    It is taken over the real rows where both have a value, of which there must be ``LEAST_PAIRED`` among the
    some 20,000 rows that are looked at. A constant column is in no pair.

    Example:
        >>> strongest_pairs(pd.DataFrame({"a": range(200), "b": range(200), "c": 1}), ["a", "b", "c"])
        [('a', 'b')]
    """
    rows = real.iloc[:: 1 + len(real) // 20_000]
    ranks = pd.DataFrame({place: numbers(rows[name]) for place, name in enumerate(names)}).rank()
    strength = ranks.corr(min_periods=LEAST_PAIRED).abs().to_numpy()
    pairs = [(i, j) for i, j in itertools.combinations(range(len(names)), 2) if strength[i, j] >= 0]
    pairs.sort(key=lambda pair: -strength[pair])
    return [(names[i], names[j]) for i, j in pairs[:MOST_PAIRS]]


def numbers(values: _Series) -> _Floats:
    """Numbers as floats, times as seconds since 1970 on their own clock, null as NaN."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_localize(None)
    if values.dtype.kind != "M":
        plain: _Floats = values.to_numpy(dtype="float64", na_value=np.nan)
        return np.clip(plain, -_HUGE, _HUGE)
    times = values.to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(times), np.nan, times.astype("int64") / 1e6)


def _known(values: _Floats) -> _Floats:
    return values[~np.isnan(values)]


def _edges(values: _Floats, *, most: int, temporal: bool) -> _Floats:
    """The edges of at most ``most`` equal bins, at round places."""
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = _limits(values)
    unit = _DAY if temporal else 1.0
    whole = bool((values % unit == 0).all())
    steps = _steps(low, high, most, temporal=temporal, least=unit if whole else 0.0)
    spans = ((step, *_span(low, high, step, whole=whole)) for step in steps)
    step, first, last = next(span for span in spans if span[2] - span[1] <= most)
    pad = 2 if last - first == 1 else 0  # one lonely bin would fill the chart
    edges: _Floats = np.arange(first - pad, last + pad + 1, dtype="float64") * step
    return edges - unit / 2 if whole else edges  # whole numbers lie in the middle, and each bin has as many of them


def _span(low: float, high: float, step: float, *, whole: bool) -> tuple[int, int]:
    """The first and the last edge, counted in steps from 0; a whole number needs a bin of its own to end in."""
    first = math.floor(low / step)
    return first, max(first + 1, math.floor(high / step) + 1 if whole else math.ceil(high / step))


def _limits(values: _Floats) -> tuple[float, float]:
    """Where the outermost bins begin: at least ``LEAST_ROWS`` values, and 1 %, lie at or beyond each limit."""
    tail = min(0.5, max(0.01, LEAST_ROWS / len(values)))
    low, lower, upper, high = np.quantile(values, [tail, 0.25, 0.75, 1 - tail]).tolist()
    reach = 5 * (upper - lower)  # a very long tail would press all the rest into one bin
    if reach == 0:
        return low, high
    return max(low, lower - reach), min(high, upper + reach)


def _steps(low: float, high: float, most: int, *, temporal: bool, least: float) -> Iterator[float]:
    """Round widths for a bin, rising from the first that could do."""
    scale = max(abs(low), abs(high))
    constant = high - low <= 1e-9 * scale
    lone = _DAY if temporal else scale / 20 or 1.0
    smallest = max(lone if constant else (high - low) / most, least, _TINY)
    if temporal:
        return (step for step in _TIME_STEPS if step >= smallest)
    power = math.floor(math.log10(smallest))
    rounded = (digit * 10.0**exponent for exponent in itertools.count(power) for digit in (1, 2, 5))
    return (step for step in rounded if step >= smallest)


def _binned(values: _Floats, edges: _Floats) -> _Counts:
    return np.bincount(_places(values, edges), minlength=len(edges) - 1)


def _places(values: _Floats, edges: _Floats) -> _Counts:
    """The bin of each value; the slack keeps 0.3 out of the bin that ends at 3 * 0.1."""
    places: _Floats = np.floor((values - edges[0]) / (edges[1] - edges[0]) + 1e-9)
    return np.clip(places, 0, len(edges) - 2).astype("int64")


def _zeros(seen: _Floats, drawn: _Floats, in_bin: int) -> tuple[float, float] | None:
    real = int((seen == 0).sum())
    if real < max(LEAST_ROWS, len(seen) / 20) or _few(in_bin - real):
        return None
    return real / len(seen), float((drawn == 0).mean()) if len(drawn) else 0.0


def _cells(values: _Floats, edges: Sequence[_Floats]) -> _Counts:
    within = [(axis[0] <= v) & (v <= axis[-1]) for v, axis in zip(values, edges, strict=True)]
    places = [_places(v[np.logical_and(*within)], axis) for v, axis in zip(values, edges, strict=True)]
    shape = (len(edges[0]) - 1, len(edges[1]) - 1)
    return np.bincount(np.ravel_multi_index(places, shape), minlength=math.prod(shape))


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


def _value_counts(values: _Series) -> Counter[str]:
    counts = values.value_counts()
    texts: Counter[str] = Counter()
    for value, rows in zip(counts.index, counts.to_numpy(dtype="int64").tolist(), strict=True):
        texts[str(value)] += rows
    return texts


def _named(counts: Counter[str]) -> list[str]:
    """The values to show, so that all others together have no row or at least ``LEAST_ROWS``."""
    common = (name for name, rows in counts.items() if rows >= LEAST_ROWS)
    names = sorted(common, key=lambda name: (-counts[name], name))[:MOST_GROUPS]
    while names and _few(counts.total() - sum(counts[name] for name in names)):
        names.pop()
    return names


def _grouped(counts: Counter[str], names: list[str], nulls: int) -> _Counts:
    own = [counts[name] for name in names]
    return np.array([*own, counts.total() - sum(own), nulls], dtype="int64")


def _side(rows: int, known: int, counts: _Counts, whole: int) -> Side:
    shares = tuple((counts / whole).tolist()) if whole else None
    return Side(rows, (rows - known) / rows if rows else 0.0, shares)


def _real_side(rows: int, known: int, counts: _Counts, whole: int) -> Side:
    side = _side(rows, known, counts, whole)
    nulls = None if _few(known) or _few(rows - known) else side.nulls
    return Side(rows, nulls, None if _few(known) else side.shares)


def _few(rows: int) -> bool:
    return 0 < rows < LEAST_ROWS
