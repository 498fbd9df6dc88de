"""The columns of a row, each with its way of being drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from synthkit_cart.history import History
from synthkit_cart.links import Candidates
from synthkit_cart.rows import Rows
from synthkit_cart.steps import Name, Step, Values
from synthkit_cart.tokens import Codec, Feature, Flags, Floats, Integers

AGAIN = 2
SHARE, VALUE = ("share",), ("value",)  # of an earlier value that may come again
_REDRAWS = 10  # of a value that may not come again


@dataclass(frozen=True)
class About:
    """Whose rows are drawn.

    Attributes:
        subjects: of each row.
        owners: the row that owns each; ``NONE`` for none.
    """

    subjects: Integers
    owners: Integers

    def take(self, rows: slice | Integers) -> About:
        """Of some of the rows."""
        return About(self.subjects[rows], self.owners[rows])


@dataclass(frozen=True)
class World:
    """The tables drawn so far, by the keys that point at them.

    Attributes:
        parents: the rows that each key points at.
        candidates: the same, to draw from; with the name of a second key, the rows of its table by their owners.
        rows: for keys of tables drawn so far, the row that each row points at.
        kinds: for such a key and the name of a second one, what label the latter gives to that row.
    """

    parents: dict[str, Rows]
    candidates: dict[tuple[str, str], Candidates]
    rows: dict[str, Integers]
    kinds: dict[tuple[str, str], Integers]


@dataclass
class Draw:
    """Rows that are being drawn, column after column.

    Attributes:
        known: what is known of them.
        values: of the columns drawn so far.
        used: the names that some tree asks for.
        history: of their units; None where they follow no other rows.
    """

    known: dict[Name, Feature]
    values: Values
    used: Collection[Name]
    about: About
    world: World
    random: np.random.Generator
    history: History | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.about.subjects)

    @property
    def past(self) -> History:
        """The history of rows that follow others."""
        if self.history is None:
            raise TypeError("rows that follow no other have no past")
        return self.history

    def number(self, name: Name) -> Floats:
        """A number of each row, or, by ``("via", key, …)``, of the row that it points at or that owns it."""
        if name[0] != "via":
            return np.asarray(self.values[name])
        rows = self.values.get(("row", name[1]), self.about.owners)
        return np.asarray(np.append(self.world.parents[name[1]].values[name[2:]], np.nan)[rows])

    def some(self, rows: Integers, names: Iterable[Name]) -> Draw:
        """Some of the rows, and what is known of them by some names; of the columns drawn so far none."""
        known = {name: self.known[name].take(rows) for name in names}
        history = self.history.some(rows) if self.history is not None else None
        return Draw(known, {}, self.used, self.about.take(rows), self.world, self.random, history)

    def replace(self, rows: Integers, other: Draw, chosen: Integers, before: Collection[Name]) -> None:
        """Put chosen rows of another draw in the place of some; of what is known, that which was not ``before``."""
        for name, values in other.values.items():
            self.values[name][rows] = values[chosen]
        for name in other.known.keys() - before:
            self.known[name].codes[rows] = other.known[name].codes[chosen]

    def put(self, name: Name, codec: Codec, values: Any) -> None:
        """Add a column, which becomes known."""
        self.values[name] = values
        if name in self.used:
            self.known[name] = codec.feature(values)


New = Callable[[Step, Draw], Any]


def fresh(step: Step, draw: Draw) -> Any:
    """A new value for each row."""
    return step.draw(draw.known, draw.rows, draw.random)


@dataclass(frozen=True)
class Valued(ABC):
    """A column with a step of its own.

    Attributes:
        step: its values.
    """

    step: Step

    @property
    def name(self) -> Name:
        """What its values are called."""
        return self.step.name

    @property
    def steps(self) -> Sequence[Step]:
        """What it draws from."""
        return (self.step,)

    @abstractmethod
    def value(self, draw: Draw, new: New = fresh) -> Any:
        """A value for each row; ``new`` makes those that do not come from earlier rows."""

    def fill(self, draw: Draw) -> None:
        """Add the column."""
        draw.put(self.name, self.step.codec, self.value(draw))


@dataclass(frozen=True)
class Plain(Valued):
    """A column given what is known."""

    def value(self, draw: Draw, new: New = fresh) -> Any:
        return new(self.step, draw)


@dataclass
class Again:
    """The values of earlier rows that come again.

    Attributes:
        tried: the earlier values that were asked for, one after another.
        hits: for which rows one of them comes again.
        values: those that do.
    """

    tried: list[Any]
    hits: Flags
    values: Any

    @classmethod
    def ask(cls, step: Step, name: Name, codec: Codec, draw: Draw, least: Floats | None = None) -> Again:
        """Ask for a few earlier values, by a step that says whether one comes again; none below ``least``."""
        empty = np.zeros(draw.rows, dtype="float64" if codec.ordered else "int64")
        found = cls([], np.zeros(draw.rows, dtype=bool), empty)
        for earlier in draw.past.earlier(name):
            about = {**draw.known, SHARE: earlier.feature(), VALUE: codec.feature(earlier.values)}
            hit = (step.draw(about, draw.rows, draw.random) == AGAIN) & earlier.found & ~found.hits
            hit = hit if least is None else hit & (earlier.values >= least)
            found.values, found.hits = np.where(hit, earlier.values, found.values), found.hits | hit
            found.tried.append(earlier.values)
        return found


@dataclass(frozen=True)
class Repeat(Valued):
    """A column of rows that follow one another: its value is often, or never, that of an earlier row.

    Attributes:
        step: its value in the first row.
        later: its value in later rows, where it is none of the earlier ones that were asked for.
        again: whether it is a certain earlier value; None where nobody asks.
        apart: whether it must never be.
    """

    later: Step
    again: Step | None = None
    apart: bool = False

    @property
    def steps(self) -> Sequence[Step]:
        return tuple(step for step in (self.step, self.later, self.again) if step is not None)

    def value(self, draw: Draw, new: New = fresh) -> Any:
        if not draw.past.done:
            return new(self.step, draw)
        values = new(self.later, draw)
        if self.again is None:
            return values
        again = Again.ask(self.again, self.name, self.step.codec, draw)
        rows = np.flatnonzero(~again.hits)
        for _ in range(_REDRAWS):
            rows = rows[_among(values[rows], [tried[rows] for tried in again.tried])]
            if not len(rows):
                break
            values[rows] = new(self.later, draw.some(rows, self.later.conditional.names))
        return np.where(again.hits, again.values, values)


@dataclass(frozen=True)
class Urn(Valued):
    """A column that does not depend on the order of rows: new values, or that of an earlier row of the same owner.

    A Pólya urn (Blackwell and MacQueen 1973): every row has the distribution that the tree gives, whatever the owner
    has had, and rows of one owner agree as often as real ones.

    Attributes:
        step: new values.
        weight: how many earlier rows count as much as a new value.
        shared: the part of the variance of its place among the categories that new values of one owner share.
    """

    weight: float
    shared: float = 0.0

    def value(self, draw: Draw, new: New = fresh) -> Any:
        history = draw.past
        values = _levelled(self.step, self.shared, draw) if new is fresh else new(self.step, draw)
        if not history.done:
            return values
        again = draw.random.random(draw.rows) * (history.done + self.weight) < history.done
        return np.where(again, history.rows[self.name][history.echo], values)


@dataclass(frozen=True)
class Level(Valued):
    """A numerical column that does not depend on the order of rows, higher for some owners than for others.

    Every row has the distribution that the tree gives; its place in it is a normal variable of which rows of one
    owner share a part.

    Attributes:
        step: its values.
        shared: the part of the variance that rows of one owner share.
    """

    shared: float

    def value(self, draw: Draw, new: New = fresh) -> Any:
        del new  # none is merely new
        return _levelled(self.step, self.shared, draw)


@dataclass(frozen=True)
class After:
    """A time that never lies before another one, drawn as what lies between them.

    Attributes:
        name: the column.
        codec: of the column.
        base: the other time, of the row itself or of one that it points at.
        step: microseconds between them.
        again: whether it is the time of a certain earlier row; None where nobody asks.
    """

    name: Name
    codec: Codec
    base: Name
    step: Step
    again: Step | None = None

    @property
    def steps(self) -> Sequence[Step]:
        """What it draws from."""
        return (self.step,) if self.again is None else (self.step, self.again)

    def fill(self, draw: Draw) -> None:
        """Add the column."""
        base = draw.number(self.base)
        values = base + self.step.draw(draw.known, draw.rows, draw.random)
        if self.again is not None and draw.past.done:
            again = Again.ask(self.again, self.name, self.codec, draw, base)
            values = np.where(again.hits, again.values, values)
        draw.put(self.name, self.codec, values)


Value = Plain | Repeat | Urn | Level


def _levelled(step: Step, shared: float, draw: Draw) -> Any:
    """Values whose places in their distributions share a part of their variance within each unit."""
    if not shared:
        return fresh(step, draw)
    own = draw.random.standard_normal(draw.rows)
    place = np.sqrt(shared) * draw.past.levels(step.name) + np.sqrt(1 - shared) * own
    return step.codec.draw(step.conditional.draw(draw.known, ndtr(place)), draw.random)


def _among(values: Any, tried: Sequence[Any]) -> Flags:
    found = np.zeros(len(values), dtype=bool)
    for other in tried:
        found |= values == other
    return found
