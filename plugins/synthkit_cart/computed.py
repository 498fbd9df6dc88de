"""Columns that follow from others by arithmetic: computed where they are drawn, so that what comes later knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synthkit import Formula
from synthkit_cart.history import Carry
from synthkit_cart.items import Draw, New, Valued, fresh
from synthkit_cart.steps import Name
from synthkit_cart.tokens import Codec, Flags, Floats, Numbers, on_grid

_MOSTLY = 0.95  # of the rows: a guard that draws extremes in may have changed some


@dataclass(frozen=True)
class Carried(Valued):
    """A column that is what it was in the row before and what this row adds, as a balance is.

    Attributes:
        step: its values where that is not known, as in a first row that may hold anything.
        carry: how it goes on.
        low, high: the lowest and the highest value that a model has seen.
    """

    carry: Carry
    low: float
    high: float

    def value(self, draw: Draw, new: New = fresh) -> Floats:
        before = draw.past.carried(self.name)
        return _known(before + self.carry.change(draw.values), self, draw, new)

    def beyond(self, values: Floats) -> Flags:
        """Which values are lower or higher than any that a model has seen."""
        return np.asarray((values < self.low) | (values > self.high))


@dataclass(frozen=True)
class Arithmetic:
    """A formula over what is known of a row.

    Attributes:
        expression: as a rule writes it.
        terms: for each of its terms a column of the row, or, after ``via`` and a key, of the row that it points at.
    """

    expression: str
    terms: Mapping[str, Name]

    @property
    def inputs(self) -> list[Name]:
        """The columns of the row itself."""
        return [name for name in self.terms.values() if name[0] != "via"]

    def of(self, number: Callable[[Name], Floats], rows: int) -> Floats:
        """What it gives for each row; NaN where that is no number."""
        numbers = {term: number(name) for term, name in self.terms.items()}
        with np.errstate(all="ignore"):
            found = Formula("", self.expression).computed(numbers) + np.zeros(rows)
        return np.where(np.isfinite(found), found, np.nan)

    def holds(self, number: Callable[[Name], Floats], values: Floats, codec: Codec) -> bool:
        """Whether it gives nearly all values, and there is one wherever it gives one."""
        found = self.of(number, len(values))
        known = ~np.isnan(found)
        step = codec.step if isinstance(codec, Numbers) else 0.0
        close = np.abs(found - values)[known] <= 0.5 * min(step, 1.0) + 1e-9 * np.abs(values[known])
        return bool(known.any() and not np.isnan(values[known]).any() and close.mean() >= _MOSTLY)


@dataclass(frozen=True)
class Computed(Valued):
    """A column that a formula gives.

    Attributes:
        step: its values where the formula gives none.
        arithmetic: the formula.
    """

    arithmetic: Arithmetic

    def value(self, draw: Draw, new: New = fresh) -> Floats:
        return _known(self.arithmetic.of(draw.number, draw.rows), self, draw, new)


def _known(computed: Floats, column: Valued, draw: Draw, new: New) -> Floats:
    """Computed values, to as many decimals as the column has; drawn ones where nothing could be computed."""
    codec = column.step.codec
    everywhere = np.full(len(computed), np.inf)
    step = min(codec.step, 1.0) if isinstance(codec, Numbers) else 0.0
    values, unknown = on_grid(computed, -everywhere, everywhere, step), np.isnan(computed)
    return np.where(unknown, new(column.step, draw), values) if unknown.any() else values


def after(names: Sequence[Name], inputs: Mapping[Name, Iterable[Name]]) -> list[Name]:
    """Names in their order, but that each comes after its inputs; in a circle as they stand.

    Example:
        >>> after([("sum",), ("a",), ("b",)], {("sum",): [("a",)]})
        [('a',), ('sum',), ('b',)]
    """
    found: list[Name] = []
    waiting = list(names)
    while waiting:
        ready = (name for name in waiting if not set(inputs.get(name, ())) & set(waiting))
        found.append(next(ready, waiting[0]))
        waiting.remove(found[-1])
    return found
