"""The axes of charts. Times are numbers there, with ticks of our own: where nothing may be compiled in the page, Vega
cannot read the limits of a time scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import altair as alt
import numpy as np

PERCENT = ".2~%"
_MOST_TICKS = 6
_TICKS = (  # a unit of numpy's times, how many make a step, and how such a time is written
    *(("s", step, "%H:%M:%S") for step in (1, 5, 15, 30)),
    *(("m", step, "%H:%M") for step in (1, 5, 15, 30)),
    *(("h", step, "%d %b %H:%M") for step in (1, 3, 6, 12)),
    *(("D", step, "%d %b %Y") for step in (1, 2, 7, 14)),
    *(("M", step, "%b %Y") for step in (1, 3, 6)),
    *(("Y", digit * 10**power, "%Y") for power in range(7) for digit in (1, 2, 5)),
)


def share_axis(channel: str, field: str, title: str) -> alt.X | alt.Y:
    """The axis of shares of rows, from 0 on."""
    made = alt.X if channel == "x" else alt.Y
    axis = alt.Axis(format=PERCENT, tickCount=5, grid=True, domain=False, ticks=False)
    return made(f"{field}:Q", axis=axis, scale=alt.Scale(zero=True, nice=True), stack=None, title=title)


def value_axis(channel: str, values: Sequence[float], title: str | None = None) -> alt.X | alt.Y:
    """The axis of the values of a column, which are in the fields ``x`` or ``y``; without any it is not drawn."""
    made = alt.X if channel == "x" else alt.Y
    if not values:
        return made(f"{channel}:Q", axis=None)
    domain = [min(values), max(values)]
    finest = min(high - low for low, high in pairwise(sorted(set(values))))
    axis = alt.Axis(format=_number_format(max(map(abs, domain))), grid=False, tickCount=7, tickMinStep=finest)
    return made(f"{channel}:Q", axis=axis, scale=alt.Scale(domain=domain, nice=False), title=title)


def time_axis(values: Sequence[float], title: str | None = None) -> alt.X:
    """The same for times in milliseconds since 1970."""
    if not values:
        return alt.X("x:Q", axis=None)
    domain = [min(values), max(values)]
    ticks, form = time_ticks(*domain)
    axis = alt.Axis(values=ticks, labelExpr=f"utcFormat(datum.value, '{form}')", grid=False)
    return alt.X("x:Q", axis=axis, scale=alt.Scale(domain=domain, nice=False), title=title)


def time_ticks(low: float, high: float) -> tuple[list[float], str]:
    """Some round times within milliseconds since 1970, and a format for them.

    Example:
        >>> time_ticks(0, 3 * 86_400_000)
        ([0.0, 86400000.0, 172800000.0, 259200000.0], '%d %b %Y')
    """
    ends = np.array([low, high]).astype("datetime64[ms]")
    spans = ((each, ends.astype(f"datetime64[{each[0]}]").astype("int64").tolist()) for each in _TICKS)
    (unit, step, form), (first, last) = next(s for s in spans if (s[1][1] - s[1][0]) // s[0][1] < _MOST_TICKS)
    origin = 1970 if unit == "Y" else 0  # round years, not round numbers of years since 1970
    places = np.arange((first + origin) // step * step - origin, last + 1, step)
    times = places.astype(f"datetime64[{unit}]").astype("datetime64[ms]").astype("float64")
    return times[(times >= low) & (times <= high)].tolist(), form


def _number_format(most: float) -> str:
    """A d3 format: 150k, 2019 (not 2,019) or 2e-7."""
    return "~s" if most >= 1e5 else "~r" if most >= 1e-3 else "~e"
