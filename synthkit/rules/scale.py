"""Numbers and times on one scale, and the values that a column can hold on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from synthkit.row_numbers import Flags, Floats
from synthkit.schema import Column
from synthkit.storage import dtype_of

_DAY = 86_400_000_000.0  # microseconds
_UNITS = (_DAY, _DAY / 24, 60e6, 1e6, 1e3, 1.0)


def measured(values: pd.Series[Any]) -> Floats:
    """Numbers as they are, times as microseconds since 1970 in UTC, NaN for null.

    Exact for whole numbers up to 2**53, for days and seconds of all years.
    """
    if values.dtype.kind != "M":
        return pd.to_numeric(values, errors="coerce").to_numpy("float64", na_value=np.nan)
    naive = values.dt.tz_convert("UTC").dt.tz_localize(None) if values.dt.tz is not None else values
    counted = naive.astype("datetime64[us]").to_numpy()
    return np.where(np.isnat(counted), np.nan, counted.astype("int64"))


def position(limit: float | str, column: Column) -> float:
    """A limit of a rule on the scale of a column; a day is its midnight, on the column's own clock."""
    if not isinstance(limit, str):
        return float(limit)
    moment = pd.Timestamp(datetime.fromisoformat(limit))
    if moment.tz is None:
        moment = moment.tz_localize(getattr(dtype_of(column.storage, nullable=True), "tz", None) or "UTC")
    return float(moment.tz_convert("UTC").tz_localize(None).as_unit("us").asm8.astype("int64"))


@dataclass(frozen=True)
class Grid:
    """What a column can hold: multiples of a unit, within the range of its type.

    Attributes:
        unit: 1 for whole numbers, a power of ten for decimals, microseconds for times; 0 for any number.
        decimals: digits after the point, for numbers.
        zone: the clock on which the days and hours of times are whole; None for UTC.
    """

    unit: float
    decimals: int | None = None
    zone: Any = None
    low: float = -np.inf
    high: float = np.inf

    @classmethod
    def of(cls, column: Column, values: pd.Series[Any]) -> Grid:
        """The grid of a column; of times, the largest unit that divides all values."""
        if values.dtype.kind == "M":
            zone, known = values.dt.tz, measured(values.dropna())
            known = known + _offsets(known, zone)
            return cls(next(unit for unit in _UNITS if not (known % unit).any()), zone=zone)
        if column.storage.startswith(("int", "uint")):
            limits = np.iinfo(column.storage)
            return cls(1.0, 0, low=float(limits.min), high=float(np.nextafter(float(limits.max), 0)) // 1)
        return cls(0.0) if column.decimals is None else cls(10.0**-column.decimals, column.decimals)

    @classmethod
    def finest(cls, column: Column, values: pd.Series[Any]) -> Grid:
        """All that a column can hold: times to the microsecond, or whole days where it holds days."""
        if values.dtype.kind == "M":
            return cls(_DAY if column.storage.startswith("date32") else 1.0)
        return cls.of(column, values)

    def above(self, limits: Floats, *, strict: bool = False) -> Floats:
        """The lowest value that is at least each limit, or more where it is strict."""
        if not self.unit:
            return np.where(strict & np.isfinite(limits), np.nextafter(limits, np.inf), limits)
        whole = self._nearest(limits)
        short = whole <= limits if strict else whole < limits
        return np.where(short, self._nearest(whole + self.unit), whole)

    def below(self, limits: Floats, *, strict: bool = False) -> Floats:
        """The highest value that is at most each limit, or less where it is strict."""
        if not self.unit:
            return np.where(strict & np.isfinite(limits), np.nextafter(limits, -np.inf), limits)
        whole = self._nearest(limits)
        beyond = whole >= limits if strict else whole > limits
        return np.where(beyond, self._nearest(whole - self.unit), whole)

    def rounded(self, values: Floats) -> Floats:
        """The values of the grid nearest to some numbers."""
        return self._nearest(values) if self.unit else values

    def holds(self, values: Floats) -> Flags:
        """Which values are within the range of the type."""
        return np.asarray((values >= self.low) & (values <= self.high) & np.isfinite(values))

    def _nearest(self, values: Floats) -> Floats:
        if self.decimals is not None:
            return np.asarray(np.round(values, self.decimals))
        offsets = _offsets(values, self.zone)
        local = np.round((values + offsets) / self.unit) * self.unit
        return np.asarray(local - _offsets(local - offsets, self.zone))


def written(numbers: Floats, dtype: Any) -> pd.Series[Any]:
    """Numbers on the scale (no NaN) as values of a canonical dtype; the way back from ``measured``."""
    if dtype.kind == "M":
        moments = pd.Series(numbers.astype("int64").astype("datetime64[us]"))
        zone = getattr(dtype, "tz", None)
        return moments.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else moments
    whole = numbers if dtype.kind == "f" else numbers.astype("uint64" if dtype.kind == "u" else "int64")
    return pd.Series(whole).astype(dtype)


def _offsets(values: Floats, zone: Any) -> Floats:
    """How far the clock of a zone is ahead of UTC at some moments, in microseconds."""
    offsets = np.zeros(len(values))
    if zone is not None:
        finite = np.isfinite(values)
        moments = written(values[finite], pd.DatetimeTZDtype("us", "UTC"))
        own = moments.dt.tz_convert(zone).dt.tz_localize(None)
        offsets[finite] = measured(own) - values[finite]
    return offsets
