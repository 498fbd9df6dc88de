"""Small tables of counts: all that a chart may know about the data.

No figure here is about fewer than ``LEAST_ROWS`` real rows, or about fewer than k real subjects: smaller bins are
merged, smaller groups are folded into one, smaller cells are left blank and smaller numbers of nulls are not told.
The holdout is real, too.
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

from synthkit.report.crowd import EACH, LEAST_ROWS, Crowd
from synthkit.report.numbers import numbers
from synthkit.schema import ColumnKind

MOST_BINS = 40
MOST_GROUPS = 30

_Floats: TypeAlias = npt.NDArray[np.float64]
_Counts: TypeAlias = npt.NDArray[np.int64]
_Flags: TypeAlias = npt.NDArray[np.bool_]
_Series: TypeAlias = "pd.Series[Any]"
Reference: TypeAlias = "tuple[_Series, Crowd]"  # what the holdout has in a column, and whose it is

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
    """What one of them, real, synthetic or holdout, looks like.

    Attributes:
        rows: the number of rows.
        nulls: the share of them without a value (of a pair: without both), in [0, 1]; None where the real
            rows with a value, or those without, are some but too few.
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
        holdout: over the same bins; those that would be too few of its rows share their sum evenly.
    """

    edges: tuple[float, ...]
    step: float
    temporal: bool
    zeros: tuple[float, float] | None
    real: Side
    synthetic: Side
    holdout: Side | None = None


@dataclass(frozen=True, slots=True)
class Groups:
    """Shares of all rows by value.

    Attributes:
        names: the values that have a share of their own, the most frequent real one first. The two
            shares after theirs are those of all other values and of null.
        holdout: values that too few of its rows have are among the others.
    """

    names: tuple[str, ...]
    real: Side
    synthetic: Side
    holdout: Side | None = None


@dataclass(frozen=True, slots=True)
class Density:
    """Shares of the rows with both values, by the cells of a grid, the second axis varying fastest.

    A cell with too few real rows has a real share of 0. A synthetic share below that of
    ``LEAST_ROWS`` real rows is 0 too, so that both sides fade out alike. Rows beyond the grid are in no cell.

    Attributes:
        edges: those of the cells along each axis, rising.
    """

    edges: tuple[tuple[float, ...], tuple[float, ...]]
    real: Side
    synthetic: Side


def histogram(
    real: _Series, synthetic: _Series, kind: ColumnKind, *, behind: Crowd = EACH, holdout: Reference | None = None
) -> Histogram:
    """Count numbers or times in common bins, which follow the real values but do not show their extremes.

    ``behind`` says whose the real rows are.

    Example:
        >>> ages = pd.Series([20, 21, 21, 22] * 25)
        >>> counted = histogram(ages, ages, ColumnKind.NUMERICAL)
        >>> counted.edges, counted.real.shares
        ((19.5, 20.5, 21.5, 22.5), (0.25, 0.5, 0.25))
    """
    temporal = kind is ColumnKind.DATETIME
    measured, drawn = numbers(real), _known(numbers(synthetic))
    there = ~np.isnan(measured)
    seen, crowd = measured[there], behind.of(there)
    guide = drawn if behind.scarce(there) else seen
    edges = _edges(guide, most=min(MOST_BINS, 5 + len(guide) // 25), temporal=temporal)
    starts = _merged(_places(seen, edges), len(edges) - 1, crowd) if guide is seen else list(range(len(edges) - 1))
    counts = [np.add.reduceat(_binned(values, edges), starts) for values in (seen, drawn)]
    return Histogram(
        edges=(*edges[starts].tolist(), float(edges[-1])),
        step=float(edges[1] - edges[0]),
        temporal=temporal,
        zeros=None if temporal else _zeros(seen, drawn, crowd, (edges, starts)),
        real=_real_side(there, counts[0], len(seen), behind),
        synthetic=_side(len(synthetic), len(drawn), counts[1], len(drawn)),
        holdout=_held_out_bins(*holdout, edges, starts) if holdout else None,
    )


def groups(real: _Series, synthetic: _Series, *, behind: Crowd = EACH, holdout: Reference | None = None) -> Groups:
    """Count the rows of each value; a value that too few real rows have is not named.

    ``behind`` says whose the real rows are.

    Example:
        >>> counted = groups(pd.Series(["a"] * 70 + ["b"] * 20 + ["c"] * 9 + ["d"]), pd.Series(["a", "z"]))
        >>> counted.names, counted.real.shares, counted.synthetic.shares
        (('a', 'b'), (0.7, 0.2, 0.1, 0.0), (0.5, 0.0, 0.5, 0.0))
    """
    codes, texts = _coded(real)
    names = _named(codes, texts, behind)
    return Groups(
        names=tuple(names),
        real=_real_groups(codes, texts, names, behind),
        synthetic=_all_groups(synthetic, names),
        holdout=_real_groups(*_coded(holdout[0]), names, holdout[1]) if holdout else None,
    )


def density(real: pd.DataFrame, synthetic: pd.DataFrame, *, behind: Crowd = EACH) -> Density:
    """Count the rows of two numeric columns in the cells of a common grid.

    ``behind`` says whose the real rows are.

    Example:
        >>> pairs = pd.DataFrame({"a": [0, 1] * 50, "b": [0, 5] * 50})
        >>> counted = density(pairs, pairs)
        >>> counted.edges[0], sum(counted.real.shares), max(counted.real.shares)
        ((-0.5, 0.5, 1.5), 1.0, 0.5)
    """
    seen, drawn = (np.stack([numbers(frame[name]) for name in frame]) for frame in (real, synthetic))
    there = ~np.logical_or.reduce(np.isnan(seen))
    seen, drawn = seen[:, there], drawn[:, ~np.isnan(drawn).any(axis=0)]
    most = min(MOST_BINS, max(4, math.isqrt(seen.shape[1] // 4)))
    edges = [_edges(values, most=most, temporal=False) for values in seen]
    cells = math.prod(len(axis) - 1 for axis in edges)
    places = [_cells(values, edges) for values in (seen, drawn)]
    counts = [np.bincount(each[each >= 0], minlength=cells) for each in places]
    counts[0][behind.of(there).few(places[0], cells)] = 0
    counts[1][counts[1] * seen.shape[1] < LEAST_ROWS * drawn.shape[1]] = 0
    return Density(
        edges=(tuple(edges[0].tolist()), tuple(edges[1].tolist())),
        real=_real_side(there, counts[0], seen.shape[1], behind),
        synthetic=_side(len(synthetic), drawn.shape[1], counts[1], drawn.shape[1]),
    )


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


def _zeros(seen: _Floats, drawn: _Floats, crowd: Crowd, bins: tuple[_Floats, list[int]]) -> tuple[float, float] | None:
    zero = seen == 0
    if zero.sum() < max(LEAST_ROWS, len(seen) / 20):
        return None
    edges, starts = bins
    runs = _runs(starts, len(edges) - 1)[_places(np.append(seen, 0.0), edges)]
    beside = (runs[:-1] == runs[-1]) & ~zero
    if crowd.scarce(zero) or crowd.scarce(beside):
        return None
    return float(zero.mean()), float((drawn == 0).mean()) if len(drawn) else 0.0


def _cells(values: _Floats, edges: Sequence[_Floats]) -> _Counts:
    """The cell of each pair of values; -1 beyond the grid."""
    within = np.logical_and(*((axis[0] <= v) & (v <= axis[-1]) for v, axis in zip(values, edges, strict=True)))
    places = [_places(np.where(within, v, axis[0]), axis) for v, axis in zip(values, edges, strict=True)]
    shape = (len(edges[0]) - 1, len(edges[1]) - 1)
    return np.where(within, np.ravel_multi_index(places, shape), -1).astype("int64")


def _merged(places: _Counts, bins: int, crowd: Crowd) -> list[int]:
    """The first bin of each run of bins, so that a run has no row at all or enough; ``places`` are the rows' bins."""
    starts = _joined(np.bincount(places, minlength=bins))
    while len(starts) > 1:
        few = np.flatnonzero(crowd.few(_runs(starts, bins)[places], len(starts))).tolist()
        if not few:
            break
        gone = {min(run + 1, len(starts) - 1) for run in few}
        starts = [start for run, start in enumerate(starts) if run not in gone]
    return starts


def _runs(starts: Sequence[int], bins: int) -> _Counts:
    """The run that each bin belongs to."""
    return np.repeat(np.arange(len(starts)), np.diff([*starts, bins]))


def _joined(counts: _Counts) -> list[int]:
    """The same, with enough rows in each run."""
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


def _held_out_bins(values: _Series, crowd: Crowd, edges: _Floats, starts: list[int]) -> Side:
    measured = numbers(values)
    there = ~np.isnan(measured)
    places = _runs(starts, len(edges) - 1)[_places(measured[there], edges)]
    widths, runs = np.diff([*edges[starts], edges[-1]]), _merged(places, len(starts), crowd.of(there))
    counts, wide = np.bincount(places, minlength=len(starts)), np.diff([*runs, len(starts)])
    spread = np.repeat(np.add.reduceat(counts, runs) / np.add.reduceat(widths, runs), wide) * widths
    return _real_side(there, spread, int(there.sum()), crowd)


def _coded(values: _Series) -> tuple[_Counts, list[str]]:
    """The number of each row's text, -1 for null, and the texts."""
    codes, distinct = pd.factorize(values)
    texts = [str(value) for value in distinct.tolist()]
    first = {text: place for place, text in reversed(list(enumerate(texts)))}
    same = np.array([*(first[text] for text in texts), -1], dtype="int64")
    return same[codes], texts


def _named(codes: _Counts, texts: list[str], crowd: Crowd) -> list[str]:
    """The most frequent values that may be shown."""
    rows, few = np.bincount(codes[codes >= 0], minlength=len(texts)), crowd.few(codes, len(texts))
    common = [place for place in range(len(texts)) if rows[place] and not few[place]]
    most = sorted(common, key=lambda place: (-rows[place], texts[place]))[:MOST_GROUPS]
    return _told_apart([texts[place] for place in most], codes, texts, crowd)


def _told_apart(names: list[str], codes: _Counts, texts: list[str], crowd: Crowd) -> list[str]:
    """As many of the names, the first ones, as leave no row or enough for all other values together."""
    shown, places = list(names), {text: place for place, text in reversed(list(enumerate(texts)))}
    while shown and crowd.scarce((codes >= 0) & ~np.isin(codes, [places[name] for name in shown])):
        shown.pop()
    return shown


def _real_groups(codes: _Counts, texts: list[str], names: list[str], crowd: Crowd) -> Side:
    enough = {text for text, few in zip(texts, crowd.few(codes, len(texts)).tolist(), strict=True) if not few}
    shown = set(_told_apart([name for name in names if name in enough], codes, texts, crowd))
    told = [name if name in shown else None for name in names]
    null = codes < 0
    counts = _grouped(codes, texts, told, few=crowd.scarce(null))
    return _real_side(~null, counts, int(counts.sum()), crowd)


def _all_groups(values: _Series, names: list[str]) -> Side:
    codes, texts = _coded(values)
    counts = _grouped(codes, texts, names, few=False)
    return _side(len(values), int((codes >= 0).sum()), counts, len(values))


def _grouped(codes: _Counts, texts: list[str], names: Sequence[str | None], *, few: bool) -> _Counts:
    """The rows of each name, of all other values, and of null, which are not told where they are few."""
    counts = dict(zip(texts, np.bincount(codes[codes >= 0], minlength=len(texts)).tolist(), strict=True))
    own = [counts.get(name, 0) if name is not None else 0 for name in names]
    return np.array([*own, (codes >= 0).sum() - sum(own), 0 if few else (codes < 0).sum()], dtype="int64")


def _side(rows: int, known: int, counts: npt.NDArray[Any], whole: int) -> Side:
    shares = tuple((counts / whole).tolist()) if whole else None
    return Side(rows, (rows - known) / rows if rows else 0.0, shares)


def _real_side(there: _Flags, counts: npt.NDArray[Any], whole: int, crowd: Crowd) -> Side:
    """The side of real rows; ``there`` are those with a value."""
    side = _side(len(there), int(there.sum()), counts, whole)
    untold = crowd.scarce(there) or crowd.scarce(~there)
    return Side(side.rows, None if untold else side.nulls, None if crowd.scarce(there) else side.shares)
