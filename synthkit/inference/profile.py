"""What inference looks at: each column's storage and its distinct values, found once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthkit.errors import DataError
from synthkit.inference.names import words
from synthkit.storage import Stored, detect

_MOST_DECIMALS = 7
_TRACE = 1e-13  # of the greatest number, which arithmetic with it may leave behind
_SAMPLE = 1000  # values that are looked at one by one
LENGTH = 200  # characters of them


class Family(StrEnum):
    """What storage types have in common."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    TIME = "time"


@dataclass(frozen=True, eq=False)
class Profile:
    """One column as it lies in the data.

    Attributes:
        table: the table's name.
        name: the column's name.
        column: the values as they were read.
        stored: type and way of writing.
        filled: how many values are not null.
        values: the distinct values that are not null.
    """

    table: str
    name: str
    column: pa.ChunkedArray
    stored: Stored
    filled: int
    values: pa.Array

    @property
    def place(self) -> str:
        """``table.column``, for messages."""
        return f"{self.table}.{self.name}"

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the column's name."""
        return words(self.name)

    @cached_property
    def family(self) -> Family:
        """What kind of storage it is."""
        return _family(self.stored.storage)

    @property
    def distinct(self) -> int:
        """How many different values there are, null left aside."""
        return len(self.values)

    @property
    def share(self) -> float:
        """Distinct values per value that is not null, in [0, 1]; 0 where there is none."""
        return self.distinct / self.filled if self.filled else 0.0

    @property
    def nullable(self) -> bool:
        """Whether nulls occur."""
        return self.filled < len(self.column)

    @property
    def unique(self) -> bool:
        """Whether no value occurs twice, and at least one does."""
        return 0 < self.filled == self.distinct

    @property
    def nearly_distinct(self) -> bool:
        """Whether so many values are different that each says who the row is, not what it is like.

        The share that counts is higher in small tables, where a handful of categories would pass it.
        """
        return self.distinct > 1000 or self.share > (0.2 if self.filled > 50 else 0.5)

    @property
    def whole(self) -> bool:
        """Whether it is stored as real numbers, all of which are whole: integers beside nulls, as pandas keeps them."""
        plain = self.stored.format in (None, "trim")
        return self.family is Family.REAL and self.stored.decimals == 0 and plain

    @cached_property
    def decimals(self) -> int | None:
        """Digits after the point that numbers have, but for what arithmetic leaves behind: 0.1 + 0.2 has one."""
        exact = self.stored.decimals
        return _decimals(self.values) if exact is None and self.family is Family.REAL else exact

    @cached_property
    def texts(self) -> pa.Array:
        """The distinct values as text."""
        return pc.cast(self.values, pa.string())

    @cached_property
    def sample(self) -> list[str]:
        """The beginnings of at most 1000 distinct values as text, taken at equal distances."""
        chosen = np.linspace(0, self.distinct - 1, min(self.distinct, _SAMPLE)).astype("int64")
        if self.whole:  # which would else be written as 4.2e+15
            return [f"{float(v):.0f}" for v in self.values.take(pa.array(chosen)).to_pylist()]
        return [str(v) for v in pc.utf8_slice_codeunits(self.texts.take(pa.array(chosen)), 0, LENGTH).to_pylist()]

    @cached_property
    def equal_pairs(self) -> float:
        """How many pairs of rows hold the same value."""
        counts = pc.value_counts(self.column).field("counts").to_numpy().astype("float64")
        return float((counts * (counts - 1)).sum()) / 2

    def within(self, other: Profile) -> float:
        """The share of the distinct values that are values of the other column, in [0, 1]; 1 where there is none."""
        found = pc.sum(pc.is_in(self.texts, value_set=other.texts)).as_py()
        return found / self.distinct if self.distinct else 1.0


@dataclass(frozen=True, eq=False)
class TableProfile:
    """One table as it lies in the data."""

    name: str
    rows: int
    columns: tuple[Profile, ...]

    def __getitem__(self, name: str) -> Profile:
        return next(column for column in self.columns if column.name == name)


def profiles(tables: Mapping[str, pa.Table]) -> tuple[TableProfile, ...]:
    """Look at every column of every table once.

    Raises:
        DataError: a column is of a type that no table can hold; says which.
    """
    return tuple(
        TableProfile(name, table.num_rows, tuple(map(partial(_profile, name), table.column_names, table.columns)))
        for name, table in tables.items()
    )


def _profile(table: str, name: str, column: pa.ChunkedArray) -> Profile:
    try:
        stored = detect(column)
    except DataError as error:
        raise DataError(error.problem, error.remedy, f"{table}.{name}") from None
    plain = column.cast(pa.string()) if stored.storage == "string" else column  # all that holds text
    missing = pc.is_null(plain, nan_is_null=True)
    if stored.missing is not None:
        missing = pc.or_(missing, pc.fill_null(pc.equal(plain, stored.missing), False))
    filled = plain.filter(pc.invert(missing)) if pc.any(missing).as_py() else plain
    return Profile(table, name, column, stored, len(filled), pc.unique(filled))


def _decimals(values: pa.Array) -> int | None:
    """The least number of digits that changes no value by more than a trace of the greatest; None where none does."""
    try:
        numbers = pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # in a notation of their own, or durations
        return None
    finite = numbers[np.isfinite(numbers)]
    trace = _TRACE * float(np.abs(finite).max(initial=0.0))
    for digits in range(_MOST_DECIMALS if trace < _TRACE * 2.0**40 else 0):
        if (np.abs(np.round(finite, digits) - finite) <= min(trace, 1e-4 * 10.0**-digits)).all():
            return digits
    return None


def _family(storage: str) -> Family:
    if storage.startswith(("int", "uint")):
        return Family.INTEGER
    if storage.startswith(("float", "double", "half", "decimal", "duration")):
        return Family.REAL
    if storage.startswith(("date", "time")):
        return Family.TIME
    return Family.BOOLEAN if storage == "bool" else Family.TEXT
