"""The columns of a run that fit worst, each with a tiny histogram, for the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from synthkit.cli import printable
from synthkit.report.standing import worst_columns
from synthkit.report.words import figure, words
from synthkit.run import Run
from synthkit.scores import Failure, Score

_SHOWN = 5
_WIDTH = 12  # characters of a tiny histogram
_BLOCKS = " ▁▂▃▄▅▆▇█"


def worst(run: Run, title_style: str = "bold") -> Table | None:
    """The five worst columns, real beside synthetic; None where the run has no report with pictures of columns."""
    drawn = _drawn(run.folder) if run.folder else {}
    results = worst_columns(run.results, drawn)[:_SHOWN]
    if not results:
        return None
    table = Table(box=None, pad_edge=False, header_style=title_style, collapse_padding=True)
    for name in ("Worst columns", "In", "Value", "Ceiling", "Real", "Synthetic"):
        right = name in ("Value", "Ceiling")
        table.add_column(name, justify="right" if right else "left", no_wrap=name in ("Real", "Synthetic") or right)
    for result in results:
        place = (str(result.table), result.columns[0])
        real, synthetic = _tiny(drawn[place])
        shown = escape(printable(".".join(place)))
        table.add_row(shown, words(result.metric).title, *_values(result), real, synthetic)
    return table


def _values(result: Score | Failure) -> tuple[str, str]:
    if isinstance(result, Failure):
        return "[red]failed[/]", "–"
    return figure(result.value), figure(result.ceiling)


def _drawn(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    report = folder / "report.json"
    if not report.is_file():
        return {}
    figures = json.loads(report.read_text("utf-8"))["figures"]
    return {(f["table"], f["columns"][0]): f["counted"] for f in figures if f["topic"] == "column"}


def _tiny(counted: dict[str, Any]) -> tuple[str, str]:
    """Both sides, as high as their shares, to one scale."""
    sides = [_heights(counted, counted[side]["shares"] or []) for side in ("real", "synthetic")]
    most = max((height for side in sides for height in side), default=0.0) or 1.0
    real, synthetic = ("".join(_BLOCKS[round(8 * height / most)] for height in side) for side in sides)
    return real, synthetic


def _heights(counted: dict[str, Any], shares: Sequence[float]) -> list[float]:
    """The density at as many equally distant places as there is room for; of categories, the shares of the first."""
    if "edges" not in counted or not shares:
        return list(shares[:_WIDTH])
    edges, bins = counted["edges"], list(zip(pairwise(counted["edges"]), shares, strict=True))
    places = [edges[0] + (edges[-1] - edges[0]) * (i + 0.5) / _WIDTH for i in range(_WIDTH)]
    return [next(share / (high - low) for (low, high), share in bins if place <= high) for place in places]
