"""Rows of a table drawn: all at once, or under their owners one after another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from synthkit_cart.clock import DAY, Clock, within_day
from synthkit_cart.history import History, Layout
from synthkit_cart.links import Candidates
from synthkit_cart.rows import NONE, Rows, taken
from synthkit_cart.steps import Name, Step, Values, learned, needed, some
from synthkit_cart.tokens import Codec, Feature, Flags, Floats, Integers, Labels, Numbers, grid
from synthkit_cart.trees import Growth

LIMIT = 256  # rows of one unit; an owner of more has several
_AGAIN = 2
_REDRAWS = 10  # of a value that may not come again
SHARE, VALUE = ("share",), ("value",)  # of an earlier value that may come again


@dataclass(frozen=True)
class Link:
    """A key to another table: which row a row points at.

    Attributes:
        key: the name of the key.
        label: what kind of row, or none, given what is known.
        within: whether it belongs to the same subject.
        apart: whether no two rows of one owner point at the same row.
        through: the key of another table under the same owner, where a row only points at what that one points at.
    """

    key: str
    label: Step | Following
    within: bool = False
    apart: bool = False
    through: str | None = None

    def draw(self, world: World, labels: Integers, about: About, random: np.random.Generator) -> Integers:
        """For each row the row with such a label that it points at, ``NONE`` for none."""
        wanted = about.subjects if self.within else labels
        found = world.candidates[self.key, ""].pick(wanted, random, else_any=not self.within)
        if self.through is not None:
            other = world.candidates[self.through, self.key].pick(about.owners, random, else_any=False)
            found = np.where(other < 0, found, np.append(world.rows[self.through], NONE)[other])
        return np.where(labels > 0, found, NONE)


@dataclass(frozen=True)
class About:
    """Whose rows are drawn.

    Attributes:
        subjects: of each row.
        owners: the row that owns each.
    """

    subjects: Integers
    owners: Integers

    def first(self, rows: int) -> About:
        """Of the first rows."""
        return About(self.subjects[:rows], self.owners[:rows])


@dataclass(frozen=True)
class Repeat:
    """A column of rows that follow one another: its value is often, or never, that of an earlier row.

    Attributes:
        first: its value in the first row.
        other: its value in later rows, where it is none of the earlier ones that were asked for.
        again: whether it is a certain earlier value; None where nobody asks.
        apart: whether it never is.
    """

    first: Step
    other: Step
    again: Step | None = None
    apart: bool = False

    @property
    def name(self) -> Name:
        """The column."""
        return self.other.name

    @property
    def codec(self) -> Codec:
        """Of the column."""
        return self.other.codec

    def draw(self, history: History, known: Mapping[Name, Feature], random: np.random.Generator) -> Any:
        """A value for the next row of each unit."""
        if not history.done:
            return self.first.draw(known, history.going, random)
        values = self.other.draw(known, history.going, random)
        open_, told = np.ones(history.going, dtype=bool), values
        tried: list[Any] = []
        for earlier in history.earlier(self.name) if self.again is not None else ():
            about = {**known, SHARE: earlier.feature(), VALUE: self.codec.feature(earlier.values)}
            again = (self.again.draw(about, history.going, random) == _AGAIN) & earlier.found & open_
            told, open_ = np.where(again, earlier.values, told), open_ & ~again
            tried.append(earlier.values)
        for _ in range(_REDRAWS if tried or self.apart else 0):
            seen = history.seen(self.name, values) if self.apart else _among(values, tried)
            if not (seen & open_).any():
                break
            values = np.where(seen & open_, self.other.draw(known, history.going, random), values)
        return np.where(open_, values, told)


def _among(values: Any, tried: Sequence[Any]) -> Flags:
    found = np.zeros(len(values), dtype=bool)
    for other in tried:
        found |= values == other
    return found


@dataclass(frozen=True)
class Urn:
    """A column that does not depend on the order of rows: new values, or that of an earlier row of the same owner.

    A Pólya urn (Blackwell and MacQueen 1973): every row has the distribution that the tree gives, whatever the owner
    has had, and rows of one owner agree as often as real ones.

    Attributes:
        base: new values.
        weight: how many earlier rows count as much as a new value.
    """

    base: Step
    weight: float

    @property
    def name(self) -> Name:
        """The column."""
        return self.base.name

    @property
    def codec(self) -> Codec:
        """Of the column."""
        return self.base.codec

    def draw(self, history: History, known: Mapping[Name, Feature], random: np.random.Generator) -> Any:
        """A value for the next row of each unit."""
        values = self.base.draw(known, history.going, random)
        if not history.done:
            return values
        again = random.random(history.going) * (history.done + self.weight) < history.done
        return np.where(again, history.rows[self.name][history.echo], values)


@dataclass(frozen=True)
class Level:
    """A numerical column that does not depend on the order of rows, higher for some owners than for others.

    Every row has the distribution that the tree gives; its place in it is a normal variable that rows of one owner
    share in part.

    Attributes:
        base: its values.
        shared: the part of the variance that rows of one owner share.
    """

    base: Step
    shared: float

    @property
    def name(self) -> Name:
        """The column."""
        return self.base.name

    @property
    def codec(self) -> Codec:
        """Of the column."""
        return self.base.codec

    def draw(self, history: History, known: Mapping[Name, Feature], random: np.random.Generator) -> Any:
        """A value for the next row of each unit."""
        own = random.standard_normal(history.going)
        place = np.sqrt(self.shared) * history.levels(self.name) + np.sqrt(1 - self.shared) * own
        tokens = self.base.conditional.draw(known, ndtr(place))
        return self.codec.draw(tokens, random)


Following = Repeat | Urn | Level


@dataclass(frozen=True)
class After:
    """A time that never lies before another one, drawn as what lies between them.

    Attributes:
        name: the column.
        codec: of the column.
        base: the other time, of the row itself or of one that it points at.
        step: microseconds between them.
    """

    name: Name
    codec: Codec
    base: Name
    step: Step

    def draw(self, known: Mapping[Name, Feature], bases: Floats, random: np.random.Generator) -> Floats:
        """A time for each row."""
        return bases + self.step.draw(known, len(bases), random)


@dataclass(frozen=True)
class World:
    """The tables drawn so far, by the keys that point at them.

    Attributes:
        parents: the rows that each key points at.
        candidates: the same, to draw from; or the rows of another table whose key leads there.
        rows: for each key drawn so far, the row that each row points at.
    """

    parents: dict[str, Rows]
    candidates: dict[tuple[str, str], Candidates]
    rows: dict[str, Integers]


@dataclass(frozen=True)
class Units:
    """Rows that follow one another: those of one owner, or a part of them where it has very many.

    Attributes:
        owner: of each unit; ``NONE`` for a row without one. Units with most rows come first.
        sizes: how many rows each has.
        starts: where its rows begin, of rows sorted by owner; those without one come first.
        part: which part of its owner's rows it is, and of how many.
    """

    owner: Integers
    sizes: Integers
    starts: Integers
    part: tuple[Integers, Integers]

    @classmethod
    def of(cls, counts: Integers, alone: int = 0) -> Units:
        """The units of owners with so many rows each, and of so many rows that have no owner."""
        pieces = -(-counts // LIMIT)
        owner = np.repeat(np.arange(len(counts)), pieces)
        number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        base, extra = counts[owner] // pieces[owner], counts[owner] % pieces[owner]
        sizes = np.append(np.ones(alone, dtype="int64"), base + (number < extra))
        owner = np.append(np.full(alone, NONE), owner)
        number, of = (np.append(np.full(alone, fill), part) for fill, part in ((0, number), (1, pieces[owner[alone:]])))
        starts = np.cumsum(sizes) - sizes
        order = np.argsort(-sizes, kind="stable")
        return cls(owner[order], sizes[order], starts[order], (number[order], of[order]))

    def owners(self) -> Integers:
        """The owner of each row, of rows sorted by owner."""
        found = np.empty(int(self.sizes.sum()), dtype="int64")
        order = np.argsort(self.starts, kind="stable")
        found[:] = np.repeat(self.owner[order], self.sizes[order])
        return found


@dataclass(frozen=True)
class Way:
    """How the rows of a table are drawn.

    Attributes:
        items: columns and keys, in their order.
        layout: of the rows that follow one another; None where they do not.
        part: of what remains of a unit's time, for rows between its first and its last.
        again: whether a row has the very time of the one before it; None where times are days.
        daytime: microseconds since midnight; None where times are days.
    """

    items: Sequence[Step | Link | Following | After]
    layout: Layout | None = None
    part: Step | None = None
    again: Step | None = None
    daytime: Step | None = None

    @property
    def steps(self) -> list[Step]:
        """All that is drawn from trees."""
        own: list[Step] = []
        for item in self.items:
            own += _steps(item)
        return own + [step for step in (self.part, self.again, self.daytime) if step is not None]

    def independent(self, about: About, world: World, random: np.random.Generator) -> Values:
        """Rows that follow no other."""
        return self._drawn({}, {}, about, world, random, None)

    def sequences(
        self, units: Units, given: Values, context: Rows, about: About, world: World, random: np.random.Generator
    ) -> Values:
        """The rows of units, sorted by owner; ``about`` says whose each unit is."""
        assert self.layout is not None
        wanted = needed(self.steps)
        around = {name: taken(feature, units.owner) for name, feature in _upward(context, wanted).items()}
        history = History(self.layout, units.sizes, units.starts, given, random)
        while rows := history.going:
            known = some(around, np.s_[:rows]) | history.known(wanted)
            values = self._next(history, known, about.first(rows), world, random)
            for _ in range(_REDRAWS):
                again = self._repeats(history, values)
                if not again.any():
                    break
                other = self._next(history, known, about.first(rows), world, random)
                values = {name: np.where(again, other[name], own) for name, own in values.items()}
            history.advance({**values})
        return history.rows

    def _next(
        self, history: History, known: Mapping[Name, Feature], about: About, world: World, random: np.random.Generator
    ) -> Values:
        """The next row of each unit."""
        told = dict(known)
        values = self._timed(history, told, random)
        return self._drawn(told, values, about, world, random, history)

    def _repeats(self, history: History, values: Values) -> Flags:
        """Which units would repeat what no owner has twice."""
        found = np.zeros(history.going, dtype=bool)
        for item in self.items:
            if isinstance(item, Repeat) and item.apart:
                found |= history.seen(item.name, values[item.name])
            elif isinstance(item, Link) and item.apart:
                found |= history.seen(("row", item.key), values["row", item.key])
        return found

    def _timed(self, history: History, known: dict[Name, Feature], random: np.random.Generator) -> Values:
        """The time of the next rows, and what it tells."""
        layout = history.layout
        if layout.clock is None or layout.time is None:
            return {}
        middle, parts = history.middle(), np.zeros(history.going)
        if self.part is not None and middle.any():
            parts[middle] = self.part.draw(some(known, middle), int(middle.sum()), random)
        time = layout.clock.day(history.moved(parts))
        if self.daytime is not None and self.again is not None:
            known["today",] = today(history, time, self.daytime.codec)
            again = self.again.draw(known, len(time), random) == _AGAIN
            again &= history.same_day(time)
            daytime = self.daytime.draw(known, len(time), random)
            time = np.where(again, history.last_time(), time + daytime)
        known |= calendar(time)
        known[layout.time] = layout.codecs[layout.time].feature(time)
        return {layout.time: time}

    def _drawn(
        self,
        known: dict[Name, Feature],
        values: Values,
        about: About,
        world: World,
        random: np.random.Generator,
        history: History | None,
    ) -> Values:
        used, rows = needed(self.steps), len(about.subjects)
        for item in self.items:
            if isinstance(item, Link):
                name = item.label.name
                if isinstance(item.label, Following) and history is not None:
                    values[name] = item.label.draw(history, known, random)
                else:
                    values[name] = item.label.draw(known, rows, random)
                values["row", item.key] = item.draw(world, values[name], about, random)
                known |= via(world.parents[item.key], item.key, values["row", item.key], used)
                known[name] = item.label.codec.feature(values[name])
                continue
            if isinstance(item, After):
                values[item.name] = item.draw(known, _base(item.base, values, world), random)
            elif isinstance(item, Following) and history is not None:
                values[item.name] = item.draw(history, known, random)
            else:
                values[item.name] = item.draw(known, rows, random)
            if item.name in used:
                known[item.name] = item.codec.feature(values[item.name])
        return values


def _base(name: Name, values: Values, world: World) -> Floats:
    """The time that another one is counted from."""
    if name[0] != "via":
        return np.asarray(values[name])
    return np.append(world.parents[name[1]].values[name[2:]], np.nan)[values["row", name[1]]]


def _steps(item: Step | Link | Following | After) -> list[Step]:
    if isinstance(item, Link):
        return _steps(item.label)
    if isinstance(item, Repeat):
        return [step for step in (item.first, item.again, item.other) if step is not None]
    if isinstance(item, Urn | Level):
        return [item.base]
    return [item.step if isinstance(item, After) else item]


def via(parents: Rows, key: str, rows: Integers, wanted: Collection[Name] | None = None) -> dict[Name, Feature]:
    """What is known of the row that a key points at."""
    own = [name for name in parents.values if name[0] == "own"]
    named = {("via", key, *name): name for name in own}
    return {n: taken(parents.feature(name), rows) for n, name in named.items() if wanted is None or n in wanted}


def calendar(times: Floats) -> dict[Name, Feature]:
    """The day of the week and of the month."""
    days = np.floor(times / DAY)
    dates = days.astype("int64").astype("datetime64[D]")
    month = (dates - dates.astype("datetime64[M]")).astype("int64")
    week = (days.astype("int64") + 3) % 7
    return {("weekday",): Feature(week + 1, 8, ordered=False), ("monthday",): Feature(month + 1, 32, ordered=True)}


def today(history: History, times: Floats, codec: Codec) -> Feature:
    """When the row before was, where that is the same day."""
    same = history.same_day(times)
    return codec.feature(np.where(same, within_day(history.last_time()), np.nan))


def _upward(owner: Rows, wanted: Collection[Name]) -> dict[Name, Feature]:
    """What rows know of their owner, once for each owner."""
    return {("up", *name): owner.feature(name) for name in owner.names(1) if ("up", *name) in wanted}
