"""What is known of a subject's rows so far, while they are drawn one after another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from synthkit_cart.clock import DAY, Clock
from synthkit_cart.steps import Name, Values
from synthkit_cart.tokens import NULL, Codec, Feature, Flags, Floats, Integers

_COUNTED = 62
Share = tuple[Name, int]  # of the rows with a token of a column


@dataclass(frozen=True)
class Layout:
    """What a history keeps.

    Attributes:
        codecs: of the columns of the rows.
        means: the numerical columns whose mean a unit has been given.
        shares: the tokens whose share a unit has been given.
        time: the column that puts rows in order, if there is one.
        clock: for that column.
    """

    codecs: Mapping[Name, Codec]
    means: Sequence[Name] = ()
    shares: Sequence[Share] = ()
    time: Name | None = None
    clock: Clock | None = None


@dataclass
class History:
    """The rows so far of some units: of those that have most rows first.

    Attributes:
        layout: what is kept.
        counts: how many rows each unit has in the end, descending.
        given: what each unit has been given: ``("mean", …)``, ``("share", …)``, and ``("first",)`` and ``("last",)``
            as shares of the clock.
    """

    layout: Layout
    counts: Integers
    given: Values
    done: int = 0
    _last: Values = field(default_factory=dict)
    _sums: Values = field(default_factory=dict)

    @property
    def going(self) -> int:
        """How many units have another row."""
        return int(np.searchsorted(-self.counts, -self.done, side="left"))

    def known(self, wanted: Collection[Name] | None = None) -> dict[Name, Feature]:
        """What may explain the next row of each unit that has one, or what is wanted of it."""
        made = self._made()
        return {name: make() for name, make in made.items() if wanted is None or name in wanted}

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
            made["last", *name] = partial(self._before, name, codec, rows)
        for name in layout.means:
            made["left", *name] = partial(self._mean_left, name, rows, left)
        for name, token in layout.shares:
            made["left", *name, str(token)] = partial(self._share_left, (*name, str(token)), rows, left)
        return made

    def last_time(self) -> Floats:
        """The time of the last row of each unit that goes on; NaN at first."""
        time = self.layout.time
        return np.asarray(self._last[time][: self.going] if time in self._last else np.full(self.going, np.nan))

    def same_day(self, times: Floats) -> Flags:
        """Whether the next row is on the day of the last one."""
        return np.asarray(np.floor(times / DAY) == np.floor(self.last_time() / DAY))

    def before(self) -> Floats:
        """The share of the clock at which the last row of each unit that goes on lies."""
        return np.asarray(self._last.get(("clock",), self.given["first",])[: self.going])

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
        for name in self.layout.codecs:
            self._last[name] = values[name]
        for name in self.layout.means:
            self._add(("mean", *name), np.nan_to_num(values[name]), rows)
        for name, token in self.layout.shares:
            self._add(("share", *name, str(token)), (values[name] == token).astype("float64"), rows)
        if self.layout.clock is not None and self.layout.time is not None:
            self._last["clock",] = self.layout.clock.share(values[self.layout.time])
        self.done += 1

    def _add(self, name: Name, values: Floats, rows: int) -> None:
        self._sums[name] = self._sums.get(name, np.zeros(len(self.counts)))[:rows] + values

    def _rest(self, name: Name, rows: int, left: Integers) -> Floats:
        """What the rows to come must have on average, so that a unit has what it was given."""
        sums = self._sums[name][:rows] if name in self._sums else 0.0
        return np.asarray((self.given[name][:rows] * self.counts[:rows] - sums) / left)

    def _mean_left(self, name: Name, rows: int, left: Integers) -> Feature:
        return self.layout.codecs[name].feature(self._rest(("mean", *name), rows, left))

    def _share_left(self, name: Name, rows: int, left: Integers) -> Feature:
        return _percent(self._rest(("share", *name), rows, left))

    def _before(self, name: Name, codec: Codec, rows: int) -> Feature:
        if name in self._last:
            return codec.feature(self._last[name][:rows])
        empty = codec.feature(np.full(1, np.nan) if codec.ordered else np.zeros(1, dtype="int64"))
        return Feature(np.zeros(rows, dtype="int64"), empty.size, empty.ordered)


def _counted(numbers: Integers) -> Feature:
    return Feature(np.minimum(numbers, _COUNTED) + 1, _COUNTED + 2, ordered=True)


def _percent(parts: Any) -> Feature:
    """Parts of one in 61 steps, with 0 and 1 apart from what is near them."""
    codes = 2 + np.clip(np.nan_to_num(parts) * 60, 0, 60)
    codes = np.where(parts <= 1e-9, 1, np.where(parts >= 1 - 1e-9, 63, codes))
    return Feature(np.where(np.isnan(parts), NULL, codes).astype("int64"), 64, ordered=True)
