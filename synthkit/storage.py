"""How values are stored: finding out the types, and the way from Arrow to canonical frames and back."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synthkit import notation, numerals
from synthkit.errors import DataError, SynthkitError, UsageError
from synthkit.schema import Column

_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # per second
_SIMPLE = {
    str(kind): kind
    for kind in (
        *(pa.bool_(), pa.string(), pa.date32(), pa.date64(), pa.float16(), pa.float32(), pa.float64()),
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.timestamp(unit) for unit in _UNITS),
        *(pa.duration(unit) for unit in _UNITS),
    )
}
_ZONED = re.compile(r"timestamp\[(s|ms|us|ns), tz=(.+)\]")
_DECIMAL = re.compile(r"(decimal(?:32|64|128|256))\((\d+), (-?\d+)\)")
_OFFSET = re.compile(r"[+-]\d\d:\d\d")

_TOKENS = (("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("t", "f"))
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.(\d*))?(?:[eE][+-]?\d+)?|inf)", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4})?(?(1)|\d\d)([-/.])\d\d\2(?(1)\d\d|\d{4})"
    r"(?:([ T])\d\d:\d\d(:\d\d(\.\d{3}|\.\d{6})?)?(Z|[+-]\d\d(:?)\d\d)?)?",
    re.ASCII,
)
_MOST_DECIMALS = 10
_SAMPLE = 100  # cells that rule most types out before the whole column is read


def arrow_type(storage: str) -> pa.DataType:
    """The Arrow type that prints as ``storage``.

    Known are ``bool``, ``string``, all integers, floats and decimals, ``date32[day]``, ``date64[ms]``,
    and timestamps and durations of every unit.

    Raises:
        UsageError: no such type, or one that no table here can hold.

    Example:
        >>> arrow_type("timestamp[us, tz=Europe/Berlin]").tz
        'Europe/Berlin'
    """
    if storage in _SIMPLE:
        return _SIMPLE[storage]
    zoned, scaled = _ZONED.fullmatch(storage), _DECIMAL.fullmatch(storage)
    try:
        if zoned and (_OFFSET.fullmatch(zoned[2]) or zoneinfo.ZoneInfo(zoned[2])):
            return pa.timestamp(zoned[1], zoned[2])
        if scaled and hasattr(pa, scaled[1]):
            return getattr(pa, scaled[1])(int(scaled[2]), int(scaled[3]))
    except (ValueError, KeyError, OSError):  # an unknown time zone (OSError: it names a folder), or too many digits
        pass
    raise UsageError(f"there is no storage type {storage!r}", f"use one such as {', '.join(list(_SIMPLE)[:4])}")


def dtype_of(storage: str, nullable: bool) -> Any:
    """The canonical pandas dtype of a storage type, as ``Dataset`` lists them; seconds for durations.

    Raises:
        UsageError: no such type.

    Example:
        >>> dtype_of("uint8", nullable=True)
        UInt8Dtype()
    """
    kind = arrow_type(storage)
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype() if nullable else np.dtype(bool)
    if pa.types.is_integer(kind):
        return pd.api.types.pandas_dtype(storage.replace("i", "I").replace("u", "U") if nullable else storage)
    if pa.types.is_string(kind):
        return pd.Series(["text"]).dtype
    if pa.types.is_timestamp(kind) and kind.tz:
        return pd.DatetimeTZDtype("us", kind.tz)
    is_day = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
    return np.dtype("datetime64[us]" if is_day else "float64")


@contextmanager
def within(place: str) -> Iterator[None]:
    """Put the name of a table or a column in front of where an error says that it is."""
    try:
        yield
    except SynthkitError as error:
        where = f"{place}.{error.where}" if error.where else place
        raise type(error)(error.problem, error.remedy, where) from None


@dataclass(frozen=True, slots=True)
class Stored:
    """How a column is stored and written; the fields are those of ``Column``.

    Attributes:
        storage: the Arrow type, as Arrow prints it.
        format: how a text file writes it; None where the type says it.
        decimals: digits after the point that the numbers need, at most 10; None for more, and for what is no number.
        missing: the text that stands for null, where that is not the empty cell.
    """

    storage: str
    format: str | None = None
    decimals: int | None = None
    missing: str | None = None


def detect(values: pa.ChunkedArray) -> Stored:
    """Find out how a column is stored.

    A plain ``string`` column is what a text file holds: its cells are read as the first of booleans,
    integers, numbers, dates and times that gives every cell back exactly as it was; else it stays text.
    Leading zeros, mixed formats and days that could be months therefore stay text. Blank cells, all
    the same and beside no null, are nulls among numbers, booleans and dates. A column without any
    value is text. Only one thing is not given back: of different offsets from UTC, UTC remains.

    Every other column knows its type; text of a typed file is ``large_string`` or a dictionary.

    Raises:
        DataError: a type that no table here can hold, such as lists; ``where`` is left empty.

    Example:
        >>> detect(pa.chunked_array([["1.50", " ", "22.00"]]))
        Stored(storage='double', format='.2f', decimals=1, missing=' ')
    """
    if pa.types.is_string(values.type):
        return _detect_text(values)
    storage = storage_of(values.type)
    kind = arrow_type(storage)
    if pa.types.is_decimal(kind):
        return Stored(storage, decimals=max(kind.scale, 0))
    if pa.types.is_floating(kind):
        return Stored(storage, decimals=_decimals(_plain(values).to_numpy()))
    return Stored(storage)


def storage_of(kind: pa.DataType) -> str:
    """The storage type of typed values: of a dictionary that of its values, of all text ``string``.

    Raises:
        DataError: a type that no table here can hold, such as lists; ``where`` is left empty.
    """
    if pa.types.is_dictionary(kind):
        return storage_of(kind.value_type)
    if _is_text(kind) or pa.types.is_null(kind):
        return "string"
    try:
        return str(arrow_type(str(kind)))
    except UsageError:
        raise DataError(f"values of type {kind} cannot be held", "turn them into text or drop the column") from None


def _is_text(kind: pa.DataType) -> bool:
    return str(kind) in ("string", "large_string", "string_view")


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same values without a dictionary, all text as ``string``."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    return values.cast(pa.string()) if _is_text(values.type) or pa.types.is_null(values.type) else values


def _decimals(numbers: npt.NDArray[Any]) -> int | None:
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return None
    wide = finite.astype("float64")  # which rounds better than the narrow types, and is cast back to compare
    fits = (d for d in range(_MOST_DECIMALS + 1) if (_rounded(wide, d).astype(finite.dtype) == finite).all())
    return next(fits, None)


def _rounded(numbers: npt.NDArray[Any], digits: int) -> npt.NDArray[Any]:
    """Rounded, but for numbers so large that rounding itself would change them (numpy's multiplies first)."""
    small = np.abs(numbers) < 2.0**52 / 10.0**digits
    return np.where(small, np.round(np.where(small, numbers, 0), digits), numbers)


def _detect_text(values: pa.ChunkedArray) -> Stored:
    blank = pc.equal(pc.utf8_trim_whitespace(values), "")
    tokens = pc.unique(values.filter(blank))
    filled = values.filter(pc.invert(blank))
    if not len(filled) or len(tokens) > 1 or (len(tokens) and values.null_count):
        return Stored("string")
    sample = filled.slice(0, _SAMPLE)
    fitting = (s for s in _candidates(filled[0].as_py()) if _gives_back(sample, s) and _gives_back(filled, s))
    best = next(fitting, None)
    if best is None or (best.storage.startswith(("date", "time")) and next(fitting, None) is not None):
        return Stored("string")  # the last: days that could be months
    missing = tokens[0].as_py() if len(tokens) else None
    return replace(_completed(filled, best), missing=missing)


def _candidates(cell: str) -> Iterator[Stored]:
    """Every way of storing that could have written this cell, the best first."""
    for tokens in _TOKENS:
        if cell in tokens:
            yield Stored("bool", "/".join(tokens))
    number = _NUMBER.fullmatch(cell)
    if number:
        if cell.lstrip("-").isdigit():
            yield from (Stored("int64"), Stored("uint64"))
        digits = len(number[1] or "")
        if 2 <= digits <= _MOST_DECIMALS:
            yield Stored("double", f".{digits}f")
        yield from (Stored("double"), Stored("double", "trim"))
    yield from (Stored(*written) for written in numerals.styles(cell))
    yield from _moments(cell)


def _moments(cell: str) -> Iterator[Stored]:
    """Dates: year first, or day or month first; with a time also after ``T``, with milli- or microseconds, zones."""
    match = _MOMENT.fullmatch(cell)
    if match is None:
        return
    year, by, gap, seconds, fraction, zone, colon = match.groups(default="")
    clock = f"{gap}%H:%M{':%S' * bool(seconds)}{'.%f' * bool(fraction)}" if gap else ""
    clock += {"": "", "Z": "Z"}.get(zone, "%:z" if colon else "%z")
    unit = "ms" if len(fraction) == len(".123") else "us"
    storage = f"timestamp[{unit}{', tz=UTC' * bool(zone)}]" if gap else "date32[day]"
    days = ("%Y{0}%m{0}%d",) if year else ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y")
    for day in days[: 1 if by == "." else 2]:  # nobody writes the month first with points
        yield Stored(storage, day.format(by) + clock)


def _gives_back(text: pa.ChunkedArray, stored: Stored) -> bool:
    kind = arrow_type(stored.storage)
    values = notation.parse(text, kind, stored.format)
    if values.null_count or not pa.types.is_floating(kind):  # only numbers are read in more than one way
        return not values.null_count
    return bool(pc.all(pc.equal(notation.render(values, kind, stored.format), text)).as_py())


def _completed(text: pa.ChunkedArray, stored: Stored) -> Stored:
    if stored.storage == "double":
        return replace(stored, decimals=_decimals(notation.parse(text, pa.float64(), stored.format).to_numpy()))
    if stored.format and stored.format.endswith("z"):
        ends = pc.unique(pc.utf8_slice_codeunits(text, -6 if ":" in stored.format[-2:] else -5)).to_pylist()
        same = f"{ends[0][:3]}:{ends[0][-2:]}" if len(ends) == 1 and ends[0][1:].strip("0:") else "UTC"
        return replace(stored, storage=stored.storage.replace("UTC", same))
    return stored


def to_frame(table: pa.Table, columns: Sequence[Column]) -> pd.DataFrame:
    """Convert to the canonical dtypes of ``Dataset``, with these columns in this order.

    Text is read as the column's storage and format say, other types are cast where nothing is lost
    (but for digits beyond microseconds). A column that holds nulls gets the dtype that can.

    Raises:
        DataError: cells that are no such values, infinite numbers, or a type that no table can hold;
            ``where`` is the column's name.
        UsageError: a storage or format that does not exist.
    """
    frame = {}
    for column in columns:
        with within(column.name):
            frame[column.name] = _series(table.column(column.name), column)
    return pd.DataFrame(frame)


def _series(values: pa.ChunkedArray, column: Column) -> pd.Series[Any]:
    kind = arrow_type(column.storage)
    storage_of(values.type)
    plain = _plain(values)
    canonical = _read(plain, kind, column) if pa.types.is_string(plain.type) else _cast(plain, kind)
    dtype = dtype_of(column.storage, column.nullable or bool(canonical.null_count))
    if isinstance(dtype, pd.api.extensions.ExtensionDtype) and dtype.kind in "biu":
        return pd.Series(dtype.__from_arrow__(canonical))  # type: ignore[attr-defined]  # the stubs leave it out
    series: pd.Series[Any] = canonical.to_pandas()
    if dtype == np.float64 and np.isinf(series).any():
        raise DataError(f"{np.isinf(series).sum()} numbers are infinite", "make them numbers or nulls")
    return series if dtype.kind == "O" else series.astype(dtype)


def _read(text: pa.ChunkedArray, kind: pa.DataType, column: Column) -> pa.ChunkedArray:
    if column.missing is not None:
        text = pc.if_else(pc.equal(text, column.missing), pa.scalar(None, pa.string()), text)
    values = notation.parse(text, kind, column.format)
    wrong = values.null_count - text.null_count
    if wrong:
        problem = f"{wrong:,} cells are not {notation.described(kind, column.format)}"
        raise DataError(problem, "correct them, or the schema")
    return values


def _cast(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_duration(values.type):
        per_second = _UNITS[values.type.unit]
        values = pc.divide(values.cast(pa.int64()).cast(pa.float64(), safe=False), float(per_second))
    finer = pa.types.is_timestamp(values.type) and values.type.unit == "ns"
    try:
        return values.cast(_canonical(kind), safe=not finer)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        problem = f"the values are {values.type}, and not all of them can be {kind}"
        raise DataError(problem, "correct the data or the schema") from None


def _canonical(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_duration(kind):
        return pa.float64()
    if pa.types.is_date(kind):
        return pa.timestamp("us")
    return pa.timestamp("us", kind.tz) if pa.types.is_timestamp(kind) else kind


def to_arrow(frame: pd.DataFrame, columns: Sequence[Column], *, typed: bool) -> pa.Table:
    """Convert a canonical frame to the types that it is stored in, or to text; the way back from ``to_frame``.

    Numbers are rounded to the column's decimals, dates and times down to what the storage holds.

    Args:
        frame: with canonical dtypes; not changed.
        columns: which columns, in which order.
        typed: whether the file knows types; else all columns are ``string``, nulls as ``Column.missing``.

    Raises:
        DataError: a dtype that is not canonical, or values that the storage cannot hold; ``where`` is
            the column's name.
        UsageError: a storage or format that does not exist.
    """
    arrays = []
    for column in columns:
        with within(column.name):
            values = _values(frame[column.name], column)
            arrays.append(_stored(values, arrow_type(column.storage)) if typed else _text(values, column))
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def _values(series: pd.Series[Any], column: Column) -> pa.ChunkedArray:
    kind = arrow_type(column.storage)
    canonical = _canonical(kind)
    try:
        values = pa.array(series, type=canonical, from_pandas=True)
    except (ValueError, TypeError, NotImplementedError, OverflowError):  # Arrow's own errors are kinds of these
        raise DataError(f"the values are {series.dtype}, not {canonical}", "convert them") from None
    digits = kind.scale if pa.types.is_decimal(kind) else column.decimals
    if digits is not None and canonical == pa.float64():
        values = pa.array(_rounded(values.to_numpy(zero_copy_only=False), digits), from_pandas=True)
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])


def _text(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    text = notation.render(values, arrow_type(column.storage), column.format)
    return text if column.missing is None else pc.fill_null(text, column.missing)


def _stored(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if values.type == kind:
        return values
    plain = values if pa.types.is_floating(values.type) else values.cast(pa.int64())
    numbers = pc.fill_null(plain, 0).to_numpy()
    beyond = int((np.abs(numbers) >= _limit(kind)).sum())
    if beyond:
        raise DataError(f"{beyond} values do not fit {kind}", "change the storage in the schema")
    return pa.chunked_array([_converted(numbers, values.is_null().to_numpy(), kind)])


def _limit(kind: pa.DataType) -> float:
    """The least size that the type cannot hold, in numbers, seconds or microseconds."""
    if pa.types.is_decimal(kind):
        return float(10.0 ** (kind.precision - kind.scale))
    if pa.types.is_duration(kind):
        return 2.0**63 / _UNITS[kind.unit]
    if pa.types.is_floating(kind):
        widest = np.finfo(kind.to_pandas_dtype())
        return float(widest.max) * (1 + float(widest.eps) / 4)
    return 2.0**63 / (1000 if pa.types.is_timestamp(kind) and kind.unit == "ns" else 1)


def _converted(numbers: npt.NDArray[Any], missing: npt.NDArray[np.bool_], kind: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        return pa.array(numbers, mask=missing).cast(kind, safe=not pa.types.is_floating(kind))
    if pa.types.is_duration(kind):
        whole = np.round(numbers * _UNITS[kind.unit]).astype("int64")
    elif pa.types.is_date(kind):
        whole = numbers // (86_400 * 10**6) * (1 if pa.types.is_date32(kind) else 86_400_000)
    else:
        whole = numbers * 1000 if kind.unit == "ns" else numbers // (10**6 // _UNITS[kind.unit])
    narrow = whole.astype("int32") if pa.types.is_date32(kind) else whole
    return pa.array(narrow, mask=missing).cast(kind)
