"""The rows of a table, real or drawn: their own values, and what they inherit from the row that owns them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from synthkit_cart.steps import Name, Values
from synthkit_cart.tokens import Codec, Feature, Integers

NONE = -1  # a row number that stands for no row
_UP = "up"
_GENERATIONS = 2


@dataclass
class Rows:
    """Rows with their values by name.

    Attributes:
        size: how many rows there are.
        values: by name: of columns ``("own", column)``, of what rows below are like ``("count", table)`` and others.
        codecs: of these values.
        subjects: whose each row is, as a row number of the subject table, or of its own where it is nobody's.
        owner: the rows that own these.
        at: for each row the one that owns it; ``NONE`` for none.
    """

    size: int
    values: Values
    codecs: dict[Name, Codec]
    subjects: Integers
    owner: Rows | None = None
    at: Integers | None = None
    _features: dict[Name, Feature] = field(default_factory=dict)

    @property
    def at_rows(self) -> Integers:
        """For each row the one that owns it; ``NONE`` everywhere where no table owns this one."""
        return np.full(self.size, NONE) if self.at is None else self.at

    @property
    def owners(self) -> int:
        """How many rows there are that can own these."""
        return 0 if self.owner is None else self.owner.size

    def subjects_of(self, at: Integers) -> Integers:
        """Whose the rows are that these rows own; each of a row without owner is a subject of its own."""
        own = int(self.subjects.max(initial=-1)) + 1 + np.arange(len(at))
        return np.where(at < 0, own, np.append(self.subjects, 0)[at])

    def names(self, generations: int = _GENERATIONS) -> Iterator[Name]:
        """Everything that is known of a row."""
        yield from self.values
        if self.owner is not None and generations:
            yield from ((_UP, *name) for name in self.owner.names(generations - 1))

    def feature(self, name: Name) -> Feature:
        """What is known by a name, as it explains other things."""
        if name not in self._features:
            if name[0] == _UP and self.owner is not None and self.at is not None:
                self._features[name] = taken(self.owner.feature(name[1:]), self.at)
            else:
                self._features[name] = self.codecs[name].feature(self.values[name])
        return self._features[name]

    def known(self, wanted: Collection[Name] | None = None) -> dict[Name, Feature]:
        """All that is known of each row, or what is wanted of it."""
        return {name: self.feature(name) for name in self.names() if wanted is None or name in wanted}

    def put(self, values: Mapping[Name, object], codecs: Mapping[Name, Codec]) -> None:
        """Add values, or replace them."""
        for name in values:
            self._features.pop(name, None)
        self.values.update(values)
        self.codecs.update(codecs)


def taken(feature: Feature, rows: Integers) -> Feature:
    """A feature of some rows, null for no row."""
    if not len(feature.codes):
        return Feature(np.zeros(len(rows), dtype="int64"), feature.size, feature.ordered)
    return Feature(np.where(rows < 0, 0, feature.codes[rows]), feature.size, feature.ordered)


def sequence(rows: Rows, time: Name | None) -> Integers:
    """Sorts rows by owner, and those of an owner as they follow one another.

    Rows of one time follow as they stand, or backwards where rows of owners mostly stand with the latest first.
    """
    place = np.arange(rows.size)
    if time is None:
        return np.lexsort((place, rows.at_rows))
    order = np.argsort(rows.at_rows, kind="stable")
    steps = np.diff(rows.values[time][order])[np.diff(rows.at_rows[order]) == 0]
    backwards = (steps < 0).sum() > (steps > 0).sum()
    return np.lexsort((-place if backwards else place, rows.values[time], rows.at_rows))
