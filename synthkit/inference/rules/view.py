"""A table as the search for rules looks at it: columns as arrays, made once; few rows at first, then all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.row_numbers import Flags, Floats, Integers, parent_rows
from synthkit.rules.scale import measured
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.split import subjects_of

_T = TypeVar("_T")

_FIRST_ROWS = 1000  # throw nearly all candidates out


class Codes(NamedTuple):
    """Categories as numbers from 0, -1 for null, and how many categories there are."""

    of_rows: Integers
    size: int


@dataclass(frozen=True, eq=False)
class View:
    """One table of a dataset.

    Attributes:
        data: all tables.
        table: the schema of this one.
        units: one row of each subject, so that what one subject repeats counts once; all rows of a table that
            no subject owns.
        sample: rows that are looked at first.
    """

    data: Dataset
    table: Table
    units: Integers
    sample: Integers
    _made: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def schema(self) -> Schema:
        """The schema of all tables."""
        return self.data.schema

    @property
    def frame(self) -> pd.DataFrame:
        """The rows."""
        return self.data[self.table.name]

    def columns(self, *kinds: ColumnKind, most: int) -> list[Column]:
        """The first columns of some kinds that are no keys; a table may have thousands."""
        return [c for c in self.schema.modelled(self.table.name) if c.kind in kinds][:most]

    def numbers(self, name: str) -> Floats:
        """Numbers as they are, times in microseconds; NaN for null."""
        return self._once("numbers", name, measured)

    def missing(self, name: str) -> Flags:
        """Which rows are null."""
        return self._once("missing", name, _missing)

    def true(self, name: str) -> Flags:
        """Which rows of a boolean column are true."""
        return self._once("true", name, _true)

    def codes(self, name: str) -> Codes:
        """The categories of a column."""
        return self._once("codes", name, _codes)

    def parents(self) -> list[tuple[str, ForeignKey, Integers]]:
        """What rules call each parent, the key that leads there, and each row's parent row, negative for none."""
        keys = [key for key in self.schema.parents_of(self.table.name) if self._called(key)]
        return [(self._called(key), key, self._parent_rows(key)) for key in keys]

    def _parent_rows(self, key: ForeignKey) -> Integers:
        return self._once("parents", key.columns[0], lambda _: parent_rows(self.data, key))

    def _called(self, key: ForeignKey) -> str:
        """The parent's name, or the column's where several keys lead there; empty where rules cannot name it."""
        alone = [k.parent for k in self.schema.parents_of(self.table.name)].count(key.parent) == 1
        return key.parent if alone else "+".join(key.columns)

    def _once(self, what: str, name: str, make: Callable[[pd.Series[Any]], _T]) -> _T:
        if (what, name) not in self._made:
            self._made[what, name] = make(self.frame[name])
        made: _T = self._made[what, name]
        return made


def views(data: Dataset) -> Mapping[str, View]:
    """A view of each table, parents first."""
    subjects = subjects_of(data)
    found = {}
    for place, name in enumerate(data.schema.order()):
        random = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(place,)))
        mixed = random.permutation(len(data[name]))
        units = _one_each(mixed, subjects[name]) if name in subjects else mixed
        found[name] = View(data, data.schema[name], units, np.sort(mixed[:_FIRST_ROWS]))
    return found


def _one_each(rows: Integers, subjects: Integers) -> Integers:
    owned = rows[subjects[rows] >= 0]
    return owned[~pd.Series(subjects[owned]).duplicated().to_numpy()]


def _codes(values: pd.Series[Any]) -> Codes:
    codes, distinct = pd.factorize(values)
    return Codes(codes.astype("int64"), len(distinct))


def _missing(values: pd.Series[Any]) -> Flags:
    return values.isna().to_numpy(dtype=bool)


def _true(values: pd.Series[Any]) -> Flags:
    return values.to_numpy(dtype=bool, na_value=False)
