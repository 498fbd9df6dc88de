"""Charts as files, drawn offline and without a browser."""

from __future__ import annotations

from typing import Any

import altair as alt
import vl_convert

from synthkit.report.captions import legible
from synthkit.report.plots import Form
from synthkit.report.themes import PAPER, theme

_SCALE = 2  # sharp on a dense screen
_STYLE = theme(PAPER)


def drawn(chart: alt.TopLevelMixin, form: Form = "png") -> bytes:
    """Draw a chart as SVG, or as a PNG file of twice its size in pixels; nothing is fetched from a network."""
    plain = specification(chart)
    if form == "svg":
        return bytes(vl_convert.vegalite_to_svg(plain, config=_STYLE, allowed_base_urls=[]).encode())
    return bytes(vl_convert.vegalite_to_png(plain, scale=_SCALE, config=_STYLE, allowed_base_urls=[]))


def specification(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The chart as Vega-Lite with its rows in place, without characters that make the converter abort the process."""
    plain = chart.to_dict(validate=False)  # see charts.chart
    rows = plain.pop("datasets", {})
    made: dict[str, Any] = _legible({k: part for k, part in plain.items() if k not in ("$schema", "config")}, rows)
    return made


def _legible(part: Any, rows: dict[str, Any]) -> Any:
    if isinstance(part, dict):
        named = part.get("data", {}).get("name") if isinstance(part.get("data"), dict) else None
        own = {"data": {"values": rows[named]}} if named in rows else {}
        return {key: _legible(value, rows) for key, value in {**part, **own}.items()}
    if isinstance(part, list):
        return [_legible(value, rows) for value in part]
    return legible(part) if isinstance(part, str) else part
