"""What is known of a subject's rows so far, while they are drawn one after another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from synthkit_cart.clock import DAY, Clock
from synthkit_cart.steps import Name, Values
from synthkit_cart.tokens import NULL, Codec, Feature, Flags, Floats, Integers

_COUNTED = 62
_SEEN = 64  # of the rows so far
_VALUES = 3  # of them that may come again
_NAN = -1e300
ZERO = ("zero",)  # what comes before the first row of an owner, as the name of a number


@dataclass(frozen=True)
class Habit:
    """A numerical column in which the rows of one owner are alike: each new row tells more of their mean.

    Attributes:
        overall: the mean of all rows.
        weight: how many rows of an owner tell as much as that.
    """

    overall: float
    weight: float


@dataclass(frozen=True)
class Carry:
    """How a column goes on from row to row: what it was before, and a change.

    Attributes:
        plus, minus: the numbers of the row that are added and taken off; one of them may be None.
        sign: the category that says in which rows the change is turned, if one does.
        turned: its tokens that say so.
        opening: what comes before the first row, ``ZERO`` or a number of the owner; None where that row may hold
            anything.
    """

    plus: Name | None
    minus: Name | None
    sign: Name | None = None
    turned: Integers = field(default_factory=lambda: np.empty(0, dtype="int64"))
    opening: Name | None = None

    @property
    def inputs(self) -> tuple[Name, ...]:
        """What the change is made of."""
        return tuple(name for name in (self.plus, self.minus, self.sign) if name is not None)

    def change(self, values: Mapping[Name, Any]) -> Floats:
        """By how much each row moves it."""
        change = (0.0 if self.plus is None else values[self.plus]) - (0.0 if self.minus is None else values[self.minus])
        turned = False if self.sign is None else np.isin(values[self.sign], self.turned)
        return np.where(turned, -change, change)


@dataclass(frozen=True)
class Layout:
    """What a history keeps.

    Attributes:
        codecs: of the columns of the rows.
        habits: the columns whose mean over an owner's rows tells of the next one.
        echoes: the columns in which the rows of one owner are alike, with the weight of all other rows.
        time: the column that puts rows in order, if there is one.
        clock: for that column.
        carries: the columns that go on from row to row.
        once: for columns of categories the tokens that no owner has twice at one time.
    """

    codecs: Mapping[Name, Codec]
    habits: Mapping[Name, Habit] = field(default_factory=dict)
    echoes: Mapping[Name, float] = field(default_factory=dict)
    time: Name | None = None
    clock: Clock | None = None
    carries: Mapping[Name, Carry] = field(default_factory=dict)
    once: Mapping[Name, Integers] = field(default_factory=dict)


@dataclass(frozen=True)
class Earlier:
    """One value of an earlier row, for each unit that goes on.

    Attributes:
        values: the value.
        share: of the rows so far that have no value that came before this one, those that have it.
        found: whether there is one.
    """

    values: Any
    share: Floats
    found: Flags

    def feature(self) -> Feature:
        """The share, as it explains whether the value comes again."""
        return _percent(np.where(self.found, self.share, np.nan))


@dataclass
class History:
    """The rows so far of some units: of those that have most rows first.

    Attributes:
        layout: what is kept.
        counts: how many rows each unit has in the end, descending.
        starts: where the rows of each unit begin in ``rows``.
        given: the time of each unit's first row and last row, ``("first",)`` and ``("last",)`` as shares of the clock,
            and what a column was before the first row, ``("opening", …)``.
        rows: the values of all rows; those to come may be missing.
        done: how many rows each unit has so far, unless it has fewer in the end.
        echo: for each unit that goes on one of its rows so far, at random.
        going: how many units have another row.
    """

    layout: Layout
    counts: Integers
    starts: Integers
    given: Values
    random: np.random.Generator
    rows: Values = field(default_factory=dict)
    done: int = 0
    echo: Integers = field(default_factory=lambda: np.empty(0, dtype="int64"))
    _levels: Values = field(default_factory=dict)
    _sums: Values = field(default_factory=dict)
    going: int = field(init=False)

    def __post_init__(self) -> None:
        self.going = self._going()

    def some(self, units: Integers) -> History:
        """The history of some of the units that go on, by their places, ascending; it must not advance."""
        given, levels, sums = ({n: v[units] for n, v in t.items()} for t in (self.given, self._levels, self._sums))
        counts, starts, echo = self.counts[units], self.starts[units], self.echo[units] if self.done else self.echo
        return History(self.layout, counts, starts, given, self.random, self.rows, self.done, echo, levels, sums)

    def known(self, wanted: Collection[Name] | None = None) -> dict[Name, Feature]:
        """What may explain the next row of each unit that has one, or what is wanted of it."""
        made = self._made()
        return {name: make() for name, make in made.items() if wanted is None or name in wanted}

    def _going(self) -> int:
        return int(np.searchsorted(-self.counts, -self.done, side="left"))

    def _made(self) -> dict[Name, Callable[[], Feature]]:
        """How each thing that is known is computed."""
        rows, left, layout = self.going, (self.counts - self.done)[: self.going], self.layout
        made: dict[Name, Callable[[], Feature]] = {
            ("position",): lambda: _counted(np.full(rows, self.done)),
            ("left",): lambda: _counted(left),
        }
        if layout.clock is not None:
            made["span",] = lambda: _percent(self.given["last",][:rows] - self.before())
        for name, codec in layout.codecs.items():
            made["last", *name] = partial(self._told, name, codec, self.starts[:rows] + self.done - 1)
        for name, habit in layout.habits.items():
            made["habit", *name] = partial(self._habit, name, habit, rows)
        return made

    def carried(self, name: Name) -> Floats:
        """What a column was before the next row of each unit that goes on; NaN where that is not known."""
        if not self.done:
            return np.asarray(self.given["opening", *name][: self.going])
        return np.asarray(self.rows[name][self.starts[: self.going] + self.done - 1])

    def last_time(self) -> Floats:
        """The time of the last row of each unit that goes on; NaN at first."""
        time = self.layout.time
        if time is None or not self.done:
            return np.full(self.going, np.nan)
        return np.asarray(self.rows[time][self.starts[: self.going] + self.done - 1])

    def same_day(self, times: Floats) -> Flags:
        """Whether the next row is on the day of the last one."""
        return np.asarray(np.floor(times / DAY) == np.floor(self.last_time() / DAY))

    def before(self) -> Floats:
        """The share of the clock at which the last row of each unit that goes on lies."""
        if not self.done or self.layout.clock is None:
            return np.asarray(self.given["first",][: self.going])
        return self.layout.clock.share(self.last_time())

    def moved(self, parts: Floats) -> Floats:
        """The share of the clock at which the next rows lie, by the part of what remains up to the last row."""
        start, left = self.before(), (self.counts - self.done)[: self.going]
        end = self.given["last",][: self.going]
        on = start + np.nan_to_num(parts) * (end - start)
        return np.where(self.done == 0, start, np.where(left == 1, end, on))

    def middle(self) -> Flags:
        """Which of the units that go on are neither at their first nor at their last row."""
        left = (self.counts - self.done)[: self.going]
        return (left > 1) & (self.done > 0)

    def advance(self, values: Values) -> None:
        """Add the next row of each unit that has one."""
        rows = self.going
        for name, own in values.items():
            if name not in self.rows:
                self.rows[name] = np.empty(int(self.counts.sum()), dtype=own.dtype)
            self.rows[name][self.starts[:rows] + self.done] = own
        for name, habit in self.layout.habits.items():
            own = np.where(np.isnan(values[name]), habit.overall, values[name])
            self._sums[name] = own + (self._sums[name][:rows] if self.done else 0.0)
        self.done += 1
        rows = self.going = self._going()
        self.echo = self.starts[:rows] + (self.random.random(rows) * self.done).astype("int64")

    def levels(self, name: Name) -> Floats:
        """A normal variable for each unit that goes on, always the same for a column."""
        if name not in self._levels:
            self._levels[name] = self.random.standard_normal(len(self.counts))
        return np.asarray(self._levels[name][: self.going])

    def seen(self, name: Name, values: Any, units: Integers) -> Flags:
        """Whether a row of each of some units has such a value so far."""
        if not self.done:
            return np.zeros(len(units), dtype=bool)
        earlier = self.rows[name][self.starts[units, None] + np.arange(self.done)]
        return np.asarray((earlier == values[:, None]).any(1))

    def twice(self, name: Name, time: Name, values: Values, units: Integers) -> Flags:
        """Whether a row of each of some units has such a category at the very same time, as no owner has."""
        found = np.zeros(len(units), dtype=bool)
        same = np.flatnonzero(np.isin(values[name], self.layout.once[name]))
        for back in range(1, self.done + 1):
            rows = self.starts[units[same]] + self.done - back
            same, rows = (each[self.rows[time][rows] == values[time][same]] for each in (same, rows))
            if not len(same):
                break
            found[same] |= self.rows[name][rows] == values[name][same]
        return found

    def earlier(self, name: Name) -> Iterator[Earlier]:
        """A few different values of a column among the rows so far of each unit, frequent ones rather first."""
        rows, seen = self.going, min(self.done, _SEEN)
        if not seen:
            return
        values = self.rows[name][self.starts[:rows, None] + np.arange(self.done - seen, self.done)]
        if values.dtype.kind == "f":
            values = np.where(np.isnan(values), _NAN, values)  # so that null is like null
        left = np.ones(values.shape, dtype=bool)
        for _ in range(_VALUES):
            chosen = (self.random.random(values.shape) * left).argmax(1)
            found = np.asarray(left.any(1))
            value = values[np.arange(rows), chosen]
            hits = left & (values == value[:, None])
            share = hits.sum(1) / (left.sum(1) + self.layout.echoes[name])
            real = np.where(value == _NAN, np.nan, value) if values.dtype.kind == "f" else value
            yield Earlier(real, share, found)
            left &= ~hits

    def _habit(self, name: Name, habit: Habit, rows: int) -> Feature:
        """What the rows so far say of an owner's mean, shrunken towards that of all rows."""
        sums = self._sums[name][:rows] if self.done else np.zeros(rows)
        expected = (sums + habit.weight * habit.overall) / (self.done + habit.weight)
        return self.layout.codecs[name].feature(expected)

    def _told(self, name: Name, codec: Codec, rows: Integers) -> Feature:
        """What earlier rows tell, null where there are none."""
        if self.done:
            return codec.feature(self.rows[name][rows])
        if ("opening", *name) in self.given:
            return codec.feature(self.carried(name))
        empty = codec.feature(np.full(1, np.nan) if codec.ordered else np.zeros(1, dtype="int64"))
        return Feature(np.zeros(self.going, dtype="int64"), empty.size, empty.ordered)


def _counted(numbers: Integers) -> Feature:
    return Feature(np.minimum(numbers, _COUNTED) + 1, _COUNTED + 2, ordered=True)


def _percent(parts: Any) -> Feature:
    """Parts of one in 61 steps, with 0 and 1 apart from what is near them."""
    codes = 2 + np.clip(np.nan_to_num(parts) * 60, 0, 60)
    codes = np.where(parts <= 1e-9, 1, np.where(parts >= 1 - 1e-9, 63, codes))
    return Feature(np.where(np.isnan(parts), NULL, codes).astype("int64"), 64, ordered=True)
