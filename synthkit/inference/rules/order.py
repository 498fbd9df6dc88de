"""Inequalities: what comes before what, and what is no more than what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthkit.inference.rules.chance import LEVEL, SHARE, ordered, surprising
from synthkit.inference.rules.view import View
from synthkit.row_numbers import Flags, Floats, Integers
from synthkit.schema import Column, ColumnKind
from synthkit.schema.rules import Inequality

_MOST = 60  # columns of a kind
_TIGHT = 0.05  # of the larger of two numbers: so near must they come at times for a bound to mean something
_NEAR = 10  # rows of different subjects that come so near

Edges = dict[tuple[str, str], bool]
"""Pairs (low, high), and whether they are never equal."""


def within_table(view: View, tied: Sequence[frozenset[str]]) -> Edges:
    """The pairs of columns of one table of which one is never above the other, all of them.

    ``tied`` are sets of columns that a formula ties together, which says more.
    """
    return dict(_found(view, ColumnKind.DATETIME, tied)) | dict(_found(view, ColumnKind.NUMERICAL, tied))


def against_parents(view: View, views: Mapping[str, View]) -> Edges:
    """The pairs of a date of a table and one of a parent of which one is never above the other."""
    own = view.columns(ColumnKind.DATETIME, most=_MOST)
    edges: Edges = {}
    for called, key, rows in view.parents():
        theirs = views[key.parent].columns(ColumnKind.DATETIME, most=_MOST)
        pairs = [(a, b) for a in own for b in theirs if zoned(a) == zoned(b)]
        for mine, other in pairs:
            numbers = at_parents(views[key.parent].numbers(other.name), rows)
            family = _Family(view.numbers(mine.name), numbers, rows, 2 * len(pairs), view.sample)
            edges.update(_between(mine.name, f"{called}.{other.name}", family))
    return edges


def reduced(edges: Edges, known: Edges, missing: Callable[[str], Flags]) -> list[Inequality]:
    """The inequalities that do not follow from two others; ``known`` are those that hold without being stated.

    a <= b <= c says a <= c only where b is not null when a and c are not.
    """
    everything = known | edges

    def follows(low: str, high: str) -> bool:
        between = (b for a, b in everything if a == low and (b, high) in everything)
        return any(not (missing(b) & ~missing(low) & ~missing(high)).any() for b in between)

    return [Inequality(low, high, strict) for (low, high), strict in edges.items() if not follows(low, high)]


def at_parents(values: Floats, rows: Integers) -> Floats:
    """The parents' numbers, for the rows of their children; NaN where there is no parent."""
    return np.append(values, np.nan)[np.where(rows >= 0, rows, -1)]


def zoned(column: Column) -> bool:
    """Whether the times of a column know their zone."""
    return "tz=" in column.storage


def _found(view: View, kind: ColumnKind, tied: Sequence[frozenset[str]]) -> Iterator[tuple[tuple[str, str], bool]]:
    columns = view.columns(kind, most=_MOST)
    first = np.array([view.numbers(c.name)[view.sample] for c in columns])
    holds = np.array([[not (a > b).any() for b in first] for a in first], dtype=bool).reshape(len(first), len(first))
    for i, j in np.argwhere(holds & ~holds.T):
        low, high = columns[i].name, columns[j].name
        if zoned(columns[i]) == zoned(columns[j]) and not any({low, high} <= group for group in tied):
            lows, highs = view.numbers(low), view.numbers(high)
            if not (lows > highs).any() and (kind is ColumnKind.DATETIME or _tight(view, lows, highs)):
                yield from _edge(low, high, lows[view.units], highs[view.units], len(columns) ** 2)


def _tight(view: View, low: Floats, high: Floats) -> bool:
    """Whether numbers come near each other at times: miles exceed minutes without being bounded by them."""
    with np.errstate(invalid="ignore"):  # of two zeros
        gaps = ((high - low) / np.maximum(np.abs(high), np.abs(low)))[view.units]
    return int((gaps <= _TIGHT).sum()) >= _NEAR


@dataclass(frozen=True, eq=False)
class _Family:
    """Numbers of children beside those of their parents."""

    own: Floats
    theirs: Floats
    parents: Integers
    candidates: int
    sample: Integers


def _between(own: str, other: str, family: _Family) -> Iterator[tuple[tuple[str, str], bool]]:
    """Whether a date of children is never above the parent's, or never below; each parent counts once."""
    for sign in (1.0, -1.0):
        low, high = sign * family.own, sign * family.theirs
        broken = bool((low[family.sample] > high[family.sample]).any()) or bool((low > high).any())
        both = ~np.isnan(low) & ~np.isnan(high)
        if not broken and both.any() and not (low[both] == high[both]).all():
            most = pd.DataFrame({"low": low[both], "high": high[both]}).groupby(family.parents[both])
            outermost = most.max()
            names = (own, other) if sign > 0 else (other, own)
            yield from _edge(
                names[0], names[1], outermost["low"].to_numpy(), outermost["high"].to_numpy(), family.candidates
            )


def _edge(low: str, high: str, lows: Floats, highs: Floats, candidates: int) -> Iterator[tuple[tuple[str, str], bool]]:
    both = ~np.isnan(lows) & ~np.isnan(highs)
    if both.any():
        log_chance, share = ordered(lows[both], highs[both])
        if share >= SHARE and surprising(log_chance, candidates):
            yield (low, high), _never_equal(lows[both], highs[both])


def _never_equal(lows: Floats, highs: Floats) -> bool:
    if (lows == highs).any():
        return False
    values, counts = np.unique(lows, return_counts=True)
    also, others = np.unique(highs, return_counts=True)
    _, here, there = np.intersect1d(values, also, return_indices=True)
    return bool((counts[here] * others[there]).sum() / len(lows) > -np.log(LEVEL))
