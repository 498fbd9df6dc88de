"""Numbers that move little from row to row: drawn as what the row before had, and a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthkit_cart.items import Draw, New, Valued, fresh
from synthkit_cart.steps import Step
from synthkit_cart.tokens import Floats, Integers, Numbers, on_grid

_BETTER = 0.9  # of what is left open where the number itself is drawn, at most, where its change is
_MOSTLY = 0.95  # of the rows


@dataclass(frozen=True)
class Walk(Valued):
    """A number of rows that follow one another, which is that of the row before and a change.

    Attributes:
        step: its value in the first row.
        later: its value where that of the row before is null.
        move: the change from the row before, null where the value is null.
        shared: the values, where nearly all rows have one that many share.
    """

    later: Step
    move: Step
    shared: Floats

    @property
    def steps(self) -> Sequence[Step]:
        return (self.step, self.later, self.move)

    def value(self, draw: Draw, new: New = fresh) -> Any:
        if not draw.past.done:
            return new(self.step, draw)
        before, codec = draw.past.last(self.name), self.step.codec
        if not isinstance(codec, Numbers):
            raise TypeError("only numbers walk")
        values = before + self.move.draw(draw.known, draw.rows, draw.random)
        values = on_grid(values, codec.low[:1], codec.high.max(keepdims=True), codec.step)
        values = _nearest(self.shared, np.clip(values, codec.low[0], codec.high.max()))
        rows = np.flatnonzero(np.isnan(before))
        if len(rows):
            values[rows] = new(self.later, draw.some(rows, self.later.conditional.names))
        return values


def steadier(moves: tuple[Floats, Integers], values: tuple[Floats, Integers]) -> bool:
    """Whether the changes of numbers are told much better than the numbers: each with the leaves of their rows."""
    return bool(_open(*moves) < _BETTER * _open(*values))


def shared(values: Floats, codec: Numbers) -> Floats:
    """The values that many share, where nearly all do and there is no grid for them: months as parts of a year."""
    atoms = codec.low[codec.low == codec.high]
    return np.asarray(atoms if not codec.step and np.isin(values, atoms).mean() > _MOSTLY else atoms[:0])


def _nearest(among: Floats, values: Floats) -> Floats:
    """The nearest of some ascending numbers to each value, the value itself where there are none."""
    if not len(among):
        return values
    found = among[np.searchsorted((among[1:] + among[:-1]) / 2, values)]
    return np.where(np.isnan(values), np.nan, found)


def _open(values: Floats, leaves: Integers) -> float:
    """How far values lie from the mean of their leaf, on average."""
    means = np.bincount(leaves, values) / np.maximum(np.bincount(leaves), 1)
    return float(np.abs(values - means[leaves]).mean())
