"""Aggregates drawn as Altair charts, which give PNG files now and interactive pages later.

Names of tables and columns and values of categories are hostile input: they enter a chart as text only,
never as the name of a field or as part of an expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, pairwise, product
from typing import Any

import altair as alt

from synthkit.report.aggregates import LEAST_ROWS, Density, Groups, Histogram, Side

REAL, SYNTHETIC = "#2F4B6E", "#E8730C"  # of unlike lightness too, so every kind of colour vision tells them apart
STYLE: dict[str, Any] = {
    "background": "white",
    "padding": 14,
    "view": {"stroke": None},
    "axis": {
        "domainColor": "#888888",
        "gridColor": "#E8E8E8",
        "labelColor": "#444444",
        "labelLimit": 150,
        "labelSeparation": 6,
        "tickColor": "#888888",
        "titleColor": "#444444",
        "titleFontWeight": "normal",
        "titleLimit": 200,
    },
    "axisX": {"grid": False},
    "legend": {"labelColor": "#444444", "titleColor": "#444444", "titleFontWeight": "normal"},
    "title": {
        "anchor": "start",
        "color": "#222222",
        "fontSize": 14,
        "frame": "bounds",
        "limit": 470,
        "offset": 12,
        "subtitleColor": "#666666",
        "subtitleFontSize": 11,
        "subtitlePadding": 6,
    },
}

_WIDTH = 420
_LONGEST = 60
_SHADES = ["#DCE6F0", "#8FB0CF", "#2F6296", "#0B2545"]
_OTHERS, _NULL = "all others", "null"
_PERCENT = ".2~%"
_DENSITY_NOTE = f"blank: fewer than {LEAST_ROWS} real rows, or a synthetic share below that of {LEAST_ROWS} real rows"


def histogram_chart(name: str, counted: Histogram) -> alt.LayerChart:
    """The outline of the synthetic distribution over the filled real one."""
    unit = 1000 if counted.temporal else 1  # Vega counts in milliseconds
    edges = [edge * unit for edge in counted.edges if any(_sides(counted).values())]
    x = _value_axis("x:T" if counted.temporal else "x:Q", edges)
    y = _share_axis("y:Q", "share of rows with a value")
    real, synthetic = (
        _chart({"x": at, "y": top, "side": side} for at, top in _steps(edges, counted, shares)).encode(x, y, _colour())
        for side, shares in _sides(counted).items()
    )
    layers = [real.mark_area(interpolate="step-after"), synthetic.mark_line(interpolate="step-after", strokeWidth=2.5)]
    return alt.LayerChart(
        layer=layers,
        title=_title(name, counted, *_histogram_notes(counted)),
        width=_WIDTH,
        height=220,
    )


def groups_chart(name: str, counted: Groups) -> alt.Chart:
    """One line per value with a real and a synthetic bar."""
    sides = _sides(counted)
    labels = [*_labels(counted.names), _OTHERS, _NULL]
    bars = [
        {"x": share, "y": label, "side": side}
        for side, shares in sides.items()
        for label, share in zip(labels, shares, strict=False)
        if share
    ]
    shown = [label for label in labels if any(bar["y"] == label for bar in bars)]
    y = alt.Y("y:N", scale=alt.Scale(domain=shown, paddingInner=0.3), axis=alt.Axis(ticks=False), title=None)
    x, beside = _share_axis("x:Q", "share of rows"), alt.YOffset("side:N", scale=alt.Scale(domain=list(sides)))
    chart = _chart(bars, title=_title(name, counted, *_groups_notes(counted)), height=max(48, 24 * len(shown)))
    drawn: alt.Chart = chart.mark_bar().encode(x, y, _colour(), yOffset=beside)
    return drawn


def density_chart(name: str, axes: Sequence[str], counted: Density) -> alt.HConcatChart:
    """The real and the synthetic density side by side, darker where there are more rows."""
    sides = {side: _cells(counted, shares) for side, shares in _sides(counted).items()}
    cells = [cell for side in sides.values() for cell in side]
    scale = alt.Scale(type="sqrt", domain=[0, max((cell["share"] for cell in cells), default=1)], range=_SHADES)
    colour = alt.Color("share:Q", scale=scale, legend=alt.Legend(format=_PERCENT, tickCount=4), title="share")
    x = _value_axis("x:Q", [cell[edge] for cell in cells for edge in ("x", "x2")], _short(axes[0]))
    y = _value_axis("y:Q", [cell[edge] for cell in cells for edge in ("y", "y2")], _short(axes[1]))
    size = {"width": _WIDTH // 2, "height": _WIDTH // 2}
    panels = [
        _chart(rows, title=alt.Title(side, anchor="middle", fontSize=12), **size)
        .mark_rect()
        .encode(x, y, colour, x2="x2", y2="y2")
        for side, rows in sides.items()
    ]
    return alt.hconcat(*panels, title=_title(name, counted, _DENSITY_NOTE))


def legible(text: str) -> str:
    """The text without control characters and the like, which no XML may hold and no eye can see."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _short(text: str) -> str:
    seen = legible(text[: _LONGEST + 1])
    return seen if len(text) <= _LONGEST else f"{seen[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _labels(names: Iterable[str]) -> list[str]:
    """Short names that are still different; what looks like a name of ours, or like nothing, is quoted."""
    labels: list[str] = []
    for name in names:
        short = f'"{_short(name)}"' if name.strip() in ("", _OTHERS, _NULL) else _short(name)
        numbered = (f"{short} ({number})" for number in count(2))
        labels.append(short if short not in labels else next(label for label in numbered if label not in labels))
    return labels


def _chart(rows: Iterable[dict[str, Any]], *, width: int = _WIDTH, **properties: Any) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(rows)), width=width, **properties)


def _colour() -> alt.Color:
    scale = alt.Scale(domain=["real", "synthetic"], range=[REAL, SYNTHETIC])
    return alt.Color("side:N", scale=scale, legend=alt.Legend(orient="top", symbolType="square"), title=None)


def _share_axis(field: str, title: str) -> alt.X | alt.Y:
    channel = alt.X if field.startswith("x") else alt.Y
    axis = alt.Axis(format=_PERCENT, tickCount=5, grid=True, domain=False, ticks=False)
    return channel(field, axis=axis, scale=alt.Scale(zero=True, nice=True), stack=None, title=title)


def _value_axis(field: str, values: Sequence[float], title: str | None = None) -> alt.X | alt.Y:
    channel = alt.X if field.startswith("x") else alt.Y
    if not values:
        return channel(field, axis=None)
    domain = [min(values), max(values)]
    if field.endswith(":T"):
        scale = alt.Scale(type="utc", domain=domain, nice=False)
        return channel(field, axis=alt.Axis(grid=False, tickCount=7), scale=scale, title=title)
    finest = min(high - low for low, high in pairwise(sorted(set(values))))
    axis = alt.Axis(format=_number_format(max(map(abs, domain))), grid=False, tickCount=7, tickMinStep=finest)
    return channel(field, axis=axis, scale=alt.Scale(domain=domain, nice=False), title=title)


def _number_format(most: float) -> str:
    """A d3 format: 150k, 2019 (not 2,019) or 2e-7."""
    return "~s" if most >= 1e5 else "~r" if most >= 1e-3 else "~e"


def _sides(counted: Histogram | Groups | Density) -> dict[str, tuple[float, ...]]:
    return {"real": counted.real.shares or (), "synthetic": counted.synthetic.shares or ()}


def _steps(edges: Sequence[float], counted: Histogram, shares: Sequence[float]) -> list[tuple[float, float]]:
    """Where each step begins and how high it is; a wide one has the mean height of the bins that it joins."""
    widths = (high - low for low, high in pairwise(counted.edges))
    heights = [share * counted.step / width for share, width in zip(shares, widths, strict=False)]
    return list(zip(edges, [*heights, *heights[-1:]], strict=False))


def _cells(counted: Density, shares: Sequence[float]) -> list[dict[str, float]]:
    places = product(*(pairwise(edges) for edges in counted.edges))
    return [
        {"x": x, "x2": x2, "y": y, "y2": y2, "share": share}
        for ((x, x2), (y, y2)), share in zip(places, shares, strict=False)
        if share
    ]


def _title(name: str, counted: Histogram | Groups | Density, *notes: str) -> alt.Title:
    sides = " \N{MIDDLE DOT} ".join((_described("real", counted.real), _described("synthetic", counted.synthetic)))
    return alt.Title(
        legible(name), subtitle=[sides, *(notes if any(_sides(counted).values()) else ["nothing to show"])]
    )


def _described(name: str, side: Side) -> str:
    return f"{name}: {side.rows:,} rows{_nulls(side) if side.rows else ''}"


def _nulls(side: Side) -> str:
    if side.nulls is None:
        return f", under {LEAST_ROWS} null" if side.shares else f", under {LEAST_ROWS} with a value"
    if side.nulls in (0, 1):
        return ", all null" if side.nulls else ", no nulls"
    return f", {side.nulls:.1%} null" if side.nulls >= 0.0005 else ", <0.1% null"


def _histogram_notes(counted: Histogram) -> Iterator[str]:
    joined = any(high - low > 1.5 * counted.step for low, high in pairwise(counted.edges))
    yield "the outermost bars hold all beyond them" + f"; bars under {LEAST_ROWS} real rows are joined" * joined
    if counted.zeros:
        yield "exactly 0: real {:.1%}, synthetic {:.1%}".format(*counted.zeros)


def _groups_notes(counted: Groups) -> Iterator[str]:
    others = len(counted.names)
    if any(shares[others] for shares in _sides(counted).values() if shares):
        yield f"{_OTHERS}: the rarer ones, and any with fewer than {LEAST_ROWS} real rows"
