"""How text files write values: for each type one way in and one way out."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthkit import numerals
from synthkit.errors import UsageError

_SECOND = 10**6  # in microseconds
_DAY = 86_400  # in seconds
_CANONICAL = r"^(0|-?[1-9][0-9]{0,37})$"  # 38 digits are what decimal128 holds
_REAL = r"^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|inf)$"
_FIXED = re.compile(r"\.(\d{1,2})f")
_PATTERN = re.compile(r"(?P<main>.*?)(?P<fraction>\.%f)?(?P<zone>Z|%:?z)?", re.DOTALL)
_CLOCK = re.compile(r"[ T]?%[HIMSpRTX]")
_CALENDAR = re.compile(r"%[YymdbBjaAeDFCGguUVWcx]")
_EXAMPLE = pa.array([1_769_860_800_000_000], pa.timestamp("us"))  # noon of 31 January 2026
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)


def parse(text: pa.ChunkedArray, kind: pa.DataType, style: str | None = None) -> pa.ChunkedArray:
    """Read text as values of a type; a cell that is not exactly such a value becomes null.

    Integers must be written as Python writes them, dates exactly as the format says; numbers may have
    any digits. Numbers that are no integers come as ``double`` (durations in seconds), dates and times
    as ``timestamp[us]``, with their time zone. The text is not changed.

    Args:
        text: the cells.
        kind: the type that the values are stored in.
        style: as in ``Column.format``; None is what ``render`` writes without one.

    Raises:
        UsageError: the format is none for values of this type.

    Example:
        >>> parse(pa.chunked_array([["1", "007", "2"]]), pa.int64()).to_pylist()
        [1, None, 2]
    """
    if pa.types.is_string(kind):
        return text
    if pa.types.is_boolean(kind):
        yes, no = _tokens(style)
        return _where(pc.is_in(text, value_set=pa.array([yes, no])), pc.equal(text, yes))
    if pa.types.is_integer(kind):
        return _integers(text, kind)
    if _is_moment(kind):
        return pa.chunked_array([_moments(text.combine_chunks(), kind, style)])
    if _is_clock(kind, style):
        return numerals.seconds(text, str(style))
    return _reals(numerals.plain(text, style))


def render(values: pa.ChunkedArray, kind: pa.DataType, style: str | None = None) -> pa.ChunkedArray:
    """Write values as text, the way back from ``parse``; nulls stay nulls.

    Formats are: ``.2f`` for a fixed number of digits, with ``,`` after it for a decimal comma and ``%`` or
    `` %`` at the end for percentages, ``trim`` for the fewest digits and no ``.0``, ``%H:%M`` and
    ``%H:%M:%S`` for durations since midnight,
    ``yes/no`` for booleans, and strftime patterns. In these ``.%f`` may follow the seconds, with
    three digits for milliseconds and six otherwise, and then ``Z`` (UTC), ``%z`` (+0200) or ``%:z``
    (+02:00); a pattern without a zone writes UTC. Without a format, numbers are written as Python
    does, booleans as true and false, dates in ISO 8601 with no more precision than the column needs.

    Args:
        values: of the types that ``parse`` gives.
        kind: the type that the values are stored in.
        style: as in ``Column.format``.

    Raises:
        UsageError: the format is none for values of this type.

    Example:
        >>> render(pa.chunked_array([[0.5, 517.0]]), pa.float64(), "trim").to_pylist()
        ['0.5', '517']
    """
    if pa.types.is_string(kind):
        return values
    if pa.types.is_boolean(kind):
        return pc.if_else(values, *_tokens(style))
    if pa.types.is_integer(kind):
        return values.cast(pa.string())
    if _is_moment(kind):
        return pa.chunked_array([_moment_text(values.combine_chunks(), kind, style)])
    if _is_clock(kind, style):
        return numerals.clock(values, str(style))
    return pa.chunked_array([numerals.marked(_real_text(values, kind, numerals.split(style)[0]), style)])


def described(kind: pa.DataType, style: str | None = None) -> str:
    """What cells of a type are, in words; dates and times with an example, which is the same whatever the data.

    Example:
        >>> described(pa.date32(), "%d.%m.%Y")
        'dates such as 31.01.2026'
    """
    if pa.types.is_boolean(kind):
        return " or ".join(_tokens(style))
    if pa.types.is_integer(kind):
        return f"whole numbers ({kind})"
    if _is_moment(kind):
        example = _moment_text(_EXAMPLE.cast(pa.timestamp("us", getattr(kind, "tz", None))), kind, style)[0]
        return f"{'dates' if pa.types.is_date(kind) else 'times'} such as {example}"
    return "times such as 23:59" if _is_clock(kind, style) else "numbers"


def _is_clock(kind: pa.DataType, style: str | None) -> bool:
    return pa.types.is_duration(kind) and style in ("%H:%M", "%H:%M:%S")


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _where(condition: pa.ChunkedArray, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(condition, values, pa.scalar(None, values.type))


def _tokens(style: str | None) -> tuple[str, str]:
    tokens = (style or "true/false").split("/")
    if len(tokens) != 2 or tokens[0] == tokens[1]:
        raise UsageError("the format of a boolean must be two different words with a slash between", "as in yes/no")
    return tokens[0], tokens[1]


def _integers(text: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    try:
        values = text.cast(kind)
    except pa.ArrowInvalid:
        values = _integers_one_by_one(text, kind)
    return _where(pc.equal(values.cast(pa.string()), text), values)  # Arrow reads 0x10 and 007, too


def _integers_one_by_one(text: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    exact = _where(pc.match_substring_regex(text, _CANONICAL), text).cast(pa.decimal128(38, 0))
    limits = np.iinfo(kind.to_pandas_dtype())
    low, high = (pa.scalar(Decimal(int(limit)), exact.type) for limit in (limits.min, limits.max))
    fits = pc.and_(pc.less_equal(low, exact), pc.less_equal(exact, high))
    return _where(fits, exact).cast(kind)


def _reals(text: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        values = text.cast(pa.float64())
    except pa.ArrowInvalid:
        values = _where(pc.match_substring_regex(text, _REAL), text).cast(pa.float64())
    return _where(pc.invert(pc.is_nan(values)), values)  # the text nan is no number


def _real_text(values: pa.ChunkedArray, kind: pa.DataType, style: str | None) -> pa.Array:
    if style is None and pa.types.is_decimal(kind):
        style = f".{max(kind.scale, 0)}f"
    numbers = values.to_numpy()
    if style in (None, "trim"):
        narrow = pa.types.is_float32(kind) or pa.types.is_float16(kind)
        text = _shortest(numbers.astype("float32") if narrow else numbers)
        return text if style else _with_point(text)
    fixed = _FIXED.fullmatch(style or "")
    if not fixed:
        raise UsageError("the format of a number must be 'trim' or like '.2f'", "correct the schema")
    return _fixed(numbers, int(fixed[1]))


def _shortest(numbers: npt.NDArray[Any]) -> pa.Array:
    """The fewest digits that say which number it is, without ``.0``; exponents where Python has them."""
    text = pa.array(numbers, from_pandas=True).cast(pa.string())
    size = np.abs(numbers)
    odd = (size >= 1e9) | ((size > 0) & (size < 1e-4))  # where Arrow and Python disagree about exponents
    if odd.any():
        exact = pc.replace_substring_regex(pa.array(numbers[odd].astype(str)), r"\.0$", "")
        text = pc.replace_with_mask(text, pa.array(odd), exact)
    return text


def _with_point(text: pa.Array) -> pa.Array:
    whole = pc.match_substring_regex(text, r"^-?[0-9]+$")
    return pc.if_else(whole, pc.binary_join_element_wise(text, ".0", ""), text)


def _fixed(numbers: npt.NDArray[Any], digits: int) -> pa.Array:
    size, missing = np.abs(numbers), np.isnan(numbers)
    # Beyond these bounds Arrow's decimals overflow or are written with an exponent.
    if digits <= 6 and not (size >= 1e15).any():
        text = pa.array(size, from_pandas=True).cast(pa.decimal128(38, digits)).cast(pa.string())
    else:
        text = pa.array(np.char.mod(f"%.{digits}f", size), mask=missing, type=pa.string())
    sign = pa.array(np.where(np.signbit(numbers), "-", ""))
    return pc.binary_join_element_wise(sign, text, "")


class _Pattern(NamedTuple):
    main: str
    fraction: bool
    zone: str


def _pattern(style: str) -> _Pattern:
    match = _PATTERN.fullmatch(style)
    if match is None or "%" not in match["main"]:
        raise UsageError("the format of a date must be a strftime pattern", "correct the schema")
    return _Pattern(match["main"], bool(match["fraction"]), match["zone"] or "")


def _digits(kind: pa.DataType) -> int:
    return 3 if pa.types.is_timestamp(kind) and kind.unit == "ms" else 6


def _moments(text: pa.Array, kind: pa.DataType, style: str | None) -> pa.Array:
    pattern = _pattern(style or _usual_for(text))
    wall, offset = _without_zone(text, pattern.zone)
    body, micros = _without_fraction(wall, _digits(kind)) if pattern.fraction else (wall, pa.scalar(0))
    seconds = pc.strptime(body, format=pattern.main, unit="s", error_is_null=True)
    seconds = _where(pc.equal(_written(seconds, pattern.main), body), seconds)  # 30 February is read as 2 March
    micros = pc.add(pc.multiply(seconds.cast(pa.int64()), _SECOND), micros)
    tz = kind.tz if pa.types.is_timestamp(kind) else None
    return pc.subtract(micros, offset).cast(pa.timestamp("us", tz))


def _without_zone(text: pa.Array, zone: str) -> tuple[pa.Array, Any]:
    if not zone:
        return text, pa.scalar(0)
    if zone == "Z":
        return _where(pc.ends_with(text, "Z"), pc.utf8_slice_codeunits(text, 0, -1)), pa.scalar(0)
    size = len("+02:00") if ":" in zone else len("+0200")
    encoded = pc.utf8_slice_codeunits(text, -size).dictionary_encode()
    offsets = pa.array(map(_offset, encoded.dictionary.to_pylist()), pa.int64())
    return pc.utf8_slice_codeunits(text, 0, -size), offsets.take(encoded.indices)


def _offset(text: str) -> int | None:
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    return (-minutes if match[1] == "-" else minutes) * 60 * _SECOND


def _without_fraction(text: pa.Array, digits: int) -> tuple[pa.Array, pa.Array]:
    body, end = pc.utf8_slice_codeunits(text, 0, -digits - 1), pc.utf8_slice_codeunits(text, -digits - 1)
    fits = pc.match_substring_regex(end, rf"^\.[0-9]{{{digits}}}$")
    parts = pc.utf8_slice_codeunits(_where(fits, end), 1).cast(pa.int64())
    return body, pc.multiply(parts, 10 ** (6 - digits))


def _usual_for(text: pa.Array) -> str:
    known = text.drop_null()
    first = known[0].as_py() if len(known) else ""
    zone = "Z" if first.endswith("Z") else ""
    if len(first) <= len("2024-02-29"):
        return "%Y-%m-%d"
    return "%Y-%m-%d %H:%M:%S" + (".%f" if "." in first else "") + zone


def _usual(micros: npt.NDArray[np.int64], kind: pa.DataType) -> str:
    if pa.types.is_date(kind) or not (kind.tz or (micros % (_DAY * _SECOND)).any()):
        return "%Y-%m-%d"
    finer = kind.unit != "s" and (micros % _SECOND).any()
    return "%Y-%m-%d %H:%M:%S" + (".%f" if finer else "") + ("Z" if kind.tz else "")


def _moment_text(values: pa.Array, kind: pa.DataType, style: str | None) -> pa.Array:
    missing, micros = _missing(values), _whole(values)
    pattern = _pattern(style or _usual(micros, kind))
    parts = []
    if pattern.zone.startswith("%"):
        wall = _whole(pc.local_timestamp(values)) if values.type.tz else micros
        parts = [_offset_text((wall - micros) // (60 * _SECOND), pattern.zone)]
        micros = wall
    seconds, rest = np.divmod(micros, _SECOND)
    if pattern.fraction:
        parts.insert(0, _fraction_text(rest, _digits(kind)))
    main = _written(pa.array(seconds, mask=missing).cast(pa.timestamp("s")), pattern.main)
    return pc.binary_join_element_wise(main, *parts, "Z" if pattern.zone == "Z" else "", "")


def _whole(values: pa.Array) -> npt.NDArray[np.int64]:
    whole: npt.NDArray[np.int64] = values.cast(pa.int64()).fill_null(0).to_numpy()
    return whole


def _missing(values: pa.Array) -> npt.NDArray[np.bool_]:
    flags: npt.NDArray[np.bool_] = values.is_null().to_numpy(zero_copy_only=False)
    return flags


def _fraction_text(micros: npt.NDArray[np.int64], digits: int) -> pa.Array:
    parts = pa.array(micros // 10 ** (6 - digits)).cast(pa.string())
    return pc.binary_join_element_wise(".", pc.utf8_lpad(parts, digits, "0"), "")


def _offset_text(minutes: npt.NDArray[np.int64], zone: str) -> pa.Array:
    encoded = pa.array(minutes).dictionary_encode()
    colon = ":" if ":" in zone else ""
    sizes = [("-" if m < 0 else "+", *divmod(abs(m), 60)) for m in encoded.dictionary.to_pylist()]
    texts = pa.array([f"{sign}{hours:02}{colon}{rest:02}" for sign, hours, rest in sizes], pa.string())
    return texts.take(encoded.indices)


def _written(seconds: pa.Array, pattern: str) -> pa.Array:
    """strftime, but each day and each time of the day only once: Arrow's own is ten times as slow."""
    clock = _CLOCK.search(pattern)
    if clock is None:
        return _distinct_text(seconds, pattern)
    day, time = pattern[: clock.start()], pattern[clock.start() :]
    if _CALENDAR.search(time):
        return pc.strftime(seconds, format=pattern)
    whole, missing = _whole(seconds), _missing(seconds)
    parts = ((whole // _DAY * _DAY, day), (whole % _DAY, time))
    texts = [_distinct_text(pa.array(part, mask=missing).cast(pa.timestamp("s")), text) for part, text in parts]
    return pc.binary_join_element_wise(*texts, "")


def _distinct_text(seconds: pa.Array, pattern: str) -> pa.Array:
    encoded = seconds.dictionary_encode()
    return pc.strftime(encoded.dictionary, format=pattern).take(encoded.indices)
