"""A key to a reference table in front of a model: the member's name, with that table's columns beside it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synthkit.errors import DataError
from synthkit.guard.categories import escaped
from synthkit.guard.relations import Columns
from synthkit.guard.values import Values, guard_values, stored, taken
from synthkit.row_numbers import NO_KEY, ORPHAN, Integers, matching_rows, refined, stacked
from synthkit.schema import Column, ColumnKind, ForeignKey
from synthkit.storage import dtype_of

MOST = 1000  # categories of a column that stands beside a key; a model can make nothing of more
_COARSE = (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN)  # what two members can have in common exactly


@dataclass(frozen=True, eq=False)
class MemberKey:
    """A column of a table that holds the key of a reference table.

    Attributes:
        key: the foreign key, of one column.
        column: that column.
        keys: the keys of the reference table's rows.
        beside: the columns that stand beside the key, as they are called there.
        about: their values in the reference table's rows.
    """

    key: ForeignKey
    column: Column
    keys: pd.Series[Any]
    beside: tuple[Column, ...]
    about: pd.DataFrame

    @property
    def columns(self) -> tuple[str, ...]:
        """What is folded: the key."""
        return (self.column.name,)

    @property
    def made(self) -> tuple[Column, ...]:
        """What stands in its place: the name of the member, and the columns beside it."""
        name = Column(self.column.name, ColumnKind.CATEGORICAL, "string", self.column.nullable)
        return (name, *self.beside)

    def fold(self, frame: pd.DataFrame) -> Columns:
        """The members' names and what stands beside them, for the rows of a table.

        Raises:
            DataError: a key points at no row.
        """
        rows = matching_rows(frame[[self.column.name]], self.keys.to_frame())
        lost = int((rows < (NO_KEY if self.column.nullable else 0)).sum())
        if lost:
            where = f"{self.key.table}.{self.column.name}"
            raise DataError(f"{lost:,} keys point at no row of {self.key.parent}", "remove or correct them", where)
        found = {self.column.name: taken(self._names, rows)}
        for column in self.beside:
            dtype = dtype_of(column.storage, nullable=column.nullable)
            found[column.name] = taken(self.about[column.name], rows).astype(dtype)
        return found

    def unfold(self, frame: pd.DataFrame, random: np.random.Generator) -> Columns:
        """The keys of the members that a sample names, of others in place of those it does not know."""
        names = escaped(self._names).to_frame()
        rows = matching_rows(frame[[self.column.name]], names)
        rare = rows == ORPHAN
        if rare.any():
            rows[rare] = self.drawn(frame[rare], random)
        return {self.column.name: self.values(rows)}

    def values(self, rows: Integers) -> pd.Series[Any]:
        """The keys of some rows of the reference table, as this column stores them."""
        return stored(taken(self.keys, rows), self.column)

    def drawn(self, frame: pd.DataFrame, random: np.random.Generator) -> Integers:
        """For each row of a sample one of the members that are alike in the columns beside it, all equally likely.

        Columns with few categories come first; where no member that is alike so far has the value of the next one,
        that value is left aside.
        """
        rows = np.zeros(len(frame), dtype="int64")
        waiting = [(np.arange(len(frame)), self._coarse_to_fine())]
        for own, names in waiting:  # which grows
            rows[own], failed = self._alike(frame.iloc[own], names, random)
            rest = [(own[failed == place], [*names[:place], *names[place + 1 :]]) for place in range(len(names))]
            waiting += [(some, others) for some, others in rest if len(some)]
        return rows

    def _alike(self, frame: pd.DataFrame, names: list[str], random: np.random.Generator) -> tuple[Integers, Integers]:
        """A member that is alike in some columns for each row; -1, or the place of the first column where none is."""
        count = len(frame)
        own, theirs = np.zeros(count, dtype="int64"), np.zeros(len(self.keys), dtype="int64")
        failed = np.full(count, -1)
        for place, name in enumerate(names):
            codes = refined(np.append(own, theirs), stacked([frame[name], self.about[name]]))
            own, theirs = np.split(codes, [count])
            failed[(failed < 0) & ~np.isin(own, theirs)] = place
        alike = np.bincount(theirs, minlength=own.max() + 1)
        chosen = (np.cumsum(alike) - alike)[own] + (random.random(count) * alike[own]).astype("int64")
        return np.argsort(theirs, kind="stable")[np.minimum(chosen, len(theirs) - 1)], failed

    def _coarse_to_fine(self) -> list[str]:
        shared = [column.name for column in self.beside if column.kind in _COARSE]
        return sorted(shared, key=lambda name: self.about[name].nunique())

    @property
    def _names(self) -> pd.Series[Any]:
        return guard_values(self.keys, replace(self.column, nullable=False), Values("categorical"))


def member_key(
    key: ForeignKey, column: Column, members: tuple[pd.Series[Any], pd.DataFrame, tuple[Column, ...]], used: list[str]
) -> MemberKey:
    """A key to a reference table, given the table's keys, its other columns and what they are.

    Beside the key stand numbers, dates and categories that several members have in common. ``used`` are the
    names that they cannot have; theirs are added.
    """
    keys, about, columns = members
    chosen: dict[str, Column] = {}
    for other in columns:
        if _tells_something(about[other.name], other):
            name = unused(f"{column.name}.{other.name}", used)
            used.append(name)
            nullable = other.nullable or column.nullable
            chosen[other.name] = replace(other, name=name, nullable=nullable, unique=False)
    shown = about[list(chosen)].rename(columns={name: made.name for name, made in chosen.items()})
    return MemberKey(key, column, keys, tuple(chosen.values()), shown)


def unused(name: str, used: Collection[str]) -> str:
    """A name that is not used yet: this one, or this one and some ``+``.

    Example:
        >>> unused("a", ["a", "a+"])
        'a++'
    """
    while name in used:
        name += "+"
    return name


def _tells_something(values: pd.Series[Any], column: Column) -> bool:
    """Whether a model can learn from a column: no identifiers, nor categories that are nearly all different."""
    if column.kind == ColumnKind.CATEGORICAL:
        return values.nunique() <= min(MOST, len(values) / 2)
    return column.kind.modelled
