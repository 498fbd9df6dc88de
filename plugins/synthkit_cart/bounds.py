"""Numbers that are never greater than another one of their row, or never less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthkit_cart.steps import Name
from synthkit_cart.tokens import Floats

_NEVER = 0.001  # of the rows, which a guard that draws extremes in may have moved
_CHANCE = 0.05  # of pairs of any two rows, at least, that a bound rules out
_ROWS = 5_000  # that are looked at first


@dataclass(frozen=True)
class Bound:
    """The columns of its row, drawn before, between which a number lies.

    Attributes:
        lows: none of them is greater.
        highs: none of them is less.
    """

    lows: tuple[Name, ...]
    highs: tuple[Name, ...]

    def ends(self, values: Mapping[Name, Any], rows: int) -> tuple[Floats, Floats]:
        """The least and the greatest value that each row may have; infinite where all others are null."""
        low, high = np.full(rows, -np.inf), np.full(rows, np.inf)
        for name in self.lows:
            low = np.fmax(low, values[name])
        for name in self.highs:
            high = np.fmin(high, values[name])
        return low, high


def bounds(numbers: Mapping[Name, Floats], random: np.random.Generator) -> dict[Name, Bound]:
    """The bounds that hold between some numbers, in the order in which they are drawn.

    Example:
        >>> random = np.random.default_rng(0)
        >>> price = random.random(1000)
        >>> found = bounds({("price",): price, ("paid",): price * random.random(1000)}, random)
        >>> found["paid",].highs
        (('price',),)
    """
    names, found = list(numbers), {}
    for place, name in enumerate(names):
        lows = tuple(n for n in names[:place] if _below(numbers[n], numbers[name], random))
        highs = tuple(n for n in names[:place] if _below(numbers[name], numbers[n], random))
        if lows or highs:
            found[name] = Bound(lows, highs)
    return found


def _below(first: Floats, second: Floats, random: np.random.Generator) -> bool:
    """Whether a number is never greater than another, which two of any rows would be."""
    some = _parts(first, second, slice(_ROWS))
    if some[0].size < 2 / _CHANCE or not _seldom(*some):
        return False
    return float((some[0] > random.permutation(some[1])).mean()) >= _CHANCE and _seldom(
        *_parts(first, second, slice(None))
    )


def _parts(first: Floats, second: Floats, rows: slice) -> Sequence[Floats]:
    known = ~np.isnan(first[rows]) & ~np.isnan(second[rows])
    return first[rows][known], second[rows][known]


def _seldom(first: Floats, second: Floats) -> bool:
    return float((first > second).mean()) <= _NEVER
