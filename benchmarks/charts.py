"""Quality against time, and cost against size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt

from benchmarks.compare import Entry
from benchmarks.figures import FIGURES
from benchmarks.growth import DIMENSIONS, Curve
from synthkit.report.images import drawn
from synthkit.report.themes import PAPER

_WIDTH, _HEIGHT = 420, 300
_QUALITY = ("sdmetrics.quality.overall", "fidelity.pairs")  # the first that there is


def write(folder: Path, name: str, chart: alt.TopLevelMixin) -> None:
    """Write a chart as PNG and as SVG."""
    (folder / f"{name}.png").write_bytes(drawn(chart, "png"))
    (folder / f"{name}.svg").write_bytes(drawn(chart, "svg"))


def quality_chart(data: str, entries: Sequence[Entry]) -> alt.LayerChart | None:
    """Each engine's quality over its seconds of fit and sample, and the ceiling as a line; None without figures."""
    found = {(e.engine, s.metric): (e, s) for e in entries if e.run for s in e.run.scores if s.table is None}
    metric = next((m for m in _QUALITY if any(own == m for _, own in found)), None)
    if metric is None:
        return None
    points = [
        {"engine": engine, "seconds": e.cost.both, "quality": s.value}
        for (engine, own), (e, s) in found.items()
        if own == metric and e.cost
    ]
    ceilings = [s.ceiling for (_, own), (_, s) in found.items() if own == metric and s.ceiling is not None]
    x = alt.X("seconds:Q", scale=alt.Scale(type="log", nice=True), title="CPU seconds for fit and sample")
    y = alt.Y("quality:Q", scale=alt.Scale(zero=False), title=FIGURES[metric])
    base = _chart(points).encode(x, y)
    layers: list[alt.Chart] = [base.mark_point(filled=True, size=80, color=PAPER["synthetic"], opacity=1)]
    layers.append(base.mark_text(align="left", dx=8, dy=-6).encode(text="engine:N"))
    if ceilings:
        layers.append(_chart([{"quality": ceilings[0]}]).mark_rule(color=PAPER["real"], strokeDash=[4, 3]).encode(y=y))
    note = "dashed: real data that nobody learned from, as many as were held out" if ceilings else ""
    title = alt.Title(f"Quality against time: {data}", subtitle=note)
    return alt.LayerChart(layer=layers, title=title, width=_WIDTH, height=_HEIGHT)


def growth_chart(name: str, curves: Sequence[Curve]) -> alt.LayerChart | None:
    """Seconds of processor time over size, a line for each engine with its exponent; None without figures."""
    points = [
        {"engine": _label(c), "size": size, "seconds": trial.cost.both}
        for c in curves
        for size, trial in c.trials.items()
    ]
    if not points:
        return None
    x = alt.X("size:Q", scale=alt.Scale(type="log"), title=DIMENSIONS[name].unit, axis=alt.Axis(format="~s"))
    y = alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="CPU seconds for fit and sample")
    base = _chart(points).encode(x, y, alt.Color("engine:N", title="engine, exponent"))
    layers = [base.mark_line(), base.mark_point(filled=True)]
    return alt.LayerChart(layer=layers, title=f"Growth with {name}", width=_WIDTH, height=_HEIGHT)


def _label(curve: Curve) -> str:
    return curve.engine if curve.exponent is None else f"{curve.engine} {curve.exponent:.2f}"


def _chart(values: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=values))
