"""A comparison of runs as a page and as Markdown."""

from __future__ import annotations

from typing import Any

from synthkit.report.captions import legible
from synthkit.report.charts import scatter
from synthkit.report.comparison import Cell, Comparison
from synthkit.report.images import specification
from synthkit.report.page import html, markdown
from synthkit.report.words import figure, words

MARKS = {"better": "▲", "worse": "▼", "alike": "=", "unknown": "?"}
KEY = "▲ better and ▼ worse than the first beyond noise, = alike, ? noise unknown"


def comparison_html(compared: Comparison) -> str:
    """The page of a comparison, with quality against time."""
    points = [
        (name, max(fit, 0.1), quality)
        for name, (fit, _, _), quality in zip(compared.names, compared.costs, compared.quality, strict=True)
        if quality is not None
    ]
    titles = ("seconds of fit and sample", "mean part of the ceiling reached")
    charts = {"c1": {**specification(scatter(points, titles)), "description": "Quality against time"}} if points else {}
    return html("compare.html.j2", charts, has_chart=bool(charts), **_values(compared))


def comparison_markdown(compared: Comparison) -> str:
    """The comparison for a pull request."""
    return markdown("compare.md.j2", **_values(compared))


def cell_text(cell: Cell, *, spread: bool = True) -> str:
    """A figure with its standard error, where ``spread`` asks for it, and its mark."""
    if cell.value is None:
        return "–"
    error = f" ± {cell.error:.3f}" if spread and cell.error is not None else ""
    return f"{figure(cell.value)}{error}{f' {MARKS[cell.change]}' if cell.change else ''}"


def _values(compared: Comparison) -> dict[str, Any]:
    figures = [(name, words(name), [cell_text(cell) for cell in cells]) for name, cells in compared.figures.items()]
    return {
        "names": [legible(name) for name in compared.names],
        "runs": compared.runs,
        "figures": figures,
        "gates": [(name, words(name), states) for name, states in compared.gates.items()],
        "costs": compared.costs,
        "regressions": compared.regressions,
        "notes": compared.notes,
        "key": KEY,
    }
