"""The rows below a row as columns of it: how many, from when to when, and what they are like as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synthkit_cart.alike import steady
from synthkit_cart.apart import never_twice
from synthkit_cart.clock import Clock
from synthkit_cart.history import Habit, Layout
from synthkit_cart.profiles import profiles
from synthkit_cart.rows import Rows, sequence
from synthkit_cart.steps import Name, Step, Values, draw_all, learned, needed, some
from synthkit_cart.tokens import NULL, Codec, Floats, Integers, Labels, Numbers, grid
from synthkit_cart.trees import Growth

APART = 1e6
_MOSTLY = 0.97  # of the rows: a guard that draws extremes in may have moved a few
_PAIRS, _SELDOM = 10, 0.05  # of rows, that chance would give; and of those, that a guard may have made
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
            drawn: Values = {s.name: np.empty(0, "float64" if s.codec.ordered else "int64") for s in part}
            if rows.any():  # else later columns still ask for what is known of none
                drawn = draw_all(part, some(parents.known(needed(steps)), rows), int(rows.sum()), random)
            parents.put({n: _spread(rows, v) for n, v in drawn.items()}, {step.name: step.codec for step in part})

    def given(self, parents: Rows, at: Integers) -> Values:
        """What the rows below each of some rows have been given, as a history takes it."""
        child, layout = self.child, self.layout
        empty = np.full(parents.size, np.nan)
        found: Values = {}
        if layout.clock is not None:
            start = _start(parents, self.since, layout.clock)
            first = start + parents.values.get(("first", child), empty) * (1 - start)
            span = np.nan_to_num(parents.values.get(("span", child), empty))
            found = {("first",): first, ("last",): first + span * (1 - first)}
        return {name: np.append(values, np.nan)[at] for name, values in found.items()}


def brood(child: str, parents: Rows, children: Rows, layout: Layout, growth: Growth, *, single: bool) -> Brood:
    """Add to real rows how many rows each has below it and what these are like, and learn it."""
    at = children.at_rows
    counts = np.bincount(at[at >= 0], minlength=parents.size).astype("float64")
    since = _since(parents, children, layout)
    columns: Values = {}
    if layout.clock is not None and layout.time is not None:
        columns = _times(parents, children, since, layout.clock, layout.time)
    count = _step(("count", child), counts, parents, counts >= 0, growth, step=1.0)
    some_: list[Step] = []
    several: list[Step] = []
    for least, part in ((1, some_), (2, several)):
        for name, values in columns.items():
            if (name[0] == "span") == (least == 2) and (counts >= least).any():
                part.append(_step((name[0], child), values, parents, counts >= least, growth))
    if (profile := _profile(child, parents, children, layout, growth)) is not None:
        several.append(profile)
    return Brood(child, count, tuple(some_), tuple(several), since, layout, single)


def habits(children: Rows, codecs: Mapping[Name, Codec], growth: Growth) -> tuple[dict[Name, Habit], dict[Name, float]]:
    """In what rows of one owner are more alike than what is known of it explains: means, and columns at large."""
    at = children.at_rows
    known = {name: children.feature(name) for name in children.names() if name[0] == "up"}
    means: dict[Name, Habit] = {}
    alike: dict[Name, float] = {}
    for name, codec in codecs.items():
        values = children.values[name]
        explained = learned(name, codec, values, known, children.subjects, growth).conditional
        leaves = explained.leaves(known, children.size)
        if isinstance(codec, Numbers):
            weight = _weight(_rest(values, leaves), at)
            if 0 < weight < APART:
                means[name] = Habit(float(np.nanmean(values)), weight)
                alike[name] = weight
        else:
            frequent = np.bincount(values, minlength=codec.size)
            tokens = [t for t in np.argsort(-frequent, kind="stable")[:_TOKENS] if frequent[t]]
            weights = [_weight(_rest((values == t).astype("float64"), leaves), at) for t in tokens]
            if never_twice(values, at, codec.size):
                alike[name] = APART
            elif any(weights):
                alike[name] = min(weight for weight in weights if weight)
    return means, alike


def once(children: Rows, time: Name | None) -> dict[Name, Integers]:
    """The tokens that all but no owner has twice at one time, where chance would give some such pairs of rows."""
    if time is None:
        return {}
    moments = np.unique(children.values[time], return_inverse=True)[1]
    at = children.at_rows * (int(moments.max(initial=0)) + 1) + moments
    groups = np.unique(at[children.at_rows >= 0], return_inverse=True)[1]
    pairs = float((np.bincount(groups) * (np.bincount(groups) - 1) / 2).sum())
    found = {}
    for name, codec in children.codecs.items():
        if name[0] == "own" and not isinstance(codec, Numbers):
            values = children.values[name][children.at_rows >= 0]
            tokens, counts = np.unique(np.unique(groups * codec.size + values) % codec.size, return_counts=True)
            rows = np.bincount(values, minlength=codec.size)[tokens]
            chance = pairs * (rows / max(len(values), 1)) ** 2
            found[name] = tokens[(rows - counts <= _SELDOM * chance) & (chance >= _PAIRS) & (tokens != NULL)]
    return {name: tokens for name, tokens in found.items() if len(tokens)}


def _rest(values: Floats, leaves: Integers) -> Floats:
    """How far values lie from the mean of their leaf."""
    known = ~np.isnan(values)
    means = np.bincount(leaves[known], values[known]) / np.maximum(np.bincount(leaves[known]), 1)
    return np.asarray(values - np.append(means, np.zeros(int(leaves.max(initial=0)) + 1))[leaves])


def _weight(values: Floats, at: Integers) -> float:
    """How many rows of an owner tell as much of the next one as all rows do; 0 where they tell nothing.

    The variance within owners by that between them (Fisher 1925), where chance does not explain the latter. Rows
    that are less alike than chance makes them have a high weight.
    """
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
    chance = 5 * np.sqrt(2 / (len(sizes) - 1) + 2 / free)
    excess = between - within
    if excess < -chance * within:
        return APART
    return max(float(sizes.mean() * within / excess), 0.01) if excess > chance * within else 0.0


def _step(
    name: Name, values: Floats, parents: Rows, rows: np.ndarray, growth: Growth, step: float | None = None
) -> Step:
    known = values[rows]
    codec = Numbers.learn(
        known, parents.subjects[rows], step=_grid(known) if step is None else step, least=growth.least
    )
    made = learned(name, codec, known, some(parents.known(), rows), parents.subjects[rows], growth)
    parents.put({name: np.where(rows, values, np.nan)}, {name: codec})
    return made


def _profile(child: str, parents: Rows, children: Rows, layout: Layout, growth: Growth) -> Step | None:
    """Learn what the rows below a row are like as a whole, where that can be told."""
    order = sequence(children, layout.time)
    told = {n: codec for n, codec in children.codecs.items() if n != layout.time and _steady(children, n, order)}
    classes = profiles(children, told, growth.leaf)
    number, rows = int(classes.max(initial=0)), classes > 0
    if number < 2:
        return None
    name, codec = ("profile", child), Labels(number + 1)
    made = learned(name, codec, classes[rows], some(parents.known(), rows), parents.subjects[rows], growth)
    parents.put({name: classes}, {name: codec})
    return made


def _steady(rows: Rows, name: Name, order: Integers) -> bool:
    codec = rows.codecs[name]
    return steady(codec.tokens(rows.values[name]), ordered=codec.ordered, at=rows.at_rows, order=order)


def _grid(values: Floats) -> float:
    return 0.0 if not len(values) else min(grid(values[~np.isnan(values)], None), 1.0)


def _times(parents: Rows, children: Rows, since: Name | None, clock: Clock, time: Name) -> Values:
    """The first and the last time of the rows below, as parts of what remains of the clock."""
    at = children.at_rows
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
            later = float((times >= values[owners]).mean()) > _MOSTLY
            if later and (found is None or np.nanmean(values) > np.nanmean(parents.values[found])):
                found = name
    return found


def _spread(rows: np.ndarray, values: Floats | Integers) -> Floats | Integers:
    """Values of some rows, null in the others."""
    found: Floats | Integers = np.full(len(rows), np.nan) if values.dtype.kind == "f" else np.zeros(len(rows), "int64")
    found[rows] = values
    return found
