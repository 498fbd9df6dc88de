"""Numbers that put the rows of an owner in order, such as the day of a study or the year: they are times, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from synthkit_cart.apart import TELLING, repeats
from synthkit_cart.clock import DAY
from synthkit_cart.tokens import Floats, Integers, Numbers, grid

_MOSTLY = 0.99  # of the steps from one row to the next of its owner; a guard may have moved a few
_MOVING = 0.1  # of these steps, at least, that are no standing still
_LEAST = 100  # such steps, below which nothing can be said
_LONGEST = 100_000  # units from the least number to the greatest


@dataclass(frozen=True)
class Counted(Numbers):
    """Numbers as times: each unit is a day, the least number the first one.

    Attributes:
        origin: the least number, in units.
        unit: all numbers are multiples of it.
    """

    origin: float = 0.0
    unit: float = 1.0

    @classmethod
    def of(cls, values: Floats, subjects: Integers, least: int, unit: float) -> Self:
        """Learn from numbers, none of them null; see ``Numbers.learn``."""
        origin = float(np.round(values.min() / unit))
        times = (np.round(values / unit) - origin) * DAY
        base = Numbers.learn(times, subjects, step=float(DAY), least=least, time=True)
        return cls(**{f.name: getattr(base, f.name) for f in fields(base)}, origin=origin, unit=unit)

    def times(self, values: Floats) -> Floats:
        """Microseconds for each number."""
        return np.asarray((np.round(values / self.unit) - self.origin) * DAY)

    def numbers(self, times: Floats) -> Floats:
        """The number of each time."""
        whole = np.floor(times / DAY) + self.origin
        return np.asarray(whole * self.unit if self.unit >= 1 else whole / np.round(1 / self.unit))


def unit_of(values: Floats, decimals: int | None) -> float | None:
    """What all numbers are multiples of; None where there is no such unit, or the numbers are too far apart for one."""
    if not len(values) or np.isnan(values).any():
        return None
    unit = grid(values, decimals)
    return unit if unit and np.ptp(values) / unit <= _LONGEST else None


def ordering(at: Integers, numbers: Mapping[str, Floats]) -> str | None:
    """The column of numbers that puts rows in order; ``at`` says who owns each.

    One in which the rows of each owner stand in order, upwards or downwards, and which moves most; else one that no
    owner has twice the same in, though chance would give some such pairs.

    Example:
        >>> owners, years = np.repeat(np.arange(50), 4), np.tile(np.array([1.0, 3.0, 4.0, 8.0]), 50)
        >>> ordering(owners, {"size": years[::-1] % 3, "year": years})
        'year'
    """
    order = np.argsort(at, kind="stable")
    order = order[at[order] >= 0]
    follows = np.diff(at[order]) == 0
    if follows.sum() < _LEAST:
        return None
    moving = {name: _moving(np.diff(values[order])[follows]) for name, values in numbers.items()}
    best = max(moving, key=lambda name: moving[name], default=None)
    if best is not None and moving[best] >= _MOVING:
        return best
    return next((name for name, values in numbers.items() if _once_only(at[order], values[order])), None)


def _moving(steps: Floats) -> float:
    """The share of steps that go one way; 0 where some go the other."""
    ups, downs = int((steps > 0).sum()), int((steps < 0).sum())
    return max(ups, downs) / len(steps) if min(ups, downs) <= (1 - _MOSTLY) * len(steps) else 0.0


def _once_only(at: Integers, values: Floats) -> bool:
    distinct, tokens = np.unique(values, return_inverse=True)
    expected, found = repeats(tokens + 1, at, len(distinct) + 1)
    return expected >= TELLING and not found
