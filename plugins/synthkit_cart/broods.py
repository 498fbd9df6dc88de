"""The rows below a row as columns of it: how many, from when to when, and what they are like as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synthkit_cart.clock import Clock
from synthkit_cart.history import Layout, Share
from synthkit_cart.rows import NONE, Rows
from synthkit_cart.steps import Name, Step, Values, draw_all, learned, needed, some
from synthkit_cart.tokens import Codec, Floats, Integers, Numbers, grid
from synthkit_cart.trees import Growth

_MEANS, _SHARES = 12, 12
_TOKENS = 5  # of a category, whose share may be a column


@dataclass(frozen=True)
class Brood:
    """How many rows of a table each row of another has, and what they are like.

    Attributes:
        child: the table.
        count: how many there are.
        some: what is known of rows that have at least one below them.
        several: what is known of those that have at least two.
        since: the time before which no row below begins, of the owner.
        layout: of the rows.
        single: whether there is one row at most.
    """

    child: str
    count: Step
    some: Sequence[Step]
    several: Sequence[Step]
    since: Name | None
    layout: Layout
    single: bool

    def draw(self, parents: Rows, random: np.random.Generator) -> None:
        """Add to drawn rows how many rows each has below it, and what these are like."""
        steps = (self.count, *self.some, *self.several)
        known = parents.known(needed(steps))
        counts = self.count.draw(known, parents.size, random)
        counts = np.minimum(counts, 1) if self.single else counts
        parents.put({self.count.name: counts}, {self.count.name: self.count.codec})
        for least, part in ((1, self.some), (2, self.several)):
            rows = counts >= least
            if rows.any():
                found = some(parents.known(needed(steps)), rows)
                drawn = draw_all(part, found, int(rows.sum()), random)
                parents.put({n: _spread(rows, v) for n, v in drawn.items()}, {step.name: step.codec for step in part})

    def given(self, parents: Rows, at: Integers) -> Values:
        """What the rows below each of some rows have been given, as a history takes it."""
        child, layout = self.child, self.layout
        names = [("mean", *name) for name in layout.means] + [("share", *n, str(t)) for n, t in layout.shares]
        empty = np.full(parents.size, np.nan)
        found = {n: parents.values.get((n[0], child, *n[1:]), empty) for n in names}
        if layout.clock is not None:
            start = _start(parents, self.since, layout.clock)
            first = start + parents.values.get(("first", child), empty) * (1 - start)
            span = np.nan_to_num(parents.values.get(("span", child), empty))
            found |= {("first",): first, ("last",): first + span * (1 - first)}
        return {name: np.append(values, np.nan)[at] for name, values in found.items()}


def learn(child: str, parents: Rows, children: Rows, layout: Layout, growth: Growth, *, single: bool) -> Brood:
    """Add to real rows how many rows each has below it and what these are like, and learn it."""
    at = children.at if children.at is not None else np.empty(0, dtype="int64")
    counts = np.bincount(at[at >= 0], minlength=parents.size).astype("float64")
    since = _since(parents, children, layout)
    columns: Values = {}
    if layout.clock is not None and layout.time is not None:
        columns = _times(parents, children, since, layout.clock, layout.time)
    columns |= {("mean", child, *n): _mean(children.values[n], at, parents.size) for n in layout.means}
    for name, token in layout.shares:
        hits = (children.values[name] == token).astype("float64")
        columns["share", child, *name, str(token)] = _mean(hits, at, parents.size)
    count = _step(("count", child), counts, parents, counts >= 0, growth, step=1.0)
    some_, several = [], []
    for least, part in ((1, some_), (2, several)):
        for name, values in columns.items():
            if (name[0] == "span") == (least == 2) and (counts >= least).any():
                named = (name[0], child) if name[0] in ("first", "span") else name
                part.append(_step(named, values, parents, counts >= least, growth))
    return Brood(child, count, tuple(some_), tuple(several), since, layout, single)


def telling(children: Rows, codecs: Mapping[Name, Codec]) -> tuple[list[Name], list[Share]]:
    """The columns and categories in which the rows below one row are more alike than rows at large.

    By the ratio of the variances between and within (Fisher 1925), beyond what chance gives.
    """
    at = children.at if children.at is not None else np.empty(0, dtype="int64")
    ratios: list[tuple[float, Name, int]] = []
    for name, codec in codecs.items():
        if isinstance(codec, Numbers):
            ratios.append((_ratio(children.values[name], at), name, 0))
        else:
            tokens = children.values[name]
            frequent = np.bincount(tokens, minlength=codec.size)
            top = np.argsort(-frequent, kind="stable")[:_TOKENS]
            ratios += [(_ratio((tokens == t).astype("float64"), at), name, int(t)) for t in top if frequent[t]]
    kept = sorted((r for r in ratios if r[0] > 0), key=lambda r: (-r[0], r[1], r[2]))
    means = [name for _, name, _ in kept if isinstance(codecs[name], Numbers)][:_MEANS]
    return means, [(name, token) for _, name, token in kept if not isinstance(codecs[name], Numbers)][:_SHARES]


def _ratio(values: Floats, at: Integers) -> float:
    """How far the ratio of variances exceeds what chance gives; 0 where it does not."""
    known = (at >= 0) & ~np.isnan(values)
    groups, own = at[known], values[known]
    counts = np.bincount(groups)
    several = (counts >= 2)[groups] if len(groups) else np.zeros(0, dtype=bool)
    groups, own = np.unique(groups[several], return_inverse=True)[1], own[several]
    sizes = np.bincount(groups)
    free = len(own) - len(sizes)
    if len(sizes) < 20 or free < 20:
        return 0.0
    means = np.bincount(groups, own) / sizes
    between = float((sizes * (means - own.mean()) ** 2).sum()) / (len(sizes) - 1)
    within = float(((own - means[groups]) ** 2).sum()) / free
    if within <= 0:
        return 1e9 if between > 0 else 0.0
    limit = 1 + 5 * np.sqrt(2 / (len(sizes) - 1) + 2 / free)
    return max(between / within - limit, 0.0)


def _step(
    name: Name, values: Floats, parents: Rows, rows: np.ndarray, growth: Growth, step: float | None = None
) -> Step:
    known = values[rows]
    codec = Numbers.learn(known, parents.subjects[rows], step=_grid(known) if step is None else step, least=growth.leaf // 4 or 1)
    made = learned(name, codec, known, some(parents.known(), rows), parents.subjects[rows], growth)
    parents.put({name: np.where(rows, values, np.nan)}, {name: codec})
    return made


def _grid(values: Floats) -> float:
    return 0.0 if not len(values) else min(grid(values[~np.isnan(values)], None), 1.0)


def _mean(values: Floats, at: Integers, size: int) -> Floats:
    known = (at >= 0) & ~np.isnan(values)
    counts = np.bincount(at[known], minlength=size)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(at[known], values[known], size) / counts)


def _times(parents: Rows, children: Rows, since: Name | None, clock: Clock, time: Name) -> Values:
    """The first and the last time of the rows below, as parts of what remains of the clock."""
    at = children.at if children.at is not None else np.empty(0, dtype="int64")
    shares, known = clock.share(children.values[time]), at >= 0
    first, last = np.full(parents.size, np.inf), np.full(parents.size, -np.inf)
    np.minimum.at(first, at[known], shares[known])
    np.maximum.at(last, at[known], shares[known])
    start = _start(parents, since, clock)
    with np.errstate(invalid="ignore"):
        part = np.where(np.isfinite(first), (first - start) / np.maximum(1 - start, 1e-9), np.nan)
        span = np.where(np.isfinite(first), (last - first) / np.maximum(1 - first, 1e-9), np.nan)
    return {("first",): part, ("span",): span}


def _start(parents: Rows, since: Name | None, clock: Clock) -> Floats:
    return np.zeros(parents.size) if since is None else np.minimum(clock.share(parents.values[since]), 1 - 1e-9)


def _since(parents: Rows, children: Rows, layout: Layout) -> Name | None:
    """The latest time of the owner before which no row below it lies."""
    at, clock = children.at, layout.clock
    if at is None or clock is None or layout.time is None or not (at >= 0).any():
        return None
    times, owners = children.values[layout.time][at >= 0], at[at >= 0]
    found: Name | None = None
    for name, codec in parents.codecs.items():
        values = parents.values[name]
        if name[0] == "own" and isinstance(codec, Numbers) and codec.time and not np.isnan(values).any():
            later = bool((times >= values[owners]).all())
            if later and (found is None or np.nanmean(values) > np.nanmean(parents.values[found])):
                found = name
    return found


def _spread(rows: np.ndarray, values: Floats) -> Floats:
    found = np.full(len(rows), np.nan)
    found[rows] = values
    return found


__all__ = ["NONE", "Brood", "learn", "telling"]
