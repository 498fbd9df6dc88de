"""Counts drawn as Altair charts: one specification gives the PNG file and the picture in the page.

A chart names no colour: the first, second and third of a range of categories, and styles, which a theme gives
(``themes.py``), so that one chart is right on white paper, in a dark window and in print. Names of tables and columns
and values of categories are hostile input: they enter a chart as text only, never as the name of a field or as part
of an expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, product
from typing import Any

import altair as alt
import numpy as np
from altair.utils.schemapi import debug_mode

from synthkit.report.aggregates import Density, Groups, Histogram
from synthkit.report.axes import PERCENT, share_axis, time_axis, value_axis
from synthkit.report.captions import OTHERS, caption, distinct, legible, short
from synthkit.report.figures import Figure
from synthkit.report.pairs import Matrix

SIDES = ("real", "synthetic", "holdout")
WIDTH = 420
_STEP = 18  # of a cell of a matrix
_UNITS = {"children": "rows of one parent", "means": "mean of the rows of one parent", "gaps": "days"}


def chart(figure: Figure, *, checked: bool = False) -> alt.TopLevelMixin:
    """The chart of a figure, with its name and its caption as title.

    Altair checks each part of a chart against its schema, which takes longer than all the rest; as the parts are always
    the same, that is left to the tests (``checked=True``).
    """
    counted, made = figure.counted, _title(figure)
    with debug_mode(checked):
        if isinstance(counted, Histogram):
            return _histogram(counted, made, _UNITS.get(figure.topic))
        if isinstance(counted, Groups):
            return _groups(counted, made)
        if isinstance(counted, Density):
            return _density(counted, made, figure.columns)
        return _matrix(counted, made)


def ranking(rows: Sequence[tuple[str, float, float]], title: str, *, origin: float = 0.0) -> alt.LayerChart:
    """Bars from ``origin``, the longest first, each with its interval of 95 %: name, value and standard error."""
    labels = distinct(name for name, _, _ in rows)
    plain = [
        {"y": label, "x": value, "low": value - 1.96 * error, "high": value + 1.96 * error}
        for label, (_, value, error) in zip(labels, rows, strict=True)
    ]
    y = alt.Y("y:N", sort=None, axis=alt.Axis(ticks=False, domain=False), title=None)
    x = alt.X("x:Q", title=title, scale=alt.Scale(zero=origin == 0), axis=alt.Axis(grid=True, tickCount=5))
    tip = [_tip("y:N", "what"), _tip("x:Q", "value", ".3f"), _tip("low:Q", "from", ".3f"), _tip("high:Q", "to", ".3f")]
    base = alt.Chart(alt.InlineData(values=plain))
    bars = base.mark_bar(style="only").encode(x, y, x2=alt.datum(origin), tooltip=tip)
    errors = base.mark_rule(style="error").encode(alt.X("low:Q"), y, x2="high:Q")
    return alt.LayerChart(layer=[bars, errors], width=WIDTH, height=22 * len(rows))


def scatter(rows: Sequence[tuple[str, float, float]], titles: tuple[str, str]) -> alt.LayerChart:
    """Named points: name, x and y."""
    labels = distinct(name for name, _, _ in rows)
    plain = [{"label": label, "x": x, "y": y} for label, (_, x, y) in zip(labels, rows, strict=True)]
    base = alt.Chart(alt.InlineData(values=plain)).encode(
        alt.X("x:Q", title=titles[0], scale=alt.Scale(type="log", nice=True), axis=alt.Axis(tickCount=5, format="~g")),
        alt.Y("y:Q", title=titles[1], scale=alt.Scale(zero=False, padding=16), axis=alt.Axis(grid=True, tickCount=5)),
    )
    points = base.mark_point(style="only", filled=True, size=90).encode(
        tooltip=[_tip("label:N", "run"), _tip("x:Q", titles[0], ",.1f"), _tip("y:Q", titles[1], ".3f")]
    )
    names = base.mark_text(style="label", align="left", dx=9, limit=160).encode(text="label:N")
    return alt.LayerChart(layer=[points, names], width=WIDTH, height=260)


def _histogram(counted: Histogram, title: alt.Title, unit: str | None) -> alt.LayerChart:
    """The outlines of the synthetic data and of the holdout over the filled real distribution."""
    rows = _bins(counted)
    edges = [row[edge] for row in rows for edge in ("x", "x2")] if any(_shares(counted)) else []
    x = time_axis(edges) if counted.temporal else value_axis("x", edges, unit)
    same, title_y = alt.X("x:Q"), "share of rows with a value"  # one layer says it all: others would be merged with it
    base, drawn = alt.Chart(), _drawn_sides(counted)
    real = base.mark_area(interpolate="step-after").encode(x, share_axis("y", "real", title_y), _colour("real", drawn))
    lines = [
        base.mark_line(interpolate="step-after").encode(
            same, share_axis("y", side, title_y), _colour(side, drawn), **_STROKES[side]
        )
        for side, shares in zip(SIDES[1:], _shares(counted)[1:], strict=True)
        if shares
    ]
    over = base.mark_rect(style="over").encode(same, x2="x2", tooltip=_bin_tips(counted))
    return alt.LayerChart(
        data=alt.InlineData(values=rows), layer=[real, *reversed(lines), over], title=title, width=WIDTH, height=220
    )


def _bins(counted: Histogram) -> list[dict[str, Any]]:
    """One row per bin with the height of each side: a wide bin has the mean height of those that it joins."""
    unit = 1000 if counted.temporal else 1  # Vega counts in milliseconds
    rows: list[dict[str, Any]] = []
    for place, (low, high) in enumerate(pairwise(counted.edges)):
        heights = {
            side: _digits(shares[place] * counted.step / (high - low))
            for side, shares in zip(SIDES, _shares(counted), strict=True)
            if shares
        }
        rows.append({"x": low * unit, "x2": high * unit, **heights})
    if counted.temporal:
        dates = [_date(edge) for edge in counted.edges]
        rows = [{**row, "from": a, "to": b} for row, (a, b) in zip(rows, pairwise(dates), strict=True)]
    return [*rows, {**rows[-1], "x": rows[-1]["x2"]}]  # where the last step of an outline ends


def _date(seconds: float) -> str:
    return str(np.datetime64(round(seconds), "s").astype("datetime64[m]")).replace("T", " ").removesuffix(" 00:00")


def _bin_tips(counted: Histogram) -> list[alt.Tooltip]:
    number = [alt.Tooltip(f"{end}:Q", title=name, format=",.4~r") for end, name in (("x", "from"), ("x2", "to"))]
    ends = [alt.Tooltip("from:N"), alt.Tooltip("to:N")] if counted.temporal else number
    there = [side for side, shares in zip(SIDES, _shares(counted), strict=True) if shares]
    return [*ends, *(_tip(f"{side}:Q", side, PERCENT) for side in there)]


def _groups(counted: Groups, title: alt.Title) -> alt.LayerChart:
    """One line per value with a real and a synthetic bar, and a mark where the holdout is."""
    labels = [*distinct(counted.names), OTHERS, "null"]
    bars = [
        {"y": label, "side": side, "x": _digits(share)}
        for side, shares in zip(SIDES, _shares(counted), strict=True)
        for label, share in zip(labels, shares, strict=False)
        if share
    ]
    drawn = {bar["y"] for bar in bars}
    shown = [label for label in labels if label in drawn]
    y = alt.Y("y:N", scale=alt.Scale(domain=shown, paddingInner=0.3), axis=alt.Axis(ticks=False), title=None)
    beside = alt.YOffset("side:N", scale=alt.Scale(domain=SIDES[:2]))
    tip = [_tip("y:N", "value"), _tip("side:N", "side"), _tip("x:Q", "share", PERCENT)]
    x = share_axis("x", "x", "share of rows")
    sides = alt.Color("side:N", scale=alt.Scale(domain=_drawn_sides(counted)), legend=_LEGEND, title=None)
    layers = [
        _drawn(alt.Chart(), [bar for bar in bars if bar["side"] != "holdout"])
        .mark_bar()
        .encode(x, y, sides, yOffset=beside, tooltip=tip)
    ]
    held_out = [bar for bar in bars if bar["side"] == "holdout"]
    if held_out:
        marks = _drawn(alt.Chart(), held_out).mark_tick(style="mark", orient="vertical")
        layers.append(marks.encode(x, y, sides, tooltip=tip))
    return alt.LayerChart(layer=layers, title=title, width=WIDTH, height=max(48, 24 * len(shown)))


def _density(counted: Density, title: alt.Title, axes: Sequence[str]) -> alt.ConcatChart:
    """The real and the synthetic density side by side, stronger where there are more rows."""
    sides = [_cells(counted, shares) for shares in _shares(counted)[:2]]
    cells = [cell for side in sides for cell in side]
    scale = alt.Scale(type="sqrt", domain=[0, max((cell["share"] for cell in cells), default=1)], range=[0.08, 1])
    strong = alt.Opacity("share:Q", scale=scale, legend=None)
    x = value_axis("x", [cell[edge] for cell in cells for edge in ("x", "x2")], short(axes[0]))
    y = value_axis("y", [cell[edge] for cell in cells for edge in ("y", "y2")], short(axes[1]))
    tip = [_tip("x:Q", "x from", ",.4~r"), _tip("y:Q", "y from", ",.4~r"), _tip("share:Q", "share", PERCENT)]
    panels = [
        _panel(side, rows, 220, 220).mark_rect(style="heat").encode(x, y, strong, x2="x2", y2="y2", tooltip=tip)
        for side, rows in zip(SIDES, sides, strict=False)
    ]
    return alt.ConcatChart(concat=panels, columns=2, title=title)


def _matrix(counted: Matrix, title: alt.Title) -> alt.ConcatChart:
    """How strongly columns depend on each other, on both sides, and where the synthetic data differ."""
    names = distinct(counted.names)
    size = _STEP * len(names)
    axis = alt.Axis(ticks=False, domain=False, labelLimit=90, title=None, grid=False)
    x = alt.X("x:N", scale=alt.Scale(domain=names), axis=alt.Axis(**(axis.to_dict() | {"labelAngle": -90})))
    y = alt.Y("y:N", scale=alt.Scale(domain=names), axis=axis)
    strong = alt.Opacity("v:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 1]), legend=None)
    tip = [_tip("y:N", "of"), _tip("x:N", "with"), _tip("v:Q", "dependence", ".2f")]
    panels = [
        _panel(side, _entries(names, values), size, size).mark_rect(style="heat").encode(x, y, strong, tooltip=tip)
        for side, values in zip(SIDES, (counted.real, counted.synthetic), strict=False)
    ]
    differing = alt.Opacity("v:Q", scale=alt.Scale(domain=[0, 0.5], clamp=True, range=[0.04, 1]), legend=None)
    signs = alt.Scale(domain=["weaker", "stronger"])
    legend = alt.Legend(orient="bottom", symbolType="square", title=None)
    more = alt.Color("sign:N", scale=signs, legend=legend)
    rows = _differences(counted, names)
    tip = [*tip[:2], _tip("sign:N", "synthetic is"), _tip("v:Q", "by", ".2f")]
    panels.append(_panel("difference", rows, size, size).mark_rect().encode(x, y, differing, more, tooltip=tip))
    resolve = alt.Resolve(scale=alt.ScaleResolveMap(color="independent", opacity="independent"))
    return alt.ConcatChart(concat=panels, columns=3, title=title, resolve=resolve)


def _entries(names: Sequence[str], values: Sequence[Sequence[float | None]]) -> list[dict[str, Any]]:
    places = product(enumerate(names), enumerate(names))
    return [{"y": a, "x": b, "v": v} for (i, a), (j, b) in places if (v := values[i][j]) is not None]


def _differences(counted: Matrix, names: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for (i, a), (j, b) in product(enumerate(names), enumerate(names)):
        real, made = counted.real[i][j], counted.synthetic[i][j]
        if real is not None and made is not None:
            sign = "weaker" if made < real else "stronger"
            found.append({"y": a, "x": b, "sign": sign, "v": _digits(abs(made - real))})
    return found


_STROKES = {  # given as encodings, because legends would take them over from marks
    "synthetic": {"strokeWidth": alt.value(2.5)},
    "holdout": {"strokeWidth": alt.value(1.5), "strokeDash": alt.value([4, 3])},
}
_LEGEND = alt.Legend(orient="top", symbolType="square", symbolStrokeWidth=0, symbolOpacity=1)


def _drawn(chart: alt.Chart, rows: Iterable[dict[str, Any]]) -> alt.Chart:
    chart.data = alt.InlineData(values=list(rows))
    return chart


def _panel(name: str, rows: Iterable[dict[str, Any]], width: int, height: int) -> alt.Chart:
    title = alt.Title(name, anchor="middle", fontSize=12)
    return _drawn(alt.Chart(title=title, width=width, height=height), rows)


def _tip(field: str, title: str, form: str | None = None) -> alt.Tooltip:
    return alt.Tooltip(field, title=title, format=form) if form else alt.Tooltip(field, title=title)


def _colour(side: str, drawn: Sequence[str]) -> alt.ColorDatum:
    return alt.ColorDatum(side, scale=alt.Scale(domain=drawn), legend=_LEGEND, title=None)


def _shares(counted: Histogram | Groups | Density) -> list[tuple[float, ...]]:
    holdout = None if isinstance(counted, Density) else counted.holdout
    return [side.shares or () if side else () for side in (counted.real, counted.synthetic, holdout)]


def _drawn_sides(counted: Histogram | Groups) -> list[str]:
    """The sides that the legend tells apart: the holdout only where it is drawn."""
    return [*SIDES[:2], *(SIDES[2:] if _shares(counted)[2] else ())]


def _cells(counted: Density, shares: Sequence[float]) -> list[dict[str, float]]:
    places = product(*(pairwise(edges) for edges in counted.edges))
    return [
        {"x": x, "x2": x2, "y": y, "y2": y2, "share": _digits(share)}
        for ((x, x2), (y, y2)), share in zip(places, shares, strict=False)
        if share
    ]


def _digits(share: float) -> float:
    """Four digits are more than a picture shows."""
    return float(f"{share:.4g}")


def _title(figure: Figure) -> alt.Title:
    heading, notes = caption(figure)
    return alt.Title(legible(heading), subtitle=list(notes))
