"""Columns that follow from a number: the week of a day, the band of an age, the zone of a distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthkit_cart.items import Draw
from synthkit_cart.steps import Name, Step
from synthkit_cart.tokens import Codec, Flags, Floats, Integers

_SELDOM = 0.05  # of the changes that chance would make, along a number that a column follows from
_LEAST = 30  # such changes, below which nothing can be said


@dataclass(frozen=True)
class Stairs:
    """A column that is the same over whole ranges of a number of the same row.

    Attributes:
        name: the column.
        codec: of the column.
        base: the number.
        begins: where each range begins but the first, ascending.
        tokens: what the column is in each range.
    """

    name: Name
    codec: Codec
    base: Name
    begins: Floats
    tokens: Integers

    @property
    def steps(self) -> Sequence[Step]:
        """What it draws from: nothing."""
        return ()

    def fill(self, draw: Draw) -> None:
        """Add the column."""
        tokens = self.tokens[np.searchsorted(self.begins, draw.values[self.base], side="right")]
        draw.put(self.name, self.codec, self.codec.draw(tokens, draw.random))


@dataclass(frozen=True)
class Base:
    """A number of each row that other columns may follow from.

    Attributes:
        order: sorts rows by it.
        numbers: in that order.
    """

    order: Integers
    numbers: Floats

    @classmethod
    def of(cls, numbers: Floats) -> Base:
        """Sort the rows by a number, once for all columns that may follow from it."""
        order = np.argsort(numbers, kind="stable")
        return cls(order, numbers[order])


def stairs(
    name: Name, codec: Codec, values: Any, bases: Mapping[Name, Base], subjects: Integers, least: int
) -> Stairs | None:
    """The stairs of a column over one of some numbers; None where it follows from none.

    Every row must follow, but for one in a thousand, and every range has rows of ``least`` subjects. The number may not
    be null.
    """
    tokens = codec.tokens(values)
    chance = len(tokens) * (1 - ((np.bincount(tokens) / max(len(tokens), 1)) ** 2).sum())
    for base, found in bases.items() if chance >= _LEAST else ():
        own, numbers = tokens[found.order], found.numbers
        if np.isnan(numbers[-1]) or (own[1:] != own[:-1]).sum() > _SELDOM * chance:
            continue
        runs = _runs(own, numbers, subjects[found.order], least)
        middle = (numbers[runs][1:] + numbers[runs[1:] - 1]) / 2
        made = Stairs(name, codec, base, middle, own[runs])
        if (made.tokens[np.searchsorted(middle, numbers, side="right")] == own).mean() >= 0.999:
            return made
    return None


def _runs(tokens: Integers, numbers: Floats, subjects: Integers, least: int) -> Integers:
    """Where runs of one token begin, of sorted rows: between different numbers, each with enough subjects."""
    starts: Flags = np.append(True, (tokens[1:] != tokens[:-1]) & (numbers[1:] != numbers[:-1]))
    begins = np.flatnonzero(starts)
    ends = np.append(begins[1:], len(tokens))
    enough = [len(np.unique(subjects[a:b])) >= least for a, b in zip(begins, ends, strict=True)]
    kept: Integers = begins[np.append(True, np.asarray(enough, dtype=bool)[1:])]
    return np.asarray(kept[np.append(True, tokens[kept][1:] != tokens[kept][:-1])])
