"""Charts as PNG and SVG files, drawn offline and without a browser."""

from __future__ import annotations

from typing import Any

import altair as alt
import vl_convert

from synthkit.report.charts import STYLE, legible

_SCALE = 2  # sharp on a dense screen


def png(chart: alt.TopLevelMixin) -> bytes:
    """Draw a chart as a PNG file of twice its size in pixels; nothing is fetched from a network."""
    plain = _legible(chart.to_dict(validate=False))  # each part was checked when it was made
    return bytes(vl_convert.vegalite_to_png(plain, scale=_SCALE, config=STYLE, allowed_base_urls=[]))


def svg(chart: alt.TopLevelMixin) -> str:
    """Draw a chart as an SVG file; nothing is fetched from a network."""
    plain = _legible(chart.to_dict(validate=False))
    return str(vl_convert.vegalite_to_svg(plain, config=STYLE, allowed_base_urls=[]))


def _legible(part: Any) -> Any:
    """The specification without characters that make the converter abort the whole process."""
    if isinstance(part, dict):
        return {key: _legible(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_legible(value) for value in part]
    return legible(part) if isinstance(part, str) else part
