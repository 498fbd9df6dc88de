"""Numbers as people write them in text files: with a decimal comma, as percentages, and times of the day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_STYLE = re.compile(r"(?P<digits>\.\d{1,2}f)(?P<comma>,?)(?P<unit>(?: ?%)?)")
_CELL = re.compile(r"-?\d+(?:([.,])(\d{1,10}))?( ?%)?", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_THOUSANDS = 3  # digits after a comma that may be no decimals
_DAY = 86_400  # seconds


def styles(cell: str) -> Iterator[tuple[str, str]]:
    """The storage types and formats that could have written a cell; none for plain numbers.

    Example:
        >>> [*styles("12,50")], [*styles("7 %")], [*styles("08:15")], [*styles("1,000")]
        ([('double', '.2f,')], [('double', '.0f %')], [('duration[s]', '%H:%M')], [])
    """
    number, clock = _CELL.fullmatch(cell), _CLOCK.fullmatch(cell)
    if clock:
        yield "duration[s]", "%H:%M:%S" if clock[2] else "%H:%M"
    if number and (number[3] or (number[1] == "," and len(number[2]) != _THOUSANDS)):
        comma = "," if number[1] == "," else ""
        yield "double", f".{len(number[2] or '')}f{comma}{number[3] or ''}"


def split(style: str | None) -> tuple[str | None, str, str]:
    """The format of the digits, the comma and the unit of a format; a format of another kind is left whole."""
    found = _STYLE.fullmatch(style or "")
    return (found["digits"], found["comma"], found["unit"]) if found else (style, "", "")


def plain(text: pa.ChunkedArray, style: str | None) -> pa.ChunkedArray:
    """The numbers with a point and without a unit; null for what has not just the marks of its format."""
    _, comma, unit = split(style)
    if unit:
        ends = pc.ends_with(text, unit)
        text = pc.if_else(ends, pc.utf8_slice_codeunits(text, 0, -len(unit)), pa.scalar(None, pa.string()))
    if not comma:
        return text
    pointless = pc.invert(pc.match_substring(text, "."))
    return pc.if_else(pointless, pc.replace_substring(text, ",", "."), pa.scalar(None, pa.string()))


def marked(text: pa.Array, style: str | None) -> pa.Array:
    """Numbers with a point as the format writes them, the way back from ``plain``."""
    _, comma, unit = split(style)
    return pc.binary_join_element_wise(pc.replace_substring(text, ".", ",") if comma else text, unit, "")


def seconds(text: pa.ChunkedArray, style: str) -> pa.ChunkedArray:
    """The seconds since midnight of times such as 08:15 or, with ``%S``, 08:15:00; null for what is none."""
    form = r"^([01][0-9]|2[0-3])" + ":[0-5][0-9]" * style.count(":") + "$"
    known = pc.if_else(pc.match_substring_regex(text, form), text, pa.scalar(None, pa.string()))
    total: Any = pa.scalar(0.0)
    for place in range(style.count(":") + 1):
        part = pc.utf8_slice_codeunits(known, 3 * place, 3 * place + 2).cast(pa.float64())
        total = pc.add(total, pc.multiply(part, 60.0 ** (2 - place)))
    return total


def clock(values: pa.ChunkedArray, style: str) -> pa.ChunkedArray:
    """Seconds as times of the day, cut to the last part that is written; midnight follows 23:59.

    Example:
        >>> clock(pa.chunked_array([[29_700.0, 86_400.0, None]]), "%H:%M").to_pylist()
        ['08:15', '00:00', None]
    """
    missing = values.is_null().to_numpy()
    whole = np.floor(pc.fill_null(values, 0).to_numpy()).astype("int64") % _DAY
    text = pc.strftime(pa.array(whole).cast(pa.timestamp("s")), format="%H:%M:%S")
    cut = pc.utf8_slice_codeunits(text, 0, 3 * style.count(":") + 2)
    return pa.chunked_array([pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), cut)])
