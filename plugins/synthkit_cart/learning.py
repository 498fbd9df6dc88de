"""Learning how the rows of a table are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from synthkit_cart.alike import exchangeable
from synthkit_cart.apart import before, fair, never_twice
from synthkit_cart.bounds import bounds
from synthkit_cart.broods import APART
from synthkit_cart.clock import within_day
from synthkit_cart.computed import Arithmetic, Carried, Computed, after
from synthkit_cart.history import CHANGE, CHANGES, Carry, Layout, changed
from synthkit_cart.items import AGO, SHARE, VALUE, After, Plain, Repeat, Value, Valued
from synthkit_cart.past import Asked, Past, past
from synthkit_cart.pointing import Item, Link, via
from synthkit_cart.rows import Rows
from synthkit_cart.stairs import Base, stairs
from synthkit_cart.steps import Name, Step, learned, some
from synthkit_cart.tokens import Codec, Feature, Flags, Floats, Integers, Labels, Numbers, grid
from synthkit_cart.trees import UNORDERED, Growth
from synthkit_cart.walks import Walk, shared, steadier
from synthkit_cart.way import SINCE, Times, Way, calendar

_MOSTLY = 0.97
_POSITION = ("position",)
SELF = ("self",)  # which row of a small table a row stands for


@dataclass(frozen=True)
class Key:
    """A key to another table, as real rows have it.

    Attributes:
        name: of the key.
        rows: the row that each row points at, ``NONE`` for none.
        parents: all rows that it can point at.
        within: whether a row and the one that it points at belong to one subject.
        through: the key of another table under the same owner that points at the same rows, if there is one.
        liked: then, how much each kind of row is, where the owner's rows of the other table offer some.
        few: whether each row that it points at is a kind of its own.
    """

    name: str
    rows: Integers
    parents: Rows
    within: bool = False
    through: str | None = None
    liked: Floats = field(default_factory=lambda: np.empty(0))
    few: bool = False

    def times(self) -> dict[Name, Floats]:
        """The times of the row that each row points at."""
        own = [name for name, codec in self.parents.codecs.items() if name[0] == "own" and is_time(codec)]
        return {("via", self.name, *n): np.append(self.parents.values[n], np.nan)[self.rows] for n in own}


@dataclass
class Lesson:
    """The real rows of a table, and what is known of them before each column is learned.

    Attributes:
        rows: the rows.
        growth: of the trees.
        known: everything.
        lone: that part which does not depend on the rows before.
        times: columns of times that others may be counted from.
        numbers: columns of numbers that others may follow from.
        past: of rows that follow one another.
        carries: the columns that go on from row to row.
        formulas: the columns that others give.
    """

    rows: Rows
    growth: Growth
    known: dict[Name, Feature] = field(default_factory=dict)
    lone: dict[Name, Feature] = field(default_factory=dict)
    times: dict[Name, Floats] = field(default_factory=dict)
    numbers: dict[Name, Base] = field(default_factory=dict)
    past: Past | None = None
    carries: dict[Name, Carry] = field(default_factory=dict)
    formulas: dict[Name, Arithmetic] = field(default_factory=dict)

    def tell(self, told: Mapping[Name, Feature]) -> None:
        """Something becomes known that does not depend on the rows before."""
        self.known |= told
        self.lone |= told

    def step(self, name: Name, codec: Codec, values: Floats, rows: Flags | None = None) -> Step:
        """Learn something from all rows, or from some."""
        if rows is None:
            return learned(name, codec, values, self.known, self.rows.subjects, self.growth)
        known, subjects = some(self.known, rows), self.rows.subjects[rows]
        return learned(name, codec, values[rows], known, subjects, self.growth)


def learn_way(
    rows: Rows,
    layout: Layout | None,
    keys: Sequence[Key],
    growth: Growth,
    seed: int,
    formulas: Mapping[Name, Arithmetic] | None = None,
) -> Way:
    """Learn how the rows of a table are drawn; ``layout`` is None where they follow no other."""
    lesson, times = Lesson(rows, growth, formulas=dict(formulas or {})), Times()
    if layout is not None:
        lesson.tell({name: rows.feature(name) for name in rows.names() if name[0] == "up"})
        times = _follow(lesson, layout, seed)
    if SELF in rows.codecs:
        lesson.tell({SELF: rows.feature(SELF)})
    echoes = layout.echoes if layout is not None else {}
    time = layout.time if layout is not None else None
    items: list[Item] = [_link(lesson, key) for key in keys]
    own = [name for name in rows.codecs if name[0] == "own" and name != time]
    lesson.carries = dict(layout.carries) if layout is not None else {}
    inputs = {name: each.inputs for name, each in (lesson.formulas | lesson.carries).items()}
    for name in after(sorted(own, key=lambda name: echoes.get(name, 0.0) < APART), inputs):
        items.append(_column(lesson, name))
        lesson.tell({name: rows.feature(name)})
        lesson.known |= _changes(lesson, name)
        if isinstance(rows.codecs[name], Numbers):
            lesson.numbers[name] = Base.of(rows.values[name])
        if is_time(rows.codecs[name]):
            lesson.times[name] = rows.values[name]
    drawn = {item.name: rows.values[item.name] for item in items if isinstance(item, Valued)}
    numbers = {name: own for name, own in drawn.items() if isinstance(rows.codecs[name], Numbers)}
    between = bounds(numbers, np.random.default_rng(0))
    exact = [item.name for item in items if isinstance(item, Carried | Computed)]  # nor may a bound change these
    return Way(tuple(items), layout, times, {name: own for name, own in between.items() if name not in exact})


def _changes(lesson: Lesson, name: Name) -> dict[Name, Feature]:
    """How each row that follows another differs from it in a column."""
    seen, values = lesson.past, lesson.rows.values[name]
    if seen is None or not seen.later.any():
        return {}
    codes = np.where(seen.later, changed(values, _before(seen, values)).codes, 0)
    return {(CHANGE, *name): Feature(codes, CHANGES, ordered=True)}


def _before(seen: Past, values: Any) -> Any:
    """The value of the row before each, or for the first one of an owner any value."""
    rows = np.empty(len(values), dtype="int64")
    rows[seen.order] = np.append(seen.order[:1], seen.order[:-1])
    return values[rows]


def is_time(codec: Codec) -> bool:
    """Whether the values of a codec are times."""
    return isinstance(codec, Numbers) and codec.time


def _follow(lesson: Lesson, layout: Layout, seed: int) -> Times:
    """Learn the times of rows that follow one another."""
    rows, random = lesson.rows, np.random.default_rng(np.random.SeedSequence(seed))
    if layout.clock is None or layout.time is None:
        lesson.past = past(rows, layout, None, random)
        lesson.known |= lesson.past.known
        return Times()
    clock = within_day(rows.values[layout.time])
    daytime = (
        Numbers.learn(clock, rows.subjects, step=grid(clock, 0), least=lesson.growth.least) if clock.any() else None
    )
    seen = lesson.past = past(rows, layout, daytime, random)
    known_today, since = (seen.known.pop(name, None) for name in (("today",), SINCE))  # the day must be known before
    lesson.known |= seen.known
    times = Times()
    if seen.middle.any():
        parts = Numbers.learn(seen.parts[seen.middle], rows.subjects[seen.middle], step=0.0, least=lesson.growth.least)
        times = Times(lesson.step(("part",), parts, seen.parts, seen.middle))
    if daytime is not None and known_today is not None:
        lesson.known["today",] = known_today
        again = lesson.step(("again",), Labels(3), 1 + seen.again.astype("int64"))
        times = replace(times, again=again, daytime=lesson.step(("daytime",), daytime, clock))
    lesson.tell(calendar(rows.values[layout.time]) | {layout.time: rows.feature(layout.time)})
    if since is not None:
        lesson.known[SINCE] = since
    lesson.times[layout.time] = rows.values[layout.time]
    lesson.numbers[layout.time] = Base.of(rows.values[layout.time])
    return times


def _link(lesson: Lesson, key: Key) -> Link:
    rows, label = lesson.rows, ("label", key.name)
    link = Link(key.name, _value(lesson, label), key.within, _apart(rows, key.rows), key.through, key.liked)
    lesson.tell({label: rows.feature(label)})
    if not key.few:  # else the label says more than what the row is like
        lesson.tell(via(key.parents, key.name, key.rows))
    lesson.times |= key.times()
    return link


def _column(lesson: Lesson, name: Name) -> Item:
    codec, values = lesson.rows.codecs[name], lesson.rows.values[name]
    if name in lesson.carries:
        return Carried(lesson.step(name, codec, values), lesson.carries[name], float(values.min()), float(values.max()))
    if name in lesson.formulas:
        return Computed(lesson.step(name, codec, values), lesson.formulas[name])
    if (follows := stairs(name, codec, values, lesson.numbers, lesson.rows.subjects, lesson.growth.leaf)) is not None:
        return follows
    base = earlier(values, lesson.times) if is_time(codec) else None
    if base is None:
        return _value(lesson, name)
    between = np.where(np.isnan(values), np.nan, np.maximum(values - lesson.times[base], 0))
    step = grid(between[~np.isnan(between)], 0)
    gaps = Numbers.learn(between, lesson.rows.subjects, step=step, least=lesson.growth.least)
    asked = Asked() if lesson.past is None else lesson.past.asked.get(name, Asked())
    if asked.hits.sum() < 2 * lesson.growth.leaf:
        return After(name, codec, base, lesson.step(("gap", *name), gaps, between))
    new = _new(asked, np.ones(len(values), dtype=bool))
    return After(name, codec, base, lesson.step(("gap", *name), gaps, between, new), _again(lesson, name, asked))


def _value(lesson: Lesson, name: Name) -> Value | Walk:
    """Learn a column: on its own, by what rows of an owner have in common, or by the rows before each."""
    rows, seen = lesson.rows, lesson.past
    codec, values = rows.codecs[name], rows.values[name]
    first = learned(name, codec, values, lesson.lone, rows.subjects, lesson.growth)
    if seen is None:
        return Plain(first)
    if not seen.later.any():
        return Repeat(first, first)
    if not isinstance(codec, Numbers) and never_twice(values, rows.at_rows, codec.size):
        return Repeat(first, _other(lesson, name, seen), apart=True)
    moves = any(name in carry.inputs for carry in lesson.carries.values())  # and so may depend on what it moves
    steady = None if moves else exchangeable(first, values, lesson.lone, rows, seen.order, lesson.growth)
    if steady is not None:
        return steady
    placed = lesson.lone | {_POSITION: lesson.known[_POSITION]}  # the first row may be like no other
    first = learned(name, codec, values, placed, rows.subjects, lesson.growth)
    return _following(lesson, first, seen)


def _following(lesson: Lesson, first: Step, seen: Past) -> Repeat | Walk:
    """Learn a column by the rows before each.

    Of a few categories the rows before say all; of many values or numbers, that some of them come again.
    """
    name, codec, asked = first.name, first.codec, seen.asked.get(first.name, Asked())
    if isinstance(codec, Numbers) and (walk := _walk(lesson, first, seen, codec)) is not None:
        return walk
    few = not isinstance(codec, Numbers) and codec.size <= UNORDERED
    if few or asked.hits.sum() < 2 * lesson.growth.leaf:
        return Repeat(first, lesson.step(name, codec, lesson.rows.values[name], seen.later))
    return _repeat(lesson, first, asked, seen.later)


def _walk(lesson: Lesson, first: Step, seen: Past, codec: Numbers) -> Walk | None:
    """Learn how a number goes on from that of the row before, where that says much more than the number does."""
    name, values, least = first.name, lesson.rows.values[first.name], lesson.growth.least
    moves = values - _before(seen, values)
    rows = seen.later & ~np.isnan(_before(seen, values))
    known = rows & ~np.isnan(values)
    if known.sum() < 2 * lesson.growth.leaf:
        return None
    told = Numbers.learn(moves[known], lesson.rows.subjects[known], step=codec.step, least=least)
    later = lesson.step(name, codec, values, seen.later)
    move = lesson.step(("move", *name), told, moves, rows)
    features = some(lesson.known, known)
    leaves = [step.conditional.leaves(features, int(known.sum())) for step in (move, later)]
    found = steadier((moves[known], leaves[0]), (values[known], leaves[1]))
    return Walk(first, later, move, shared(values[known], codec)) if found else None


def _other(lesson: Lesson, name: Name, seen: Past) -> Step:
    """Learn what comes in later rows, none of which may have what its owner has had."""
    rows, later = lesson.rows, np.flatnonzero(seen.later)
    step, tokens = lesson.step(name, rows.codecs[name], rows.values[name], seen.later), rows.values[name]
    row, earlier_row = before(rows.at_rows, seen.order)
    leaves = step.conditional.leaves(some(lesson.known, seen.later), len(later))
    had = np.searchsorted(later, row), tokens[earlier_row]
    return replace(step, conditional=fair(step.conditional, leaves, had))


def _repeat(lesson: Lesson, first: Step, asked: Asked, later: Flags) -> Repeat:
    """Learn which earlier values come again, and what comes where none does."""
    name, new = first.name, _new(asked, later)
    other = lesson.step(name, first.codec, lesson.rows.values[name], new) if new.any() else first
    return Repeat(first, other, _again(lesson, name, asked))


def _again(lesson: Lesson, name: Name, asked: Asked) -> Step:
    """Learn whether an earlier value comes again, by how often it has come and what else is known."""
    at, codec = np.concatenate(asked.rows), lesson.rows.codecs[name]
    known = {own: feature.take(at) for own, feature in lesson.known.items()}
    known[SHARE], known[AGO] = _stacked(asked.shares), _stacked(asked.places)
    known[VALUE] = codec.feature(np.concatenate(asked.values))
    labels, subjects = 1 + asked.hits.astype("int64"), lesson.rows.subjects[at]
    return learned(("again", *name), Labels(3), labels, known, subjects, lesson.growth)


def _new(asked: Asked, rows: Flags) -> Flags:
    """Those of the rows where no earlier value comes again."""
    found = rows.copy()
    found[np.concatenate(asked.rows)[asked.hits]] = False
    return found


def earlier(values: Floats, times: Mapping[Name, Floats]) -> Name | None:
    """The time that others follow and are close to: with the least spread of what lies between.

    Nearly all must follow: a guard that draws extremes in may have moved a few.
    """
    known = ~np.isnan(values)
    best, found = float(values[known].std()) / 2 if known.any() else 0.0, None
    for name, base in times.items():
        between = (values - base)[known]
        follows = bool(len(between)) and float((between >= 0).mean()) > _MOSTLY  # a null among them follows nothing
        if follows and not np.isnan(between).any() and between.std() < best:
            best, found = float(between.std()), name
    return found


def _apart(rows: Rows, pointed: Integers) -> bool:
    """Whether no two rows of one owner point at the same row, though many could."""
    known = (rows.at_rows >= 0) & (pointed >= 0)
    owners, width = rows.at_rows[known], int(pointed.max(initial=0)) + 1
    several = int((np.bincount(owners) > 1).sum()) if len(owners) else 0
    return several >= 20 and len(np.unique(owners * width + pointed[known])) == len(owners)


def _stacked(features: Sequence[Feature]) -> Feature:
    return Feature(np.concatenate([f.codes for f in features]), features[0].size, features[0].ordered)
