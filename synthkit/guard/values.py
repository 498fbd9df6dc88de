"""How the values of one modelled column go out to a model, and come back as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import ConfigDict

from synthkit.row_numbers import Integers
from synthkit.schema import Column, ColumnKind
from synthkit.storage import dtype_of

TEXT: Any = dtype_of("string", nullable=True)

DAY: Literal[86_400_000_000] = 86_400_000_000  # microseconds
SECOND: Literal[1_000_000] = 1_000_000

Unit = Literal[1, 1_000_000, 86_400_000_000]  # microseconds
Modelled = Literal["numerical", "categorical", "boolean", "datetime"]

_STORAGE: dict[Modelled, str] = {
    "numerical": "double",
    "categorical": "string",
    "boolean": "bool",
    "datetime": "timestamp[us]",
}


@dataclass(frozen=True, slots=True)
class Bound:
    """Where the extremes of a column end for a model; numbers as they are, times in units since 1970.

    Attributes:
        at: the bound, no value of fewer than k subjects.
        inner: what lies beyond the bound is drawn from here to the bound.
        share: of the values that a model sees, those at the outermost one.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)

    at: float
    inner: float
    share: float


@dataclass(frozen=True, slots=True)
class Values:
    """What a model sees of a column.

    Attributes:
        kind: the kind of column that the model is told.
        unit: for dates and times, the largest of a day, a second and a microsecond that divides all of them.
        low: for numbers and times, where the lowest ones end; None where they are not bounded.
        high: the same for the highest ones.
        unshown: for categories that the schema's author lists, those that a model does not see.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    kind: Modelled
    unit: Unit = 1
    low: Bound | None = None
    high: Bound | None = None
    unshown: tuple[str, ...] = ()


def learn_values(real: pd.Series[Any], column: Column) -> Values:
    """Decide from the real values (no nulls) what a model sees of a column."""
    if column.kind == ColumnKind.DATETIME and is_time(column):
        return Values("datetime", unit_of(real))
    if column.kind == ColumnKind.NUMERICAL and is_number(column):
        return Values("numerical")
    two = column.storage == "bool" or (is_number(column) and bool(real.isin([0, 1]).all()))
    return Values("boolean" if two and column.kind != ColumnKind.CATEGORICAL else "categorical")


def unit_of(real: pd.Series[Any]) -> Unit:
    """The largest of a day, a second and a microsecond that divides all times (no nulls), on their own clock."""
    counted = ticks(real.dt.tz_localize(None))
    units: tuple[Unit, ...] = (DAY, SECOND, 1)
    return next(unit for unit in units if not (counted % unit).any())


def ticks(naive: pd.Series[Any]) -> Integers:
    """Naive times as microseconds since 1970."""
    return naive.astype("datetime64[us]").to_numpy().astype("int64")


def is_number(column: Column) -> bool:
    """Whether a column is stored as a number."""
    return is_integer(column) or bool(dtype_of(column.storage, nullable=True) == np.dtype("float64"))


def is_integer(column: Column) -> bool:
    """Whether a column is stored as an integer."""
    return column.storage.startswith(("int", "uint"))


def is_time(column: Column) -> bool:
    """Whether a column is stored as a date or a timestamp."""
    return column.storage.startswith(("date", "timestamp"))


def is_text(column: Column) -> bool:
    """Whether a column is stored as text."""
    return bool(dtype_of(column.storage, nullable=True) == TEXT)


def guarded_column(column: Column, values: Values) -> Column:
    """The column as a model sees it."""
    kind = ColumnKind(values.kind)
    as_is = kind == ColumnKind.NUMERICAL and is_integer(column)
    storage = column.storage if as_is else _STORAGE[values.kind]
    return replace(column, kind=kind, storage=storage, unique=False, format=None, missing=None, pii=None, values=())


def guard_values(real: pd.Series[Any], column: Column, values: Values) -> pd.Series[Any]:
    """The real values as a model sees them: naive times in UTC, plain booleans, categories as text."""
    if values.kind == "datetime":
        naive = real.dt.tz_convert("UTC").dt.tz_localize(None) if real.dt.tz is not None else real
        return naive.astype("datetime64[us]")
    if values.kind == "categorical" and not pd.api.types.is_string_dtype(real.dtype):
        return _spelled(real)
    shown = guarded_column(column, values)
    return real.astype(dtype_of(shown.storage, nullable=shown.nullable))


def listed(column: Column) -> tuple[str, ...]:
    """The categories that the schema's author lists, as a model would see them.

    Example:
        >>> listed(Column("rate", ColumnKind.CATEGORICAL, "double", values=(1, 2.5)))
        ('1.0', '2.5')
    """
    real = is_number(column) and not is_integer(column)
    return tuple(str(float(value) if real else value) for value in column.values)


def restore_values(
    sampled: pd.Series[Any], column: Column, values: Values, random: np.random.Generator
) -> tuple[pd.Series[Any], int]:
    """Sampled values as the column stores them, and how many missing ones were drawn from the others.

    Numbers are finite, rounded to ``column.decimals`` and within the range of the stored type; times are
    whole days or seconds where the real ones were. Nulls stay only where the column may be null.
    """
    known = stored(sampled, column, values.unit)
    missing = known.isna().to_numpy()
    if column.nullable or not missing.any() or missing.all():
        return known, 0
    others = np.flatnonzero(~missing)
    rows = np.where(missing, random.choice(others, len(missing)), np.arange(len(missing)))
    return stored(taken(known, rows), column, values.unit), int(missing.sum())


def stored(values: pd.Series[Any], column: Column, unit: int = 1) -> pd.Series[Any]:
    """Numbers, booleans, naive times in UTC or text with the canonical dtype of a column.

    What the column cannot hold becomes null; without need, the dtype has no null.
    """
    if is_time(column):
        return _times(values, column, unit)
    known = values
    if column.storage == "bool":
        known = values.map({True: True, False: False, "True": True, "False": False})
    elif is_integer(column):
        known = _integers(values, column)
    elif is_number(column):
        known = _finite(values).astype("float64")
        known = known if column.decimals is None else known.round(column.decimals)
    return known.astype(dtype_of(column.storage, nullable=column.nullable or bool(known.isna().any())))


def taken(values: pd.Series[Any], rows: Integers) -> pd.Series[Any]:
    """The values at some positions, null where a position is negative."""
    if not (rows < 0).any():
        return values.take(rows).reset_index(drop=True)
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":  # which would become float
        values = values.convert_dtypes()
    found: pd.Series[Any] = pd.Series(values.array.take(np.maximum(rows, -1), allow_fill=True))
    if found.dtype.kind == "O":  # text before pandas 3, whose null is None
        found = found.where(rows >= 0, None)
    return found


def _spelled(real: pd.Series[Any]) -> pd.Series[Any]:
    codes, distinct = pd.factorize(real)
    return taken(pd.Series([str(value) for value in distinct.tolist()], dtype=TEXT), codes.astype("int64"))


def _finite(values: pd.Series[Any]) -> pd.Series[Any]:
    """Numbers of a nullable dtype; null for what is none, or infinite."""
    numbers: pd.Series[Any] = pd.to_numeric(values, errors="coerce", dtype_backend="numpy_nullable")
    if numbers.dtype.kind != "f":
        return numbers
    plain = numbers.astype("float64")
    return plain.where(np.isfinite(plain))


def _integers(values: pd.Series[Any], column: Column) -> pd.Series[Any]:
    """Whole numbers within the range of the stored type."""
    numbers, limits = _finite(values), np.iinfo(column.storage)
    if numbers.dtype.kind == "f":
        low, high = float(limits.min), float(limits.max)
        high = high if high <= limits.max else float(np.nextafter(high, 0))  # 2**63 - 1 is no float
        return numbers.round().clip(low, high)
    if numbers.dtype.kind == "b":
        return numbers.astype("Int8")
    own = np.iinfo(numbers.dtype.name.lower())
    return numbers.clip(max(limits.min, own.min), min(limits.max, own.max))


def _times(values: pd.Series[Any], column: Column, unit: int) -> pd.Series[Any]:
    """Whole units: days on the column's own clock, others in UTC."""
    dtype = dtype_of(column.storage, nullable=True)
    zone = getattr(dtype, "tz", None)
    moments = pd.to_datetime(values, errors="coerce", utc=True, format="ISO8601").astype("datetime64[us, UTC]")
    if unit != DAY and not column.storage.startswith("date"):
        whole = moments.dt.floor(f"{unit}us")
        return (whole.dt.tz_convert(zone) if zone else whole.dt.tz_localize(None)).astype(dtype)
    days = moments.dt.tz_convert(zone or "UTC").dt.tz_localize(None).dt.floor("D")
    summer = np.ones(len(days), dtype=bool)  # where a midnight comes twice, its first one is meant
    own = days.dt.tz_localize(zone, ambiguous=summer, nonexistent="shift_forward") if zone else days
    return own.astype(dtype)
