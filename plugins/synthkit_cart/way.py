"""Rows of a table drawn: all at once, or under their owners one after another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from synthkit_cart.bounds import Bound
from synthkit_cart.clock import DAY, within_day
from synthkit_cart.computed import Carried
from synthkit_cart.history import ZERO, History, Layout
from synthkit_cart.items import AGAIN, About, Draw, Repeat, World
from synthkit_cart.pointing import Item, Link, steps_of
from synthkit_cart.rows import NONE, Rows, taken
from synthkit_cart.steps import Name, Step, Values, needed, some
from synthkit_cart.tokens import Codec, Feature, Flags, Floats, Integers

SINCE = ("since",)  # the row before
_LIMIT = 256  # rows of one unit; an owner of more has several
_RUNNING = 4_096  # where columns run on, which they cannot from one unit to the next
_STEPS = 4  # in which a time that is twice as long is told apart
_REDRAWS = (1, 3, 12)  # of a row that no owner can have: how many at once, one after another


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
    def of(cls, counts: Integers, alone: int = 0, layout: Layout | None = None) -> Units:
        """The units of owners with so many rows each, and of so many rows that have no owner."""
        pieces = -(-counts // (_RUNNING if layout is not None and layout.carries else _LIMIT))
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
class Times:
    """How the time of a row is drawn.

    Attributes:
        part: of what remains of a unit's time, for rows between its first and its last.
        again: whether a row has the very time of the one before it; None where times are days.
        daytime: microseconds since midnight; None where times are days.
    """

    part: Step | None = None
    again: Step | None = None
    daytime: Step | None = None

    @property
    def steps(self) -> list[Step]:
        """Those that there are."""
        return [step for step in (self.part, self.again, self.daytime) if step is not None]

    def draw(self, history: History, known: dict[Name, Feature], random: np.random.Generator) -> Values:
        """The time of the next rows; it becomes known, and what the calendar says of it."""
        layout = history.layout
        if layout.clock is None or layout.time is None:
            return {}
        middle, parts = history.middle(), np.zeros(history.going)
        if self.part is not None and middle.any():
            parts[middle] = self.part.draw(some(known, middle), int(middle.sum()), random)
        time = layout.clock.day(history.moved(parts))
        if self.daytime is not None and self.again is not None:
            known["today",] = today(history, time, self.daytime.codec)
            again = (self.again.draw(known, len(time), random) == AGAIN) & history.same_day(time)
            time = np.where(again, history.last_time(), time + self.daytime.draw(known, len(time), random))
        known[SINCE] = since(history, time)
        known |= calendar(time) | {layout.time: layout.codecs[layout.time].feature(time)}
        return {layout.time: time}


@dataclass(frozen=True)
class Way:
    """How the rows of a table are drawn.

    Attributes:
        items: columns and keys, in their order.
        layout: of the rows that follow one another; None where they do not.
        times: how their times are drawn.
        bounds: between which others some columns lie.
    """

    items: Sequence[Item]
    layout: Layout | None = None
    times: Times = Times()
    bounds: Mapping[Name, Bound] = field(default_factory=dict)

    def independent(
        self, known: Mapping[Name, Feature], about: About, world: World, random: np.random.Generator
    ) -> Values:
        """Rows that follow no other."""
        draw = Draw(dict(known), {}, needed(steps_of(self.items)), about, world, random, bounds=self.bounds)
        for item in self.items:
            item.fill(draw)
        return draw.values

    def sequences(
        self, units: Units, given: Values, owner: Rows, about: About, world: World, random: np.random.Generator
    ) -> Values:
        """The rows of units, sorted by owner.

        ``given`` are the times of the first and the last row of each unit, ``owner`` all rows that own them, and
        ``about`` says whose each unit is.
        """
        layout = self.layout or Layout({})
        wanted = needed([*steps_of(self.items), *self.times.steps])
        around = {name: taken(feature, units.owner) for name, feature in _upward(owner, wanted).items()}
        history = History(layout, units.sizes, units.starts, given | openings(layout, units, owner), random)
        while rows := history.going:
            known = {name: feature.take(slice(rows)) for name, feature in around.items()} | history.known(wanted)
            draw = Draw(known, {}, wanted, about.take(slice(rows)), world, random, history, self.bounds)
            history.advance(self._next(draw))
        return history.rows

    def _next(self, draw: Draw) -> Values:
        """The next row of each unit, begun again where it is none that an owner can have."""
        begun, units = self._begun(draw), np.arange(draw.rows)
        for tries in _REDRAWS:
            units = units[self._refused(draw.past, {n: values[units] for n, values in begun.values.items()}, units)]
            if not len(units):
                break
            again = np.repeat(units, tries)
            other = self._begun(draw.some(again, draw.known))
            good = ~self._refused(draw.past, other.values, again).reshape(-1, tries)
            chosen = np.arange(len(units)) * tries + good.argmax(1)  # the first where none is
            begun.replace(units, other, chosen, draw.known)
        for item in self.items[self._strict :]:
            item.fill(begun)
        return begun.values

    def _begun(self, draw: Draw) -> Draw:
        """The next rows up to the last column or key in which one may be refused."""
        known = dict(draw.known)
        values = self.times.draw(draw.past, known, draw.random)
        begun = Draw(known, values, draw.used, draw.about, draw.world, draw.random, draw.history, draw.bounds)
        for item in self.items[: self._strict]:
            item.fill(begun)
        return begun

    @property
    def _strict(self) -> int:
        """How many items there are up to the last one in which a row may be refused."""
        once = self.layout.once if self.layout is not None else {}
        strict = [_is_apart(item) or isinstance(item, Carried) or item.name in once for item in self.items]
        return max((place + 1 for place, each in enumerate(strict) if each), default=0)

    def _refused(self, history: History, values: Values, units: Integers) -> Flags:
        """Which of some rows repeat what no owner has twice, or run beyond what there can be."""
        found, time = np.zeros(len(units), dtype=bool), history.layout.time
        for item in self.items:
            if _is_apart(item):
                found |= history.seen(item.name, values[item.name], units)
            elif time is not None and item.name in history.layout.once:
                found |= history.twice(item.name, time, values, units)
            elif isinstance(item, Carried):
                found |= item.beyond(values[item.name])
        return found


def _is_apart(item: Item) -> bool:
    return isinstance(item, Repeat | Link) and item.apart


def openings(layout: Layout, units: Units, owner: Rows | None) -> Values:
    """What columns that run on were before the first row of each unit; NaN where that is not known."""
    found: Values = {}
    for name, carry in layout.carries.items():
        before = np.full(len(units.owner), np.nan)
        if owner is not None and carry.opening is not None:
            start = np.zeros(owner.size) if carry.opening == ZERO else owner.values[carry.opening]
            known = (units.part[0] == 0) & (units.owner >= 0)
            before[known] = start[units.owner[known]]
        found["opening", *name] = before
    return found


def calendar(times: Floats) -> dict[Name, Feature]:
    """The day of the week and of the month."""
    days = np.floor(times / DAY)
    dates = days.astype("int64").astype("datetime64[D]")
    month = (dates - dates.astype("datetime64[M]")).astype("int64")
    week = (days.astype("int64") + 3) % 7
    return {("weekday",): Feature(week + 1, 8, ordered=False), ("monthday",): Feature(month + 1, 32, ordered=True)}


def since(history: History, times: Floats) -> Feature:
    """How long after the row before, in steps that grow: the very same time, the same day, a day and so on."""
    apart = times - history.last_time()
    with np.errstate(divide="ignore", invalid="ignore"):
        codes = 3 + np.clip(_STEPS * np.log2(apart / DAY), 0, 60)
    codes = np.where(history.same_day(times), 2, codes)
    return Feature(np.where(np.isnan(apart), 0, np.where(apart == 0, 1, codes)).astype("int64"), 64, ordered=True)


def today(history: History, times: Floats, codec: Codec) -> Feature:
    """When the row before was, where that is the same day."""
    same = history.same_day(times)
    return codec.feature(np.where(same, within_day(history.last_time()), np.nan))


def _upward(owner: Rows, wanted: Collection[Name]) -> Mapping[Name, Feature]:
    """What rows know of their owner, once for each owner."""
    return {("up", *name): owner.feature(name) for name in owner.names(1) if ("up", *name) in wanted}
