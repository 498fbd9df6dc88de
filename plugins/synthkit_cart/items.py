"""The columns and keys of a row, each with its way of being drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from synthkit_cart.history import Earlier, History
from synthkit_cart.links import Candidates
from synthkit_cart.rows import NONE, Rows, taken
from synthkit_cart.steps import Name, Step, Values
from synthkit_cart.tokens import Codec, Feature, Flags, Floats, Integers

AGAIN = 2
KINDS = 1_000  # more than there are labels of a key
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

    def first(self, rows: int) -> About:
        """Of the first rows."""
        return About(self.subjects[:rows], self.owners[:rows])


@dataclass(frozen=True)
class World:
    """The tables drawn so far, by the keys that point at them.

    Attributes:
        parents: the rows that each key points at.
        candidates: the same, to draw from; with the name of a second key, the rows of its table by their owners.
        rows: for keys of tables drawn so far, the row that each row points at.
    """

    parents: dict[str, Rows]
    candidates: dict[tuple[str, str], Candidates]
    rows: dict[str, Integers]


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

    def put(self, name: Name, codec: Codec, values: Any) -> None:
        """Add a column, which becomes known."""
        self.values[name] = values
        if name in self.used:
            self.known[name] = codec.feature(values)


@dataclass(frozen=True)
class Plain:
    """A column given what is known."""

    step: Step

    @property
    def steps(self) -> Sequence[Step]:
        """What it draws from."""
        return (self.step,)

    def value(self, draw: Draw) -> Any:
        """A value for each row."""
        return self.step.draw(draw.known, draw.rows, draw.random)

    def fill(self, draw: Draw) -> None:
        """Add the column."""
        draw.put(self.step.name, self.step.codec, self.value(draw))


@dataclass(frozen=True)
class Repeat:
    """A column of rows that follow one another: its value is often, or never, that of an earlier row.

    Attributes:
        step: its value in the first row.
        later: its value in later rows, where it is none of the earlier ones that were asked for.
        again: whether it is a certain earlier value; None where nobody asks.
        apart: whether it never is.
    """

    step: Step
    later: Step
    again: Step | None = None
    apart: bool = False

    @property
    def steps(self) -> Sequence[Step]:
        """What it draws from."""
        return tuple(step for step in (self.step, self.later, self.again) if step is not None)

    def value(self, draw: Draw) -> Any:
        """A value for the next row of each unit."""
        history, known, random = draw.past, draw.known, draw.random
        if not history.done:
            return self.step.draw(known, draw.rows, random)
        values = self.later.draw(known, draw.rows, random)
        open_, told, tried = np.ones(draw.rows, dtype=bool), values, []
        for earlier in history.earlier(self.step.name) if self.again is not None else ():
            again = self._again(draw, earlier) & open_
            told, open_ = np.where(again, earlier.values, told), open_ & ~again
            tried.append(earlier.values)
        for _ in range(_REDRAWS if tried or self.apart else 0):
            seen = history.seen(self.step.name, values) if self.apart else _among(values, tried)
            if not (seen & open_).any():
                break
            values = np.where(seen & open_, self.later.draw(known, draw.rows, random), values)
        return np.where(open_, values, told)

    def _again(self, draw: Draw, earlier: Earlier) -> Flags:
        """Whether an earlier value comes again."""
        if self.again is None:
            return np.zeros(draw.rows, dtype=bool)
        about = {**draw.known, SHARE: earlier.feature(), VALUE: self.step.codec.feature(earlier.values)}
        return np.asarray((self.again.draw(about, draw.rows, draw.random) == AGAIN) & earlier.found)

    def fill(self, draw: Draw) -> None:
        """Add the column."""
        draw.put(self.step.name, self.step.codec, self.value(draw))


@dataclass(frozen=True)
class Urn:
    """A column that does not depend on the order of rows: new values, or that of an earlier row of the same owner.

    A Pólya urn (Blackwell and MacQueen 1973): every row has the distribution that the tree gives, whatever the owner
    has had, and rows of one owner agree as often as real ones.

    Attributes:
        step: new values.
        weight: how many earlier rows count as much as a new value.
        shared: the part of the variance of its place among the categories that new values of one owner share.
    """

    step: Step
    weight: float
    shared: float = 0.0

    @property
    def steps(self) -> Sequence[Step]:
        """What it draws from."""
        return (self.step,)

    def value(self, draw: Draw) -> Any:
        """A value for the next row of each unit."""
        history = draw.past
        values = _levelled(self.step, self.shared, draw)
        if not history.done:
            return values
        again = draw.random.random(draw.rows) * (history.done + self.weight) < history.done
        return np.where(again, history.rows[self.step.name][history.echo], values)

    def fill(self, draw: Draw) -> None:
        """Add the column."""
        draw.put(self.step.name, self.step.codec, self.value(draw))


@dataclass(frozen=True)
class Level:
    """A numerical column that does not depend on the order of rows, higher for some owners than for others.

    Every row has the distribution that the tree gives; its place in it is a normal variable of which rows of one
    owner share a part.

    Attributes:
        step: its values.
        shared: the part of the variance that rows of one owner share.
    """

    step: Step
    shared: float

    @property
    def steps(self) -> Sequence[Step]:
        """What it draws from."""
        return (self.step,)

    def value(self, draw: Draw) -> Any:
        """A value for the next row of each unit."""
        return _levelled(self.step, self.shared, draw)

    def fill(self, draw: Draw) -> None:
        """Add the column."""
        draw.put(self.step.name, self.step.codec, self.value(draw))


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

    @property
    def steps(self) -> Sequence[Step]:
        """What it draws from."""
        return (self.step,)

    def fill(self, draw: Draw) -> None:
        """Add the column."""
        between = self.step.draw(draw.known, draw.rows, draw.random)
        draw.put(self.name, self.codec, self._base(draw) + between)

    def _base(self, draw: Draw) -> Floats:
        if self.base[0] != "via":
            return np.asarray(draw.values[self.base])
        key = self.base[1]
        return np.append(draw.world.parents[key].values[self.base[2:]], np.nan)[draw.values["row", key]]


Value = Plain | Repeat | Urn | Level


@dataclass(frozen=True)
class Link:
    """A key to another table: which row a row points at.

    Attributes:
        key: the name of the key.
        label: what kind of row, or none.
        within: whether it belongs to the same subject.
        apart: whether no two rows of one owner point at the same row.
        through: the key of another table under the same owner, where a row only points at what that one points at.
    """

    key: str
    label: Value
    within: bool = False
    apart: bool = False
    through: str | None = None

    @property
    def name(self) -> Name:
        """What the row that is pointed at is called among values."""
        return ("row", self.key)

    @property
    def steps(self) -> Sequence[Step]:
        """What it draws from."""
        return self.label.steps

    def fill(self, draw: Draw) -> None:
        """Add the row that each row points at, ``NONE`` for none, and what is known of it."""
        labels = self._labels(draw)
        draw.put(self.label.step.name, self.label.step.codec, labels)
        wanted = draw.about.subjects if self.within else labels
        found = draw.world.candidates[self.key, ""].pick(wanted, draw.random, else_any=not self.within)
        if self.through is not None:
            other = self._through(draw, labels)
            found = np.where(other < 0, found, np.append(draw.world.rows[self.through], NONE)[other])
        draw.values[self.name] = np.where(labels > 0, found, NONE)
        draw.known |= via(draw.world.parents[self.key], self.key, draw.values[self.name], draw.used)

    def _labels(self, draw: Draw) -> Integers:
        """A kind of row, again where the owner's rows of the other table point at none of that kind."""
        labels: Integers = self.label.value(draw)
        for _ in range(_REDRAWS if self.through is not None else 0):
            wanted = draw.about.owners * KINDS + labels
            lacking = ~draw.world.candidates[str(self.through), self.key].have(wanted) & (labels > 0)
            if not lacking.any():
                break
            labels = np.where(lacking, self.label.value(draw), labels)
        return labels

    def _through(self, draw: Draw, labels: Integers) -> Integers:
        """For each row one of the other table's, of the same owner: one that points at such a kind of row, or any."""
        owners, among = draw.about.owners, draw.world.candidates
        kind = among[str(self.through), self.key].pick(owners * KINDS + labels, draw.random, else_any=False)
        other = among[str(self.through), f"{self.key} of any kind"].pick(owners, draw.random, else_any=False)
        return np.where(kind < 0, other, kind)


Item = Value | After | Link


def steps_of(items: Iterable[Item]) -> list[Step]:
    """What items draw from."""
    return [step for item in items for step in item.steps]


def via(parents: Rows, key: str, rows: Integers, wanted: Collection[Name] | None = None) -> dict[Name, Feature]:
    """What is known of the row that a key points at."""
    named = {("via", key, *name): name for name in parents.values if name[0] == "own"}
    return {n: taken(parents.feature(name), rows) for n, name in named.items() if wanted is None or n in wanted}


def _levelled(step: Step, shared: float, draw: Draw) -> Any:
    """Values whose places in their distributions share a part of their variance within each unit."""
    own = draw.random.standard_normal(draw.rows)
    place = np.sqrt(shared) * draw.past.levels(step.name) + np.sqrt(1 - shared) * own
    return step.codec.draw(step.conditional.draw(draw.known, ndtr(place)), draw.random)


def _among(values: Any, tried: Sequence[Any]) -> Flags:
    found = np.zeros(len(values), dtype=bool)
    for other in tried:
        found |= values == other
    return found
