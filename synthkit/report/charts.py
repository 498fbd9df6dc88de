"""Aggregates drawn as Altair charts, which give PNG files now and interactive pages later.

Names of tables and columns and values of categories are hostile input: they enter a chart as text only,
never as the name of a field or as part of an expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count, pairwise, product
from typing import TYPE_CHECKING, Any

from synthkit.report.aggregates import LEAST_ROWS, Density, Groups, Histogram, Side

if TYPE_CHECKING:
    import altair as alt

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
_OTHER, _NULL = "other", "null"
_DENSITY_NOTE = f"blank: fewer than {LEAST_ROWS} real rows, or a smaller share; outermost cells hold all beyond them"


def histogram_chart(name: str, counted: Histogram) -> alt.LayerChart:
    """Real bars under the outline of the synthetic ones."""
    import altair as alt  # noqa: PLC0415 - heavy

    edges = [edge * 1000 for edge in counted.edges] if counted.temporal else list(counted.edges)
    bars = zip(pairwise(edges), _heights(counted, counted.real), strict=False)
    tops = _heights(counted, counted.synthetic)
    line = zip(edges, [*tops, *tops[-1:]], strict=False)
    x = _value_axis("x:T" if counted.temporal else "x:Q", edges)
    y = _share_axis("y:Q", "share of rows with a value")
    return alt.layer(
        _chart({"x": a, "x2": b, "y": top, "side": "real"} for (a, b), top in bars)
        .mark_bar(binSpacing=0.5)
        .encode(x, y, _colour(), x2="x2"),
        _chart({"x": a, "y": top, "side": "synthetic"} for a, top in line)
        .mark_line(interpolate="step-after", strokeWidth=2.5)
        .encode(x, y, _colour()),
        title=_title(name, counted.real, counted.synthetic, _histogram_note(counted)),
        width=_WIDTH,
        height=220,
    )


def groups_chart(name: str, counted: Groups) -> alt.Chart:
    """One line per value with a real and a synthetic bar."""
    import altair as alt  # noqa: PLC0415 - heavy

    sides = {"real": counted.real.shares or (), "synthetic": counted.synthetic.shares or ()}
    labels = [*_labels(counted.names), _OTHER, _NULL]
    bars = [(label, share, side) for side, shares in sides.items() for label, share in zip(labels, shares, strict=False)]
    filled = {label for label, share, _ in bars if share}
    shown = [label for label in labels if label in filled]
    y = alt.Y("y:N", scale=alt.Scale(domain=shown, paddingInner=0.3), axis=alt.Axis(ticks=False), title=None)
    return (
        _chart({"x": share, "y": label, "side": side} for label, share, side in bars if label in filled)
        .mark_bar()
        .encode(_share_axis("x:Q", "share of rows"), y, _colour())
        .encode(yOffset=alt.YOffset("side:N", scale=alt.Scale(domain=list(sides))))
        .properties(title=_title(name, counted.real, counted.synthetic, _groups_note(counted)))
        .properties(width=_WIDTH, height=max(48, 24 * len(shown)))
    )


def density_chart(name: str, axes: tuple[str, str], counted: Density) -> alt.HConcatChart:
    """The real and the synthetic density side by side, darker where there are more rows."""
    import altair as alt  # noqa: PLC0415 - heavy

    sides = {"real": counted.real.shares or (), "synthetic": counted.synthetic.shares or ()}
    most = max((share for shares in sides.values() for share in shares), default=0.0) or 1.0
    scale = alt.Scale(type="sqrt", domain=[0, most], range=_SHADES)
    colour = alt.Color("share:Q", scale=scale, legend=alt.Legend(format=".2~%", tickCount=4), title="rows")
    x, y = (_value_axis(f, e, _short(a)) for f, e, a in zip(("x:Q", "y:Q"), counted.edges, axes, strict=True))
    panels = (
        _chart(_cells(counted, shares))
        .mark_rect()
        .encode(x, y, colour, x2="x2", y2="y2")
        .properties(title=alt.Title(side, anchor="middle", fontSize=12), width=210, height=210)
        for side, shares in sides.items()
    )
    return alt.hconcat(*panels, title=_title(name, counted.real, counted.synthetic, _DENSITY_NOTE))


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
        short = f'"{_short(name)}"' if name.strip() in ("", _OTHER, _NULL) else _short(name)
        numbered = (f"{short} ({number})" for number in count(2))
        labels.append(short if short not in labels else next(label for label in numbered if label not in labels))
    return labels


def _chart(rows: Iterable[dict[str, Any]]) -> alt.Chart:
    import altair as alt  # noqa: PLC0415 - heavy

    return alt.Chart(alt.Data(values=list(rows)))


def _colour() -> alt.Color:
    import altair as alt  # noqa: PLC0415 - heavy

    scale = alt.Scale(domain=["real", "synthetic"], range=[REAL, SYNTHETIC])
    return alt.Color("side:N", scale=scale, legend=alt.Legend(orient="top", symbolType="square"), title=None)


def _share_axis(field: str, title: str) -> alt.X | alt.Y:
    import altair as alt  # noqa: PLC0415 - heavy

    channel = alt.X if field.startswith("x") else alt.Y
    axis = alt.Axis(format=".2~%", tickCount=5, grid=True, domain=False, ticks=False)
    return channel(field, axis=axis, scale=alt.Scale(domainMin=0), stack=None, title=title)


def _value_axis(field: str, edges: Sequence[float], title: str | None = None) -> alt.X | alt.Y:
    import altair as alt  # noqa: PLC0415 - heavy

    channel = alt.X if field.startswith("x") else alt.Y
    scale = {"domain": [edges[0], edges[-1]], "nice": False}
    if field.endswith(":T"):
        return channel(field, axis=alt.Axis(grid=False, tickCount=7), scale=alt.Scale(type="utc", **scale), title=title)
    axis = alt.Axis(format="~s" if max(map(abs, edges)) >= 1e5 else "~g", grid=False, tickCount=7)
    return channel(field, axis=axis, scale=alt.Scale(**scale), title=title)


def _heights(counted: Histogram, side: Side) -> list[float]:
    """The share of rows for each bin of the usual width; a wide bar shows the mean of the bins it joins."""
    widths = (high - low for low, high in pairwise(counted.edges))
    return [share * counted.step / width for share, width in zip(side.shares or (), widths, strict=False)]


def _cells(counted: Density, shares: Sequence[float]) -> list[dict[str, float]]:
    places = product(*(pairwise(edges) for edges in counted.edges))
    return [
        {"x": x, "x2": x2, "y": y, "y2": y2, "share": share}
        for ((x, x2), (y, y2)), share in zip(places, shares, strict=False)
        if share
    ]


def _title(name: str, real: Side, synthetic: Side, note: str) -> alt.Title:
    import altair as alt  # noqa: PLC0415 - heavy

    sides = f"{_described('real', real)}   \N{MIDDLE DOT}   {_described('synthetic', synthetic)}"
    return alt.Title(legible(name), subtitle=[sides, note] if note else [sides])


def _described(name: str, side: Side) -> str:
    return f"{name}: {side.rows:,} rows, {_nulls(side)}"


def _nulls(side: Side) -> str:
    if side.nulls is None:
        return f"under {LEAST_ROWS} null" if side.shares else f"under {LEAST_ROWS} with a value: not shown"
    if side.nulls in (0, 1):
        return "all null" if side.nulls else "no nulls"
    return f"{side.nulls:.1%} null" if side.nulls >= 0.0005 else "<0.1% null"


def _histogram_note(counted: Histogram) -> str:
    parts = ["the outermost bars hold all beyond them"]
    if any(high - low > 1.5 * counted.step for low, high in pairwise(counted.edges)):
        parts.append(f"bars under {LEAST_ROWS} real rows are joined")
    return "; ".join(parts)


def _groups_note(counted: Groups) -> str:
    shares = (counted.real.shares or (), counted.synthetic.shares or ())
    if not any(any(side[len(counted.names) : -1]) for side in shares):
        return ""
    return f"other: the rarer values, and all with fewer than {LEAST_ROWS} real rows"
